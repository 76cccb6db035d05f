/* What went wrong in other programs with sizes must not go wrong here.
 *
 * CVE-2016-2776: BIND failed an assertion when an answer with its TSIG was just too large for what
 * was set aside for it. Here answers of every size about the limits, with key names of many. */
#include <criterion/criterion.h>
#include <string.h>

#include "config/long_names.h"
#include "dns/frame.h"
#include "exchange/world.h"
#include "tsig/fixture.h"

static struct world_side client;
static struct support_message request, copy, message, reply;
static const size_t names[] = {1, 3, 12, 64, 128, 200, 254, 255};

#define NAMES (sizeof(names) / sizeof(names[0]))

static void init(void)
{
    world_open(WORLD_CONFIG);
}

TestSuite(past_failures_sizes, .init = init, .fini = world_close);

static unsigned asked(enum relay_transport transport, uint16_t payload)
{
    support_header(&request, 0x1234, 0);
    support_question(&request, "example.com", DNS_TYPE_SOA);
    if (payload > 0)
        support_opt(&request, payload, NULL, 0);
    world_begin(&client, WORLD_ONE, transport, &request);
    return world_ask(WORLD_PRIMARY, transport, &copy);
}

/* An answer of `size` octets: a record in this section, and OPT if `opt`. */
static void build(size_t size, enum dns_section section, bool opt)
{
    static const uint8_t zeroes[DNS_MESSAGE_MAX];
    size_t rest = 11 + (opt ? 11 : 0);

    world_respond(&message, &copy, DNS_FLAG_AA);
    if (size >= message.len + rest)
        support_add(&message, &(struct support_record){
                                  .section = section,
                                  .type = 65280,
                                  .rdata = zeroes,
                                  .rdata_len = (uint16_t)(size - message.len - rest),
                              });
    if (opt)
        support_opt(&message, 4096, NULL, 0);
}

/* Over UDP: within the limit, verified, and TC where it is not whole. */
static void sweep_udp(uint16_t payload, size_t from, size_t to)
{
    size_t limit = payload ? payload : 512;

    for (size_t i = 0; i < NAMES * 2; i++) {
        enum dns_section section = i % 2 ? DNS_ANSWER : DNS_ADDITIONAL;
        size_t room;

        client.key = long_names_give(names[i / 2]);
        room = tsig_sign_room(world_key(client.key));
        for (size_t size = from; size <= to; size++) {
            unsigned leg = asked(RELAY_UDP, payload);
            struct dns_message m;

            build(size, section, payload > 0);
            world_answer(leg, &message);
            m = world_reply_last(&client, &reply);
            cr_assert_leq(reply.len, limit);
            cr_assert_eq(m.count[DNS_QUESTION], 1);
            cr_assert_eq(m.opt_len > 0, payload > 0);
            if (message.len + room <= limit)
                cr_assert_eq(m.len, message.len, "name %zu, size %zu", names[i / 2], size);
            else
                cr_assert(m.flags & DNS_FLAG_TC);
        }
    }
}

Test(past_failures_sizes, CVE_2016_2776_about_512_octets)
{
    sweep_udp(0, 29, 600);
}

Test(past_failures_sizes, CVE_2016_2776_about_1232_octets)
{
    sweep_udp(1232, 880, 1260);
}

/* Over TCP: whole or SERVFAIL. */
Test(past_failures_sizes, CVE_2016_2776_about_65535_octets)
{
    for (size_t i = 0; i < NAMES; i++) {
        size_t most;

        client.key = long_names_give(names[i]);
        most = DNS_MESSAGE_MAX - tsig_sign_room(world_key(client.key));
        for (size_t size = 65180; size <= DNS_MESSAGE_MAX; size++) {
            unsigned leg = asked(RELAY_TCP, 0);
            struct dns_message m;

            build(size, DNS_ANSWER, false);
            world_answer(leg, &message);
            m = world_reply_last(&client, &reply);
            cr_assert_eq(dns_message_rcode(&m),
                         size <= most ? DNS_RCODE_NOERROR : DNS_RCODE_SERVFAIL);
            if (size <= most)
                cr_assert_eq(m.len, size);
        }
    }
}

