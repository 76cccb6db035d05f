/* What lines.c hands over goes into a section: its header says what it is read into, and each
 * setting is a row of the table. A mistake is reported and the rest read all the same. */
#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/guess.h"
#include "config/names.h"
#include "config/setting.h"
#include "draft.h"
#include "mend.h"

#define SECTIONS_NAME_LIKELY 16 /* no setting has a longer name */

/* The struct that a section is read into. */
void *config_sections_base(struct draft *draft, const struct config_section *section)
{
    switch (section->kind) {
    case SETTING_PROXY:
        return &draft->config->proxy;
    case SETTING_KEY:
        return &draft->keys[section->index];
    case SETTING_PRIMARY:
    case SETTING_SECONDARY:
        return &draft->peers[section->index];
    default:
        assert(false);
        return NULL;
    }
}

/* Room for what a section of this kind is read into; its place goes to `*index`. */
static int sections_add_base(struct draft *draft, enum setting_section kind, unsigned *index)
{
    if (kind == SETTING_PROXY) {
        *index = 0;
        return 0;
    }
    bool is_key = kind == SETTING_KEY;
    void *grown = is_key ? draft_grow(draft->keys, draft->key_count, sizeof *draft->keys)
                         : draft_grow(draft->peers, draft->peer_count, sizeof *draft->peers);
    if (!grown)
        return DNS_EMEMORY;
    if (is_key)
        draft->keys = grown;
    else
        draft->peers = grown;
    *index = (unsigned)(is_key ? draft->key_count++ : draft->peer_count++);
    return 0;
}

static int sections_add(struct draft *draft, enum setting_section kind, const char *label,
                        unsigned line)
{
    struct config *config = draft->config;
    struct config_section *grown =
        draft_grow(config->sections, config->section_count, sizeof *grown);
    if (!grown)
        return DNS_EMEMORY;
    config->sections = grown;
    struct config_section section = {.kind = kind, .file = draft->place.file, .line = line};
    if (sections_add_base(draft, kind, &section.index) < 0)
        return DNS_EMEMORY;
    section.label = strdup(label);
    if (!section.label)
        return DNS_EMEMORY;
    if (kind == SETTING_PROXY) {
        draft->has_proxy = true;
        draft->proxy = config->section_count;
    }
    config->sections[config->section_count++] = section;
    return 0;
}

/* May the section be read? Whether its label is its own is looked at when all are known. */
static bool sections_check_label(const struct draft *draft, enum setting_section kind,
                                 const char *label, struct place place)
{
    const char *text = setting_section_text(kind);
    if (kind == SETTING_PROXY && *label)
        place_say(place, CONFIG_ERROR, "[proxy] takes no label");
    else if (kind != SETTING_PROXY && !*label)
        place_say(place, CONFIG_ERROR, "[%s] has no label; write [%s LABEL]", text, text);
    else if (kind == SETTING_PROXY && place.file != 0)
        place_say(place, CONFIG_ERROR,
                  "[proxy] cannot stand in an included file, only in the one that includes it");
    else if (kind == SETTING_PROXY && draft->has_proxy)
        place_say(place, CONFIG_ERROR, "[proxy] is already in line %u",
                  draft->config->sections[draft->proxy].line);
    else
        return true;
    return false;
}

static bool sections_find_kind(const char *word, struct place place, enum setting_section *out)
{
    struct guess guess = {.word = word};
    for (unsigned kind = 0; kind < SETTING_SECTIONS; kind++) {
        const char *text = setting_section_text((enum setting_section)kind);
        if (strcmp(text, word) == 0) {
            *out = (enum setting_section)kind;
            return true;
        }
        guess_feed(&guess, text);
    }
    if (guess.best)
        place_say(place, CONFIG_ERROR, "unknown section '%s'; did you mean '%s'?", word,
                  guess.best);
    else
        place_say(place, CONFIG_ERROR,
                  "unknown section '%s'; there are [proxy], [key LABEL], [primary LABEL] and "
                  "[secondary LABEL]",
                  word);
    return false;
}

