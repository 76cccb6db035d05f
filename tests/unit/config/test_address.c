#include <criterion/criterion.h>

#include "config/address.h"

static struct address parsed(const char *text)
{
    struct address a = {0};

    cr_assert_eq(address_from_text(text, 0, &a), 0, "%s", text);
    return a;
}

static bool contains(const char *prefix, const char *address)
{
    struct prefix p;
    struct address a = parsed(address);

    cr_assert_eq(prefix_from_text(prefix, &p), 0, "%s", prefix);
    return prefix_contains(&p, &a);
}

Test(relay_address, reads_and_shows)
{
    static const struct {
        const char *text;
        uint16_t default_port;
        const char *shown;
    } cases[] = {
        {"192.0.2.1@53", 0, "192.0.2.1@53"},
        {"192.0.2.1", 53, "192.0.2.1@53"},
        {"192.0.2.1@5300", 53, "192.0.2.1@5300"},
        {"192.0.2.1", 0, "192.0.2.1"},
        {"2001:DB8::1@65535", 53, "2001:db8::1@65535"},
        {"::", 53, "::@53"},
        {"fe80::1%7@53", 0, "fe80::1%7@53"},
        {"fe80::1%4294967295", 65535, "fe80::1%4294967295@65535"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[ADDRESS_TEXT_SIZE];
        struct address a;

        cr_assert_eq(address_from_text(cases[i].text, cases[i].default_port, &a), 0, "%s",
                     cases[i].text);
        cr_expect_str_eq(address_to_text(&a, text), cases[i].shown);
    }
}

Test(relay_address, refuses_what_is_no_address)
{
    static const char *const texts[] = {
        "",
        "@53",
        "192.0.2",
        "192.0.2.256",
        "192.0.2.1@",
        "192.0.2.1@0",
        "192.0.2.1@65536",
        "192.0.2.1@5x",
        "192.0.2.1@-1",
        "192.0.2.1@+53",
        "192.0.2.1@ 53",
        "192.0.2.1@53@53",
        "192.0.2.1:53",
        "192.0.2.1%1",
        "192.0.2.1%0",
        "192.0.2.1@99999999999999999999",
        " 192.0.2.1",
        "[::1]@53",
        ":::",
        "fe80::1%eth0",
        "fe80::1%",
        "fe80::1%4294967296",
        "ns.example",
        "192.0.2.1/24",
        "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000",
    };
    struct address a = {.port = 7};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        cr_expect_eq(address_from_text(texts[i], 53, &a), DNS_EFORMAT, "%s", texts[i]);
    cr_expect_eq(a.port, 7, "written only on success");
}

Test(relay_address, M1_mapped_addresses_are_ipv4)
{
    static const uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 1};
    struct address a = address_from_octets(ADDRESS_IPV6, mapped, 53);
    struct address b = parsed("::ffff:192.0.2.1@53");
    struct address c = parsed("192.0.2.1@53");

    cr_expect_eq(a.family, ADDRESS_IPV4);
    cr_expect(address_equal(&a, &c));
    cr_expect(address_equal(&b, &c));
    cr_expect(contains("::ffff:192.0.2.0/120", "192.0.2.9"));
    cr_expect_not(contains("::ffff:192.0.2.0/120", "192.0.3.9"));
}

Test(relay_address, compares_with_and_without_port)
{
    struct address a = parsed("192.0.2.1@53");
    struct address other_port = parsed("192.0.2.1@54");
    struct address other_host = parsed("192.0.2.2@53");
    struct address other_family = parsed("c000:201::@53");

    cr_expect(address_equal(&a, &a));
    cr_expect_not(address_equal(&a, &other_port));
    cr_expect(address_same_host(&a, &other_port));
    cr_expect_not(address_same_host(&a, &other_host));
    cr_expect_not(address_same_host(&a, &other_family), "the same first octets");
}

Test(relay_address, compares_zones_where_both_are_known)
{
    struct address bare = parsed("fe80::1");
    struct address one = parsed("fe80::1%1");
    struct address two = parsed("fe80::1%2");

    cr_expect(address_same_host(&bare, &one));
    cr_expect_not(address_same_host(&one, &two));
}