/* Answers of our own to questions and keys of every length: BADSIG, BADTIME and SERVFAIL. */
static void refuse(size_t qname_len, uint16_t payload, unsigned how)
{
    struct dns_name qname = long_names_of(qname_len);
    char text[DNS_NAME_TEXT_SIZE];
    struct policy_verdict verdict;
    struct relay_packet packet;

    support_header(&request, 0x1234, 0);
    support_question(&request, dns_name_to_text(&qname, text), DNS_TYPE_SOA);
    if (payload > 0)
        support_opt(&request, payload, NULL, 0);
    client.chain = tsig_chain_request();
    world.now.seconds -= how == 1 ? 1000 : 0;
    world_sign(&client, &request);
    world.now.seconds += how == 1 ? 1000 : 0;
    if (how == 0)
        request.octets[request.len - 7] ^= 1;
    verdict = *world_judge(WORLD_ONE, WORLD_US, RELAY_UDP, &request);
    if (verdict.answer.bad_record)
        verdict.answer.bad_record = &verdict.record;
    if (how == 2)
        verdict.answer = (struct client_answer){.rcode = DNS_RCODE_SERVFAIL, .reason = "because"};
    if (client_answer(world.relay, &verdict.client, &verdict.message, &verdict.answer, world.now,
                      &packet) != 0)
        return;
    world_read(&packet, &reply);
    cr_assert_leq(reply.len, payload > 512 ? payload : 512);
    support_parse(&reply);
}

Test(past_failures_sizes, CVE_2016_2776_answers_of_our_own)
{
    static const uint16_t payloads[] = {0, 512, 700, 1232};

    for (size_t i = 0; i < NAMES; i++) {
        client.key = long_names_give(names[i]);
        for (size_t len = 1; len <= DNS_NAME_MAX; len += len == 1 ? 2 : 1)
            for (unsigned k = 0; k < 12; k++)
                refuse(len, payloads[k % 4], k / 4);
    }
}

/* ---- CVE-2020-8620: bursts ---- */

static const uint16_t lens[] = {12, 0, 65535, 1, 65535, 65535, 300, 4096, 65534, 2};

#define LENS (sizeof(lens) / sizeof(lens[0]))

/* Takes out all messages that are whole; `*next` is the number of the first. */
static void take(struct dns_frame *frame, size_t *next)
{
    uint8_t *octets;
    size_t len;

    while (dns_frame_next(frame, &octets, &len)) {
        cr_assert_lt(*next, LENS);
        cr_assert_eq(len, lens[*next]);
        ++*next;
        for (size_t i = 0; i < len; i++)
            cr_assert_eq(octets[i], *next);
    }
}

static void feed(const uint8_t *stream, size_t total, size_t burst)
{
    struct dns_frame frame = {0};
    size_t next = 0;

    for (size_t at = 0; at < total;) {
        static uint8_t room[DNS_FRAME_MAX];
        uint8_t *to;
        size_t len;

        cr_assert_eq(dns_frame_lend(&frame, room, DNS_FRAME_MAX, &to, &len), 0);
        cr_assert_leq(to - room + len, DNS_FRAME_MAX);
        len = len < burst ? len : burst;
        len = len < total - at ? len : total - at;
        memcpy(to, stream + at, len);
        dns_frame_filled(&frame, room, len);
        at += len;
        take(&frame, &next);
        cr_assert_eq(dns_frame_keep(&frame), 0);
    }
    cr_expect_eq(next, LENS);
    dns_frame_fini(&frame);
}

/* BIND: assertion when more than 64 KiB came in one burst. Whatever the pieces, the messages are
 * the same and the memory is one frame's. */
Test(past_failures_sizes, CVE_2020_8620_bursts_of_more_than_64_kib)
{
    static const size_t bursts[] = {1 << 20, 65537, 65536, 8192, 1000};
    static uint8_t stream[300000];
    size_t total = 0;

    for (size_t i = 0; i < LENS; i++) {
        dns_wire_set_u16_at(stream + total, lens[i]);
        memset(stream + total + 2, (int)i + 1, lens[i]);
        total += 2U + lens[i];
    }
    for (size_t i = 0; i < sizeof(bursts) / sizeof(bursts[0]); i++)
        feed(stream, total, bursts[i]);
}
