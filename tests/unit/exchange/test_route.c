#include "exchange/route.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "exchange/world.h"

static struct policy_verdict verdict;
static struct legs legs;
static const struct peer *servers[4];

static void fini(void)
{
    legs_fini(&legs);
    world_close();
}

TestSuite(relay_route, .fini = fini);

static void route(enum peer_operation operation, enum relay_transport transport)
{
    verdict.operation = operation;
    verdict.client.transport = transport;
    verdict.message.qname = support_name("example.com");
    verdict.servers = servers;
    legs_fini(&legs);
    cr_assert_eq(route_legs(world.relay, &verdict, world.now, &legs), 0);
}

/* To primary "hq", on behalf of "one". */
static void question(enum peer_operation operation, enum relay_transport transport)
{
    verdict.client.peer = world_peer("one");
    servers[0] = world_peer("hq");
    verdict.server_count = 1;
    route(operation, transport);
}

/* The addresses in the order of the legs. */
static const char *order(void)
{
    static char text[512];
    char one[ADDRESS_TEXT_SIZE];

    text[0] = '\0';
    for (unsigned i = 0; i < legs.count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? " " : "",
                 address_to_text(&legs.items[i].to, one));
    return text;
}

static const char *source(unsigned leg)
{
    static char text[ADDRESS_TEXT_SIZE];

    if (legs.items[leg].source.family == ADDRESS_NONE)
        return "";
    return address_to_text(&legs.items[leg].source, text);
}

#define PLAIN "[secondary one]\naddress = 192.0.2.1\nzones = *\n"

Test(relay_route, P29_what_could_be_forged_goes_over_tcp)
{
    static const struct {
        const char *primary; /* its settings */
        enum relay_transport client;
        enum relay_transport soa, notify, ixfr, query, update, axfr;
    } cases[] = {
        {"", RELAY_UDP, RELAY_UDP, RELAY_UDP, RELAY_TCP, RELAY_TCP, RELAY_TCP, RELAY_TCP},
        {"", RELAY_TCP, RELAY_TCP, RELAY_TCP, RELAY_TCP, RELAY_TCP, RELAY_TCP, RELAY_TCP},
        {"transport = same\n", RELAY_UDP, RELAY_UDP, RELAY_UDP, RELAY_UDP, RELAY_UDP, RELAY_UDP,
         RELAY_TCP},
        {"transport = tcp\n", RELAY_UDP, RELAY_TCP, RELAY_TCP, RELAY_TCP, RELAY_TCP, RELAY_TCP,
         RELAY_TCP},
        {"key = k\n", RELAY_UDP, RELAY_UDP, RELAY_UDP, RELAY_UDP, RELAY_UDP, RELAY_UDP, RELAY_TCP},
    };
    static const enum peer_operation operations[] = {PEER_SOA,   PEER_NOTIFY, PEER_IXFR,
                                                     PEER_QUERY, PEER_UPDATE, PEER_AXFR};
    char config[512];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const enum relay_transport *expected = &cases[i].soa;

        snprintf(config, sizeof config,
                 "[key k]\nsecret-file = k.key\n[primary hq]\naddress = 10.0.0.1\n%s" PLAIN,
                 cases[i].primary);
        world_open(config);
        verdict.client.key = world_key("k");
        for (int k = 0; k < 6; k++) {
            question(operations[k], cases[i].client);
            cr_expect_eq(legs.items[0].transport, expected[k], "%zu operation %d", i,
                         operations[k]);
        }
        legs_fini(&legs);
        world_close();
    }
    verdict.client.key = NULL;
    world_open(WORLD_CONFIG);
}

Test(relay_route, P29_who_has_proven_no_key_over_udp_causes_no_tcp)
{
    static const struct {
        const char *primary; /* its settings */
        enum peer_operation operation;
        enum route_way way;
        enum relay_transport transport;
    } cases[] = {
        {"", PEER_IXFR, ROUTE_SOA, RELAY_UDP},
        {"transport = tcp\n", PEER_IXFR, ROUTE_SOA, RELAY_TCP},
        {"transport = same\n", PEER_IXFR, ROUTE_AS_ASKED, RELAY_UDP},
        {"key = k\n", PEER_IXFR, ROUTE_AS_ASKED, RELAY_UDP},
        {"key = k\ntransport = tcp\n", PEER_IXFR, ROUTE_SOA, RELAY_TCP},
        {"", PEER_QUERY, ROUTE_BACK, RELAY_TCP},
        {"transport = tcp\n", PEER_QUERY, ROUTE_BACK, RELAY_TCP},
        {"transport = same\n", PEER_QUERY, ROUTE_AS_ASKED, RELAY_UDP},
        {"key = k\n", PEER_QUERY, ROUTE_AS_ASKED, RELAY_UDP},
        {"", PEER_SOA, ROUTE_AS_ASKED, RELAY_UDP},
        {"transport = tcp\n", PEER_SOA, ROUTE_AS_ASKED, RELAY_TCP},
        {"", PEER_NOTIFY, ROUTE_AS_ASKED, RELAY_UDP},
        {"transport = tcp\n", PEER_NOTIFY, ROUTE_AS_ASKED, RELAY_TCP},
    };
    char config[512];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(config, sizeof config,
                 "[key k]\nsecret-file = k.key\n[primary hq]\naddress = 10.0.0.1\n%s" PLAIN,
                 cases[i].primary);
        world_open(config);
        question(cases[i].operation, RELAY_UDP);
        cr_expect_eq(route_way(&verdict), cases[i].way, "%zu", i);
        cr_expect_eq(legs.items[0].transport, cases[i].transport, "%zu", i);
        verdict.client.key = world_key("k");
        cr_expect_eq(route_way(&verdict), ROUTE_AS_ASKED, "%zu: proven", i);
        verdict.client.key = NULL;
        verdict.client.passed = true;
        cr_expect_eq(route_way(&verdict), ROUTE_AS_ASKED, "%zu: passed", i);
        verdict.client.passed = false;
        question(cases[i].operation, RELAY_TCP);
        cr_expect_eq(route_way(&verdict), ROUTE_AS_ASKED, "%zu: over TCP", i);
        legs_fini(&legs);
        world_close();
    }
    world_open(WORLD_CONFIG);
}

