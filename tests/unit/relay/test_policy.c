/* Who asks for what, from where: clients, servers, operations and zones. */
#include "relay/policy.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "dns/opt.h"
#include "exchange/world.h"

#define CONFIG                                                                                     \
    "[key k]\nsecret-file = k.key\n[key k2]\nsecret-file = k.key\nalgorithm = hmac-sha512\n"       \
    "[primary hq]\naddress = 10.0.0.1\nlisten = 198.51.100.10@53\n"                                \
    "[primary lab]\naddress = 10.0.0.2\nlisten = 198.51.100.20@53\n"                               \
    "[secondary wide]\naddress = 192.0.2.1\nfrom = 192.0.2.0/24\nkey = k\nprimary = hq, lab\n"     \
    "zones = *\nlisten = 198.51.100.30@53\n"                                                       \
    "[secondary narrow]\naddress = 203.0.113.1\nfrom = 192.0.2.128/25\nkey = k2\nprimary = lab\n"  \
    "zones = *.example.net, example.com\n"                                                         \
    "[secondary plain]\naddress = 203.0.113.2\nprimary = hq\nzones = example.com\n"                \
    "allow = soa, axfr, query\n"                                                                   \
    "[secondary open]\naddress = 203.0.113.3\nkey = k\nprimary = hq\nzones = example.com\n"        \
    "allow = soa, axfr, query, update\nmode = observe\n"                                           \
    "[secondary lax]\naddress = 203.0.113.4\nkey = k\nprimary = hq\nzones = example.com\n"         \
    "other = pass\n"

static struct support_message request;
static const struct policy_verdict *verdict;

static void init(void)
{
    world_open(CONFIG);
}

TestSuite(relay_policy, .init = init, .fini = world_close);

/* An opcode's question of this type, signed with the key unless NULL. */
static void build(unsigned opcode, const char *name, uint16_t type, const char *key)
{
    struct world_side side = {.key = key};

    support_header(&request, 0x1234, (uint16_t)(opcode << 11));
    support_question(&request, name, type);
    if (type == DNS_TYPE_IXFR)
        support_soa(&request, DNS_AUTHORITY, name, 5);
    world_sign(&side, &request);
}

static void judge_at(const char *from, const char *to)
{
    verdict = world_judge(from, to, RELAY_TCP, &request);
}

static void judge(const char *from)
{
    judge_at(from, WORLD_US);
}

/* The servers' names. */
static const char *servers(void)
{
    static char text[256];

    text[0] = '\0';
    for (size_t i = 0; i < verdict->server_count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? " " : "",
                 verdict->servers[i]->name);
    return text;
}

static const char *client(void)
{
    return verdict->client.peer ? verdict->client.peer->name : "";
}

/* Refused for this reason, and reported. */
static void refused(const char *reason)
{
    cr_assert_eq(verdict->decision, POLICY_ANSWER, "%s", reason);
    cr_expect_eq(verdict->answer.rcode, DNS_RCODE_REFUSED, "%s", reason);
    cr_expect_str_eq(verdict->answer.reason, reason);
    cr_expect_eq(world_event(0)->event.type, EVENT_REFUSED);
    cr_expect_str_eq(report_result_word(world_event(0)->event.result), reason);
    cr_expect_eq(world_event(0)->event.rcode, DNS_RCODE_REFUSED);
}