Test(relay_address, loopback_is_told_from_others)
{
    static const struct {
        const char *text;
        bool loopback;
    } cases[] = {
        {"127.0.0.1", true},  {"127.255.0.3@53", true}, {"::1", true}, {"::ffff:127.0.0.1", true},
        {"126.0.0.1", false}, {"128.0.0.1", false},     {"::", false}, {"::2", false},
        {"7f00:1::", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct address a = parsed(cases[i].text);
        cr_expect_eq(address_is_loopback(&a), cases[i].loopback, "%s", cases[i].text);
    }
    struct address none = {.family = ADDRESS_NONE};
    cr_expect_not(address_is_loopback(&none));
}

Test(relay_address, loopback_of_a_family)
{
    char text[ADDRESS_TEXT_SIZE];
    struct address ipv4 = address_loopback(ADDRESS_IPV4, 53);
    cr_expect_str_eq(address_to_text(&ipv4, text), "127.0.0.1@53");
    struct address ipv6 = address_loopback(ADDRESS_IPV6, 0);
    cr_expect_str_eq(address_to_text(&ipv6, text), "::1");
}

Test(relay_address, wildcard_covers_its_family_and_port)
{
    struct address any4 = parsed("0.0.0.0@53");
    struct address any6 = parsed("::@53");
    struct address four = parsed("192.0.2.1@53");
    struct address six = parsed("2001:db8::1@53");
    struct address port = parsed("192.0.2.1@54");

    cr_expect(address_is_any(&any4) && address_is_any(&any6));
    cr_expect_not(address_is_any(&four) || address_is_any(&six));
    cr_expect(address_covers(&any4, &four));
    cr_expect_not(address_covers(&any4, &six));
    cr_expect(address_covers(&any6, &six));
    cr_expect_not(address_covers(&any6, &four));
    cr_expect_not(address_covers(&any4, &port));
    cr_expect(address_covers(&four, &four));
    cr_expect_not(address_covers(&four, &any4));
}

Test(relay_address, prefixes_contain_by_bits)
{
    static const struct {
        const char *prefix;
        const char *address;
        bool contains;
    } cases[] = {
        {"192.0.2.0/24", "192.0.2.255", true},
        {"192.0.2.0/24", "192.0.3.0", false},
        {"192.0.2.128/25", "192.0.2.128", true},
        {"192.0.2.128/25", "192.0.2.127", false},
        {"192.0.2.8/29", "192.0.2.15", true},
        {"192.0.2.8/29", "192.0.2.16", false},
        {"192.0.2.1", "192.0.2.1@53", true},
        {"192.0.2.1", "192.0.2.0", false},
        {"0.0.0.0/0", "255.255.255.255", true},
        {"0.0.0.0/0", "::1", false},
        {"::/0", "2001:db8::1", true},
        {"::/0", "192.0.2.1", false},
        {"2001:db8::/32", "2001:db8:ffff::", true},
        {"2001:db8::/32", "2001:db9::", false},
        {"2001:db8::1", "2001:db8::1", true},
        {"2001:db8::1", "2001:db8::2", false},
        {"2001:db8::/127", "2001:db8::1", true},
        {"2001:db8::/127", "2001:db8::2", false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        cr_expect_eq(contains(cases[i].prefix, cases[i].address), cases[i].contains, "%s %s",
                     cases[i].prefix, cases[i].address);
}

Test(relay_address, refuses_what_is_no_prefix)
{
    static const char *const texts[] = {
        "",
        "/24",
        "192.0.2.0/",
        "192.0.2.0/33",
        "192.0.2.0/-1",
        "192.0.2.1/24",
        "192.0.2.128/24",
        "192.0.2.0/24@53",
        "192.0.2.1@53",
        "2001:db8::/129",
        "2001:db8::1/127",
        "fe80::1%1",
        "::ffff:0:0/95",
        "192.0.2.0/24/24",
        "192.0.2/24",
    };
    struct prefix p;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        cr_expect_eq(prefix_from_text(texts[i], &p), DNS_EFORMAT, "%s", texts[i]);
}
