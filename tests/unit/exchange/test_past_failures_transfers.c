/* What went wrong in other programs with answers and transfers must not go wrong here: one story
 * for each, named by its number. */
#include <criterion/criterion.h>
#include <string.h>

#include "exchange/world.h"
#include "tsig/fixture.h"
#include "tsig/sender.h"

/* A plain secondary and a signed primary. */
#define MIRROR                                                                                     \
    "[key up]\nsecret-file = k.key\n"                                                              \
    "[primary hq]\naddress = 10.0.0.1\nkey = up\n"                                                 \
    "[secondary one]\naddress = 192.0.2.1\n"

static struct world_side client, server;
static struct sender sender;
static struct support_message request, copy, message, reply;

static void fini(void)
{
    sender_fini(&sender);
    world_close();
}

TestSuite(past_failures_transfers, .fini = fini);

static void open_mirror(void)
{
    world_open(MIRROR);
    server.key = "up";
}

static void open_plain_primary(void)
{
    world_open(WORLD_CONFIG);
    client.key = "k";
}

/* On a signed leg the primary has verified `copy`. */
static unsigned asked(uint16_t type, enum relay_transport transport)
{
    unsigned leg;

    support_header(&request, 0x1234, 0);
    support_question(&request, "example.com", type);
    if (type == DNS_TYPE_IXFR)
        support_soa(&request, DNS_AUTHORITY, "example.com", 5);
    world_begin(&client, WORLD_ONE, transport, &request);
    leg = world_ask(WORLD_PRIMARY, transport, &copy);
    server.chain = tsig_chain_request();
    world_verify(&server, &copy, NULL);
    sender_fini(&sender);
    if (server.key)
        sender_init(&sender, world_key(server.key), server.chain.mac, server.chain.mac_len);
    return leg;
}

static void comes(unsigned leg)
{
    if (server.key)
        sender_sign(&sender, &message, world.now.seconds);
    world_answer(leg, &message);
}

#define BUILD(...) WORLD_RECORDS(&message, &copy, __VA_ARGS__)

/* It is relayed; the client verifies it when it has a key. */
static void goes_on(unsigned leg)
{
    comes(leg);
    world_reply(&reply);
    world_verify(&client, &reply, NULL);
    world_wait();
}

static void aborted(void)
{
    world_end(EXCHANGE_ABORTED);
    cr_expect_not(exchange_leg_is_clean(&world.exchange, 0));
}

static void servfail(void)
{
    struct dns_message m = world_reply_last(&client, &reply);

    cr_expect_eq(dns_message_rcode(&m), DNS_RCODE_SERVFAIL);
    cr_expect_eq(m.count[DNS_ANSWER], 0);
}

/* ---- truncated ---- */

/* BIND: assertion on a truncated answer to a signed request. */
Test(past_failures_transfers, CVE_2020_8622_an_answer_cut_anywhere_over_udp)
{
    unsigned leg;

    open_mirror();
    leg = asked(DNS_TYPE_SOA, RELAY_UDP);
    world_respond_soa(&message, &copy, 7);
    world_sign(&server, &message);
    for (size_t i = 0; i < 2; i++) {
        size_t whole = message.len;

        for (message.len = 0; message.len < whole; message.len++) {
            world_answer(leg, &message);
            world_wait();
        }
        message.octets[2] |= DNS_FLAG_TC >> 8;
    }
    cr_expect_not(exchange_leg_is_clean(&world.exchange, leg));
}

Test(past_failures_transfers, CVE_2020_8622_tc_without_and_with_tsig_over_udp)
{
    struct dns_message m;
    unsigned leg;

    open_mirror();
    leg = asked(DNS_TYPE_SOA, RELAY_UDP);
    world_respond(&message, &copy, DNS_FLAG_TC);
    world_answer(leg, &message);
    world_wait();
    world_sign(&server, &message);
    world_answer(leg, &message);
    m = world_reply_last(&client, &reply);
    cr_expect(m.flags & DNS_FLAG_TC);
}

Test(past_failures_transfers, CVE_2020_8622_an_answer_cut_anywhere_over_tcp)
{
    size_t whole = DNS_MESSAGE_MAX;

    open_mirror();
    for (size_t len = 0; len < whole; len++) {
        unsigned leg = asked(DNS_TYPE_SOA, RELAY_TCP);

        world_respond(&message, &copy, DNS_FLAG_TC);
        world_sign(&server, &message);
        whole = message.len;
        message.len = len;
        world_answer(leg, &message);
        servfail();
    }
}

/* ---- what ends a transfer ---- */

/* An SOA that is not the zone's own. */
static void add_foreign_soa(const char *name, uint32_t serial)
{
    support_soa(&message, DNS_ANSWER, name, serial);
}