#define MANY                                                                                       \
    "[primary hq]\naddress = 10.0.0.1, 10.0.0.2, 10.0.0.3\n"                                       \
    "[primary spare]\naddress = 10.0.0.4@5353, 10.0.0.5\n"                                         \
    "[secondary one]\naddress = 192.0.2.1\nprimary = hq, spare\n"

static void bad(const char *text)
{
    struct address address = world_address(text);

    recent_address_failed(&world.memory->recent, &address, world.now.ms);
}

Test(relay_route, M6_one_address_after_another)
{
    world_open(MANY);
    verdict.client.peer = world_peer("one");
    servers[0] = world_peer("hq");
    servers[1] = world_peer("spare");
    verdict.server_count = 2;
    route(PEER_SOA, RELAY_TCP);
    cr_expect_str_eq(order(), "10.0.0.1@53 10.0.0.2@53 10.0.0.3@53 10.0.0.4@5353 10.0.0.5@53");
    cr_expect_eq(legs.items[0].wake, world.now.ms);
    cr_expect_eq(legs.items[0].state, LEG_IDLE);
    cr_expect_eq(legs.items[4].peer, servers[1]);
    for (unsigned i = 1; i < 5; i++)
        cr_expect_eq(legs.items[i].wake, LEG_NEVER);
}

Test(relay_route, M6_who_notified_goes_first_and_who_refused_is_left_out)
{
    struct address notifier;

    world_open(MANY);
    verdict.client.peer = world_peer("one");
    servers[0] = world_peer("hq");
    servers[1] = world_peer("spare");
    verdict.server_count = 2;
    notifier = world_address("10.0.0.4@40000");
    recent_notified(&world.memory->recent, &(struct dns_name){0}, &notifier, world.now.ms);
    route(PEER_SOA, RELAY_TCP);
    cr_expect_str_eq(order(), "10.0.0.1@53 10.0.0.2@53 10.0.0.3@53 10.0.0.4@5353 10.0.0.5@53",
                     "that was another zone");
    recent_notified(&world.memory->recent, &verdict.message.qname, &notifier, world.now.ms);
    bad("10.0.0.2@53");
    route(PEER_SOA, RELAY_TCP);
    cr_expect_str_eq(order(), "10.0.0.4@5353 10.0.0.1@53 10.0.0.3@53 10.0.0.5@53");
    bad("10.0.0.4@5353");
    route(PEER_SOA, RELAY_TCP);
    cr_expect_str_eq(order(), "10.0.0.1@53 10.0.0.3@53 10.0.0.5@53");
    bad("10.0.0.1@53");
    bad("10.0.0.3@53");
    bad("10.0.0.5@53");
    route(PEER_SOA, RELAY_TCP);
    cr_expect_str_eq(order(), "10.0.0.1@53 10.0.0.2@53 10.0.0.3@53 10.0.0.4@5353 10.0.0.5@53");
    cr_expect_eq(legs.items[0].wake, world.now.ms);
}

#define SOURCES                                                                                    \
    "[primary hq]\naddress = 10.0.0.1, 2001:db8::1\nlisten = 0.0.0.0@54, 198.51.100.7@53\n"        \
    "source = 198.51.100.9\n"                                                                      \
    "[secondary one]\naddress = 192.0.2.1, 2001:db8::2\nzones = *\nsource = 2001:db8::9\n"         \
    "[secondary two]\naddress = 192.0.2.2\nzones = *\nsource = 198.51.100.8\n"

static void notify(void)
{
    verdict.client.peer = world_peer("hq");
    servers[0] = world_peer("one");
    servers[1] = world_peer("two");
    verdict.server_count = 2;
    route(PEER_NOTIFY, RELAY_UDP);
}

Test(relay_route, M3_a_notify_goes_to_all_at_once_even_to_who_refused)
{
    world_open(SOURCES);
    bad("192.0.2.1@53");
    notify();
    cr_expect_str_eq(order(), "192.0.2.1@53 2001:db8::2@53 192.0.2.2@53");
    for (unsigned i = 0; i < 3; i++)
        cr_expect_eq(legs.items[i].wake, world.now.ms);
}

Test(relay_route, M3_it_leaves_from_the_secondarys_source_or_where_its_primary_is_looked_for)
{
    world_open(SOURCES);
    notify();
    cr_expect_str_eq(source(0), "198.51.100.7", "the primary's listen that names a host");
    cr_expect_str_eq(source(1), "2001:db8::9");
    cr_expect_str_eq(source(2), "198.51.100.8");
}

Test(relay_route, a_question_leaves_from_the_primarys_source_or_as_the_kernel_chooses)
{
    world_open(SOURCES);
    question(PEER_SOA, RELAY_UDP);
    cr_expect_str_eq(source(0), "198.51.100.9");
    cr_expect_str_eq(source(1), "");
}
