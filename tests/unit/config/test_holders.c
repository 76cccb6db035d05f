#include "config/holders.h"

#include <criterion/criterion.h>

#include "config/config_fixture.h"
#include "support.h"

#define PEERS                                                                                      \
    "[primary p]\naddress = 10.0.0.1\n[primary q]\naddress = 10.0.0.2\n"                           \
    "[secondary a]\naddress = 192.0.2.1\nprimary = p\nzones = *.com, example.com\n"                \
    "[secondary b]\naddress = 192.0.2.2\nprimary = q\nzones = *\n"                                 \
    "[secondary c]\naddress = 192.0.2.3\nprimary = p\nzones = *\n"                                 \
    "[secondary d]\naddress = 192.0.2.4\nprimary = p\nzones = Example.com\n"                       \
    "[secondary e]\naddress = 192.0.2.5\nprimary = p\nzones = com\n"

static struct holders holders;

static void init(void)
{
    cr_assert_eq(config_fixture_parse(PEERS), 0, "%s", config_fixture_findings());
}

TestSuite(config_holders, .init = init, .fini = config_fixture_release);

static void find(const char *text, bool within)
{
    struct dns_name name = support_name(text);

    holders_find(&holders, config_fixture->lookup, &name, within);
}

static void expect_next(const char *names)
{
    size_t place;

    for (; *names; names++) {
        cr_assert(holders_next(&holders, &place));
        cr_expect_eq(config_fixture->peers[place].name[0], *names);
    }
    cr_expect_not(holders_next(&holders, &place));
}

Test(config_holders, come_in_file_order_each_once)
{
    find("EXAMPLE.com", false);
    expect_next("ad");
    find("www.example.com", false);
    expect_next("a");
    find("com", false);
    expect_next("e");
    find("example.net", false);
    expect_next("");
}

Test(config_holders, of_every_zone_are_those_of_one_primary)
{
    find("EXAMPLE.com", false);
    holders_add_every(&holders, config_fixture->peers[0].place);
    expect_next("acd");
    find("example.net", false);
    holders_add_every(&holders, config_fixture->peers[1].place);
    expect_next("b");
}

Test(config_holders, a_name_may_lie_within_their_zones)
{
    find("www.example.com", true);
    expect_next("ade");
    find("www.example.com", true);
    cr_expect(holders_have(&holders, 2));
    cr_expect(holders_have(&holders, 3), "it has every zone");
    cr_expect(holders_have(&holders, 6));
    find("www.example.com", false);
    cr_expect_not(holders_have(&holders, 5));
    cr_expect_not(holders_have(&holders, 6));
}

Test(config_holders, are_found_for_the_longest_names)
{
    struct dns_name name = {.len = DNS_NAME_MAX};

    for (size_t i = 0; i + 1 < DNS_NAME_MAX; i += 2)
        name.octets[i] = 1;
    holders_find(&holders, config_fixture->lookup, &name, true);
    expect_next("");
}
