/* Stories of UDP clients that have proven no key: they cause no TCP connection (P29). */
#include <criterion/criterion.h>

#include "exchange/world.h"

#define PLAIN(primary, secondary)                                                                  \
    "[key k]\nsecret-file = k.key\n"                                                               \
    "[primary hq]\naddress = 10.0.0.1\n" primary                                                   \
    "[secondary one]\naddress = 192.0.2.1\nallow = soa, axfr, ixfr, query\n" secondary

static struct world_side nobody;
static struct support_message request, copy, message, reply;

static void init(void)
{
    world_open(PLAIN("", ""));
}

TestSuite(exchange_unproven, .init = init, .fini = world_close);

static void reopen(const char *config)
{
    world_close();
    world_open(config);
}

/* The secondary has version 5. */
static void begin(uint16_t type)
{
    support_header(&request, 0x1234, DNS_FLAG_RD);
    support_question(&request, "Example.com", type);
    if (type == DNS_TYPE_IXFR)
        support_soa(&request, DNS_AUTHORITY, "example.com", 5);
    support_opt(&request, 4096, "\0\3\0\0", 4);
    world_begin(&nobody, WORLD_ONE, RELAY_UDP, &request);
}

/* What the primary is sent in place of the IXFR. */
static unsigned asks_soa(enum relay_transport used)
{
    begin(DNS_TYPE_IXFR);
    unsigned leg = world_ask(WORLD_PRIMARY, used, &copy);
    struct dns_message m = support_parse(&copy);

    cr_assert_eq(m.flags, DNS_FLAG_RD);
    cr_assert_eq(m.qtype, DNS_TYPE_SOA);
    cr_assert_arr_eq(m.qname.octets, "\7Example\3com", 13);
    cr_assert_eq(m.count[DNS_ANSWER], 0);
    cr_assert_eq(m.count[DNS_AUTHORITY], 0);
    cr_assert_eq(m.count[DNS_ADDITIONAL], 1);
    cr_assert_eq(m.opt_payload, 1232);
    cr_assert_eq(m.opt_len, 11 + 4);
    return leg;
}

/* The client has an answer to what it asked. */
static struct dns_message answered(unsigned leg)
{
    struct dns_message m, query = support_parse(&request);

    world_answer(leg, &message);
    m = world_reply_last(&nobody, &reply);
    cr_assert(dns_message_same_question(&m, &query));
    return m;
}

Test(exchange_unproven, P29_in_place_of_an_ixfr_the_soa_is_asked)
{
    static const struct {
        uint32_t serial;
        enum relay_event_type type;
        enum relay_result result;
    } cases[] = {{5, EVENT_REFRESH, RESULT_OK}, {7, EVENT_TRANSFER, RESULT_TRUNCATED}};

    for (size_t i = 0; i < 2; i++) {
        unsigned leg = asks_soa(RELAY_UDP);
        struct dns_message m;
        uint32_t serial;

        world_respond_soa(&message, &copy, cases[i].serial);
        support_a(&message, DNS_AUTHORITY, "ns.example.com");
        support_a(&message, DNS_ADDITIONAL, "ns.example.com");
        support_opt(&message, 4096, NULL, 0);
        m = answered(leg);
        cr_expect_eq(m.flags, DNS_FLAG_QR | DNS_FLAG_AA);
        cr_expect_eq(m.count[DNS_ANSWER], 1);
        cr_expect_eq(m.count[DNS_AUTHORITY], 0);
        cr_expect_eq(m.count[DNS_ADDITIONAL], 1);
        cr_expect_gt(m.opt_len, 0);
        cr_assert(dns_xfr_soa_serial(&m, DNS_ANSWER, &serial));
        cr_expect_eq(serial, cases[i].serial);
        cr_expect_eq(world_event(0)->event.type, cases[i].type);
        cr_expect_eq(world_event(0)->event.result, cases[i].result);
        cr_expect_eq(world_event(0)->event.qtype, DNS_TYPE_IXFR);
    }
}

Test(exchange_unproven, P29_over_tcp_only_where_the_primary_is_set_so)
{
    reopen(PLAIN("transport = tcp\n", ""));
    unsigned leg = asks_soa(RELAY_TCP);
    world_respond_soa(&message, &copy, 7);
    cr_expect_eq(answered(leg).count[DNS_ANSWER], 1);
    cr_expect(exchange_leg_is_clean(&world.exchange, leg));
}

