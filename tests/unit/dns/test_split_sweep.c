/* Messages of every size that TSIG can push past 65535 octets, with key names of every length,
 * through a whole exchange: so the room that TSIG takes is real. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "config/long_names.h"
#include "exchange/world.h"

#define SIZE_MIN 65300
#define FLAT_MAX (1 << 18)

#define SOA_RDATA (5 + 13 + 20)

static struct world_side client;
static struct support_message request, copy, message, reply;

/* Records one behind the other as they are without compression. */
static struct flat {
    size_t count;
    size_t len;
    uint8_t octets[FLAT_MAX];
} given, got;

static void init(void)
{
    world_open(WORLD_CONFIG);
}

TestSuite(dns_split_sweep, .init = init, .fini = world_close);

/* ---- records without compression ---- */

static void flatten_name(struct dns_reader *r, struct dns_writer *w)
{
    struct dns_name name;

    cr_assert_eq(dns_name_read(r, &name), 0);
    dns_name_write(w, &name);
}

static void flatten_record(const struct dns_message *m, const struct dns_record *rr,
                           struct dns_writer *w)
{
    struct dns_reader r = dns_wire_reader(m->octets, rr->end);
    size_t names = rr->type == DNS_TYPE_SOA ? 2 : rr->type == 2 || rr->type == 15 ? 1 : 0;

    r.at = rr->at;
    flatten_name(&r, w);
    dns_wire_put_octets(w, m->octets + r.at, 8);
    r.at = rr->rdata_at;
    if (rr->type == 15)
        dns_wire_put_u16(w, dns_wire_get_u16(&r));
    while (names-- > 0)
        flatten_name(&r, w);
    dns_wire_put_octets(w, m->octets + r.at, rr->end - r.at);
}

static void flatten(struct flat *flat, const struct dns_message *m)
{
    struct dns_writer w = dns_wire_writer(flat->octets, sizeof(flat->octets));
    size_t at = m->start[DNS_ANSWER];

    w.at = flat->len;
    for (unsigned i = 0; i < m->count[DNS_ANSWER]; i++) {
        struct dns_record rr;

        dns_message_record(m, &at, &rr);
        flatten_record(m, &rr, &w);
    }
    cr_assert_not(w.failed);
    cr_assert_eq(m->count[DNS_AUTHORITY], 0);
    flat->count += m->count[DNS_ANSWER];
    flat->len = w.at;
}

/* ---- what the server sends ---- */

static void add(const char *name, uint16_t type, const void *rdata, size_t len)
{
    support_add(&message, &(struct support_record){.section = DNS_ANSWER,
                                                   .name = name,
                                                   .pointer = DNS_HEADER_SIZE,
                                                   .type = type,
                                                   .ttl = 300,
                                                   .rdata = rdata,
                                                   .rdata_len = (uint16_t)len});
}

static void add_soa(uint32_t serial)
{
    uint8_t rdata[SOA_RDATA] = "\2ns\xc0\x0c\12Hostmaster\xc0\x0c";

    rdata[SOA_RDATA - 17] = (uint8_t)serial;
    add(NULL, DNS_TYPE_SOA, rdata, sizeof(rdata));
}

/* Names in mixed case, each in one place and compressed, so that nothing is won by writing them
 * anew; and some RDATA in bulk. */
static void add_some(unsigned number)
{
    static const uint8_t text[200] = {199};
    char name[32], rdata[32];

    snprintf(name, sizeof(name), "%s%u", number % 2 ? "host" : "HOST", number);
    add(name, 1, "\1\2\3\4", 4);
    snprintf(rdata, sizeof(rdata), "\7nS-%04u\xc0\x0c", number);
    add(NULL, 2, rdata, 10);
    snprintf(rdata, sizeof(rdata), "%c%c\7MX-%04u\xc0\x0c", 1, 1, number);
    add(NULL, 15, rdata, 12);
    snprintf(name, sizeof(name), "txT%u", number);
    add(name, 16, text, sizeof(text));
}

/* A whole transfer in one message of `size` octets. */
static void build(size_t size, uint16_t type)
{
    static const uint8_t zeroes[2000];
    const size_t soa = 12 + SOA_RDATA;
    struct dns_message m;
    size_t fill;

    support_header(&message, 0, DNS_FLAG_QR | DNS_FLAG_AA);
    support_question(&message, "Example.COM", type);
    add_soa(7);
    if (type == DNS_TYPE_IXFR) {
        add_soa(5);
        add_soa(7);
    }
    for (unsigned i = 0; message.len < SIZE_MIN - 1500; i++)
        add_some(i);
    fill = size - message.len - soa - 12;
    add(NULL, 65280, zeroes, fill);
    add_soa(7);
    cr_assert_eq(message.len, size);
    m = support_parse(&message);
    given.count = given.len = 0;
    flatten(&given, &m);
}

