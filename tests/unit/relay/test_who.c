#include "relay/who.h"

#include <criterion/criterion.h>

#include "exchange/world.h"

#define PEERS                                                                                      \
    "[key k]\nsecret-file = k.key\n[key k2]\nsecret-file = k.key\n"                                \
    "[primary p1]\naddress = 10.0.0.1\nlisten = 198.51.100.10@53\n"                                \
    "[primary p2]\naddress = 10.0.0.2\nfrom = 10.0.2.0/24\nlisten = 198.51.100.20@53\n"            \
    "[secondary a]\naddress = 192.0.2.1\nfrom = 203.0.113.0/24\nprimary = p1\nzones = a.example\n" \
    "[secondary b]\naddress = 192.0.2.2\nfrom = 203.0.113.0/25\nprimary = p2\nzones = b.example\n" \
    "listen = 198.51.100.30@53\n"                                                                  \
    "[secondary c]\naddress = 192.0.2.2\nfrom = 203.0.113.0/25\nprimary = p2\nzones = c.example\n" \
    "[secondary d]\naddress = 192.0.2.4\nfrom = 203.0.113.0/26\nprimary = p2\nkey = k\n"           \
    "zones = *\nother = refuse\n"                                                                  \
    "[secondary e]\naddress = 192.0.2.5\nfrom = 203.0.113.0/26\nprimary = p1\nkey = k2\n"          \
    "zones = *\n"

#define EXPLICIT    "[proxy]\n" PEERS
#define TRANSPARENT "[proxy]\ntransparent = yes\n" PEERS

TestSuite(relay_who, .fini = world_close);

struct asked {
    const char *from, *to, *zone, *key;
    enum peer_operation operation;
};

static struct who find(const struct asked *asked,
                       struct who (*by)(const struct who_question *question))
{
    struct address from = world_address(asked->from), to = world_address(asked->to);
    struct dns_name zone = support_name(asked->zone), key = support_name(asked->key ?: ".");
    const struct who_question question = {.config = world.relay->config,
                                          .from = &from,
                                          .to = &to,
                                          .zone = &zone,
                                          .key_name = asked->key ? &key : NULL,
                                          .operation = asked->operation};

    return by(&question);
}

static const char *name(const struct peer *peer)
{
    return peer ? peer->name : "";
}

struct found {
    struct asked asked;
    const char *client, *server;
    bool transparent;
};

static void expect(const struct found *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct who who = find(&cases[i].asked, who_find);

        cr_expect_str_eq(name(who.client), cases[i].client, "%zu: client %s", i, name(who.client));
        cr_expect_str_eq(name(who.server), cases[i].server, "%zu: server %s", i, name(who.server));
        cr_expect_eq(who.transparent, cases[i].transparent, "%zu", i);
    }
}

#define EXPECT(cases) expect(cases, sizeof cases / sizeof cases[0])

