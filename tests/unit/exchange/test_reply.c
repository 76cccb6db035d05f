#include "exchange/reply.h"

#include <criterion/criterion.h>

#include "exchange/world.h"

static struct world_side side = {.key = "k"};
static struct support_message request, message, sent;
static const struct policy_verdict *verdict;
static struct client client;
static struct reply reply;

static void init(void)
{
    world_open(WORLD_CONFIG);
}

TestSuite(relay_reply, .init = init, .fini = world_close);

static void asks(uint16_t type)
{
    support_header(&request, 0x1234, 0);
    support_question(&request, "example.com", type);
    if (type == DNS_TYPE_IXFR)
        support_soa(&request, DNS_AUTHORITY, "example.com", 5);
    side.chain = tsig_chain_request();
    world_sign(&side, &request);
    verdict = world_judge(WORLD_ONE, WORLD_US, RELAY_TCP, &request);
    client = verdict->client;
}

/* `message` is to be relayed. */
static void comes(bool first)
{
    reply = (struct reply){.octets = message.octets,
                           .message = support_parse(&message),
                           .transfer = true,
                           .first = first};
}

static int next(struct dns_message *m)
{
    struct relay_packet packet;
    int more = reply_next(&reply, world.relay, &client, &verdict->message, world.now, &packet);

    if (more >= 0) {
        world_read(&packet, &sent);
        *m = world_verify(&side, &sent, NULL);
    }
    return more;
}

static void leave_question_out(void)
{
    support_header(&message, 0x1234, DNS_FLAG_QR | DNS_FLAG_AA);
}

/* An answer record of the root with so much RDATA. */
static void add(size_t rdata_len)
{
    static const uint8_t zeroes[DNS_MESSAGE_MAX];

    support_add(&message, &(struct support_record){.section = DNS_ANSWER,
                                                   .type = 65280,
                                                   .rdata = zeroes,
                                                   .rdata_len = (uint16_t)rdata_len});
}

Test(relay_reply, what_fits_goes_as_it_came)
{
    struct dns_message m;

    asks(DNS_TYPE_AXFR);
    WORLD_RECORDS(&message, &request, 7, 0, 7);
    comes(true);
    cr_assert_eq(next(&m), 0);
    cr_expect_eq(m.len, message.len);
    cr_expect_arr_eq(sent.octets + 12, message.octets + 12, m.len - 12);
}

Test(relay_reply, P26_only_the_first_of_a_transfer_is_given_a_question)
{
    static const struct {
        bool transfer, first, record;
        unsigned questions;
    } cases[] = {{true, true, true, 1},
                 {true, false, true, 0},
                 {false, true, true, 0},
                 {true, true, false, 0}};
    struct dns_message m;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        asks(DNS_TYPE_AXFR);
        leave_question_out();
        if (cases[i].record)
            support_soa(&message, DNS_ANSWER, "example.com", 7);
        comes(cases[i].first);
        reply.transfer = cases[i].transfer;
        cr_assert_eq(next(&m), 0);
        cr_expect_eq(m.count[DNS_QUESTION], cases[i].questions, "%zu", i);
        cr_expect_eq(m.count[DNS_ANSWER], cases[i].record, "%zu", i);
        if (cases[i].questions)
            cr_expect(dns_message_same_question(&m, &verdict->message));
    }
}

Test(relay_reply, P26_a_message_too_large_becomes_several_all_signed_with_opt)
{
    struct dns_message m;

    asks(DNS_TYPE_AXFR);
    WORLD_RECORDS(&message, &request, 7);
    add(30000);
    add(30000);
    add(DNS_MESSAGE_MAX - message.len - 2 * 11 - 11);
    add(0);
    support_opt(&message, 1232, NULL, 0);
    cr_assert_eq(message.len, DNS_MESSAGE_MAX);
    comes(true);
    cr_assert_eq(next(&m), 1);
    cr_expect_eq(m.count[DNS_QUESTION], 1);
    cr_expect_eq(m.count[DNS_ANSWER], 3);
    cr_expect_gt(m.opt_len, 0);
    cr_assert_eq(next(&m), 0);
    cr_expect_eq(m.count[DNS_QUESTION], 0);
    cr_expect_eq(m.count[DNS_ANSWER], 2);
    cr_expect_gt(m.opt_len, 0);
    cr_expect_eq(m.flags, DNS_FLAG_QR | DNS_FLAG_AA);
}

/* The question it lacks does not fit, so it would be cut, and over UDP a piece would look whole. */
Test(relay_reply, P25_a_udp_client_gets_tc_and_no_piece)
{
    struct dns_message m;

    asks(DNS_TYPE_IXFR);
    leave_question_out();
    support_soa(&message, DNS_ANSWER, "example.com", 7);
    add(34000);
    add(DNS_MESSAGE_MAX - message.len - 11);
    comes(true);
    client.transport = RELAY_UDP;
    client.payload = DNS_MESSAGE_MAX;
    cr_assert_eq(next(&m), 0);
    cr_expect_eq(m.flags & DNS_FLAG_TC, DNS_FLAG_TC);
    cr_expect_eq(m.count[DNS_QUESTION], 1);
    cr_expect_eq(m.count[DNS_ANSWER], 0);
}

Test(relay_reply, P26_an_ixfrs_opening_soa_never_stands_alone)
{
    struct dns_message m;

    asks(DNS_TYPE_IXFR);
    leave_question_out();
    support_soa(&message, DNS_ANSWER, "example.com", 7);
    add(DNS_MESSAGE_MAX - message.len - 11);
    comes(true);
    cr_expect_eq(next(&m), DNS_ESPACE);
    asks(DNS_TYPE_AXFR);
    leave_question_out();
    support_soa(&message, DNS_ANSWER, "example.com", 7);
    add(DNS_MESSAGE_MAX - message.len - 11);
    comes(true);
    cr_expect_eq(next(&m), 1, "an AXFR's may");
    cr_expect_eq(m.count[DNS_ANSWER], 1);
}

Test(relay_reply, P26_nothing_but_a_transfer_is_cut)
{
    struct dns_message m;

    asks(DNS_TYPE_SOA);
    world_respond(&message, &request, 0);
    add(30000);
    add(DNS_MESSAGE_MAX - message.len - 11);
    comes(true);
    reply.transfer = false;
    cr_expect_eq(next(&m), DNS_ESPACE);
}

Test(relay_reply, P26_names_that_cannot_be_written_anew_are_an_error)
{
    struct dns_message m;

    asks(DNS_TYPE_AXFR);
    leave_question_out();
    support_soa(&message, DNS_ANSWER, "example.com", 7);
    support_add(&message, &(struct support_record){.section = DNS_ANSWER,
                                                   .type = 2, /* NS */
                                                   .rdata = "\77x",
                                                   .rdata_len = 2});
    comes(true);
    cr_expect_eq(next(&m), DNS_EFORMAT);
}
