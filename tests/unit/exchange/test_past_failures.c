/* What went wrong in other programs with TSIG in requests must not go wrong here: one story for
 * each, named by its number. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "config/long_names.h"
#include "exchange/world.h"
#include "tsig/fixture.h"

#define CONFIG                                                                                     \
    "[key k]\nsecret-file = k.key\n[key up]\nsecret-file = k.key\n"                                \
    "[primary hq]\naddress = 10.0.0.1\nkey = up\n"                                                 \
    "[secondary one]\naddress = 192.0.2.1\nkey = k\n"                                              \
    "allow = soa, axfr, ixfr, notify, query, update\n"

static struct world_side client, server;
static struct support_message request, copy, message, reply;

static void init(void)
{
    world_open(CONFIG);
    client.key = "k";
    server.key = "up";
}

TestSuite(past_failures, .init = init, .fini = world_close);

static void build(unsigned opcode, uint16_t type)
{
    support_header(&request, 0x1234, (uint16_t)(opcode << 11));
    support_question(&request, "example.com", type);
}

static void sign_request(void)
{
    client.chain = tsig_chain_request();
    world_sign(&client, &request);
}

/* `request` must not be forwarded; what it is answered with. False: nothing fits. */
static bool answered(enum relay_transport transport, struct dns_message *m)
{
    const struct policy_verdict *v = world_judge(WORLD_ONE, WORLD_US, transport, &request);
    struct policy_verdict verdict = *v;
    struct relay_packet packet;

    cr_assert_eq(verdict.decision, POLICY_ANSWER);
    if (verdict.answer.bad_record)
        verdict.answer.bad_record = &verdict.record;
    if (client_answer(world.relay, &verdict.client, &verdict.message, &verdict.answer, world.now,
                      &packet) != 0)
        return false;
    world_read(&packet, &reply);
    cr_assert_leq(reply.len, transport == RELAY_UDP ? 512 : DNS_MESSAGE_MAX);
    *m = support_parse(&reply);
    return true;
}

/* Refused with BADSIG or FORMERR, and with no MAC: nothing that proves anything. */
static void expect_unproven(void)
{
    struct dns_message m;
    struct tsig_record record;

    cr_assert(answered(RELAY_TCP, &m));
    if (dns_message_rcode(&m) == DNS_RCODE_FORMERR) {
        cr_assert_eq(m.tsig_place, DNS_TSIG_NONE);
        return;
    }
    cr_assert_eq(dns_message_rcode(&m), DNS_RCODE_NOTAUTH);
    record = fixture_record(&m);
    cr_assert_eq(record.error, TSIG_BADSIG);
    cr_assert_eq(record.mac_len, 0);
    cr_assert_eq(record.other_len, 0);
}

/* A request with the right key name, a MAC made up, and any time. */
static void forge(unsigned opcode, uint16_t type, uint16_t mac_len, uint64_t time_signed)
{
    static const uint8_t mac[TSIG_MAC_MAX] = "0123456789abcdef";
    const struct tsig_key *key = world_key("k");

    build(opcode, type);
    fixture_append(&request, &(struct tsig_record){.key_name = key->name,
                                                   .algorithm = key->algorithm_name,
                                                   .time_signed = time_signed,
                                                   .fudge = 300,
                                                   .mac = mac,
                                                   .mac_len = mac_len,
                                                   .original_id = 0x1234});
}

/* BIND and Knot: a wrong time was answered before the MAC was looked at, and so signed. */
static void forge_all(unsigned opcode, uint16_t type)
{
    static const uint64_t times[] = {
        0, 1, WORLD_SECONDS - 301, WORLD_SECONDS, WORLD_SECONDS + 301, 0xffffffffffff,
    };

    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
        for (uint16_t mac_len = 0; mac_len <= TSIG_MAC_MAX; mac_len++) {
            forge(opcode, type, mac_len, times[i]);
            expect_unproven();
        }
}

Test(past_failures, CVE_2017_3142_a_transfer_with_a_made_up_mac)
{
    forge_all(DNS_OPCODE_QUERY, DNS_TYPE_AXFR);
}

Test(past_failures, CVE_2017_3143_an_update_with_a_made_up_mac)
{
    forge_all(DNS_OPCODE_UPDATE, DNS_TYPE_SOA);
}

/* The signed BADTIME answer to an honest but late request. */
static struct tsig_record late(void)
{
    struct dns_message m;
    struct tsig_record record;

