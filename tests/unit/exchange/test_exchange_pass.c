/* Stories of a TSIG that is between the secondary and the primary: unknown-key = pass (M4). */
#include <criterion/criterion.h>

#include "exchange/world.h"
#include "tsig/fixture.h"

static struct fixture theirs;
static struct support_message request, copy, message, reply;

static void init(void)
{
    fixture_init(&theirs, "theirs.example", "hmac-sha256", "secret", 6);
    world_open("[primary hq]\naddress = 10.0.0.1\nedns = strip\n"
               "[secondary one]\naddress = 192.0.2.1\nunknown-key = pass\n");
}

static void fini(void)
{
    world_close();
    fixture_fini(&theirs);
}

TestSuite(exchange_pass, .init = init, .fini = fini);

/* As both ends do, who share a key that we do not have. The MAC's value does not matter here. */
static void sign(struct support_message *s)
{
    struct tsig_chain chain = tsig_chain_request();
    const struct tsig_stamp stamp = {.time_signed = 1, .original_id = dns_wire_u16_at(s->octets)};
    struct dns_writer tail = dns_wire_writer(s->octets + s->len, sizeof s->octets - s->len);

    cr_assert_eq(tsig_sign(&theirs.mac, &chain, &stamp, s->octets, s->len, &tail), 0);
    s->len += tail.at;
}

static void begin(uint16_t type, enum relay_transport transport)
{
    static const uint8_t cookie[] = {0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8};
    struct world_side nobody = {0};

    support_header(&request, 0x1234, 0);
    support_question(&request, "example.com", type);
    if (type == DNS_TYPE_IXFR)
        support_soa(&request, DNS_AUTHORITY, "example.com", 5);
    support_opt(&request, 1232, cookie, sizeof cookie);
    sign(&request);
    world_begin(&nobody, WORLD_ONE, transport, &request);
}

/* The same but for the ID. */
static void same(const struct support_message *a, const struct support_message *b)
{
    cr_assert_eq(a->len, b->len);
    cr_assert_neq(dns_wire_u16_at(a->octets), dns_wire_u16_at(b->octets));
    cr_assert_arr_eq(a->octets + 2, b->octets + 2, a->len - 2);
}

/* `message` comes signed, and goes on as it is. */
static void relayed(unsigned leg)
{
    sign(&message);
    world_answer(leg, &message);
    world_reply(&reply);
    cr_assert_eq(dns_wire_u16_at(reply.octets), 0x1234);
    same(&reply, &message);
}

Test(exchange_pass, M4_only_the_id_changes_both_ways)
{
    unsigned leg;

    begin(DNS_TYPE_SOA, RELAY_UDP);
    leg = world_ask(WORLD_PRIMARY, RELAY_UDP, &copy);
    same(&copy, &request);
    world_respond(&message, &copy, DNS_FLAG_AA | DNS_FLAG_AD);
    support_soa(&message, DNS_ANSWER, "example.com", 7);
    support_opt(&message, 1232, "\0\013\0\2\0\144", 6);
    relayed(leg);
    world_end(EXCHANGE_ANSWERED);
}

Test(exchange_pass, M4_the_size_is_a_matter_of_the_two_ends)
{
    static const uint8_t zeroes[2000];
    unsigned leg;

    begin(DNS_TYPE_SOA, RELAY_UDP);
    leg = world_ask(WORLD_PRIMARY, RELAY_UDP, &copy);
    world_respond_soa(&message, &copy, 7);
    support_add(&message, &(struct support_record){.section = DNS_ADDITIONAL,
                                                   .type = 65280,
                                                   .rdata = zeroes,
                                                   .rdata_len = sizeof zeroes});
    relayed(leg);
    world_end(EXCHANGE_ANSWERED);
}

Test(exchange_pass, M4_also_in_a_transfer)
{
    unsigned leg;

    begin(DNS_TYPE_AXFR, RELAY_TCP);
    leg = world_ask(WORLD_PRIMARY, RELAY_TCP, &copy);
    same(&copy, &request);
    support_header(&message, dns_wire_u16_at(copy.octets), DNS_FLAG_QR); /* no question either */
    support_soa(&message, DNS_ANSWER, "example.com", 7);
    relayed(leg);
    world_wait();
    WORLD_RECORDS(&message, &copy, 0);
    relayed(leg);
    world_wait();
    WORLD_RECORDS(&message, &copy, 7);
    relayed(leg);
    world_end(EXCHANGE_ANSWERED);
}

Test(exchange_pass, M4_an_unsigned_answer_goes_on_too)
{
    unsigned leg;

    begin(DNS_TYPE_SOA, RELAY_UDP);
    leg = world_ask(WORLD_PRIMARY, RELAY_UDP, &copy);
    world_respond(&message, &copy, DNS_RCODE_NOTAUTH);
    world_answer(leg, &message);
    world_reply(&reply);
    same(&reply, &message);
    world_end(EXCHANGE_ANSWERED);
}

Test(exchange_pass, P28_what_does_not_match_the_question_does_not)
{
    unsigned leg;

    begin(DNS_TYPE_SOA, RELAY_UDP);
    leg = world_ask(WORLD_PRIMARY, RELAY_UDP, &copy);
    world_respond_soa(&message, &copy, 7);
    sign(&message);
    message.octets[DNS_HEADER_SIZE + 1] ^= 1;
    world_answer(leg, &message);
    world_wait();
    cr_expect_eq(world_event(0)->event.result, RESULT_MISMATCHED_ANSWER);
}

Test(exchange_pass, M4_no_answer_is_servfail_unsigned)
{
    struct world_side nobody = {0};
    struct dns_message m;

    begin(DNS_TYPE_SOA, RELAY_TCP);
    world_refused(world_connect(WORLD_PRIMARY, RELAY_TCP));
    m = world_reply_last(&nobody, &reply);
    cr_expect_eq(dns_message_rcode(&m), DNS_RCODE_SERVFAIL);
}

Test(exchange_pass, M4_a_transfer_over_udp_stays_on_udp)
{
    begin(DNS_TYPE_IXFR, RELAY_UDP);
    world_connect(WORLD_PRIMARY, RELAY_UDP);
}