static unsigned ask(uint16_t type)
{
    got.count = got.len = 0;
    support_header(&request, 0x1234, 0);
    support_question(&request, "Example.COM", type);
    if (type == DNS_TYPE_IXFR)
        support_soa(&request, DNS_AUTHORITY, "example.com", 5);
    world_begin(&client, WORLD_ONE, RELAY_TCP, &request);
    return world_ask(WORLD_PRIMARY, RELAY_TCP, &copy);
}

static void comes(unsigned leg)
{
    memcpy(message.octets, copy.octets, 2);
    world_answer(leg, &message);
}

/* ---- what the secondary gets ---- */

/* The next message: it fits, verifies, and is added to what was got. */
static struct dns_message receive(void)
{
    struct dns_message m;

    world_reply(&reply);
    cr_assert_leq(reply.len, DNS_MESSAGE_MAX);
    m = world_verify(&client, &reply, NULL);
    cr_assert_eq(m.id, 0x1234);
    cr_assert_eq(m.flags, DNS_FLAG_QR | DNS_FLAG_AA);
    flatten(&got, &m);
    return m;
}

static unsigned cut; /* messages that took several */

/* Asks for and gets `message`, in one piece or, where it does not fit, several. */
static void expect_whole(uint16_t type)
{
    bool fits = message.len + tsig_sign_room(&world.relay->config->keys[0]) <= DNS_MESSAGE_MAX;
    struct dns_message m;
    unsigned pieces = 1;

    comes(ask(type));
    m = receive();
    cr_assert_eq(m.count[DNS_QUESTION], 1);
    cr_assert_gt(m.count[DNS_ANSWER], 1);
    if (fits)
        cr_assert_eq(m.len, message.len);
    while (got.count < given.count) {
        cr_assert_lt(++pieces, 4);
        receive();
    }
    cut += pieces > 1;
    world_end(EXCHANGE_ANSWERED);
    cr_assert_eq(got.count, given.count);
    cr_assert_eq(got.len, given.len);
    cr_assert_arr_eq(got.octets, given.octets, got.len, "%zu octets, key %s", message.len,
                     client.key);
}

Test(dns_split_sweep, P26_messages_of_every_size)
{
    static const size_t names[] = {1, 3, 12, 64, 128, 254, 255};

    for (size_t size = SIZE_MIN; size <= DNS_MESSAGE_MAX; size++) {
        build(size, DNS_TYPE_AXFR);
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
            client.key = long_names_give(names[i]);
            expect_whole(DNS_TYPE_AXFR);
        }
    }
    cr_expect_gt(cut, 700);
}

Test(dns_split_sweep, P26_key_names_of_every_length)
{
    static const size_t sizes[] = {SIZE_MIN, 65440, 65470, DNS_MESSAGE_MAX};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        build(sizes[i], DNS_TYPE_AXFR);
        for (size_t len = 1; len <= DNS_NAME_MAX; len++) {
            if (len == 2)
                continue;
            client.key = long_names_give(len);
            expect_whole(DNS_TYPE_AXFR);
        }
    }
}

/* Each length of the name with the sizes at which its TSIG just fits, or just does not. */
Test(dns_split_sweep, P26_where_the_room_just_ends)
{
    for (size_t len = 1; len <= DNS_NAME_MAX; len += len < 3 ? 2 : 4) {
        size_t most;

        client.key = long_names_give(len);
        most = DNS_MESSAGE_MAX - tsig_sign_room(&world.relay->config->keys[0]);
        for (size_t size = most - 1; size <= most + 1; size++) {
            build(size, DNS_TYPE_AXFR);
            expect_whole(DNS_TYPE_AXFR);
        }
    }
}

Test(dns_split_sweep, P26_an_ixfr_of_every_size)
{
    client.key = long_names_give(DNS_NAME_MAX);
    for (size_t size = SIZE_MIN; size <= DNS_MESSAGE_MAX; size++) {
        build(size, DNS_TYPE_IXFR);
        expect_whole(DNS_TYPE_IXFR);
    }
    cr_expect_gt(cut, 200);
}

/* ---- one record that cannot fit ---- */

#define BIG_RECORD (DNS_HEADER_SIZE + 17 + 10) /* octets of its message without RDATA */

