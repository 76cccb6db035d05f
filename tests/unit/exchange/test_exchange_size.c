/* Stories of answers that the TSIG makes too large. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "exchange/world.h"

static struct world_side client = {.key = "k"};
static struct support_message request, copy, message, reply;

static void init(void)
{
    world_open(WORLD_CONFIG);
}

TestSuite(exchange_size, .init = init, .fini = world_close);

static void build_request(uint16_t type)
{
    support_header(&request, 0x1234, 0);
    support_question(&request, "example.com", type);
}

/* Adds records of the root, each of `size` octets of RDATA or less, up to `len` octets. */
static void fill(enum dns_section section, size_t size, size_t len)
{
    static const uint8_t zeroes[DNS_MESSAGE_MAX];

    while (message.len < len) {
        size_t left = len - message.len - 11;
        uint16_t rdata_len = (uint16_t)(left < size ? left : size);

        support_add(&message, &(struct support_record){.section = section,
                                                       .type = 65280,
                                                       .rdata = zeroes,
                                                       .rdata_len = rdata_len});
    }
}

/* The answer to an SOA request over UDP, when the server's is so long after its answer, authority
 * and additional section (0: nothing there), OPT not counted. */
static struct dns_message relayed_udp(uint16_t payload, const size_t sizes[3])
{
    unsigned leg;

    build_request(DNS_TYPE_SOA);
    if (payload)
        support_opt(&request, payload, NULL, 0);
    world_begin(&client, WORLD_ONE, RELAY_UDP, &request);
    leg = world_ask(WORLD_PRIMARY, RELAY_UDP, &copy);
    world_respond(&message, &copy, DNS_FLAG_AA | DNS_RCODE_NXDOMAIN);
    for (int i = 0; i < 3; i++)
        if (sizes[i])
            fill(DNS_ANSWER + i, DNS_MESSAGE_MAX, sizes[i]);
    if (payload)
        support_opt(&message, 4096, NULL, 0);
    world_answer(leg, &message);
    return world_reply_last(&client, &reply);
}

Test(exchange_size, P25_what_fits_exactly_goes_whole)
{
    size_t room = tsig_sign_room(world_key("k"));
    struct dns_message m = relayed_udp(0, (const size_t[]){512 - room, 0, 0});

    cr_expect_eq(reply.len, 512);
    cr_expect_eq(m.count[DNS_ANSWER], 1);
    m = relayed_udp(1232, (const size_t[]){100, 200, 1232 - room - 11});
    cr_expect_eq(reply.len, 1232);
    cr_expect_eq(m.count[DNS_ADDITIONAL], 2);
}

Test(exchange_size, P25_first_the_additional_then_the_authority_section_is_left_out)
{
    static const struct {
        uint16_t payload;
        size_t sizes[3];
        unsigned counts[3]; /* OPT not counted */
    } cases[] = {
        {0, {100, 200, 439}, {1, 1, 0}},    {0, {100, 439, 0}, {1, 0, 0}},
        {0, {439, 0, 0}, {0, 0, 0}},        {0, {0, 439, 0}, {0, 0, 0}},
        {0, {0, 0, 439}, {0, 0, 0}},        {1232, {100, 450, 500}, {1, 1, 1}},
        {1232, {99, 999, 1148}, {1, 1, 0}}, {1232, {99, 1148, 1190}, {1, 0, 0}},
        {1232, {1148, 0, 0}, {0, 0, 0}},    {65535, {100, 450, 500}, {1, 1, 1}},
        {4096, {99, 999, 1148}, {1, 1, 0}}, {65535, {99, 1148, 1190}, {1, 0, 0}},
        {1233, {1148, 0, 0}, {0, 0, 0}},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dns_message m = relayed_udp(cases[i].payload, cases[i].sizes);
        const unsigned *counts = cases[i].counts;
        unsigned opt = cases[i].payload ? 1 : 0;
        bool truncated = counts[0] == 0;

        cr_expect_leq(reply.len, cases[i].payload ? 1232 : 512);
        cr_expect_eq(m.count[DNS_QUESTION], 1);
        cr_expect_eq(m.count[DNS_ANSWER], counts[0], "%zu", i);
        cr_expect_eq(m.count[DNS_AUTHORITY], counts[1], "%zu", i);
        cr_expect_eq(m.count[DNS_ADDITIONAL], counts[2] + opt, "%zu", i);
        cr_expect_eq(!!(m.flags & DNS_FLAG_TC), truncated, "%zu", i);
        cr_expect_eq(dns_message_rcode(&m), truncated ? 0 : DNS_RCODE_NXDOMAIN, "%zu", i);
        cr_expect_eq(m.opt_len > 0, opt, "%zu", i);
    }
}

