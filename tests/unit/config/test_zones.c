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
