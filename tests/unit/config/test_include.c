/* Several files: one after the other, and each finding in its own. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_fixture.h"

TestSuite(include, .fini = config_fixture_release);

/* What the main file gives: the base in lines 3 to 9, behind this include. */
static void expect_findings(const char *patterns, const char *expected)
{
    char text[1024];
    snprintf(text, sizeof text, "[proxy]\ninclude = %s\n%s", patterns, CONFIG_FIXTURE_BASE);
    int error = config_fixture_parse(text);
    cr_expect_eq(error, strstr(expected, "error: ") ? DNS_EFORMAT : 0, "%s", patterns);
    cr_expect_str_eq(config_fixture_findings(), expected, "%s\ngives\n%s", patterns,
                     config_fixture_findings());
}

/* 32 octets that are 0. */
#define OTHER_SECRET "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

#define SECONDARY(n)                                                                               \
    "[secondary s" #n "]\naddress = 192.0.2.1" #n "\nkey = k" #n "\nzones = z" #n ".example\n"     \
    "[key k" #n "]\nsecret-file = k.key\n"
#define ALL                                                                                        \
    "7: warning: [secondary any] has no 'zones' beside other secondaries: it is given every "      \
    "zone\n"

static void expect_peers(const char *names)
{
    char text[256] = "";
    cr_assert(config_fixture, "%s", config_fixture_findings());
    for (size_t i = 0; i < config_fixture->peer_count; i++) {
        strcat(text, " ");
        strcat(text, config_fixture->peers[i].name);
    }
    cr_expect_str_eq(text + 1, names);
}

static void add_three(void)
{
    config_fixture_file("/etc/t/conf.d/b.ini", SECONDARY(2), 0640);
    config_fixture_file("/etc/t/conf.d/k.key", OTHER_SECRET, 0640);
    config_fixture_file("/etc/t/conf.d/a.ini", SECONDARY(1), 0640);
    config_fixture_file("/srv/c.ini", SECONDARY(3), 0640);
    config_fixture_file("/srv/k.key", CONFIG_FIXTURE_SECRET, 0640);
}

Test(include, files_are_read_after_this_one_sorted_by_name)
{
    add_three();
    expect_findings("conf.d/*.ini", ALL);
    expect_peers("hq any s1 s2");
    cr_expect_str_eq(config_fixture->peers[1].file, CONFIG_FIXTURE_PATH);
    cr_expect_str_eq(config_fixture->peers[2].file, "/etc/t/conf.d/a.ini");
    cr_expect_eq(config_fixture->peers[2].line, 1);
    cr_expect_eq(config_fixture->keys[1].secret[31], 0, "the file beside it, not the main one's");
}

Test(include, several_patterns_and_each_file_once)
{
    add_three();
    expect_findings("/srv/*.ini, conf.d/?.ini, conf.d/a.ini, none.d/*", ALL);
    expect_peers("hq any s1 s2 s3");
    cr_expect_eq(config_fixture->file_count, 4);
    cr_expect_eq(config_fixture->proxy.include.count, 4);
}

Test(include, nothing_that_fits_is_no_error)
{
    expect_findings("conf.d/*.ini, gone.ini", "");
    expect_peers("hq any");
}

Test(include, the_main_file_does_not_include_itself)
{
    expect_findings("*.ini", "");
    expect_peers("hq any");
}

Test(include, M8_patterns_are_checked)
{
    expect_findings("a.ini, a.ini", "2: error: 'include' has 'a.ini' twice\n");
    expect_findings("a.ini, A.ini", "");
    expect_findings("locked/*, a.ini,",
                    "2: error: 'include' has a comma with nothing beside it\n"
                    "2: error: cannot look for '/etc/t/locked/*': Permission denied\n");
    expect_findings("", "2: error: 'include' has no value\n");
}

Test(include, M8_each_error_names_its_own_file)
{
    config_fixture_file("/etc/t/b.inc", "[secondary x]\nadress = 192.0.2.9\n[key x\n", 0640);
    config_fixture_file("/etc/t/a.inc", "mode = observe\n[secondary y]\nkey = yes, k\nzones = y\n",
                        0662);
    expect_findings(
        "*.inc",
        ALL "/etc/t/a.inc:0: warning: others can write this file; make it mode 640 or less\n"
            "/etc/t/a.inc:1: error: 'mode' stands before the first [section]\n"
            "/etc/t/a.inc:2: error: [secondary y] has no 'address'\n"
            "/etc/t/a.inc:3: error: there is no [key yes]\n"
            "/etc/t/a.inc:3: warning: [key k] is shared with any: either of them can pass "
            "for the other\n"
            "/etc/t/b.inc:1: error: [secondary x] has no 'address'\n"
            "/etc/t/b.inc:1: warning: [secondary x] has no 'key': it is known by its "
            "address alone\n"
            "/etc/t/b.inc:1: warning: [secondary x] has no 'zones' beside other "
            "secondaries: it is given every zone\n"
            "/etc/t/b.inc:2: error: unknown setting 'adress' in [secondary x]; did you "
            "mean 'address'?\n"
            "/etc/t/b.inc:3: error: the section header has no ']'\n");
}

