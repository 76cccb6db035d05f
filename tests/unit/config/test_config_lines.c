/* Lines: what inih would cut or misread is right or refused. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_fixture.h"

TestSuite(config_lines, .fini = config_fixture_release);

static void expect_finding(const char *lines, const char *expected)
{
    char text[16384];
    int rc;

    snprintf(text, sizeof(text), "%s%s", CONFIG_FIXTURE_BASE, lines);
    rc = config_fixture_parse(text);
    cr_expect_eq(rc, *expected != '\0' ? DNS_EFORMAT : 0, "%s", lines);
    cr_expect_str_eq(config_fixture_findings(), expected, "%s\ngives\n%s", lines,
                     config_fixture_findings());
}

Test(config_lines, comments_blanks_and_indentation)
{
    expect_finding("; a comment\n# another\n\n   \t\n"
                   "   ; indented\n"
                   "\tmode = enforce ; said of it\n"
                   "  other\t=\tpass\t;; twice\n"
                   "zones=example.com;x\n",
                   "15: error: 'zones' has 'example.com;x', which is no domain name\n");
    expect_finding("mode = enforce ; said\r\n  other = pass\r\n", "");
    cr_assert_not_null(config_fixture);
    cr_expect_eq(config_fixture->peers[1].other, PEER_PASS, "indented, and a setting of its own");
}

Test(config_lines, last_line_may_lack_its_end)
{
    expect_finding("other = pass", "");
    cr_expect_eq(config_fixture->peers[1].other, PEER_PASS);
}

Test(config_lines, byte_order_mark_is_skipped)
{
    cr_expect_eq(config_fixture_parse("\xef\xbb\xbf" CONFIG_FIXTURE_BASE), 0, "%s",
                 config_fixture_findings());
}

Test(config_lines, M8_lines_that_are_nothing)
{
    static const struct {
        const char *line;
        const char *finding;
    } cases[] = {
        {"mode", "this is neither a [section] nor 'setting = value'; a value cannot go on from one "
                 "line to the next"},
        {"   192.0.2.9", "this is neither a [section] nor 'setting = value'; a value cannot go on "
                         "from one line to the next"},
        {"mode: enforce", "there is ':' where '=' belongs between a setting and its value"},
        {" 2001:db8::1", "there is ':' where '=' belongs between a setting and its value"},
        {"= enforce", "there is no setting before the '='"},
        {"[key x", "the section header has no ']'"},
        {"[key x ;]", "the section header has no ']'"},
        {"[key x] y", "there is something behind the ']' of the section header"},
        {"mo\x01"
         "de = enforce",
         "the line has a control character in it"},
        {"mode = enforce\rother = pass", "the line has a control character in it"},
        {"; \x1b[2J", "the line has a control character in it"},
        {"[key this-is-a-name-far-too-long-for-a-section.example]",
         "the section header is longer than 49 octets; give a key a shorter label and its name "
         "with "
         "'name'"},
        {"this-is-a-name-far-too-long-for-a-setting-of-tsig-proxy = 1",
         "the setting's name is longer than 49 octets"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char lines[256];
        char expected[256];

        snprintf(lines, sizeof(lines), "%s\n", cases[i].line);
        snprintf(expected, sizeof(expected), "8: error: %s\n", cases[i].finding);
        expect_finding(lines, expected);
    }
}

Test(config_lines, a_section_header_of_49_octets_is_whole)
{
    expect_finding("[key a234567890123456789012345678901234567890.abcd]\nsecret-file = k.key\n"
                   "name = x.example\nfoo = 1\n",
                   "8: warning: [key a234567890123456789012345678901234567890.abcd] is used by no "
                   "peer\n"
                   "11: error: unknown setting 'foo' in [key "
                   "a234567890123456789012345678901234567890.abcd]\n");
}

Test(config_lines, M8_a_bad_header_takes_its_settings_with_it)
{
    expect_finding("[key x] y\nsecret-file = none\nmode = observe\nmode = nonsense\n",
                   "8: error: there is something behind the ']' of the section header\n");
}

Test(config_lines, M8_nul_octets)
{
    static const char text[] = CONFIG_FIXTURE_BASE "other = pass\0\nother = pass\0word\n";

    cr_expect_eq(config_fixture_parse_octets(text, sizeof(text) - 1), DNS_EFORMAT);
    cr_expect_str_eq(config_fixture_findings(), "8: error: the line has a NUL octet in it\n"
                                                "9: error: the line has a NUL octet in it\n");
}

/* A list of `count` addresses in one line, with `gap` between items and a comment behind. */
static void parse_long_list(size_t count, const char *gap)
{
    char text[8192] = CONFIG_FIXTURE_BASE "from = ";
    size_t len = strlen(text);

    for (size_t i = 0; i < count; i++)
        len += (size_t)sprintf(text + len, "%s192.0.2.%zu", i ? gap : "", i + 1);
    sprintf(text + len, " ; and a comment, 192.0.2.250\n");
    cr_assert_eq(config_fixture_parse(text), 0, "%s", config_fixture_findings());
}

