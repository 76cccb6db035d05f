/* More of what went wrong in other programs: the case and the last dot of names, IDs that a proxy
 * has changed, and classes. */
#include <criterion/criterion.h>
#include <ctype.h>
#include <string.h>

#include "exchange/world.h"
#include "tsig/fixture.h"
#include "tsig/sender.h"

static struct world_side client, server;
static struct support_message request, copy, message, reply;

TestSuite(past_failures_names, .fini = world_close);

static void open_both_signed(void)
{
    world_open("[key k]\nsecret-file = k.key\n[key up]\nsecret-file = k.key\n"
               "[primary hq]\naddress = 10.0.0.1\nkey = up\n"
               "[secondary one]\naddress = 192.0.2.1\nkey = k\n"
               "allow = soa, axfr, ixfr, notify, query, update\n");
    client.key = "k";
    server.key = "up";
}

static void build(unsigned opcode, uint16_t type, const char *name)
{
    support_header(&request, 0x1234, (uint16_t)(opcode << 11));
    support_question(&request, name, type);
}

/* ---- names ---- */

/* Letters of the TSIG from `at` on, up to the first octet 0, in upper case. */
static void raise(struct support_message *s, size_t at)
{
    for (; s->octets[at] != 0; at++)
        s->octets[at] = (uint8_t)toupper(s->octets[at]);
}

/* Sends `request` and gets an answer through both legs. */
static void expect_answered(void)
{
    unsigned leg;

    world_judge(WORLD_ONE, WORLD_US, RELAY_UDP, &request);
    cr_assert_eq(world.verdict.decision, POLICY_FORWARD);
    exchange_fini(&world.exchange);
    cr_assert_eq(exchange_init(&world.exchange, world.relay, &world.verdict, &world.request), 0);
    leg = world_ask(WORLD_PRIMARY, RELAY_UDP, &copy);
    server.chain = tsig_chain_request();
    world_verify(&server, &copy, NULL);
    world_respond_soa(&message, &copy, 7);
    world_sign(&server, &message);
    world_answer(leg, &message);
    world_reply_last(&client, &reply);
}

/* Where the TSIG's names stand in `s`. */
static size_t key_at(const struct support_message *s)
{
    return support_parse(s).tsig_at;
}

static size_t algorithm_at(const struct support_message *s)
{
    size_t at = key_at(s);

    return at + strlen((const char *)s->octets + at) + 1 + 10;
}

static void sign_request(void)
{
    client.chain = tsig_chain_request();
    world_sign(&client, &request);
}

Test(past_failures_names, pdns_15518_a_key_name_in_mixed_case)
{
    world_open("[key Xfr.Example]\nsecret-file = k.key\n"
               "[primary hq]\naddress = 10.0.0.1\n"
               "[secondary one]\naddress = 192.0.2.1\nkey = Xfr.Example\n");
    client.key = "XFR.example";
    build(DNS_OPCODE_QUERY, DNS_TYPE_SOA, "example.com");
    sign_request();
    raise(&request, key_at(&request));
    expect_answered();
    build(DNS_OPCODE_QUERY, DNS_TYPE_SOA, "example.com");
    sign_request();
    expect_answered();
}

Test(past_failures_names, pdns_4961_an_algorithm_name_in_upper_case)
{
    world_open("[key k]\nsecret-file = k.key\nalgorithm = HMAC-MD5.SIG-ALG.REG.INT\n"
               "[primary hq]\naddress = 10.0.0.1\n"
               "[secondary one]\naddress = 192.0.2.1\nkey = k\n");
    client.key = "k";
    build(DNS_OPCODE_QUERY, DNS_TYPE_SOA, "example.com");
    sign_request();
    raise(&request, algorithm_at(&request));
    cr_assert_eq(memcmp(request.octets + algorithm_at(&request), "\10HMAC-MD5\7SIG-ALG", 17), 0);
    expect_answered();
}