    build(DNS_OPCODE_QUERY, DNS_TYPE_AXFR);
    world.now.seconds -= 1000;
    sign_request();
    world.now.seconds += 1000;
    cr_assert(answered(RELAY_TCP, &m));
    record = fixture_record(&m);
    cr_assert_eq(record.error, TSIG_BADTIME);
    cr_assert_eq(record.mac_len, 32);
    return record;
}

Test(past_failures, CVE_2017_11104_the_mac_of_an_answer_sent_back_as_that_of_a_request)
{
    struct tsig_record record = late();
    uint8_t mac[32];

    memcpy(mac, record.mac, sizeof(mac));
    record.mac = mac;
    request = reply;
    request.octets[2] &= 0x7f;
    expect_unproven();
    world.now.seconds -= 1000; /* when its time is right, as well */
    expect_unproven();
    record.other_len = 0;
    for (uint16_t error = 0; error <= 1; error++) {
        record.error = error ? TSIG_BADTIME : 0;
        build(DNS_OPCODE_QUERY, DNS_TYPE_AXFR);
        fixture_append(&request, &record);
        expect_unproven();
    }
}

/* A response's digest begins with the request MAC behind its length: were a made-up MAC ever
 * answered signed, those octets and the answer could be sent as a request with the answer's MAC. */
Test(past_failures, CVE_2017_3143_the_digest_of_an_answer_is_not_that_of_a_request)
{
    struct tsig_record record = late();
    struct support_message answer = reply;
    struct dns_message m = support_parse(&answer);
    struct tsig_chain chain = tsig_chain_request();

    record = fixture_record(&m);
    cr_expect_eq(tsig_verify(relay_mac(world.relay, world_key("k")), &chain, &m, &record,
                             (struct tsig_clock){record.time_signed, 300}),
                 TSIG_VERDICT_BADSIG);
}

/* BIND: assertion when a request claims the error BADTIME. */
Test(past_failures, CVE_2020_8617_badtime_in_a_request)
{
    static const uint16_t errors[] = {TSIG_BADTIME, TSIG_BADSIG, TSIG_BADKEY, TSIG_BADTRUNC, 65535};

    for (size_t i = 0; i < 2 * sizeof(errors) / sizeof(errors[0]); i++) {
        struct dns_writer tail;
        struct tsig_stamp stamp = {
            .time_signed = world.now.seconds,
            .fudge = 300,
            .original_id = 0x1234,
            .error = errors[i / 2],
            .has_server_time = i % 2,
            .server_time = world.now.seconds,
        };

        build(DNS_OPCODE_QUERY, DNS_TYPE_SOA);
        tail = dns_wire_writer(request.octets + request.len, TSIG_RECORD_MAX);
        client.chain = tsig_chain_request();
        cr_assert_eq(tsig_sign(relay_mac(world.relay, world_key("k")), &client.chain, &stamp,
                               request.octets, request.len, &tail),
                     0);
        request.len += tail.at;
        cr_expect_eq(world_judge(WORLD_ONE, WORLD_US, RELAY_UDP, &request)->decision,
                     POLICY_FORWARD, "its MAC is good");
        request.octets[13] ^= 1;
        expect_unproven();
    }
}

Test(past_failures, CVE_2020_8617_badtime_in_an_answer_that_is_none)
{
    struct dns_message m;
    unsigned leg;

    build(DNS_OPCODE_QUERY, DNS_TYPE_SOA);
    world_begin(&client, WORLD_ONE, RELAY_UDP, &request);
    leg = world_ask("10.0.0.1@53", RELAY_UDP, &copy);
    world_wait();
    world_respond_soa(&message, &copy, 7);
    m = support_parse(&copy);
    fixture_append(&message, &(struct tsig_record){.key_name = fixture_record(&m).key_name,
                                                   .algorithm = fixture_record(&m).algorithm,
                                                   .time_signed = world.now.seconds,
                                                   .fudge = 300,
                                                   .mac = fixture_record(&m).mac,
                                                   .mac_len = 32,
                                                   .error = TSIG_BADTIME});
    message.octets[2] &= 0x7f;
    world_answer(leg, &message);
    world_wait();
    message.octets[2] |= 0x80;
    world_answer(leg, &message);
    world_wait();
}

/* ---- algorithm names ---- */

#define ALGORITHM(text)                                                                            \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

