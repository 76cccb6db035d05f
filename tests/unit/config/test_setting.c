/* The table of settings, and that sample file and manual page keep up with it. */
#include "config/setting.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_fixture.h"

TestSuite(setting, .fini = config_fixture_release);

static char *read_source(const char *path)
{
    char whole[1024];
    char *text = NULL;
    size_t size = 0;
    FILE *in;

    snprintf(whole, sizeof(whole), "%s/%s", TSIG_PROXY_SOURCE_DIR, path);
    in = fopen(whole, "r");
    cr_assert_not_null(in, "%s", whole);
    cr_assert_gt(getdelim(&text, &size, '\0', in), 0, "%s", whole);
    fclose(in);
    return text;
}

/* Cuts the next line off `*text`; NULL at the end. */
static char *next_line(char **text)
{
    return *text == NULL || **text == '\0' ? NULL : strsep(text, "\n");
}

static bool starts(const char *line, const char *with)
{
    return strncmp(line, with, strlen(with)) == 0;
}

Test(setting, rows_are_found_by_section_and_name)
{
    const struct setting *row;

    for (size_t i = 0; (row = setting_at(i)) != NULL; i++)
        cr_expect_eq(setting_find(row->section, row->name), row, "%s", row->name);
    cr_expect_null(setting_find(SETTING_PROXY, "address"));
    cr_expect_null(setting_find(SETTING_KEY, "Name"));
    cr_expect_neq(setting_find(SETTING_PRIMARY, "address"),
                  setting_find(SETTING_SECONDARY, "address"));
}

Test(setting, indexes_count_within_a_section)
{
    const struct setting *row;
    size_t seen[SETTING_SECTIONS] = {0};

    for (size_t i = 0; (row = setting_at(i)) != NULL; i++)
        cr_expect_eq(setting_index(row), seen[row->section]++, "%s", row->name);
    for (size_t i = 0; i < SETTING_SECTIONS; i++)
        cr_expect(seen[i] > 0 && seen[i] <= CONFIG_SECTION_ROWS);
}

static void add_key_files(void)
{
    config_fixture_file("/etc/t/keys/xfr.example.key", CONFIG_FIXTURE_SECRET, 0640);
    config_fixture_file("/etc/t/keys/xfr-east.example.key", CONFIG_FIXTURE_SECRET, 0640);
    config_fixture_file("/etc/t/keys/xfr-west.example.key", CONFIG_FIXTURE_SECRET, 0640);
    config_fixture_file("/etc/t/keys/old-east.example.key", CONFIG_FIXTURE_SECRET_64, 0640);
}

Test(setting, examples_have_nothing_wrong_with_them)
{
    static const char *const paths[] = {"etc/examples/sidecar.ini", "etc/examples/gateway.ini",
                                        "etc/examples/transparent.ini", "etc/examples/full.ini"};

    add_key_files();
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        char *text = read_source(paths[i]);

        cr_expect_eq(config_fixture_parse(text), 0, "%s", paths[i]);
        cr_expect_str_eq(config_fixture_findings(), "", "%s: %s", paths[i],
                         config_fixture_findings());
        free(text);
    }
}

/* The value that a line, maybe commented out, gives to a setting; NULL if it is of something else.
 */
static const char *value_in(const char *line, const char *name)
{
    line += *line == ';';
    if (!starts(line, name))
        return NULL;
    line += strlen(name);
    line += strspn(line, " ");
    if (*line++ != '=')
        return NULL;
    return line + strspn(line, " ");
}

static void expect_in_sample(const struct setting *row, char *text)
{
    char header[64];
    const char *before = "";
    const char *value = NULL;
    bool inside = false;

    snprintf(header, sizeof(header), "[%s", setting_section_text(row->section));
    for (const char *line; value == NULL && (line = next_line(&text)) != NULL;) {
        if (*line == '[')
            inside = starts(line, header);
        value = inside ? value_in(line, row->name) : NULL;
        if (value == NULL)
            before = line;
    }
    cr_assert_not_null(value, "full.ini has no '%s' in %s]", row->name, header);
    cr_expect(starts(before, "; "), "'%s' in %s] has no comment", row->name, header);
    if (row->initial != NULL)
        cr_expect_str_eq(value, row->initial, "'%s' in %s]", row->name, header);
}

Test(setting, full_example_shows_every_setting_and_default)
{
    const struct setting *row;

    for (size_t i = 0; (row = setting_at(i)) != NULL; i++) {
        char *text = read_source("etc/examples/full.ini");

        expect_in_sample(row, text);
        free(text);
    }
}

/* Is the row described below this heading of the manual page? */
static bool belongs_below(const struct setting *row, const char *heading)
{
    bool of_peer = row->section == SETTING_PRIMARY || row->section == SETTING_SECONDARY;
    static const char *const headings[SETTING_SECTIONS] = {
        ".Ss The proxy section", ".Ss Key sections", ".Ss Primary sections alone",
        ".Ss Secondary sections alone"};

    return strcmp(heading, headings[row->section]) == 0 ||
           (of_peer && strcmp(heading, ".Ss Primary and secondary sections") == 0);
}

/* The default that the manual page's entry shows, if `text` begins with the entry; "" if none. */
static const char *default_in(char *text)
{
    for (char *line; (line = next_line(&text)) != NULL && !starts(line, ".It ");) {
        if (strcmp(line, "Default: empty.") == 0)
            return ".Ql \"\"";
        if (strcmp(line, "Default:") == 0)
            return next_line(&text);
    }
    return "";
}

static void expect_in_manual(const struct setting *row, char *text)
{
    char item[64];
    char shown[128] = "";
    bool inside = false;
    bool found = false;

    snprintf(item, sizeof(item), ".It Ic %s = ", row->name);
    if (row->initial != NULL)
        snprintf(shown, sizeof(shown), ".Ql \"%s\"", row->initial);
    for (char *line; !found && (line = next_line(&text)) != NULL;) {
        if (starts(line, ".S"))
            inside = belongs_below(row, line);
        found = inside && starts(line, item);
    }
    cr_assert(found, "the manual has no '%s' of [%s]", row->name,
              setting_section_text(row->section));
    cr_expect_str_eq(default_in(text), shown, "'%s' of [%s]", row->name,
                     setting_section_text(row->section));
}

Test(setting, manual_describes_every_setting_and_default)
{
    const struct setting *row;

    for (size_t i = 0; (row = setting_at(i)) != NULL; i++) {
        char *text = read_source("etc/man/tsig-proxy.ini.5");

        expect_in_manual(row, text);
        free(text);
    }
}

/* And nothing else: a setting that is gone is gone from the manual. */
Test(setting, manual_describes_no_other_settings)
{
    char *whole = read_source("etc/man/tsig-proxy.ini.5");
    char *text = whole;
    const char *heading = "";

    for (char *line; (line = next_line(&text)) != NULL;) {
        const struct setting *row = NULL;
        bool known = false;
        char name[64];

        if (starts(line, ".S"))
            heading = line;
        if (sscanf(line, ".It Ic %63s =", name) != 1)
            continue;
        for (size_t i = 0; !known && (row = setting_at(i)) != NULL; i++)
            known = strcmp(row->name, name) == 0 && belongs_below(row, heading);
        cr_expect(known, "%s below %s", name, heading);
    }
    free(whole);
}