/* A key name so long that question and TSIG do not fit in 512 octets. */
Test(exchange_size, P25_when_not_even_that_fits_nothing_is_sent)
{
    static const char name[] = "a23456789012345678901234567890123456789012345678901234567890."
                               "b23456789012345678901234567890123456789012345678901234567890."
                               "c23456789012345678901234567890123456789012345678901234567890."
                               "d2345678901234567890123456789012345678901234567890.example";
    char config[1024];
    unsigned leg;

    world_close();
    snprintf(config, sizeof config,
             "[key k]\nname = %s\nsecret-file = k.key\nalgorithm = hmac-sha512\n"
             "[primary hq]\naddress = 10.0.0.1\n"
             "[secondary one]\naddress = 192.0.2.1\nkey = k\n",
             name);
    world_open(config);
    client.key = name;
    support_header(&request, 0x1234, 0);
    support_question(&request, name, DNS_TYPE_SOA);
    world_begin(&client, WORLD_ONE, RELAY_UDP, &request);
    leg = world_ask(WORLD_PRIMARY, RELAY_UDP, &copy);
    world_respond(&message, &copy, 0);
    world_answer(leg, &message);
    world_end(EXCHANGE_SILENT);
    cr_expect_eq(world_event(0)->event.type, EVENT_UPSTREAM_FAILURE);
    cr_expect_eq(world_event(0)->event.result, RESULT_NO_ROOM_FOR_TSIG);
    cr_expect_eq(world_event(1)->event.type, EVENT_IGNORED);
    cr_expect_eq(world_event(1)->event.result, RESULT_NO_ROOM);
    support_header(&request, 0x1234, 0);
    support_question(&request, name, DNS_TYPE_SOA);
    world_begin(&client, WORLD_ONE, RELAY_UDP, &request);
    world_refused(world_connect(WORLD_PRIMARY, RELAY_UDP));
    world_end(EXCHANGE_SILENT);
}

static unsigned asked(uint16_t type, enum relay_transport transport)
{
    build_request(type);
    if (type == DNS_TYPE_IXFR)
        support_soa(&request, DNS_AUTHORITY, "example.com", 5);
    world_begin(&client, WORLD_ONE, transport, &request);
    return world_ask(WORLD_PRIMARY, RELAY_TCP, &copy);
}

/* The next of the response. */
static struct dns_message replied(void)
{
    struct dns_message m;

    world_reply(&reply);
    m = world_verify(&client, &reply, NULL);
    cr_assert_eq(m.id, 0x1234);
    return m;
}

/* As axfrdns does. */
static void leave_question_out(void)
{
    support_header(&message, dns_wire_u16_at(copy.octets), DNS_FLAG_QR | DNS_FLAG_AA);
}

Test(exchange_size, P26_the_first_message_gets_the_question_it_came_without)
{
    unsigned leg = asked(DNS_TYPE_AXFR, RELAY_TCP);
    struct dns_message m;

    leave_question_out();
    support_soa(&message, DNS_ANSWER, "example.com", 7);
    world_answer(leg, &message);
    m = replied();
    cr_expect_eq(m.count[DNS_QUESTION], 1);
    cr_expect_eq(m.qtype, DNS_TYPE_AXFR);
    cr_expect_eq(m.count[DNS_ANSWER], 1);
    cr_expect_eq(m.flags, DNS_FLAG_QR | DNS_FLAG_AA);
    world_wait();
    leave_question_out();
    support_a(&message, DNS_ANSWER, "www.example.com");
    world_answer(leg, &message);
    m = replied();
    cr_expect_eq(m.count[DNS_QUESTION], 0, "later ones need none");
    cr_expect_eq(m.len, message.len);
    world_wait();
}