/* As they are on the wire. The last two point: to the question, and to themselves. */
static const struct {
    const char *octets;
    uint16_t len;
} bad_algorithms[] = {
    ALGORITHM(""),
    ALGORITHM("\0"),
    ALGORITHM("\1\0\0"),
    ALGORITHM("\13hmac-sha255\0"),
    ALGORITHM("\13hmac-sha256\7example\0"),
    ALGORITHM("\14hmac-sha256.\0"),
    ALGORITHM("\4hmac\6sha256\0"),
    ALGORITHM("\13hmac-sha256"),
    ALGORITHM("\13hmac-sha256\1"),
    ALGORITHM("\77hmac-sha256\0"),
    ALGORITHM("\100hmac-sha256\0"),
    ALGORITHM("\200\0"),
    ALGORITHM("\10gss-tsig\0"),
    ALGORITHM("\300\014"),
    ALGORITHM("\300\052"),
};

#define BAD_ALGORITHMS (sizeof(bad_algorithms) / sizeof(bad_algorithms[0]))

static void append_with_algorithm(struct support_message *s, const struct dns_name *key_name,
                                  const void *algorithm, uint16_t len)
{
    struct dns_writer w = dns_wire_writer(s->octets, sizeof(s->octets));

    w.at = s->len;
    dns_name_write(&w, key_name);
    dns_wire_put_u16(&w, DNS_TYPE_TSIG);
    dns_wire_put_u16(&w, DNS_CLASS_ANY);
    dns_wire_put_u32(&w, 0);
    dns_wire_put_u16(&w, (uint16_t)(len + 16 + 32));
    dns_wire_put_octets(&w, algorithm, len);
    dns_wire_put_u48(&w, world.now.seconds);
    dns_wire_put_u16(&w, 300);
    dns_wire_put_u16(&w, 32);
    dns_wire_put_octets(&w, s->octets, 32);
    dns_wire_put_u16(&w, 0x1234);
    dns_wire_put_u32(&w, 0);
    s->len = w.at;
    s->octets[11]++;
}

/* FORMERR, or BADKEY without a MAC. */
static void expect_badkey(void)
{
    struct dns_message m;

    for (int i = 0; i < 2; i++) {
        if (!answered(i ? RELAY_TCP : RELAY_UDP, &m)) {
            cr_assert_eq(i, 0, "no room but over UDP");
            continue;
        }
        if (dns_message_rcode(&m) == DNS_RCODE_FORMERR)
            continue;
        cr_assert_eq(dns_message_rcode(&m), DNS_RCODE_NOTAUTH);
        cr_assert_eq(fixture_record(&m).error, TSIG_BADKEY);
        cr_assert_eq(fixture_record(&m).mac_len, 0);
    }
}

/* BIND: assertion on a TSIG with a value in the algorithm field that is none. */
Test(past_failures, CVE_2025_40775_algorithm_names_that_are_none_in_a_request)
{
    for (size_t i = 0; i < BAD_ALGORITHMS; i++) {
        build(DNS_OPCODE_QUERY, DNS_TYPE_SOA);
        append_with_algorithm(&request, &world_key("k")->name, bad_algorithms[i].octets,
                              bad_algorithms[i].len);
        expect_badkey();
    }
}

Test(past_failures, CVE_2025_40775_algorithm_and_key_names_of_every_length)
{
    for (size_t len = 1; len <= DNS_NAME_MAX; len += len == 1 ? 2 : 1) {
        struct dns_name name = long_names_of(len);

        build(DNS_OPCODE_QUERY, DNS_TYPE_SOA);
        append_with_algorithm(&request, &world_key("k")->name, name.octets, name.len);
        expect_badkey();
        build(DNS_OPCODE_QUERY, DNS_TYPE_SOA);
        append_with_algorithm(&request, &name, name.octets, name.len);
        expect_badkey();
    }
}

Test(past_failures, CVE_2025_40775_algorithm_names_that_are_none_in_an_answer)
{
    unsigned leg;

    build(DNS_OPCODE_QUERY, DNS_TYPE_SOA);
    world_begin(&client, WORLD_ONE, RELAY_UDP, &request);
    leg = world_ask("10.0.0.1@53", RELAY_UDP, &copy);
    world_wait();
    for (size_t i = 0; i < BAD_ALGORITHMS; i++) {
        world_respond(&message, &copy, 0);
        append_with_algorithm(&message, &world_key("up")->name, bad_algorithms[i].octets,
                              bad_algorithms[i].len);
        world_answer(leg, &message);
        world_wait();
    }
    server.chain = tsig_chain_request();
    world_verify(&server, &copy, NULL);
    world_respond_soa(&message, &copy, 7);
    world_sign(&server, &message);
    world_answer(leg, &message);
    world_reply_last(&client, &reply);
}