Test(relay_policy, M1_the_client_is_the_peer_whose_address_and_key_both_fit)
{
    static const struct {
        const char *from, *key, *client;
    } cases[] = {
        {"192.0.2.1@4000", "k", "wide"},      {"192.0.2.5@4000", "k", "wide"},
        {"192.0.2.200@4000", "k", "wide"},    {"192.0.2.200@4000", "k2", "narrow"},
        {"203.0.113.1@4000", "k2", "narrow"}, {"203.0.113.2@4000", NULL, "plain"},
        {"::ffff:192.0.2.5@1", "k", "wide"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        build(0, "example.com", DNS_TYPE_SOA, cases[i].key);
        judge(cases[i].from);
        cr_expect_eq(verdict->decision, POLICY_FORWARD, "%zu", i);
        cr_expect_str_eq(client(), cases[i].client, "%zu", i);
        if (cases[i].key)
            cr_expect_eq(verdict->client.key, world_key(cases[i].key));
        else
            cr_expect_null(verdict->client.key);
    }
}

Test(relay_policy, M1b_a_good_key_from_elsewhere_is_refused_unsigned_and_logged)
{
    static const char *const froms[] = {"203.0.113.99@4000", "203.0.113.2@4000", "203.0.113.1@4000",
                                        "10.0.0.1@4000"};

    for (size_t i = 0; i < sizeof froms / sizeof froms[0]; i++) {
        build(0, "example.com", DNS_TYPE_SOA, "k");
        judge(froms[i]);
        refused("key-from-elsewhere");
        cr_expect_null(verdict->client.key);
        cr_expect_eq(world_event(0)->event.key, world_key("k"));
        cr_expect_str_eq(world_event(0)->address, froms[i]);
        cr_expect_not_null(world_event(0)->event.holder);
    }
}

/* "hq" at its own address asks as a secondary would. */
Test(relay_policy, M1b_a_key_of_a_peer_that_is_here_but_of_the_other_role_is_told_as_such)
{
    world_close();
    world_open("[key k]\nsecret-file = k.key\n[primary hq]\naddress = 10.0.0.1\nkey = k\n"
               "[secondary one]\naddress = 192.0.2.1\n");
    build(0, "example.com", DNS_TYPE_SOA, "k");
    judge("10.0.0.1@4000");
    refused("key-from-elsewhere");
    cr_expect_not_null(strstr(world_event(0)->event.advice, "of the role"));
    judge("10.0.0.9@4000");
    refused("key-from-elsewhere");
    cr_expect_not_null(strstr(world_event(0)->event.advice, "at another address"));
}

Test(relay_policy, M5_an_unknown_source_is_refused_unsigned)
{
    build(0, "example.com", DNS_TYPE_SOA, NULL);
    judge("203.0.113.99@4000");
    refused("unknown-source");
    cr_expect_null(verdict->client.key);
    cr_expect_eq(verdict->answer.ede, DNS_EDE_PROHIBITED);
    cr_expect_str_eq(world_event(0)->address, "203.0.113.99@4000");
    cr_expect_str_eq(world_event(0)->zone, "example.com");
    build(0, "example.com", DNS_TYPE_SOA, "k");
    request.octets[request.len - 7] ^= 1; /* the end of its MAC */
    judge("203.0.113.99@4000");
    refused("unknown-source");
    cr_expect_null(verdict->client.key);
}

Test(relay_policy, M1_a_notify_comes_from_a_primary_and_all_else_from_a_secondary)
{
    build(DNS_OPCODE_NOTIFY, "example.com", DNS_TYPE_SOA, NULL);
    judge("10.0.0.1@4000");
    cr_expect_str_eq(client(), "hq");
    judge("203.0.113.2@4000");
    refused("unknown-source");
    build(0, "example.com", DNS_TYPE_SOA, NULL);
    judge("10.0.0.1@4000");
    refused("unknown-source");
}

Test(relay_policy, M2_the_server_is_what_the_destination_stands_for_else_the_primaries)
{
    build(0, "example.com", DNS_TYPE_AXFR, "k");
    judge("192.0.2.1@4000");
    cr_expect_str_eq(servers(), "hq lab");
    judge_at("192.0.2.1@4000", "198.51.100.20@53");
    cr_expect_str_eq(servers(), "lab");
    judge_at("192.0.2.1@4000", "198.51.100.20@5353");
    cr_expect_str_eq(servers(), "hq lab", "another port is another socket");
    build(0, "example.com", DNS_TYPE_AXFR, "k2");
    judge_at("203.0.113.1@4000", "198.51.100.10@53");
    refused("no-server");
}

Test(relay_policy, M2_a_notify_goes_to_every_secondary_that_has_the_zone)
{
    build(DNS_OPCODE_NOTIFY, "example.com", DNS_TYPE_SOA, NULL);
    judge("10.0.0.1@4000");
    cr_expect_str_eq(servers(), "wide lax", "those with notify in allow");
    cr_expect_eq(verdict->operation, PEER_NOTIFY);
    judge("10.0.0.2@4000");
    cr_expect_str_eq(servers(), "wide narrow");
    judge_at("10.0.0.2@4000", "198.51.100.30@53");
    cr_expect_str_eq(servers(), "wide");
    build(DNS_OPCODE_NOTIFY, "sub.example.net", DNS_TYPE_SOA, NULL);
    judge("10.0.0.1@4000");
    cr_expect_str_eq(servers(), "wide");
    judge("10.0.0.2@4000");
    cr_expect_str_eq(servers(), "wide narrow");
}

Test(relay_policy, M2_a_notify_for_a_zone_that_no_secondary_has_is_refused)
{
    world_close();
    world_open("[primary hq]\naddress = 10.0.0.1\n"
               "[secondary one]\naddress = 192.0.2.1\nzones = example.com\n");
    build(DNS_OPCODE_NOTIFY, "example.net", DNS_TYPE_SOA, NULL);
    judge("10.0.0.1@4000");
    refused("no-server");
}

Test(relay_policy, M2_a_notify_for_secondaries_that_take_none_is_answered_noerror)
{
    static const struct {
        const char *zone, *to;
        uint16_t rcode;
    } cases[] = {
        {"example.com", WORLD_US, DNS_RCODE_NOERROR},
        {"example.com", "198.51.100.30@53", DNS_RCODE_NOERROR},
        {"example.net", WORLD_US, DNS_RCODE_REFUSED},
        {"example.org", WORLD_US, DNS_RCODE_REFUSED},
        {"example.org", "198.51.100.30@53", DNS_RCODE_REFUSED},
    };
    world_close();
    world_open("[primary hq]\naddress = 10.0.0.1\n[primary lab]\naddress = 10.0.0.2\n"
               "[secondary deaf]\naddress = 192.0.2.1\nprimary = hq\nzones = example.com\n"
               "notify = no\nlisten = 198.51.100.30@53\n"
               "[secondary barred]\naddress = 192.0.2.2\nprimary = hq\nzones = example.net\n"
               "allow = soa, axfr\n"
               "[secondary other]\naddress = 192.0.2.3\nprimary = lab\nzones = example.org\n"
               "notify = no\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        build(DNS_OPCODE_NOTIFY, cases[i].zone, DNS_TYPE_SOA, NULL);
        judge_at("10.0.0.1@4000", cases[i].to);
        cr_expect_eq(verdict->decision, POLICY_ANSWER);
        cr_expect_eq(verdict->answer.rcode, cases[i].rcode, "%zu", i);
    }
    cr_expect_eq(world.event_count, 3, "what is as configured is not reported");
}

Test(relay_policy, M5_operations_and_zones_that_are_not_allowed)
{
    static const struct {
        const char *from;
        unsigned opcode;
        const char *zone;
        uint16_t type;
        const char *key;
        const char *reason; /* NULL: forwarded */
    } cases[] = {
        {"203.0.113.2@1", 0, "example.com", DNS_TYPE_AXFR, NULL, NULL},
        {"203.0.113.2@1", 0, "example.com", DNS_TYPE_IXFR, NULL, "operation-not-allowed"},
        {"203.0.113.2@1", 0, "example.com", 1, NULL, NULL},
        {"203.0.113.2@1", 0, "a.b.example.com", 1, NULL, NULL},
        {"203.0.113.2@1", 0, "a.b.example.com", DNS_TYPE_SOA, NULL, NULL},
        {"203.0.113.2@1", 0, "com", DNS_TYPE_SOA, NULL, "zone-not-allowed"},
        {"203.0.113.2@1", 0, "example.org", 1, NULL, "zone-not-allowed"},
        {"203.0.113.2@1", 0, ".", 1, NULL, "zone-not-allowed"},
        {"203.0.113.2@1", 0, "badexample.com", 1, NULL, "zone-not-allowed"},
        {"203.0.113.2@1", 0, "sub.example.com", DNS_TYPE_AXFR, NULL, "zone-not-allowed"},
        {"203.0.113.1@1", 0, "example.com", 1, "k2", "operation-not-allowed"},
        {"203.0.113.1@1", 0, "EXAMPLE.com", DNS_TYPE_AXFR, "k2", NULL},
        {"203.0.113.1@1", 0, "example.net", DNS_TYPE_AXFR, "k2", "zone-not-allowed"},
        {"203.0.113.1@1", 0, "a.example.net", DNS_TYPE_IXFR, "k2", NULL},
        {"203.0.113.1@1", DNS_OPCODE_UPDATE, "example.com", DNS_TYPE_SOA, "k2",
         "operation-not-allowed"},
        {"203.0.113.3@1", DNS_OPCODE_UPDATE, "example.com", DNS_TYPE_SOA, "k", NULL},
        {"203.0.113.3@1", DNS_OPCODE_UPDATE, "sub.example.com", DNS_TYPE_SOA, "k",
         "zone-not-allowed"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        build(cases[i].opcode, cases[i].zone, cases[i].type, cases[i].key);
        judge(cases[i].from);
        if (cases[i].reason)
            refused(cases[i].reason);
        else
            cr_expect_eq(verdict->decision, POLICY_FORWARD, "%zu", i);
        cr_expect_eq(verdict->client.key, cases[i].key ? world_key(cases[i].key) : NULL,
                     "%zu: signed if the request verified", i);
    }
}

Test(relay_policy, M4_a_peer_with_a_key_must_use_it)
{
    static const uint16_t types[] = {DNS_TYPE_SOA, DNS_TYPE_AXFR, DNS_TYPE_IXFR, 1};

    for (int i = 0; i < 4; i++) {
        build(0, "example.com", types[i], NULL);
        judge("203.0.113.1@1");
        refused("no-tsig");
        cr_expect_null(verdict->client.key);
        cr_expect_eq(world_event(0)->event.peer, world_peer("narrow"));
    }
}

Test(relay_policy, M4_observe_lets_requests_without_tsig_through_but_never_update_or_a_bad_one)
{
    build(0, "example.com", DNS_TYPE_AXFR, NULL);
    judge("203.0.113.3@1");
    cr_expect_eq(verdict->decision, POLICY_FORWARD);
    cr_expect_null(verdict->client.key);
    cr_expect_eq(world_event(0)->event.type, EVENT_OBSERVED);
    cr_expect_eq(world_event(0)->event.peer, world_peer("open"));
    build(0, "example.com", DNS_TYPE_IXFR, NULL);
    judge("203.0.113.3@1");
    refused("operation-not-allowed");
    build(0, "example.org", DNS_TYPE_AXFR, NULL);
    judge("203.0.113.3@1");
    refused("zone-not-allowed");
    cr_expect_eq(world.event_count, 3, "what is refused is not told as let through");
    build(DNS_OPCODE_UPDATE, "example.com", DNS_TYPE_SOA, NULL);
    judge("203.0.113.3@1");
    refused("no-tsig");
    build(0, "example.com", DNS_TYPE_AXFR, "k");
    request.octets[request.len - 7] ^= 1;
    judge("203.0.113.3@1");
    cr_expect_eq(verdict->decision, POLICY_ANSWER);
    cr_expect_eq(verdict->answer.tsig_error, TSIG_BADSIG);
}

Test(relay_policy, M4_other_pass_lets_unsigned_ordinary_questions_through)
{
    static const struct {
        unsigned opcode;
        uint16_t type;
        bool forwarded;
    } cases[] = {
        {0, 1, true},
        {0, DNS_TYPE_SOA, true},
        {0, DNS_TYPE_AXFR, false},
        {0, DNS_TYPE_IXFR, false},
        {DNS_OPCODE_UPDATE, DNS_TYPE_SOA, false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        build(cases[i].opcode, "example.org", cases[i].type, NULL);
        judge("203.0.113.4@1");
        cr_expect_eq(verdict->decision == POLICY_FORWARD, cases[i].forwarded, "%zu", i);
        cr_expect_null(verdict->client.key);
    }
    build(0, "example.com", 1, "k");
    judge("203.0.113.4@1");
    refused("operation-not-allowed");
}

Test(relay_policy, M4_a_notify_of_a_primary_with_a_key)
{
    static const struct {
        const char *setting;
        bool forwarded;
    } cases[] = {{"", false}, {"unsigned-notify = accept\n", true}};

    for (int i = 0; i < 2; i++) {
        char config[512];

        world_close();
        snprintf(config, sizeof config,
                 "[key k]\nsecret-file = k.key\n[primary hq]\naddress = 10.0.0.1\nkey = k\n%s"
                 "[secondary one]\naddress = 192.0.2.1\n",
                 cases[i].setting);
        world_open(config);
        build(DNS_OPCODE_NOTIFY, "example.com", DNS_TYPE_SOA, "k");
        judge("10.0.0.1@4000");
        cr_expect_eq(verdict->decision, POLICY_FORWARD);
        cr_expect_eq(verdict->client.key, world_key("k"));
        request.octets[request.len - 7] ^= 1;
        judge("10.0.0.1@4000");
        cr_expect_eq(verdict->decision, POLICY_ANSWER, "a bad one is never accepted");
        build(DNS_OPCODE_NOTIFY, "example.com", DNS_TYPE_SOA, NULL);
        judge("10.0.0.1@4000");
        if (cases[i].forwarded)
            cr_expect_eq(verdict->decision, POLICY_FORWARD);
        else
            refused("no-tsig");
        cr_expect_null(verdict->client.key);
    }
}