Test(config_lines, long_lines_arrive_whole)
{
    static const char *const gaps[] = {",", ", ", " , ", ",      ", "\t,\t"};

    for (size_t g = 0; g < sizeof(gaps) / sizeof(gaps[0]); g++) {
        const struct peer *peer;

        parse_long_list(180, gaps[g]);
        peer = &config_fixture->peers[1];
        cr_assert_eq(peer->from_count, 180);
        for (size_t i = 0; i < 180; i++)
            cr_expect_eq(peer->from[i].address.octets[3], i + 1);
    }
}

/* Wherever the pieces are cut: a line of each length around the room that inih has. */
Test(config_lines, lines_of_every_length_arrive_whole)
{
    for (size_t pad = 0; pad < 450; pad++) {
        char text[1024];
        const struct peer *peer;

        snprintf(text, sizeof(text),
                 CONFIG_FIXTURE_BASE "from = 192.0.2.1,%*s 192.0.2.2,192.0.2.3\n", (int)(pad % 150),
                 "");
        if (pad >= 150)
            snprintf(text, sizeof(text),
                     CONFIG_FIXTURE_BASE "%*sfrom%*s= 192.0.2.1,192.0.2.2,192.0.2.3\n",
                     (int)(pad - 150), "", (int)(pad % 150), "");
        cr_assert_eq(config_fixture_parse(text), 0, "%zu %s", pad, config_fixture_findings());
        peer = &config_fixture->peers[1];
        cr_assert_eq(peer->from_count, 3, "%zu", pad);
        cr_assert_eq(peer->from[1].address.octets[3], 2);
        cr_assert_eq(peer->from[2].address.octets[3], 3);
    }
}

/* A path keeps its blanks wherever the line is cut. */
Test(config_lines, blanks_in_values_survive)
{
    for (size_t pad = 0; pad < 40; pad++) {
        char path[512];
        char text[1024];
        size_t len = (size_t)sprintf(path, "/etc/t/%0*d", (int)pad + 1, 0);

        while (len < 480)
            len += (size_t)sprintf(path + len, "ab  c; d");
        config_fixture_file(path, CONFIG_FIXTURE_SECRET, 0600);
        snprintf(text, sizeof(text), "%s[key x]\nsecret-file = %s\n", CONFIG_FIXTURE_BASE, path);
        cr_expect_eq(config_fixture_parse(text), 0, "%zu: %s", pad, config_fixture_findings());
        config_fixture_forget();
    }
}

/* A name far from its '=' is never taken for more of the setting above. */
Test(config_lines, M8_a_name_is_never_cut)
{
    for (int pad = 150; pad < 400; pad++) {
        char text[1024];
        int rc;

        snprintf(text, sizeof(text), CONFIG_FIXTURE_BASE "from%*s=192.0.2.1,192.0.2.2\n", pad, "");
        rc = config_fixture_parse(text);
        cr_assert_str_eq(config_fixture_findings(),
                         rc == 0 ? "" : "8: error: this line is too long to be read\n", "%d", pad);
        cr_assert(rc != 0 || config_fixture->peers[1].from_count == 2);
    }
}

Test(config_lines, M8_over_long_lines)
{
    char text[8192];

    snprintf(text, sizeof(text), CONFIG_FIXTURE_BASE "from = 192.0.2.1%*s\n", CONFIG_LINE_MAX - 16,
             "");
    cr_expect_eq(config_fixture_parse(text), 0, "the longest: %s", config_fixture_findings());
    snprintf(text, sizeof(text), CONFIG_FIXTURE_BASE "from = 192.0.2.1%*s\nother = no\n",
             CONFIG_LINE_MAX - 15, "");
    cr_expect_eq(config_fixture_parse(text), DNS_EFORMAT);
    cr_expect_str_eq(config_fixture_findings(), "8: error: the line is longer than 4096 octets\n"
                                                "9: error: 'other' is refuse or pass, not 'no'\n");
}

Test(config_lines, M8_a_line_of_blanks_is_never_cut)
{
    char text[8192];

    snprintf(text, sizeof(text),
             CONFIG_FIXTURE_BASE "from%*s= 192.0.2.1\nfrom = 192.0.2.1,%*s192.0.2.2\n", 300, "",
             300, "");
    cr_expect_eq(config_fixture_parse(text), DNS_EFORMAT);
    cr_expect_str_eq(config_fixture_findings(), "8: error: this line is too long to be read\n"
                                                "9: error: this line is too long to be read\n");
}

Test(config_lines, a_secret_of_512_octets_fits)
{
    char secret[685];
    char text[1024];

    memset(secret, 'A', sizeof(secret) - 1);
    secret[683] = '='; /* 512 octets are 170 groups of three and two octets more */
    secret[684] = '\0';
    snprintf(text, sizeof(text), "%s[key long]\nsecret = %s\n", CONFIG_FIXTURE_BASE, secret);
    cr_assert_eq(config_fixture_parse(text), 0, "%s", config_fixture_findings());
    cr_expect_eq(config_fixture->keys[1].secret_len, 512);
}