Test(past_failures_names, pdns_15518_pdns_4961_names_in_upper_case_in_an_answer)
{
    unsigned leg;

    open_both_signed();
    build(DNS_OPCODE_QUERY, DNS_TYPE_SOA, "example.com");
    world_begin(&client, WORLD_ONE, RELAY_UDP, &request);
    leg = world_ask(WORLD_PRIMARY, RELAY_UDP, &copy);
    server.chain = tsig_chain_request();
    world_verify(&server, &copy, NULL);
    world_respond_soa(&message, &copy, 7);
    world_sign(&server, &message);
    raise(&message, algorithm_at(&message));
    raise(&message, key_at(&message));
    world_answer(leg, &message);
    world_reply_last(&client, &reply);
}

Test(past_failures_names, pdns_8070_the_last_dot_of_key_and_zone_names)
{
    world_open("[key Tsig.Key.]\nsecret-file = k.key\n"
               "[key other]\nname = Up.Key.\nsecret-file = k.key\n"
               "[primary hq]\naddress = 10.0.0.1\nkey = other\n"
               "[secondary one]\naddress = 192.0.2.1\nkey = Tsig.Key.\n"
               "zones = Example.COM., *.Example.ORG.\n");
    client.key = "tsig.key";
    server.key = "up.key";
    build(DNS_OPCODE_QUERY, DNS_TYPE_SOA, "exAmple.com");
    sign_request();
    expect_answered();
    build(DNS_OPCODE_QUERY, DNS_TYPE_SOA, "sub.exAmple.org");
    sign_request();
    expect_answered();
    build(DNS_OPCODE_QUERY, DNS_TYPE_AXFR, "sub.exAmple.com");
    sign_request();
    cr_expect_eq(world_judge(WORLD_ONE, WORLD_US, RELAY_TCP, &request)->decision, POLICY_ANSWER);
}

Test(past_failures_names, pdns_8070_a_signed_notify_names_the_key_as_the_secondary_knows_it)
{
    struct world_side primary = {0}, secondary = {.key = "tsig.key"};
    struct dns_message m;

    world_open("[key Tsig.Key.]\nsecret-file = k.key\n"
               "[primary hq]\naddress = 10.0.0.1\n"
               "[secondary one]\naddress = 192.0.2.1\nkey = Tsig.Key.\n"
               "zones = Example.COM.\n");
    build(DNS_OPCODE_NOTIFY, DNS_TYPE_SOA, "example.com");
    world_begin(&primary, WORLD_PRIMARY, RELAY_UDP, &request);
    world_ask(WORLD_ONE, RELAY_UDP, &copy);
    secondary.chain = tsig_chain_request();
    world_verify(&secondary, &copy, NULL);
    m = support_parse(&copy);
    cr_expect_eq(memcmp(copy.octets + m.tsig_at, "\4tsig\3key\0", 10), 0);
}

/* ---- IDs ---- */

/* A proxy before us gave the request another header ID; the answer must have that, and both
 * Original IDs. */
Test(past_failures_names, dnsjava_409_a_request_whose_header_id_was_changed)
{
    struct tsig_record record;
    struct dns_message m;

    open_both_signed();
    build(DNS_OPCODE_QUERY, DNS_TYPE_SOA, "example.com");
    sign_request();
    dns_wire_set_u16_at(request.octets, 0xbeef);
    expect_answered();
    m = support_parse(&reply);
    record = fixture_record(&m);
    cr_expect_eq(m.id, 0xbeef);
    cr_expect_eq(record.original_id, 0x1234);
}

/* A proxy before the server gave our request another ID, and the answer ours again. */
Test(past_failures_names, dnsjava_409_an_answer_whose_header_id_was_changed)
{
    unsigned leg;

    open_both_signed();
    build(DNS_OPCODE_QUERY, DNS_TYPE_SOA, "example.com");
    world_begin(&client, WORLD_ONE, RELAY_UDP, &request);
    leg = world_ask(WORLD_PRIMARY, RELAY_UDP, &copy);
    server.chain = tsig_chain_request();
    world_verify(&server, &copy, NULL);
    world_respond_soa(&message, &copy, 7);
    dns_wire_set_u16_at(message.octets, 0xbeef);
    world_sign(&server, &message);
    memcpy(message.octets, copy.octets, 2);
    world_answer(leg, &message);
    world_reply_last(&client, &reply);
}