Test(include, M8_what_is_in_two_files_names_the_other)
{
    config_fixture_file("/etc/t/a.inc",
                        "[key K]\nsecret-file = k.key\n[secondary HQ]\nkey = l\n"
                        "address = 192.0.2.9\nzones = a.example\n",
                        0640);
    config_fixture_file("/etc/t/b.inc",
                        "[key l]\nsecret-file = k.key\n\n[key L]\nsecret-file = k.key\n"
                        "[secondary hq]\n",
                        0640);
    config_fixture_parse("[proxy]\ninclude = *.inc\n" CONFIG_FIXTURE_BASE "zones = a\n");
    const char *findings = config_fixture_findings();
    static const char *const expected[] = {
        "a.inc:1: error: [key k] is already in line 3 of /etc/t/main.ini\n",
        "a.inc:3: error: the label 'HQ' is taken: [primary hq] is in line 5 of /etc/t/main.ini\n",
        "b.inc:4: error: [key l] is already in line 1\n",
        "b.inc:6: error: [secondary HQ] is already in line 3 of /etc/t/a.inc\n",
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        cr_expect(strstr(findings, expected[i]), "%s is not in\n%s", expected[i], findings);
}

Test(include, M8_an_included_file_has_keys_and_peers_alone)
{
    config_fixture_file("/etc/t/a.inc",
                        "[proxy]\ninclude = b.inc\nfudge = 0\n[key l]\ninclude = c.inc\n"
                        "secret-file = k.key\n",
                        0640);
    expect_findings("a.inc",
                    "/etc/t/a.inc:1: error: [proxy] cannot stand in an included file, only in the "
                    "one that includes it\n"
                    "/etc/t/a.inc:4: warning: [key l] is used by no peer\n"
                    "/etc/t/a.inc:5: error: unknown setting 'include' in [key l]; it belongs in "
                    "[proxy]\n");
}

/* Settings at the top of a file do not go on with the last section of the one before. */
Test(include, M8_each_file_begins_anew)
{
    config_fixture_file("/etc/t/a.inc", "mode = observe\n", 0640);
    expect_findings("a.inc", "/etc/t/a.inc:1: error: 'mode' stands before the first [section]\n");
}

static int read_main_alone(void *arg, const char *path, struct config_file *out)
{
    static const char text[] = "[proxy]\ninclude = *\n" CONFIG_FIXTURE_BASE;
    (void)arg;
    if (strcmp(path, "/etc/[t]*/main.ini") != 0)
        return -EACCES;
    *out = (struct config_file){.text = strdup(text), .len = strlen(text), .mode = 0640};
    return 0;
}

/* The folder of the main file is no pattern. */
static int list_two(void *arg, const char *pattern, char ***paths, size_t *count)
{
    (void)arg;
    cr_expect_str_eq(pattern, "/etc/\\[t]\\*/*");
    *paths = calloc(2, sizeof **paths);
    (*paths)[0] = strdup("/etc/[t]*/b.inc");
    (*paths)[1] = strdup("/etc/[t]*/a.inc");
    *count = 2;
    return 0;
}

Test(include, M8_a_file_that_cannot_be_read_is_an_error_of_its_own)
{
    const struct config_files files = {.read = read_main_alone, .list = list_two};
    struct config *config = NULL;
    cr_expect_eq(config_parse(&files, "/etc/[t]*/main.ini", &config, &config_fixture_report),
                 DNS_EFORMAT);
    cr_assert_eq(config_fixture_report.errors, 3, "and no key can");
    const struct config_finding *first = &config_fixture_report.findings[1];
    cr_expect_str_eq(first->file, "/etc/[t]*/a.inc");
    cr_expect_str_eq(first[1].file, "/etc/[t]*/b.inc");
    cr_expect_str_eq(first->text, "cannot read this file: Permission denied");
}
