#include "admin/settings.h"

#include <string.h>

#include "admin/text.h"
#include "config/setting.h"

static const char *settings_text(const struct config_section *section, const struct setting *row)
{
    return section ? section->texts[setting_index(row)] : NULL;
}

/* A secret says only that it is there. */
static json_t *settings_value(const struct config_section *section, const struct setting *row)
{
    const char *given = settings_text(section, row);
    if (row->flags & SETTING_SECRET)
        return json_string("(not shown)");
    if (given)
        return text_to_json(given, strlen(given));
    return row->initial ? json_string(row->initial) : json_null();
}

static json_t *settings_path(const char *path)
{
    return text_to_json(path, strlen(path));
}

static json_t *settings_row(const struct config *config, const struct config_section *section,
                            const struct setting *row)
{
    unsigned line = section ? setting_line(section, row->name) : 0;
    json_t *out = json_pack(
        "{s:s, s:s, s:s, s:o, s:s?, s:b}", "section", setting_section_text(row->section), "label",
        section ? section->label : "", "name", row->name, "value", settings_value(section, row),
        "default", row->initial, "reload", (row->flags & SETTING_RELOADABLE) != 0);
    if (line > 0) {
        json_object_set_new(out, "file", settings_path(config->files[section->file]));
        json_object_set_new(out, "line", json_integer(line));
    }
    return out;
}

/* `section` may be NULL: the file has no [proxy]. */
static void settings_add(json_t *list, const struct config *config,
                         const struct config_section *section)
{
    enum setting_section kind = section ? section->kind : SETTING_PROXY;
    const struct setting *row;
    for (size_t i = 0; (row = setting_at(i)); i++)
        if (row->section == kind &&
            (kind == SETTING_PROXY || section->lines[setting_index(row)] > 0))
            json_array_append_new(list, settings_row(config, section, row));
}

json_t *settings_document(const struct config *config)
{
    json_t *list = json_array();
    const struct config_section *proxy = NULL;
    for (size_t i = 0; i < config->section_count; i++)
        if (config->sections[i].kind == SETTING_PROXY)
            proxy = &config->sections[i];
    settings_add(list, config, proxy);
    for (size_t i = 0; i < config->section_count; i++)
        if (&config->sections[i] != proxy)
            settings_add(list, config, &config->sections[i]);
    return json_pack("{s:o, s:o}", "file", settings_path(config->files[0]), "settings", list);
}
