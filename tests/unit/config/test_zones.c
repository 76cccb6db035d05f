#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "config/config_fixture.h"

TestSuite(zones, .fini = config_fixture_release);

static void expect_findings(const char *lines, const char *expected)
{
    char text[4096];
    snprintf(text, sizeof text, "%s%s", CONFIG_FIXTURE_BASE, lines);
    int error = config_fixture_parse(text);
    cr_expect_eq(error, strstr(expected, "error: ") ? DNS_EFORMAT : 0, "%s", lines);
    cr_expect_str_eq(config_fixture_findings(), expected, "%s\ngives\n%s", lines,
                     config_fixture_findings());
}

/* The zones of the secondary, in their order. */
static void expect_zones(const char *expected)
{
    char text[4096] = "";
    size_t len = 0;
    cr_assert(config_fixture, "%s", config_fixture_findings());
    const struct peer *peer = &config_fixture->peers[1];
    for (size_t i = 0; i < peer->zone_count; i++) {
        static const char *const kinds[] = {
            [ZONE_EXACT] = "", [ZONE_BELOW] = "*.", [ZONE_ALL] = "*"};
        struct dns_name name = zone_pattern_name(&peer->zones[i]);
        char zone[DNS_NAME_TEXT_SIZE] = "";
        if (name.len > 0)
            dns_name_to_text(&name, zone);
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s%s", i ? " " : "",
                                kinds[peer->zones[i].kind], zone);
    }
    cr_expect_str_eq(text, expected);
}

Test(zones, lines_add_up)
{
    expect_findings("zones = B.example, *.a.example\nmode = enforce\nzones = a.example\n"
                    "zones = *, .\n",
                    "");
    expect_zones("b.example *.a.example a.example * .");
}

Test(zones, M8_the_same_zone_in_two_lines)
{
    expect_findings("zones = a.example, b.example, *.b.example\nzones = c.example, B.Example.\n"
                    "zones = a.example, *.b.example, *, b.example\nzones = *\n",
                    "9: error: the zone 'b.example' is already in line 8\n"
                    "10: error: the zone 'a.example' is already in line 8\n"
                    "10: error: the zone 'b.example' is already in line 8\n"
                    "10: error: the zone '*.b.example' is already in line 8\n"
                    "11: error: the zone '*' is already in line 10\n");
}

Test(zones, M8_an_empty_line_of_several_is_an_error)
{
    expect_findings("zones = a.example\nzones =\n", "9: error: 'zones' has no value\n");
}

/* A name is not another because one begins with the other, or has its octets escaped. */
Test(zones, names_are_told_apart_by_octets)
{
    expect_findings("zones = a.example, aa.example, a\\.a.example, a.a.example\n", "");
    expect_findings("zones = a\\065.example, AA.example\n",
                    "8: error: 'zones' has 'aa.example' twice\n");
}

Test(zones, file_has_one_a_line)
{
    config_fixture_file(
        "/etc/t/z/zones.txt",
        "\xef\xbb\xbf# all of them\r\n\n  B.example.\t; it, and\n*.b.example # below\n"
        ";\n\t\na\\;b.example;\n",
        0640);
    expect_findings("zones-file = z/zones.txt\n",
                    "/etc/t/z/zones.txt:7: error: 'zones-file' has 'a\\;b.example;', which is no "
                    "domain name\n");
    config_fixture_file("/srv/zones", "b.example\n*.b.example # below\n#\na\\;b#.example\n*", 0640);
    expect_findings("zones-file = /srv/zones\n", "");
    expect_zones("b.example *.b.example a\\;b#.example *");
}

Test(zones, file_adds_to_those_in_line)
{
    config_fixture_file("/etc/t/zones.txt", "c.example\nb.example\n", 0640);
    expect_findings("zones = a.example\nzones-file = zones.txt\nzones = *.example\n", "");
    expect_zones("a.example *.example c.example b.example");
    expect_findings("zones-file = zones.txt\n", "");
    expect_zones("c.example b.example");
}

Test(zones, M8_errors_in_the_file_are_told_with_its_lines)
{
    config_fixture_file("/etc/t/zones.txt",
                        "a.example\nb.example\n\na..b\nA.example\nc.example, d.example\n"
                        "c.example,d.example\n\x01\nzones = x\n*.b.example\n",
                        0666);
    expect_findings(
        "zones = c.example, b.example\nzones-file = zones.txt\nzones-file = zones.txt\n",
        "10: error: 'zones-file' is already in line 9\n"
        "/etc/t/zones.txt:0: warning: others can write this file; make it mode 640 or less\n"
        "/etc/t/zones.txt:2: error: the zone 'b.example' is already in line 8 of "
        "/etc/t/main.ini\n"
        "/etc/t/zones.txt:4: error: 'zones-file' has 'a..b', which is no domain name\n"
        "/etc/t/zones.txt:5: error: the zone 'a.example' is already in line 1\n"
        "/etc/t/zones.txt:6: error: 'zones-file' has 'c.example, d.example', which is no domain "
        "name\n"
        "/etc/t/zones.txt:7: error: 'zones-file' has 'c.example,d.example', which is no domain "
        "name\n"
        "/etc/t/zones.txt:8: error: the line has a control character in it\n"
        "/etc/t/zones.txt:9: error: 'zones-file' has 'zones = x', which is no domain name\n");
}

/* It is not taken for "all zones". */
Test(zones, M8_no_file_and_no_zone_in_it)
{
    expect_findings("zones-file = gone.txt\n",
                    "8: error: cannot read '/etc/t/gone.txt': No such file or directory\n");
    expect_findings("zones-file =\n", "8: error: 'zones-file' has no value\n");
    config_fixture_file("/etc/t/zones.txt", "# none yet\n", 0640);
    expect_findings("zones-file = zones.txt\n",
                    "/etc/t/zones.txt:0: warning: there is no zone in this file\n");
    expect_zones("");
}

Test(zones, file_is_beside_the_file_that_says_it)
{
    config_fixture_file("/etc/t/zones.txt", "a.example\n", 0640);
    config_fixture_file("/etc/t/conf.d/zones.txt", "b.example\n", 0640);
    config_fixture_file("/etc/t/conf.d/s.ini",
                        "[secondary s]\naddress = 192.0.2.2\nkey = l\nzones-file = zones.txt\n"
                        "[key l]\nsecret-file = /etc/t/k.key\n",
                        0640);
    expect_findings("zones-file = zones.txt\n[proxy]\ninclude = conf.d/*.ini\n", "");
    expect_zones("a.example");
    cr_assert_eq(config_fixture->peers[2].zone_count, 1);
    struct dns_name name = zone_pattern_name(&config_fixture->peers[2].zones[0]);
    char text[DNS_NAME_TEXT_SIZE];
    cr_expect_str_eq(dns_name_to_text(&name, text), "b.example");
}