Test(relay_who, M1_of_several_clients_the_most_specific_one)
{
    static const struct found cases[] = {
        /* the zone, then the file */
        {{"203.0.113.100@1", WORLD_US, "b.example", NULL, PEER_SOA}, "b", "", false},
        {{"203.0.113.100@1", WORLD_US, "c.example", NULL, PEER_AXFR}, "c", "", false},
        {{"203.0.113.100@1", WORLD_US, "z.example", NULL, PEER_SOA}, "b", "", false},
        {{"203.0.113.100@1", WORLD_US, "www.c.example", NULL, PEER_QUERY}, "c", "", false},
        {{"203.0.113.100@1", WORLD_US, "www.c.example", NULL, PEER_AXFR}, "b", "", false},
        /* the longest prefix before the zone */
        {{"203.0.113.100@1", WORLD_US, "a.example", NULL, PEER_SOA}, "b", "", false},
        {{"203.0.113.5@1", WORLD_US, "c.example", NULL, PEER_SOA}, "d", "", false},
        {{"192.0.2.1@1", WORLD_US, "c.example", NULL, PEER_SOA}, "a", "", false},
        /* the local address before the prefix */
        {{"203.0.113.100@1", "198.51.100.10@53", "b.example", NULL, PEER_SOA}, "a", "p1", false},
        {{"203.0.113.100@1", "198.51.100.20@53", "a.example", NULL, PEER_SOA}, "b", "p2", false},
        {{"203.0.113.5@1", "198.51.100.10@53", "a.example", NULL, PEER_SOA}, "e", "p1", false},
        {{"203.0.113.200@1", "198.51.100.20@53", "b.example", NULL, PEER_SOA}, "a", "p2", false},
        /* the key before all */
        {{"203.0.113.5@1", "198.51.100.10@53", "a.example", "K", PEER_SOA}, "d", "p1", false},
        {{"203.0.113.5@1", "198.51.100.20@53", "a.example", "k2", PEER_SOA}, "e", "p2", false},
        {{"203.0.113.100@1", WORLD_US, "c.example", "k", PEER_SOA}, "c", "", false},
        /* nobody */
        {{"203.0.114.1@1", WORLD_US, "c.example", "k", PEER_SOA}, "", "", false},
        {{"10.0.0.1@1", WORLD_US, "a.example", NULL, PEER_SOA}, "", "", false},
    };

    world_open(EXPLICIT);
    EXPECT(cases);
}

Test(relay_who, M2_a_notify_is_for_the_secondary_that_is_listened_for)
{
    static const struct found cases[] = {
        {{"10.0.0.1@1", WORLD_US, "a.example", NULL, PEER_NOTIFY}, "p1", "", false},
        {{"10.0.2.7@1", WORLD_US, "a.example", NULL, PEER_NOTIFY}, "p2", "", false},
        {{"10.0.0.2@1", "198.51.100.30@53", "b.example", NULL, PEER_NOTIFY}, "p2", "b", false},
        {{"192.0.2.1@1", WORLD_US, "a.example", NULL, PEER_NOTIFY}, "", "", false},
    };

    world_open(EXPLICIT);
    EXPECT(cases);
}

Test(relay_who, M1_a_plain_primary_is_not_heard_where_a_primary_is_asked)
{
    static const struct asked there = {"10.0.0.2@1", "198.51.100.20@53", "b.example", NULL,
                                       PEER_NOTIFY};
    world_open(EXPLICIT);
    struct who who = find(&there, who_find);
    cr_expect_null(who.client);
    cr_expect(who.unheard);
}

Test(relay_who, M1_a_plain_peer_is_heard_where_it_is_said_to_be)
{
    static const struct asked there = {"10.0.0.1@1", "198.51.100.9@53", "a.example", NULL,
                                       PEER_NOTIFY};
    static const struct asked elsewhere = {"10.0.0.1@1", WORLD_US, "a.example", NULL, PEER_NOTIFY};
    static const struct asked keyed = {"192.0.2.1@1", WORLD_US, "a.example", NULL, PEER_SOA};
    world_open("[key k]\nsecret-file = k.key\n"
               "[primary p]\naddress = 10.0.0.1\nheard-at = 198.51.100.9\n"
               "[secondary a]\naddress = 192.0.2.1\nkey = k\n");
    cr_expect_eq(find(&there, who_find).client, world_peer("p"));
    cr_expect_null(find(&elsewhere, who_find).client);
    cr_expect_eq(find(&keyed, who_find).client, world_peer("a"), "its key says who it is");
}

Test(relay_who, M2_without_transparency_a_servers_own_address_is_nobodys)
{
    static const struct found cases[] = {
        {{"203.0.113.100@1", "10.0.0.2@53", "b.example", NULL, PEER_SOA}, "b", "", false},
        {{"10.0.0.2@1", "192.0.2.2@53", "b.example", NULL, PEER_NOTIFY}, "p2", "", false},
    };

    world_open(EXPLICIT);
    EXPECT(cases);
}