Test(exchange_unproven, P29_nor_does_who_sends_no_tsig_where_that_is_let_through)
{
    reopen(PLAIN("", "key = k\nmode = observe\n"));
    unsigned leg = asks_soa(RELAY_UDP);
    world_respond_soa(&message, &copy, 7);
    cr_expect_eq(answered(leg).count[DNS_ANSWER], 1);
}

Test(exchange_unproven, P29_what_has_no_soa_goes_as_it_came)
{
    unsigned leg = asks_soa(RELAY_UDP);
    struct dns_message m;

    world_respond(&message, &copy, DNS_RCODE_REFUSED);
    support_a(&message, DNS_AUTHORITY, "ns.example.com");
    m = answered(leg);
    cr_expect_eq(m.flags, DNS_FLAG_QR | DNS_RCODE_REFUSED);
    cr_expect_eq(m.count[DNS_AUTHORITY], 1);
    leg = asks_soa(RELAY_UDP);
    world_respond(&message, &copy, 0);
    support_soa(&message, DNS_AUTHORITY, "com", 5);
    m = answered(leg);
    cr_expect_eq(m.count[DNS_AUTHORITY], 1);
    cr_expect_eq(world_event(0)->event.result, RESULT_NO_TRANSFER);
    leg = asks_soa(RELAY_UDP);
    support_header(&message, dns_wire_u16_at(copy.octets), DNS_FLAG_QR | DNS_RCODE_SERVFAIL);
    world_answer(leg, &message);
    cr_expect_eq(world_reply_last(&nobody, &reply).flags, DNS_FLAG_QR | DNS_RCODE_SERVFAIL);
}

Test(exchange_unproven, P28_an_answer_to_the_ixfr_is_none)
{
    unsigned leg = asks_soa(RELAY_UDP);

    support_header(&message, dns_wire_u16_at(copy.octets), DNS_FLAG_QR);
    support_question(&message, "example.com", DNS_TYPE_IXFR);
    support_soa(&message, DNS_ANSWER, "example.com", 7);
    world_answer(leg, &message);
    world_wait();
    cr_expect_eq(world_event(0)->event.result, RESULT_MISMATCHED_ANSWER);
}

Test(exchange_unproven, P29_other_questions_are_told_to_come_back_and_nobody_is_asked)
{
    static const char *const configs[] = {PLAIN("", ""), PLAIN("transport = tcp\n", ""),
                                          PLAIN("", "key = k\nmode = observe\n")};

    for (size_t i = 0; i < sizeof configs / sizeof configs[0]; i++) {
        reopen(configs[i]);
        begin(16);
        struct dns_message m = world_reply_last(&nobody, &reply), query = support_parse(&request);

        cr_expect_eq(m.flags, DNS_FLAG_QR | DNS_FLAG_RD | DNS_FLAG_TC);
        cr_expect(dns_message_same_question(&m, &query));
        cr_expect_eq(m.count[DNS_ANSWER], 0);
        cr_expect_eq(m.opt_payload, 1232);
        cr_expect_leq(reply.len, request.len);
        cr_expect_eq(world_event(0)->event.type, EVENT_REQUEST);
        cr_expect_eq(world_event(0)->event.result, RESULT_TRUNCATED);
    }
}

Test(exchange_unproven, P29_what_goes_over_udp_goes_on)
{
    begin(DNS_TYPE_SOA);
    world_ask(WORLD_PRIMARY, RELAY_UDP, &copy);
    cr_expect_eq(support_parse(&copy).qtype, DNS_TYPE_SOA);
    reopen(PLAIN("transport = same\n", ""));
    begin(DNS_TYPE_IXFR);
    world_ask(WORLD_PRIMARY, RELAY_UDP, &copy);
    cr_expect_eq(support_parse(&copy).qtype, DNS_TYPE_IXFR);
    begin(16);
    world_ask(WORLD_PRIMARY, RELAY_UDP, &copy);
    reopen(PLAIN("key = k\n", ""));
    begin(DNS_TYPE_IXFR);
    world_ask(WORLD_PRIMARY, RELAY_UDP, &copy);
}
