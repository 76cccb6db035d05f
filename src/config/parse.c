/* A file becomes a draft, a section and a setting at a time, as lines.c hands them over; defaults
 * fill in what was left out; key.c and link.c make the snapshot's keys and peers of the draft; and
 * check.c looks at the whole. A mistake is reported and the rest read all the same, so that one run
 * shows them all. */
#include "config/config.h"

#include <assert.h>
#include <ctype.h>
#include <openssl/crypto.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/check.h"
#include "config/guess.h"
#include "config/index.h"
#include "config/setting.h"
#include "draft.h"

#define PARSE_NAME_LIKELY 16 /* no setting has a longer name */
#define PARSE_FUDGE_MOST  3600

/* The struct that a section is read into. */
static void *parse_find_base(struct draft *draft, const struct config_section *section)
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
static int parse_add_base(struct draft *draft, enum setting_section kind, unsigned *index)
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

static int parse_add_section(struct draft *draft, enum setting_section kind, const char *label,
                             unsigned line)
{
    struct config *config = draft->config;
    struct config_section *grown =
        draft_grow(config->sections, config->section_count, sizeof *grown);
    if (!grown)
        return DNS_EMEMORY;
    config->sections = grown;
    struct config_section section = {.kind = kind, .file = draft->place.file, .line = line};
    if (parse_add_base(draft, kind, &section.index) < 0)
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

/* The [proxy] section; NULL if there is none. */
static const struct config_section *parse_find_proxy(const struct draft *draft)
{
    return draft->has_proxy ? &draft->config->sections[draft->proxy] : NULL;
}

/* May the section be read? Whether its label is its own is looked at when all are known. */
static bool parse_check_label(const struct draft *draft, enum setting_section kind,
                              const char *label, struct place place)
{
    const struct config_section *proxy = parse_find_proxy(draft);
    const char *text = setting_section_text(kind);
    if (kind == SETTING_PROXY && *label)
        place_say(place, CONFIG_ERROR, "[proxy] takes no label");
    else if (kind != SETTING_PROXY && !*label)
        place_say(place, CONFIG_ERROR, "[%s] has no label; write [%s LABEL]", text, text);
    else if (kind == SETTING_PROXY && proxy)
        place_say(place, CONFIG_ERROR, "[proxy] is already in line %u", proxy->line);
    else
        return true;
    return false;
}

static bool parse_find_kind(const char *word, struct place place, enum setting_section *out)
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
    static const char label_octets[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                       "0123456789-._";
    struct draft *draft = arg;
    draft->skipping = true;
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
    if (!parse_find_kind(word, place, &kind))
        return 0;
    if (label[strspn(label, label_octets)])
        place_say(place, CONFIG_ERROR,
                  "the label '%s' may have letters, digits, '-', '.' and '_' in it, nothing else",
                  label);
    draft->skipping = !parse_check_label(draft, kind, label, place);
    return draft->skipping ? 0 : parse_add_section(draft, kind, label, line);
}

static void parse_say_unknown(const struct config_section *section, const char *name,
                              struct place place)
{
    char title[DRAFT_TITLE_SIZE];
    draft_title(section, title);
    /* It may be a secret that has slipped into a line of its own. */
    if (strlen(name) > PARSE_NAME_LIKELY || draft_looks_secret(name)) {
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

static int on_setting(void *arg, const char *name, const char *value, unsigned line)
{
    struct draft *draft = arg;
    struct config *config = draft->config;
    struct place place = place_at(draft->place, line);
    if (config->section_count == 0 && !draft->skipping)
        place_say(place, CONFIG_ERROR, "'%s' stands before the first [section]", name);
    if (config->section_count == 0 || draft->skipping)
        return 0;
    struct config_section *section = &config->sections[config->section_count - 1];
    const struct setting *row = setting_find(section->kind, name);
    if (!row) {
        parse_say_unknown(section, name, place);
        return 0;
    }
    unsigned *seen = &section->lines[setting_index(row)];
    if (*seen && !(row->flags & SETTING_REPEATABLE)) {
        place_say(place, CONFIG_ERROR, "'%s' is already in line %u", name, *seen);
        return 0;
    }
    *seen = *seen ? *seen : line;
    int error = config_value_set(row, parse_find_base(draft, section), value, place);
    return error == DNS_EFORMAT ? 0 : error;
}

/* What the section leaves out: defaults, and what it may not leave out. */
static int parse_complete_section(struct draft *draft, const struct config_section *section)
{
    const struct setting *row;
    char title[DRAFT_TITLE_SIZE];
    for (size_t i = 0; (row = setting_at(i)); i++) {
        if (row->section != section->kind || section->lines[setting_index(row)])
            continue;
        if (row->flags & SETTING_REQUIRED)
            place_say(place_of_header(draft->place, section), CONFIG_ERROR, "%s has no '%s'",
                      draft_title(section, title), row->name);
        if (row->initial &&
            config_value_set(row, parse_find_base(draft, section), row->initial, draft->place) < 0)
            return DNS_EMEMORY;
    }
    return 0;
}

static int parse_complete_sections(struct draft *draft)
{
    const struct config *config = draft->config;
    for (size_t i = 0; i < config->section_count; i++)
        if (parse_complete_section(draft, &config->sections[i]) < 0)
            return DNS_EMEMORY;
    if (draft->has_proxy)
        return 0;
    struct config_section none = {.kind = SETTING_PROXY};
    return parse_complete_section(draft, &none);
}

/* A clock that is off by more than an hour is wrong, and a captured request good for as long. */
static void parse_cap_fudge(struct draft *draft)
{
    const struct config_section *section = parse_find_proxy(draft);
    unsigned *fudge = &draft->config->proxy.fudge;
    if (*fudge <= PARSE_FUDGE_MOST)
        return;
    place_say(place_of(draft->place, section, "fudge"), CONFIG_WARNING,
              "'fudge' is taken for %d: more would make captured requests good for hours",
              PARSE_FUDGE_MOST);
    *fudge = PARSE_FUDGE_MOST;
}

static int parse_text(struct draft *draft, const struct config_file *file)
{
    struct place place = draft->place;
    const struct config_lines_sink sink = {
        .arg = draft, .on_section = on_section, .on_setting = on_setting};
    int error = config_lines_read(file->text, file->len, &place, &sink);
    if (error == 0)
        error = parse_complete_sections(draft);
    if (error == 0) {
        parse_cap_fudge(draft);
        draft_doubt_file(draft, draft->place, "this file", file);
        error = config_labels_prepare(draft);
    }
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

/* Reads the file and what it leads to. */
static int parse_main(struct draft *draft)
{
    struct config_file file = {0};
    int error = draft->files->read(draft->files->arg, place_path(draft->place), &file);
    if (error < 0)
        return place_say(draft->place, CONFIG_ERROR, "cannot read this file: %s", strerror(-error));
    error = parse_text(draft, &file);
    OPENSSL_cleanse(file.text, file.len);
    free(file.text);
    return error;
}

int config_parse(const struct config_files *files, const char *path, struct config **out,
                 struct config_report *report)
{
    struct config *config = calloc(1, sizeof *config);
    struct draft draft = {
        .files = files, .config = config, .place = {.report = report, .config = config}};
    if (!config)
        return DNS_EMEMORY;
    atomic_init(&config->refs, 1);
    size_t errors = report->errors;
    int error = draft_add_file(&draft, path);
    if (error == 0)
        error = parse_main(&draft);
    parse_release(&draft);
    config_report_sort(report);
    if (error == 0 && report->errors > errors)
        error = DNS_EFORMAT;
    if (error == 0)
        error = config_index(config);
    if (error == 0)
        *out = config;
    else
        config_unref(config);
    return error;
}
