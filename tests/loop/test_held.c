/* A server that signs only some messages of a transfer: those before the MAC wait, and then go to
 * the client as it has room for them. */
#include "end.h"
#include "tsig/sign.h"
#include "tsig/verify.h"

TestSuite(held, .init = fixture_open, .fini = fixture_close, .timeout = 20);

#define COUNT 81
#define RUN   40 /* every so many messages one is signed */
#define SIZE  16000

static struct end client, upstream;
static struct server server;
static struct support_message query, asked, answer, got;
static struct tsig_mac mac;
static struct tsig_chain chain;
static struct tsig_record record; /* of the request; then of each answer */
static uint8_t octets[COUNT * (SIZE + 256)];

static void begin(void)
{
    server_open(&server);
    fixture_start("[key k]\nsecret-file = k.key\n"
                  "[primary hq]\naddress = 127.0.0.1@%u\nkey = k\n"
                  "[secondary two]\naddress = 127.0.0.1@9\n",
                  server.at.port);
    end_connect(&client, &fixture.ipv4, FIXTURE_SMALL);
    fixture_set_send_buffer(FIXTURE_SMALL);
    query_make(&query, 1, DNS_TYPE_AXFR);
    end_send(&client, &query);
    server_accept(&server, &upstream);
    end_receive(&upstream, &asked);
    struct dns_message m = support_parse(&asked);
    cr_assert_eq(tsig_mac_init(&mac, &config_fixture->keys[0]), 0);
    cr_assert_eq(tsig_record_decode(&m, &record), 0);
    chain = tsig_chain_request();
    cr_assert_eq(
        tsig_verify(&mac, &chain, &m, &record, (struct tsig_clock){(uint64_t)time(NULL), 300}),
        TSIG_VERIFIED);
}

/* The MAC covers all messages since the one before. */
static void sign_answer(void)
{
    static uint8_t digest[TSIG_MAC_MAX];
    struct dns_writer w = dns_wire_writer(answer.octets, sizeof answer.octets);
    enum tsig_form form = chain.form;
    cr_assert_eq(tsig_sign_digest_end(&mac, form, &record, digest), 0);
    record.mac = digest;
    tsig_chain_advance(&chain, digest, record.mac_len, record.time_signed);
    w.at = answer.len;
    tsig_record_encode(&record, &w);
    answer.len = w.at;
    dns_wire_set_u16_at(answer.octets + 10, 1);
}

static void make_answer(unsigned i)
{
    answer_make(&answer, &asked);
    if (i == 0 || i + 1 == COUNT)
        support_soa(&answer, DNS_ANSWER, "example.", 7);
    else
        answer_fill(&answer, i, SIZE);
}

static size_t make_transfer(void)
{
    struct dns_writer w = dns_wire_writer(octets, sizeof octets);
    for (unsigned i = 0; i < COUNT; i++) {
        make_answer(i);
        if (i == 0 || i % RUN == 1)
            tsig_sign_digest_begin(&mac, &chain);
        tsig_sign_digest_message(&mac, answer.octets, answer.len, record.original_id, 0);
        if (i % RUN == 0)
            sign_answer();
        dns_wire_put_u16(&w, (uint16_t)answer.len);
        dns_wire_put_octets(&w, answer.octets, answer.len);
    }
    cr_assert_not(w.failed);
    return w.at;
}

Test(held, P21_messages_go_on_as_the_client_has_room)
{
    begin();
    size_t sent = 0, len = make_transfer();
    for (unsigned i = 0; i < COUNT; i++) {
        UNTIL((sent += end_push(&upstream, octets + sent, len - sent),
               end_take_slowly(&client, &got, 2000)));
        size_t held = i + 1 < COUNT ? fixture_held(fixture_session()) : 0;
        cr_assert_leq(held, FIXTURE_HELD_MAX, "%zu octets after message %u", held, i);
        make_answer(i);
        cr_assert_eq(got.len, answer.len, "message %u", i);
        cr_assert_arr_eq(got.octets + 2, answer.octets + 2, got.len - 2, "message %u", i);
    }
    tsig_mac_fini(&mac);
}
