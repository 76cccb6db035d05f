/* A file becomes a draft, a section and a setting at a time, as sections.c reads them, and so do
 * the files it includes; defaults fill in what was left out; key.c and link.c make the snapshot's
 * keys and peers of the draft; and check.c looks at the whole. A mistake is reported and the rest
 * read all the same, so that one run shows them all. */
#include "config/config.h"

#include <openssl/crypto.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "config/check.h"
#include "config/index.h"
#include "config/setting.h"
#include "draft.h"

#define PARSE_FUDGE_MOST 3600

/* What the section leaves out: defaults, and what it may not leave out. */
static int parse_complete_section(struct draft *draft, const struct config_section *section)
{
    const struct setting *row;
    char title[DRAFT_TITLE_SIZE];
    for (size_t i = 0; (row = setting_at(i)); i++) {
        if (row->section != section->kind || section->lines[setting_index(row)] ||
            (row->type == SETTING_ZONES && setting_line(section, "zones-file")))
            continue;
        if (row->flags & SETTING_REQUIRED)
            place_say(place_of_header(draft->place, section), CONFIG_ERROR, "%s has no '%s'",
                      draft_title(section, title), row->name);
        if (row->initial && config_value_set(row, config_sections_base(draft, section),
                                             row->initial, draft->place) < 0)
            return DNS_EMEMORY;
    }
    return 0;
}

static int parse_complete_proxy(struct draft *draft)
{
    struct config_section none = {.kind = SETTING_PROXY};
    return parse_complete_section(draft, draft->has_proxy ? &draft->config->sections[draft->proxy]
                                                          : &none);
}

/* All but [proxy], and what they name in files of their own. */
static int parse_complete_sections(struct draft *draft)
{
    const struct config *config = draft->config;
    int error = 0;
    for (size_t i = 0; i < config->section_count && error == 0; i++) {
        const struct config_section *section = &config->sections[i];
        if (section->kind != SETTING_PROXY)
            error = parse_complete_section(draft, section);
        if (error == 0 && section->kind == SETTING_SECONDARY)
            error = config_zone_file_read(draft, section);
    }
    return error;
}

/* A clock that is off by more than an hour is wrong, and a captured request good for as long. */
static void parse_cap_fudge(struct draft *draft)
{
    unsigned *fudge = &draft->config->proxy.fudge;
    if (*fudge <= PARSE_FUDGE_MOST)
        return;
    const struct config_section *section = &draft->config->sections[draft->proxy];
    place_say(place_of(draft->place, section, "fudge"), CONFIG_WARNING,
              "'fudge' is taken for %d: more would make captured requests good for hours",
              PARSE_FUDGE_MOST);
    *fudge = PARSE_FUDGE_MOST;
}

/* Who may change the files is known from the main one's [proxy], so this is whole first. */
static int parse_text(struct draft *draft, const struct config_file *file)
{
    int error = config_sections_read(draft, file->text, file->len);
    if (error == 0 && draft->place.file == 0)
        error = parse_complete_proxy(draft);
    if (error == 0)
        draft_doubt_file(draft, draft->place, "this file", file);
    return error;
}

/* DNS_EFORMAT: it cannot be read, which has been said. DNS_EMEMORY. */
static int parse_file(struct draft *draft, const char *path)
{
    if (draft_add_file(draft, path) < 0)
        return DNS_EMEMORY;
    draft->place = place_in(draft->place, (unsigned)draft->config->file_count - 1);
    struct config_file file = {0};
    int error = draft->files->read(draft->files->arg, path, &file);
    if (error < 0)
        return place_say(draft->place, CONFIG_ERROR, "cannot read this file: %s",
                         draft_why(draft, path, error));
    error = parse_text(draft, &file);
    OPENSSL_cleanse(file.text, file.len);
    free(file.text);
    return error;
}

static int parse_included(struct draft *draft)
{
    struct text_list paths = {0};
    int error = config_include_list(draft, &paths);
    for (size_t i = 0; i < paths.count && error != DNS_EMEMORY; i++)
        error = parse_file(draft, paths.items[i]);
    text_list_fini(&paths);
    draft->place = place_in(draft->place, 0);
    return error == DNS_EMEMORY ? error : 0;
}

/* What has been read becomes a configuration. */
static int parse_finish(struct draft *draft)
{
    int error = parse_complete_sections(draft);
    if (error < 0)
        return error;
    parse_cap_fudge(draft);
    error = config_labels_prepare(draft);
    if (error == 0)
        error = config_key_make_all(draft);
    if (error == 0)
        error = config_link_peers(draft);
    if (error < 0)
        return error;
    config_carry(draft->config, NULL);
    return check_config(draft->config, draft->place.report);
}

static void parse_release(struct draft *draft)
{
    for (size_t i = 0; i < draft->key_count; i++)
        config_key_release(&draft->keys[i]);
    for (size_t i = 0; i < draft->peer_count; i++)
        config_link_release(&draft->peers[i]);
    free(draft->keys);
    free(draft->peers);
}

static int parse_begin(struct draft *draft, const struct config_files *files,
                       struct config_report *report)
{
    struct config *config = calloc(1, sizeof *config);
    if (!config)
        return DNS_EMEMORY;
    atomic_init(&config->refs, 1);
    *draft = (struct draft){
        .files = files, .config = config, .place = {.report = report, .config = config}};
    return 0;
}

/* The snapshot, or nothing. */
static int parse_end(struct draft *draft, int error, struct config **out)
{
    parse_release(draft);
    config_report_sort(draft->place.report);
    if (error == 0)
        *out = draft->config;
    else
        config_unref(draft->config);
    return error;
}

int config_parse(const struct config_files *files, const char *path, struct config **out,
                 struct config_report *report)
{
    struct draft draft;
    size_t errors = report->errors;
    int error = parse_begin(&draft, files, report);
    if (error < 0)
        return error;
    error = parse_file(&draft, path);
    if (error == 0)
        error = parse_included(&draft);
    if (error == 0)
        error = parse_finish(&draft);
    if (error == 0 && report->errors > errors)
        error = DNS_EFORMAT;
    if (error == 0)
        error = config_index(draft.config);
    return parse_end(&draft, error, out);
}

int config_parse_proxy(const struct config_files *files, const char *path, struct config **out,
                       struct config_report *report)
{
    struct draft draft;
    int error = parse_begin(&draft, files, report);
    if (error < 0)
        return error;
    return parse_end(&draft, parse_file(&draft, path), out);
}