/* BIND: assertion on an IXFR with an SOA below the apex. */
Test(past_failures_transfers, CVE_2021_25214_soa_below_the_apex_in_ixfr)
{
    static const char *const names[] = {"sub.example.com", "a.b.example.com", "com", ".",
                                        "xample.com",      "example.org"};
    static const uint32_t serials[] = {5, 7, 0, 6};

    open_plain_primary();
    for (size_t i = 0; i < 24; i++) {
        const char *name = names[i / 4];
        uint32_t serial = serials[i % 4];
        unsigned leg = asked(DNS_TYPE_IXFR, RELAY_TCP);

        BUILD(7, 5);
        add_foreign_soa(name, serial);
        goes_on(leg);
        BUILD(0);
        add_foreign_soa(name, serial);
        goes_on(leg);
        BUILD(7);
        add_foreign_soa(name, serial);
        goes_on(leg);
        world_respond(&message, &copy, 0);
        add_foreign_soa(name, serial);
        goes_on(leg);
        BUILD(7);
        comes(leg);
        world_reply(&reply);
        world_end(EXCHANGE_ANSWERED);
    }
}

Test(past_failures_transfers, CVE_2021_25214_soa_below_the_apex_where_the_form_is_decided)
{
    static const uint16_t types[] = {DNS_TYPE_AXFR, DNS_TYPE_IXFR};

    open_plain_primary();
    for (int i = 0; i < 2; i++) {
        unsigned leg = asked(types[i], RELAY_TCP);

        BUILD(7);
        add_foreign_soa("sub.example.com", 7);
        goes_on(leg);
        world_respond(&message, &copy, 0);
        add_foreign_soa("sub.example.com", 7);
        goes_on(leg);
        world_closed(leg);
        aborted();
    }
}

/* BIND, Knot, NSD, PowerDNS: a primary that never ends fills the memory. Here nothing is kept. */
static void endless(void)
{
    unsigned leg = asked(DNS_TYPE_AXFR, RELAY_TCP);

    BUILD(7);
    goes_on(leg);
    for (unsigned n = 0; n < 5000; n++) {
        BUILD(0, 0);
        goes_on(leg);
        cr_assert_eq(world.exchange.response.hold.size, 0);
    }
    cr_expect_eq(world.exchange.response.messages, 5001);
}

Test(past_failures_transfers, CVE_2016_6170_an_endless_transfer_keeps_no_memory)
{
    open_plain_primary();
    endless();
}

Test(past_failures_transfers, CVE_2016_6170_nor_does_a_signed_one)
{
    open_mirror();
    endless();
}

Test(past_failures_transfers, CVE_2016_6170_nor_does_one_that_signs_every_hundredth_message)
{
    unsigned leg;
    size_t size = 0;

    open_mirror();
    leg = asked(DNS_TYPE_AXFR, RELAY_TCP);
    BUILD(7);
    goes_on(leg);
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned n = 0; n < 99; n++) {
            BUILD(0);
            sender_pass(&sender, &message);
            world_answer(leg, &message);
            world_wait();
        }
        BUILD(0);
        comes(leg);
        for (unsigned n = 0; n < 100; n++)
            world_reply(&reply);
        world_wait();
        if (round == 0)
            size = world.exchange.response.hold.size;
        cr_assert_eq(world.exchange.response.hold.size, size);
        cr_assert_leq(size, 2 * 100 * (2 + message.len));
    }
}

Test(past_failures_transfers, CVE_2016_6170_messages_without_records_do_not_hold_it_open)
{
    unsigned leg;

    open_plain_primary();
    leg = asked(DNS_TYPE_AXFR, RELAY_TCP);
    BUILD(7);
    goes_on(leg);
    for (unsigned n = 0; n < DNS_XFR_EMPTY_MAX; n++) {
        world_respond(&message, &copy, 0);
        goes_on(leg);
    }
    comes(leg);
    aborted();
    cr_expect_eq(world_event(0)->event.result, RESULT_BROKEN_TRANSFER);
}

/* ---- signed transfers ---- */

/* PowerDNS: the time of an AXFR's TSIG was not looked at. */
Test(past_failures_transfers, CVE_2016_7073_a_transfer_signed_at_another_time)
{
    static const int64_t skews[] = {-301, 301, -1000000, 1000000};

    open_mirror();
    for (size_t i = 0; i < 4; i++) {
        unsigned leg = asked(DNS_TYPE_AXFR, RELAY_TCP);

        BUILD(7, 0, 7);
        sender_sign(&sender, &message, world.now.seconds + (uint64_t)skews[i]);
        world_answer(leg, &message);
        servfail();
        leg = asked(DNS_TYPE_AXFR, RELAY_TCP);
        BUILD(7, 0);
        goes_on(leg);
        BUILD(0, 7);
        sender_sign(&sender, &message, world.now.seconds + (uint64_t)skews[i]);
        world_answer(leg, &message);
        aborted();
    }
}

Test(past_failures_transfers, CVE_2016_7073_a_request_signed_at_another_time)
{
    open_plain_primary();
    support_header(&request, 0x1234, 0);
    support_question(&request, "example.com", DNS_TYPE_AXFR);
    client.chain = tsig_chain_request();
    world_sign(&client, &request);
    world.now.seconds += 301;
    world_judge(WORLD_ONE, WORLD_US, RELAY_TCP, &request);
    cr_expect_eq(world.verdict.decision, POLICY_ANSWER);
    cr_expect_eq(world.verdict.answer.tsig_error, TSIG_BADTIME);
}