static int on_section(void *arg, const char *header, unsigned line)
{
    struct draft *draft = arg;
    draft->where = DRAFT_SKIPPING;
    if (!header)
        return 0;
    struct place place = place_at(draft->place, line);
    char copy[CONFIG_NAME_MAX + 1];
    snprintf(copy, sizeof copy, "%s", header);
    for (size_t len = strlen(copy); len > 0 && isblank((unsigned char)copy[len - 1]); len--)
        copy[len - 1] = '\0';
    char *label = copy + strspn(copy, " \t");
    char *word = strsep(&label, " \t");
    label = label ? label + strspn(label, " \t") : word + strlen(word);
    enum setting_section kind;
    if (!sections_find_kind(word, place, &kind))
        return 0;
    if (!config_label_is_good(label))
        place_say(place, CONFIG_ERROR,
                  "the label '%s' may have letters, digits, '-', '.' and '_' in it, nothing else",
                  label);
    if (!sections_check_label(draft, kind, label, place))
        return 0;
    draft->where = DRAFT_INSIDE;
    return sections_add(draft, kind, label, line);
}

static void sections_say_unknown(const struct config_section *section, const char *name,
                                 struct place place)
{
    char title[DRAFT_TITLE_SIZE];
    draft_title(section, title);
    /* It may be a secret that has slipped into a line of its own. */
    if (strlen(name) > SECTIONS_NAME_LIKELY || draft_looks_secret(name)) {
        place_say(place, CONFIG_ERROR,
                  "unknown setting in %s, not repeated here as it may be a secret", title);
        return;
    }
    struct guess guess = {.word = name};
    const char *home = NULL;
    const struct setting *row;
    for (size_t i = 0; (row = setting_at(i)); i++) {
        if (row->section == section->kind)
            guess_feed(&guess, row->name);
        else if (strcmp(row->name, name) == 0)
            home = setting_section_text(row->section);
    }
    if (home)
        place_say(place, CONFIG_ERROR, "unknown setting '%s' in %s; it belongs in [%s]", name,
                  title, home);
    else if (guess.best)
        place_say(place, CONFIG_ERROR, "unknown setting '%s' in %s; did you mean '%s'?", name,
                  title, guess.best);
    else
        place_say(place, CONFIG_ERROR, "unknown setting '%s' in %s", name, title);
}

/* A list that seems to go on behind a ';', as BIND has it. */
static void sections_doubt_comment(const struct setting *row, const char *comment,
                                   struct place place)
{
    bool listed = row->type == SETTING_ADDRESSES || row->type == SETTING_HOSTS ||
                  row->type == SETTING_SOURCES || row->type == SETTING_PREFIXES;
    if (listed && mend_is_list(comment))
        place_say(place, CONFIG_WARNING,
                  "'%s' goes on behind a ';', but all that follows this is a comment; if it is "
                  "meant, write ','",
                  row->name);
}

/* What it says is kept for who asks the running program, with what it goes on to say. */
static int sections_keep(struct config_section *section, const struct setting *row,
                         const char *value)
{
    char **text = &section->texts[setting_index(row)], *longer = NULL;
    if (row->flags & SETTING_SECRET)
        return 0;
    if (!*text)
        *text = strdup(value);
    else if (asprintf(&longer, "%s, %s", *text, value) < 0)
        return DNS_EMEMORY;
    if (longer) {
        free(*text);
        *text = longer;
    }
    return *text ? 0 : DNS_EMEMORY;
}

static int on_setting(void *arg, const char *name, const char *value, const char *comment,
                      unsigned line)
{
    struct draft *draft = arg;
    struct config *config = draft->config;
    struct place place = place_at(draft->place, line);
    if (draft->where == DRAFT_BEFORE)
        place_say(place, CONFIG_ERROR, "'%s' stands before the first [section]", name);
    if (draft->where != DRAFT_INSIDE)
        return 0;
    struct config_section *section = &config->sections[config->section_count - 1];
    const struct setting *row = setting_find(section->kind, name);
    if (!row) {
        sections_say_unknown(section, name, place);
        return 0;
    }
    unsigned *seen = &section->lines[setting_index(row)];
    if (*seen && !(row->flags & SETTING_REPEATABLE)) {
        place_say(place, CONFIG_ERROR, "'%s' is already in line %u", name, *seen);
        return 0;
    }
    *seen = *seen ? *seen : line;
    sections_doubt_comment(row, comment, place);
    if (sections_keep(section, row, value) < 0)
        return DNS_EMEMORY;
    int error = config_value_set(row, config_sections_base(draft, section), value, place);
    return error == DNS_EFORMAT ? 0 : error;
}

int config_sections_read(struct draft *draft, const char *text, size_t len)
{
    struct place place = draft->place;
    const struct config_lines_sink sink = {
        .arg = draft, .on_section = on_section, .on_setting = on_setting};
    draft->where = DRAFT_BEFORE;
    return config_lines_read(text, len, &place, &sink);
}