static void add_big(size_t rdata_len)
{
    static const uint8_t zeroes[DNS_MESSAGE_MAX];

    support_add(&message, &(struct support_record){.section = DNS_ANSWER,
                                                   .name = "big.example.com",
                                                   .type = 16,
                                                   .rdata = zeroes,
                                                   .rdata_len = (uint16_t)rdata_len});
}

static void build_big(size_t rdata_len)
{
    support_header(&message, 0, DNS_FLAG_QR | DNS_FLAG_AA);
    add_big(rdata_len);
    cr_assert_eq(message.len, BIG_RECORD + rdata_len);
}

/* A transfer that has begun. */
static unsigned begun(void)
{
    unsigned leg = ask(DNS_TYPE_AXFR);

    WORLD_RECORDS(&message, &copy, 7, 0);
    world_answer(leg, &message);
    receive();
    world_wait();
    return leg;
}

Test(dns_split_sweep, P27_the_largest_record_goes_and_one_octet_more_aborts)
{
    for (size_t len = 1; len <= DNS_NAME_MAX; len += len < 3 ? 2 : 9) {
        size_t most;
        unsigned leg;

        client.key = long_names_give(len);
        most = DNS_MESSAGE_MAX - tsig_sign_room(&world.relay->config->keys[0]) - BIG_RECORD;
        leg = begun();
        build_big(most);
        comes(leg);
        receive();
        cr_expect_eq(reply.len, DNS_MESSAGE_MAX);
        world_wait();
        build_big(most + 1);
        comes(leg);
        world_end(EXCHANGE_ABORTED);
        cr_expect_eq(world_event(1)->event.type, EVENT_UPSTREAM_FAILURE);
        cr_expect_eq(world_event(1)->event.result, RESULT_NO_ROOM_FOR_TSIG);
        cr_expect_eq(world_event(1)->event.peer, world_peer("hq"));
        cr_expect_str_eq(world_event(1)->zone, "Example.COM");
        cr_expect_str_eq(world_event(1)->record, "big.example.com");
        cr_expect_eq(world_event(1)->event.record_type, 16);
        cr_expect_eq(world_event(0)->event.result, RESULT_CANNOT_RELAY);
    }
}

/* Cut off from what stands before it, it may fill its piece to the last octet. */
Test(dns_split_sweep, P27_the_largest_record_goes_behind_others_in_its_message_too)
{
    for (size_t len = 1; len <= DNS_NAME_MAX; len += len < 3 ? 2 : 9) {
        unsigned leg;

        client.key = long_names_give(len);
        for (unsigned more = 0; more < 2; more++) {
            leg = begun();
            support_header(&message, 0, DNS_FLAG_QR | DNS_FLAG_AA);
            support_a(&message, DNS_ANSWER, "a.example.com");
            add_big(DNS_MESSAGE_MAX - tsig_sign_room(world_key(client.key)) - BIG_RECORD + more);
            comes(leg);
            receive();
            if (more) {
                world_end(EXCHANGE_ABORTED);
            } else {
                receive();
                cr_expect_eq(reply.len, DNS_MESSAGE_MAX);
                world_wait();
            }
        }
    }
}

/* Behind others in its message, it takes none of them with it that went before, and nothing after
 * it is sent. */
Test(dns_split_sweep, P27_the_records_around_it_never_make_a_shorter_whole)
{
    struct dns_message m;
    unsigned leg;

    client.key = long_names_give(DNS_NAME_MAX);
    leg = begun();
    world_respond(&message, &copy, DNS_FLAG_AA);
    support_a(&message, DNS_ANSWER, "www.example.com");
    add_big(65200);
    support_soa(&message, DNS_ANSWER, "example.com", 7);
    comes(leg);
    m = receive();
    cr_expect_eq(m.count[DNS_ANSWER], 1, "what stood before it");
    world_end(EXCHANGE_ABORTED);
    cr_expect_eq(world_event(1)->event.result, RESULT_NO_ROOM_FOR_TSIG);
}

Test(dns_split_sweep, P27_as_the_first_message_it_is_servfail)
{
    struct dns_message m;

    client.key = long_names_give(DNS_NAME_MAX);
    build_big(65400);
    comes(ask(DNS_TYPE_AXFR));
    m = world_reply_last(&client, &reply);
    cr_expect_eq(dns_message_rcode(&m), DNS_RCODE_SERVFAIL);
    cr_expect_eq(world_event(1)->event.result, RESULT_NO_ROOM_FOR_TSIG);
}