Test(past_failures_names, dnsjava_409_and_so_for_each_message_of_a_transfer)
{
    struct dns_message m;
    struct sender sender;
    unsigned leg;

    open_both_signed();
    build(DNS_OPCODE_QUERY, DNS_TYPE_AXFR, "example.com");
    sign_request();
    world_judge(WORLD_ONE, WORLD_US, RELAY_TCP, &request);
    cr_assert_eq(exchange_init(&world.exchange, world.relay, &world.verdict, &world.request), 0);
    leg = world_ask(WORLD_PRIMARY, RELAY_TCP, &copy);
    m = support_parse(&copy);
    sender_init(&sender, world_key("up"), fixture_record(&m).mac, 32);
    for (unsigned i = 0; i < 3; i++) {
        WORLD_RECORDS(&message, &copy, 0);
        if (i != 1)
            WORLD_RECORDS(&message, &copy, 7);
        dns_wire_set_u16_at(message.octets, 0xbeef);
        sender_sign(&sender, &message, world.now.seconds);
        memcpy(message.octets, copy.octets, 2);
        world_answer(leg, &message);
        world_reply(&reply);
        world_verify(&client, &reply, NULL);
    }
    world_end(EXCHANGE_ANSWERED);
    sender_fini(&sender);
}

/* ---- classes ---- */

static void set_class(uint16_t rclass)
{
    dns_wire_set_u16_at(request.octets + request.len - 2, rclass);
}

static unsigned refused_with(const char *from)
{
    const struct policy_verdict *v = world_judge(from, WORLD_US, RELAY_UDP, &request);
    struct client who = v->client;
    struct relay_packet packet;

    cr_assert_eq(v->decision, POLICY_ANSWER);
    cr_assert_eq(client_answer(world.relay, &who, &v->message, &v->answer, world.now, &packet), 0);
    return v->answer.rcode;
}

/* BIND: assertions on messages whose class is not IN, or none that data can have. */
Test(past_failures_names, CVE_2026_5946_notify_and_update_of_other_classes)
{
    static const struct {
        uint16_t rclass;
        unsigned rcode; /* of NOTIFY and UPDATE */
    } classes[] = {
        {DNS_CLASS_ANY, DNS_RCODE_FORMERR},
        {DNS_CLASS_NONE, DNS_RCODE_FORMERR},
        {0, DNS_RCODE_REFUSED},
        {3, DNS_RCODE_REFUSED},
        {4, DNS_RCODE_REFUSED},
        {65535, DNS_RCODE_REFUSED},
    };
    static const unsigned opcodes[] = {DNS_OPCODE_NOTIFY, DNS_OPCODE_UPDATE, DNS_OPCODE_QUERY};
    static const char *const from[] = {WORLD_PRIMARY, WORLD_ONE, "203.0.113.1@53"};

    open_both_signed();
    for (size_t i = 0; i < 6 * 3 * 3 * 2; i++) {
        unsigned opcode = opcodes[i / 6 % 3], rcode = classes[i % 6].rcode;

        build(opcode, DNS_TYPE_SOA, "example.com");
        set_class(classes[i % 6].rclass);
        if (i / 54 == 1)
            sign_request();
        cr_expect_eq(refused_with(from[i / 18 % 3]),
                     opcode == DNS_OPCODE_QUERY ? DNS_RCODE_REFUSED : rcode, "%zu", i);
    }
}

/* In the sections of an UPDATE they mean deletion and prerequisites (RFC 2136 sections 2.4 and
 * 2.5). */
Test(past_failures_names, CVE_2026_5946_records_of_class_any_and_none_in_an_update)
{
    static const uint16_t classes[] = {DNS_CLASS_ANY, DNS_CLASS_NONE, DNS_CLASS_IN};

    open_both_signed();
    build(DNS_OPCODE_UPDATE, DNS_TYPE_SOA, "example.com");
    for (int section = DNS_ANSWER; section <= DNS_AUTHORITY; section++)
        for (int i = 0; i < 3; i++)
            support_add(&request, &(struct support_record){.section = (enum dns_section)section,
                                                           .name = "www.example.com",
                                                           .type = 255,
                                                           .rclass = classes[i]});
    sign_request();
    expect_answered();
    cr_expect_eq(support_parse(&copy).count[DNS_ANSWER], 3);
    cr_expect_eq(support_parse(&copy).count[DNS_AUTHORITY], 3);
}