Test(exchange_size, P26_what_the_tsig_pushes_past_65535_octets_is_cut)
{
    unsigned leg = asked(DNS_TYPE_AXFR, RELAY_TCP);
    struct dns_message m;
    unsigned records;

    WORLD_RECORDS(&message, &copy, 7, 0);
    fill(DNS_ANSWER, 20000, DNS_MESSAGE_MAX);
    world_answer(leg, &message);
    m = replied();
    records = m.count[DNS_ANSWER];
    cr_expect_eq(m.count[DNS_QUESTION], 1);
    m = replied();
    cr_expect_eq(m.count[DNS_QUESTION], 0);
    cr_expect_eq(records + m.count[DNS_ANSWER], support_parse(&message).count[DNS_ANSWER]);
    world_wait();
    WORLD_RECORDS(&message, &copy, 7);
    world_answer(leg, &message);
    replied();
    world_end(EXCHANGE_ANSWERED);
    cr_expect_eq(world_event(0)->event.messages, 3);
}

Test(exchange_size, P26_the_last_message_may_be_cut_too)
{
    unsigned leg = asked(DNS_TYPE_AXFR, RELAY_TCP);

    WORLD_RECORDS(&message, &copy, 7);
    world_answer(leg, &message);
    replied();
    world_wait();
    world_respond(&message, &copy, DNS_FLAG_AA);
    fill(DNS_ANSWER, 60000, DNS_MESSAGE_MAX - 83);
    support_soa(&message, DNS_ANSWER, "example.com", 7);
    cr_assert_eq(message.len, DNS_MESSAGE_MAX);
    world_answer(leg, &message);
    replied();
    replied();
    world_end(EXCHANGE_ANSWERED);
    cr_expect(exchange_leg_is_clean(&world.exchange, leg));
    cr_expect_eq(world_event(0)->event.messages, 3);
}

Test(exchange_size, P26_room_lost_to_the_tsig_may_be_found_by_compression)
{
    unsigned leg = asked(DNS_TYPE_AXFR, RELAY_TCP);
    struct dns_message m;

    WORLD_RECORDS(&message, &copy, 7, 0, 0, 0, 0);
    fill(DNS_ANSWER, 60000, DNS_MESSAGE_MAX - 83);
    support_soa(&message, DNS_ANSWER, "example.com", 7);
    world_answer(leg, &message);
    m = replied();
    cr_expect_eq(m.count[DNS_ANSWER], support_parse(&message).count[DNS_ANSWER]);
    world_end(EXCHANGE_ANSWERED);
}

Test(exchange_size, P27_a_record_that_cannot_be_signed_aborts)
{
    unsigned leg = asked(DNS_TYPE_AXFR, RELAY_TCP);

    WORLD_RECORDS(&message, &copy, 7, 0);
    world_answer(leg, &message);
    replied();
    world_wait();
    leave_question_out();
    support_a(&message, DNS_ANSWER, "www.example.com");
    fill(DNS_ANSWER, DNS_MESSAGE_MAX, DNS_MESSAGE_MAX);
    world_answer(leg, &message);
    replied();
    world_end(EXCHANGE_ABORTED);
    cr_expect_eq(world_event(0)->event.type, EVENT_TRANSFER);
    cr_expect_eq(world_event(0)->event.result, RESULT_CANNOT_RELAY);
    cr_expect_eq(world_event(1)->event.type, EVENT_UPSTREAM_FAILURE);
    cr_expect_eq(world_event(1)->event.result, RESULT_NO_ROOM_FOR_TSIG);
    cr_expect_str_eq(world_event(1)->record, ".");
    cr_expect_eq(world_event(1)->event.record_type, 65280);
}

Test(exchange_size, P26_another_answer_that_does_not_fit_is_servfail)
{
    static const uint16_t types[] = {DNS_TYPE_AXFR, DNS_TYPE_SOA};

    for (int i = 0; i < 2; i++) {
        unsigned leg = asked(types[i], RELAY_TCP);

        world_respond(&message, &copy, 0);
        fill(DNS_ANSWER, DNS_MESSAGE_MAX, DNS_MESSAGE_MAX);
        world_answer(leg, &message);
        cr_expect_eq(world_reply_last(&client, &reply).flags, DNS_FLAG_QR | DNS_RCODE_SERVFAIL);
        cr_expect_eq(world_event(1)->event.result, RESULT_NO_ROOM_FOR_TSIG);
    }
}
