#include <criterion/criterion.h>
#include <stdio.h>

#include "config/config_fixture.h"
#include "config/peer.h"

TestSuite(relay_peer, .fini = config_fixture_release);

/* The secondary of a configuration whose [secondary] has these settings. */
static const struct peer *secondary(const char *settings)
{
    char text[1024];

    snprintf(text, sizeof(text), "[primary hq]\naddress = 10.0.0.1\n[secondary any]\n%s", settings);
    cr_assert_eq(config_fixture_parse(text), 0, "%s", config_fixture_findings());
    return &config_fixture->peers[1];
}

static struct address address(const char *text)
{
    struct address a = {0};

    cr_assert_eq(address_from_text(text, 0, &a), 0, "%s", text);
    return a;
}

static bool has_zone(const struct peer *peer, const char *text)
{
    struct dns_name zone;

    cr_assert_eq(dns_name_from_text(text, &zone), 0);
    return peer_has_zone(peer, &zone);
}

Test(relay_peer, zones_are_names_suffixes_or_all)
{
    const struct peer *peer =
        secondary("address = 192.0.2.1\nzones = Example.com, *.example.net, .\n");

    cr_expect(has_zone(peer, "example.com"));
    cr_expect(has_zone(peer, "EXAMPLE.COM"));
    cr_expect_not(has_zone(peer, "www.example.com"));
    cr_expect(has_zone(peer, "a.b.Example.NET"));
    cr_expect_not(has_zone(peer, "example.net"), "below the suffix, not the suffix");
    cr_expect_not(has_zone(peer, "badexample.net"));
    cr_expect(has_zone(peer, "."));
    cr_expect(has_zone(secondary("address = 192.0.2.1\n"), "whatever.example"));
}

/* As the log prints them. */
Test(relay_peer, zones_may_have_escaped_characters)
{
    const struct peer *peer =
        secondary("address = 192.0.2.1\n"
                  "zones = a\\;b.example, a\\\"b\\ c.example, \\*.example, *.d\\\\.example\n");

    cr_expect(has_zone(peer, "a\\059b.example"));
    cr_expect(has_zone(peer, "a\\034b\\032c.example"));
    cr_expect(has_zone(peer, "\\042.example"));
    cr_expect_not(has_zone(peer, "a.example"), "no pattern");
    cr_expect(has_zone(peer, "a.d\\092.example"));
}

Test(relay_peer, M1_matches_by_longest_prefix_ports_aside)
{
    const struct peer *peer = secondary("address = 192.0.2.1@53, 2001:db8::1\n"
                                        "from = 192.0.2.0/28, 192.0.2.0/24, 2001:db8::/32\n");
    static const struct {
        const char *from;
        int bits;
    } cases[] = {
        {"192.0.2.1@40000", 32}, {"192.0.2.2@53", 28},     {"192.0.2.99", 24},
        {"192.0.3.1", -1},       {"2001:db8::1@1", 128},   {"2001:db8::2", 32},
        {"2001:db9::1", -1},     {"::ffff:192.0.2.1", 32},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct address from = address(cases[i].from);

        cr_expect_eq(peer_match(peer, &from), cases[i].bits, "%s", cases[i].from);
    }
}

Test(relay_peer, M2_its_listener_stands_for_it_alone)
{
    const struct peer *peer = secondary("address = 192.0.2.1\nlisten = 10.0.0.53, 0.0.0.0@5301\n");
    struct address own = address("10.0.0.53@53");
    struct address port = address("10.9.9.9@5301");
    struct address other = address("10.0.0.54@53");

    cr_expect(peer_listens(peer, &own));
    cr_expect(peer_listens(peer, &port));
    cr_expect_not(peer_listens(peer, &other));
}

Test(relay_peer, M2_its_own_address_is_the_one_with_the_same_port_if_there_is_one)
{
    const struct peer *peer = secondary("address = 192.0.2.1@5301, 192.0.2.1@5302, 192.0.2.2\n");
    static const struct {
        const char *asked, *own; /* NULL: none */
    } cases[] = {
        {"192.0.2.1@5301", "192.0.2.1@5301"},
        {"192.0.2.1@5302", "192.0.2.1@5302"},
        {"192.0.2.1@53", "192.0.2.1@5301"},
        {"192.0.2.2@5302", "192.0.2.2@53"},
        {"192.0.2.3@5301", NULL},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct address asked = address(cases[i].asked);
        const struct address *own = peer_own_address(peer, &asked);
        char text[ADDRESS_TEXT_SIZE] = "none";

        if (own)
            address_to_text(own, text);
        cr_expect_str_eq(text, cases[i].own ? cases[i].own : "none", "%s", cases[i].asked);
    }
}

Test(relay_peer, has_one_source_per_family)
{
    const struct peer *peer = secondary("address = 192.0.2.1\nsource = 2001:db8::2\n");
    char text[ADDRESS_TEXT_SIZE];

    cr_expect_null(peer_source(peer, ADDRESS_IPV4));
    cr_assert_not_null(peer_source(peer, ADDRESS_IPV6));
    cr_expect_str_eq(address_to_text(peer_source(peer, ADDRESS_IPV6), text), "2001:db8::2");
}

Test(relay_peer, knows_its_primaries)
{
    const struct peer *peer = secondary("address = 192.0.2.1\n");
    struct peer stranger = {.role = PEER_PRIMARY};

    cr_expect(peer_has_primary(peer, &config_fixture->peers[0]));
    cr_expect_not(peer_has_primary(peer, &stranger));
}