/* A record that no MAC covers, behind the TSIG or, for want of a count, without one of its own. */
static void add_behind(struct support_message *s, bool counted)
{
    support_a(s, DNS_ADDITIONAL, "evil.example.com");
    if (!counted)
        s->octets[11]--;
}

/* PowerDNS: records after the TSIG were taken for part of the zone. */
Test(past_failures_transfers, CVE_2016_7074_records_behind_the_tsig_of_a_transfer)
{
    open_mirror();
    for (int i = 0; i < 4; i++) {
        unsigned leg = asked(DNS_TYPE_AXFR, RELAY_TCP);

        if (i >= 2) {
            BUILD(7);
            goes_on(leg);
        }
        BUILD(7);
        sender_sign(&sender, &message, world.now.seconds);
        add_behind(&message, i % 2);
        world_answer(leg, &message);
        if (i >= 2)
            aborted();
        else
            servfail();
    }
}

Test(past_failures_transfers, CVE_2016_7074_a_tsig_in_another_section)
{
    open_mirror();
    for (int section = 1; section < DNS_ADDITIONAL; section++) {
        unsigned leg = asked(DNS_TYPE_AXFR, RELAY_TCP);

        world_respond(&message, &copy, 0);
        sender_sign(&sender, &message, world.now.seconds);
        message.octets[11]--;
        message.octets[5 + 2 * section]++;
        world_answer(leg, &message);
        servfail();
    }
}

Test(past_failures_transfers, CVE_2016_7074_records_behind_the_tsig_of_a_request)
{
    open_plain_primary();
    for (int counted = 0; counted < 2; counted++) {
        support_header(&request, 0x1234, 0);
        support_question(&request, "example.com", DNS_TYPE_AXFR);
        client.chain = tsig_chain_request();
        world_sign(&client, &request);
        add_behind(&request, counted);
        world_judge(WORLD_ONE, WORLD_US, RELAY_TCP, &request);
        cr_expect_eq(world.verdict.decision, POLICY_ANSWER);
        cr_expect_eq(world.verdict.answer.rcode, DNS_RCODE_FORMERR);
        cr_expect_null(world.verdict.client.key);
    }
}

/* One record per message, and the server closes before the last. */
static void cut(uint16_t type, const uint32_t *records, size_t count)
{
    for (size_t sent = 0; sent < count; sent++) {
        unsigned leg = asked(type, RELAY_TCP);

        for (size_t i = 0; i < sent; i++) {
            BUILD(records[i]);
            goes_on(leg);
        }
        world_closed(leg);
        if (sent == 0)
            servfail();
        else
            aborted();
    }
}

static void cut_all(void)
{
    static const uint32_t axfr[] = {8, 0, 0, 0, 8}, ixfr[] = {8, 5, 0, 7, 0, 7, 0, 8, 0, 8};

    cut(DNS_TYPE_AXFR, axfr, 5);
    cut(DNS_TYPE_IXFR, axfr, 5);
    cut(DNS_TYPE_IXFR, ixfr, 10);
}

/* PowerDNS: the end of the stream was taken for the end of an IXFR. */
Test(past_failures_transfers, CVE_2022_27227_a_stream_that_ends_in_mid_transfer)
{
    open_plain_primary();
    cut_all();
}

Test(past_failures_transfers, CVE_2022_27227_a_signed_stream_that_ends_in_mid_transfer)
{
    open_mirror();
    cut_all();
}

/* miekg/dns: a transfer that was asked for with TSIG was accepted without. */
Test(past_failures_transfers, miekg_dns_1649_a_transfer_without_tsig)
{
    static const uint16_t types[] = {DNS_TYPE_AXFR, DNS_TYPE_IXFR};

    open_mirror();
    for (int i = 0; i < 4; i++) {
        unsigned leg = asked(types[i % 2], RELAY_TCP);

        if (i >= 2) {
            BUILD(7, 0);
            goes_on(leg);
        }
        BUILD(7, 0, 7);
        if (i >= 2)
            BUILD(0, 7);
        world_answer(leg, &message);
        if (i >= 2)
            aborted();
        else
            servfail();
    }
}

/* dnsdist: the connection waited for more after the lone SOA that says "nothing new". */
Test(past_failures_transfers, dnsdist_12099_a_lone_soa_ends_an_ixfr_and_frees_its_connection)
{
    static const uint32_t serials[] = {5, 4, 0x80000005, 5};

    open_mirror();
    for (size_t i = 0; i < 4; i++) {
        unsigned leg = asked(DNS_TYPE_IXFR, RELAY_TCP);

        BUILD(serials[i]);
        comes(leg);
        world_reply(&reply);
        world_end(EXCHANGE_ANSWERED);
        cr_expect(exchange_leg_is_clean(&world.exchange, leg));
        cr_expect_eq(world_event(0)->event.result, RESULT_OK);
    }
}
