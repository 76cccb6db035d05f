#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "plain.h"
#include "support.h"

#define MESSAGES 60000
#define SPOILT   12 /* so often is each of them spoilt */
#define POINTER  0xc000
#define REACH    0x3fff
#define PLACES   5000
#define LARGE    40 /* one in so many reaches beyond what pointers do */

/* A message that is made by chance, of names that lead to each other. */
static struct dns_writer w;
static uint8_t octets[DNS_MESSAGE_MAX];
static size_t places[PLACES]; /* of names */
static unsigned place_count;
static unsigned label_most;  /* octets in most labels */
static unsigned label_usual; /* labels in most names */
static bool alike, chained;
static uint64_t state;

static unsigned draw(unsigned below)
{
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (unsigned)(state >> 33) % below;
}

static bool once_in(unsigned times)
{
    return draw(times) == 0;
}

static void put_label(unsigned len)
{
    dns_wire_put_u8(&w, (uint8_t)len);
    for (unsigned i = 0; i < len; i++)
        dns_wire_put_u8(&w, (uint8_t)(once_in(9) ? draw(256) : 'a' + draw(26)));
}

static size_t draw_place(void)
{
    if (chained && !once_in(40))
        return places[place_count - 1];
    if (once_in(40))
        return 12 + draw((unsigned)w.at);
    return draw(2) ? places[0] : places[once_in(3) ? draw(place_count) : place_count - 1];
}

/* Labels, mostly one or none, and a pointer. */
static void put_name(void)
{
    size_t at = w.at;
    unsigned labels = once_in(chained ? 4 : 12) ? draw(4) : chained || once_in(4) ? 0 : label_usual;
    for (unsigned i = 0; i < labels; i++)
        put_label(once_in(60) ? 1 + draw(63) : alike ? label_most : 1 + draw(label_most));
    if (place_count == 0 || once_in(30)) {
        dns_wire_put_u8(&w, 0);
        return;
    }
    dns_wire_put_u16(&w, (uint16_t)(POINTER | (draw_place() & REACH)));
    if ((chained || labels > 0) && at <= REACH && place_count < PLACES)
        places[place_count++] = at;
}

static void put_record(enum dns_section section)
{
    static const uint16_t types[] = {1, 1, 28, 28, 2, 5, 6, 6, 16, 24, 250, 0xc00c};
    uint16_t type = alike && !once_in(20) ? 1 : types[draw(sizeof types / sizeof *types)];
    if (section == DNS_ADDITIONAL && once_in(4))
        type = DNS_TYPE_OPT;
    if (type == DNS_TYPE_OPT || type == 0xc00c)
        dns_wire_put_u8(&w, 0);
    else
        put_name();
    dns_wire_put_u16(&w, type);
    dns_wire_put_u16(&w, once_in(20) ? 3 : 1);
    dns_wire_put_u32(&w, draw(100000));
    unsigned len = alike && !once_in(20) ? 4 : draw(30);
    dns_wire_put_u16(&w, (uint16_t)(type == DNS_TYPE_OPT ? 0 : len));
    for (unsigned i = 0; i < len && type != DNS_TYPE_OPT; i++)
        dns_wire_put_u8(&w, (uint8_t)draw(once_in(2) ? 2 : 256));
}

static void put_message(void)
{
    bool large = once_in(LARGE);
    unsigned counts[DNS_SECTIONS] = {!once_in(20), draw(large ? 1500 : 200), draw(3), draw(3)};
    w = dns_wire_writer(octets, sizeof octets);
    place_count = 0;
    label_most = once_in(3) ? 63 : 1 + draw(8);
    alike = draw(2);
    label_usual = alike && once_in(4) ? 2 : 1;
    chained = once_in(3);
    dns_wire_put_u32(&w, draw(2) * DNS_FLAG_QR);
    for (int i = 0; i < DNS_SECTIONS; i++)
        dns_wire_put_u16(&w, (uint16_t)counts[i]);
    places[place_count++] = w.at;
    if (counts[DNS_QUESTION]) {
        put_label(1 + draw(8));
        dns_wire_put_u8(&w, 0);
        dns_wire_put_u32(&w, 1);
    }
    for (enum dns_section s = DNS_ANSWER; s < DNS_SECTIONS; s++)
        for (unsigned i = 0; i < counts[s]; i++)
            put_record(s);
}

/* One to three octets, or where it ends. */
static size_t spoil(uint8_t *copy, size_t len)
{
    if (once_in(6))
        return len - draw(len < 100 ? (unsigned)len : 100);
    for (unsigned i = 0, times = 1 + draw(3); i < times; i++) {
        size_t at = once_in(2) ? draw((unsigned)len) : draw(len < 60 ? (unsigned)len : 60);
        static const uint8_t values[] = {0, 1, 0x40, 0xc0, 0xff};
        copy[at] = (uint8_t)(once_in(2) ? draw(64) : values[draw(sizeof values)]);
    }
    return len;
}