Test(relay_who, M2_in_transparent_mode_it_is_the_servers)
{
    static const struct found cases[] = {
        {{"203.0.113.100@1", "10.0.0.2@53", "b.example", NULL, PEER_SOA}, "b", "p2", true},
        {{"203.0.113.100@1", "10.0.0.1@53", "b.example", NULL, PEER_SOA}, "a", "p1", true},
        {{"203.0.113.100@1", "10.0.2.7@53", "b.example", NULL, PEER_SOA}, "b", "", false},
        {{"203.0.113.100@1", "198.51.100.10@53", "b.example", NULL, PEER_SOA}, "a", "p1", false},
        {{"203.0.113.100@1", WORLD_US, "b.example", NULL, PEER_SOA}, "b", "", false},
        {{"10.0.0.2@1", "192.0.2.2@53", "b.example", NULL, PEER_NOTIFY}, "p2", "b", true},
        {{"10.0.0.2@1", "192.0.2.2@53", "c.example", NULL, PEER_NOTIFY}, "p2", "c", true},
        {{"10.0.0.2@1", "192.0.2.4@53", "c.example", NULL, PEER_NOTIFY}, "p2", "d", true},
        {{"10.0.0.2@1", "192.0.2.2@53", "z.example", NULL, PEER_NOTIFY}, "p2", "b", true},
        {{"10.0.0.2@1", "10.0.0.1@53", "c.example", NULL, PEER_NOTIFY}, "p2", "", false},
    };

    world_open(TRANSPARENT);
    EXPECT(cases);
}

Test(relay_who, M4_an_ordinary_question_of_a_primary_passes_by_its_secondary)
{
    static const struct {
        struct asked asked;
        const char *client, *server;
    } cases[] = {
        {{"10.0.0.1@1", "192.0.2.1@53", "a.example", NULL, PEER_SOA}, "p1", "a"},
        {{"10.0.2.9@1", "192.0.2.2@53", "z.example", NULL, PEER_QUERY}, "p2", "b"},
        {{"10.0.0.1@1", "192.0.2.1@53", "a.example", NULL, PEER_AXFR}, "", ""},
        {{"10.0.0.1@1", "192.0.2.1@53", "a.example", NULL, PEER_IXFR}, "", ""},
        {{"10.0.0.1@1", "192.0.2.1@53", "a.example", NULL, PEER_UPDATE}, "", ""},
        {{"10.0.0.1@1", "192.0.2.1@53", "a.example", NULL, PEER_NOTIFY}, "", ""},
        {{"10.0.0.1@1", "192.0.2.1@53", "a.example", "k", PEER_SOA}, "", ""},
        {{"10.0.0.2@1", "192.0.2.1@53", "a.example", NULL, PEER_SOA}, "", ""},
        {{"10.0.0.2@1", "192.0.2.4@53", "a.example", NULL, PEER_SOA}, "", ""},
        {{"10.0.0.2@1", WORLD_US, "a.example", NULL, PEER_SOA}, "", ""},
    };

    world_open(TRANSPARENT);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct who who = find(&cases[i].asked, who_passes_by);

        cr_expect_str_eq(name(who.client), cases[i].client, "%zu", i);
        cr_expect_str_eq(name(who.server), cases[i].server, "%zu", i);
        cr_expect_eq(who.transparent, who.server != NULL, "%zu", i);
    }
    world_close();
    world_open(EXPLICIT);
    cr_expect_null(find(&cases[0].asked, who_passes_by).server);
}

static bool has(const char *zone, enum peer_operation operation)
{
    const struct asked asked = {"192.0.2.1@1", WORLD_US, zone, NULL, operation};
    struct who who = find(&asked, who_find);

    cr_expect_eq(who.client, operation == PEER_NOTIFY ? NULL : world_peer("a"));
    return who.has_zone;
}

Test(relay_who, M5_a_question_is_for_any_name_in_a_zone_and_all_else_for_the_zone_itself)
{
    world_open(EXPLICIT);
    cr_expect(has("A.example", PEER_AXFR));
    cr_expect_not(has("www.a.example", PEER_AXFR));
    cr_expect_not(has("www.a.example", PEER_IXFR));
    cr_expect_not(has("www.a.example", PEER_NOTIFY));
    cr_expect_not(has("www.a.example", PEER_UPDATE));
    cr_expect(has("www.a.example", PEER_SOA));
    cr_expect_not(has("example", PEER_SOA));
    cr_expect(has("a.example", PEER_QUERY));
    cr_expect(has("x.www.A.example", PEER_QUERY));
    cr_expect_not(has("example", PEER_QUERY));
    cr_expect_not(has(".", PEER_QUERY));
    cr_expect_not(has("xa.example", PEER_QUERY));
}