static void expect_same(const struct dns_message *a, const struct dns_message *b)
{
    cr_assert_eq(a->id, b->id);
    cr_assert_eq(a->flags, b->flags);
    cr_assert_eq(memcmp(a->count, b->count, sizeof a->count), 0);
    cr_assert_eq(memcmp(a->start, b->start, sizeof a->start), 0);
    cr_assert_eq(a->qname.len, b->qname.len);
    cr_assert_eq(memcmp(a->qname.octets, b->qname.octets, a->qname.len), 0);
    cr_assert(a->qtype == b->qtype && a->qclass == b->qclass);
    cr_assert(a->soas == b->soas && a->soa_before == b->soa_before && a->soa_at == b->soa_at);
    cr_assert(a->opt_at == b->opt_at && a->opt_len == b->opt_len);
    cr_assert(a->opt_payload == b->opt_payload && a->sig0 == b->sig0);
    cr_assert(a->tsig_place == b->tsig_place && a->tsig_at == b->tsig_at);
}

/* Returns whether it is good. The octets end where the heap block does, so that ASan sees every
 * slip. */
static bool compare(size_t len, bool spoilt)
{
    uint8_t *copy = memcpy(malloc(len + 1), octets, len);
    size_t size = spoilt ? spoil(copy, len) : len;
    copy = realloc(copy, size + (size == 0));
    struct dns_message walked, plain;
    int error = dns_message_parse(copy, size, &walked);
    cr_assert_eq(error, plain_parse(copy, size, &plain), "%zu octets", size);
    if (error == 0)
        expect_same(&walked, &plain);
    free(copy);
    return error == 0;
}

/* Seeds of their own, so that they run side by side. */
static void compare_many(uint64_t seed)
{
    unsigned good = 0, total = MESSAGES / (1 + SPOILT);
    state = seed;
    for (unsigned i = 0; i < total; i++) {
        do
            put_message();
        while (w.failed);
        good += compare(w.at, false);
        for (unsigned k = 0; k < SPOILT; k++)
            compare(w.at, true);
    }
    cr_expect(good > total / 4 && good < total, "%u good of %u", good, total);
}

Test(dns_walk, finds_what_a_plain_reading_finds)
{
    compare_many(1);
}

Test(dns_walk, finds_it_in_other_messages_too)
{
    compare_many(2);
}

Test(dns_walk, finds_it_in_still_others)
{
    compare_many(3);
}

static void begin(void)
{
    w = dns_wire_writer(octets, sizeof octets);
    dns_wire_put_u32(&w, DNS_FLAG_QR);
    dns_wire_put_u32(&w, 1 << 16);
    dns_wire_put_u32(&w, 0);
    dns_wire_put_octets(&w, (const uint8_t *)"\1z\0\0\6\0\1", 7);
}

static void put_owned(bool label, size_t target, uint16_t rdata_len)
{
    uint16_t answers = dns_wire_u16_at(octets + DNS_COUNTS_AT + 2);
    if (label)
        put_label(1);
    dns_wire_put_u16(&w, (uint16_t)(POINTER | target));
    dns_wire_put_u32(&w, 16 << 16 | DNS_CLASS_IN);
    dns_wire_put_u32(&w, 0);
    dns_wire_put_u16(&w, rdata_len);
    for (unsigned i = 0; i < rdata_len; i++)
        dns_wire_put_u8(&w, 0x40);
    dns_wire_set_u16_at(octets + DNS_COUNTS_AT + 2, (uint16_t)(answers + 1));
}

/* Each owner leads to the one before, or where that leads, with a label of its own or none. */
Test(dns_walk, bounds_chains_of_pointers_from_owner_to_owner)
{
    for (unsigned round = 0; round < 60; round++) {
        size_t before = DNS_HEADER_SIZE, last = before;
        unsigned pointers = 0;
        state = round;
        begin();
        for (bool good = true; good; good = compare(w.at, false)) {
            bool same = once_in(3);
            pointers += !same;
            before = same ? before : last;
            last = w.at;
            put_owned(draw(100) < round, before, (uint16_t)draw(100));
        }
        cr_expect_eq(pointers, 128, "%u pointers", pointers);
    }
}

/* The lower bits of its place lead to where no name is. */
Test(dns_walk, remembers_no_owner_beyond_the_reach_of_pointers)
{
    begin();
    put_owned(false, DNS_HEADER_SIZE, REACH + 100);
    size_t at = w.at;
    put_owned(true, DNS_HEADER_SIZE, 4);
    cr_expect(compare(w.at, false));
    put_owned(false, at & REACH, 100);
    cr_expect_not(compare(w.at, false));
}