static bool knows(const char *text)
{
    struct address from = world_address(text);

    return who_is_at(world.relay->config, &from).peer;
}

Test(relay_who, a_source_is_known_when_any_peer_has_it)
{
    world_open(EXPLICIT);
    cr_expect(knows("10.0.0.1@1"));
    cr_expect(knows("192.0.2.5@1"), "the last in the file");
    cr_expect(knows("203.0.113.200@1"), "by its prefix");
    cr_expect_not(knows("203.0.114.1@1"));
    cr_expect_not(knows("198.51.100.10@53"), "our own listener is no peer");
}

static struct who_host host(const char *text)
{
    struct address from = world_address(text);
    return who_is_at(world.relay->config, &from);
}

Test(relay_who, L2_who_may_be_at_an_address_before_anything_is_said)
{
    world_open("[key k]\nsecret-file = k.key\n"
               "[primary hq]\naddress = 10.0.0.1\n"
               "[secondary wide]\naddress = 192.0.2.9\nfrom = 192.0.2.0/24\nkey = k\n"
               "[secondary one]\naddress = 192.0.2.1\nkey = k\nallow = soa, update\n"
               "[secondary here]\naddress = 10.0.0.1\nkey = k\n");
    cr_expect_null(host("198.51.100.1@1").peer);
    cr_expect_eq(host("192.0.2.1@1").peer, world_peer("one"), "the longest match");
    cr_expect(host("192.0.2.1@1").is_signed);
    cr_expect(host("192.0.2.1@1").updates);
    cr_expect_eq(host("192.0.2.2@1").peer, world_peer("wide"));
    cr_expect_not(host("192.0.2.2@1").updates);
    cr_expect_eq(host("10.0.0.1@1").peer, world_peer("hq"));
    cr_expect_not(host("10.0.0.1@1").is_signed, "it may be the one without a key");
}

/* Two servers on one host, or two views of one server. */
#define TWINS                                                                                      \
    "[primary one]\naddress = 10.0.0.1@5301\n[primary two]\naddress = 10.0.0.1@5302\n"             \
    "[secondary a]\naddress = 192.0.2.1\nprimary = one\nzones = a.example\n"                       \
    "[secondary b]\naddress = 192.0.2.2\nprimary = two\nzones = b.example\n"

Test(relay_who, M1_a_notify_of_one_of_two_primaries_on_one_host_goes_by_its_zone)
{
    static const struct found cases[] = {
        {{"10.0.0.1@1", WORLD_US, "a.example", NULL, PEER_NOTIFY}, "one", "", false},
        {{"10.0.0.1@1", WORLD_US, "B.example", NULL, PEER_NOTIFY}, "two", "", false},
        {{"10.0.0.1@1", WORLD_US, "www.b.example", NULL, PEER_NOTIFY}, "one", "", false},
        {{"10.0.0.1@1", WORLD_US, "z.example", NULL, PEER_NOTIFY}, "one", "", false},
    };

    world_open("[proxy]\n" TWINS);
    EXPECT(cases);
}

Test(relay_who, M2_of_two_servers_on_one_host_the_port_that_was_asked_chooses)
{
    static const struct found cases[] = {
        {{"192.0.2.2@1", "10.0.0.1@5301", "b.example", NULL, PEER_SOA}, "b", "one", true},
        {{"192.0.2.2@1", "10.0.0.1@5302", "b.example", NULL, PEER_SOA}, "b", "two", true},
        {{"192.0.2.2@1", "10.0.0.1@53", "b.example", NULL, PEER_SOA}, "b", "one", true},
    };

    world_open("[proxy]\ntransparent = yes\n" TWINS);
    EXPECT(cases);
}
