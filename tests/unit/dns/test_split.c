#include "dns/split.h"
#include "support.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define RECORDS_MAX 4000
#define RECORD_SIZE 700 /* of one uncompressed record in these tests */

/* Records as they would be without compression, in order, with their section. */
struct record_list {
    size_t count;
    struct {
        enum dns_section section;
        size_t len;
        uint8_t octets[RECORD_SIZE];
    } record[RECORDS_MAX];
};

static struct support_message source, request, piece;
static struct record_list given, got;

/* RDATA with names, as RFC 1035 and the RFCs of each type say. */
struct shape {
    uint16_t type;
    unsigned octets;
    unsigned strings;
    unsigned names;
    unsigned rest;
};

static const struct shape shapes[] = {
    {1, 4, 0, 0, 0},   {2, 0, 0, 1, 0},  {3, 0, 0, 1, 0},   {4, 0, 0, 1, 0},      {5, 0, 0, 1, 0},
    {6, 0, 0, 2, 20},  {7, 0, 0, 1, 0},  {8, 0, 0, 1, 0},   {9, 0, 0, 1, 0},      {12, 0, 0, 1, 0},
    {14, 0, 0, 2, 0},  {15, 2, 0, 1, 0}, {17, 0, 0, 2, 0},  {18, 2, 0, 1, 0},     {21, 2, 0, 1, 0},
    {24, 18, 0, 1, 9}, {26, 2, 0, 2, 0}, {30, 0, 0, 1, 5},  {33, 6, 0, 1, 0},     {35, 4, 3, 1, 0},
    {16, 0, 2, 0, 0},  {39, 9, 0, 0, 0}, {46, 30, 0, 0, 0}, {65280, 40, 0, 0, 0},
};

static const struct shape *shape_of(uint16_t type)
{
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
        if (shapes[i].type == type)
            return &shapes[i];
    return NULL;
}

static bool may_be_compressed(uint16_t type)
{
    return type < 16 && type != 1;
}

static void note(struct record_list *list, enum dns_section section, const struct dns_writer *w)
{
    cr_assert_lt(list->count, RECORDS_MAX);
    cr_assert_not(w->failed);
    list->record[list->count].section = section;
    list->record[list->count].len = w->at;
    list->count++;
}

static struct dns_writer next_in(struct record_list *list)
{
    return dns_wire_writer(list->record[list->count].octets, RECORD_SIZE);
}

/* ---- what goes in ---- */

static uint32_t random_state;

static unsigned pick(unsigned below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state % below;
}

/* Writes a name, in pieces and whole: a new label or none, then a pointer to an earlier name or a
 * name in full. */
static void random_name(struct dns_writer *w, struct dns_writer *whole, const size_t *owners,
                        unsigned count)
{
    static const char *const labels[] = {"\1a", "\1A", "\3www", "\3WwW", "\4mail"};
    static const char *const ends[] = {"example.com", "Example.com", "a.a.a.a", "org", "."};
    const char *label = labels[pick(5)];
    struct dns_reader r = dns_wire_reader(source.octets, source.len);
    struct dns_name end = support_name(ends[pick(5)]);

    if (pick(3) > 0) {
        dns_wire_put_octets(w, (const uint8_t *)label, strlen(label));
        dns_wire_put_octets(whole, (const uint8_t *)label, strlen(label));
    }
    if (count > 0 && pick(3) > 0) {
        r.at = owners[pick(count)];
        dns_wire_put_u16(w, (uint16_t)(0xc000 | r.at));
        cr_assert_eq(dns_name_read(&r, &end), 0);
    } else {
        dns_name_write(w, &end);
    }
    dns_name_write(whole, &end);
}

static void random_octets(struct dns_writer *w, struct dns_writer *whole, unsigned len)
{
    for (unsigned i = 0; i < len; i++) {
        uint8_t octet = (uint8_t)(pick(4) == 0 ? 0xc0 : pick(256));

        dns_wire_put_u8(w, octet);
        dns_wire_put_u8(whole, octet);
    }
}

static void random_rdata(const struct shape *shape, struct dns_writer *w, struct dns_writer *whole,
                         const size_t *owners, unsigned count)
{
    random_octets(w, whole, shape->octets);
    for (unsigned i = 0; i < shape->strings; i++) {
        uint8_t len = (uint8_t)pick(30);

        dns_wire_put_u8(w, len);
        dns_wire_put_u8(whole, len);
        random_octets(w, whole, len);
    }
    for (unsigned i = 0; i < shape->names; i++)
        random_name(w, whole, owners, count);
    random_octets(w, whole, shape->rest);
}

/* Owners and RDATA names are short of 0x4000 when pointed to, since the list of owners is kept
 * short. */
static void random_record(enum dns_section section, size_t *owners, unsigned *count)
{
    const struct shape *shape = &shapes[pick(sizeof(shapes) / sizeof(shapes[0]))];
    struct dns_writer whole = next_in(&given);
    struct dns_writer w = dns_wire_writer(source.octets, sizeof(source.octets));
    size_t at = source.len, rdata_at, whole_rdata_at;

    w.at = at;
    random_name(&w, &whole, owners, *count);
    dns_wire_put_u16(&w, shape->type);
    dns_wire_put_u16(&w, DNS_CLASS_IN);
    dns_wire_put_u32(&w, 3600);
    dns_wire_put_u16(&w, 0);
    dns_wire_put_octets(&whole, w.octets + w.at - 10, 10);
    rdata_at = w.at;
    whole_rdata_at = whole.at;
    random_rdata(shape, &w, &whole, owners, *count);
    cr_assert_not(w.failed);
    dns_wire_set_u16_at(w.octets + rdata_at - 2, (uint16_t)(w.at - rdata_at));
    dns_wire_set_u16_at(whole.octets + whole_rdata_at - 2, (uint16_t)(whole.at - whole_rdata_at));
    note(&given, section, &whole);
    source.len = w.at;
    dns_wire_set_u16_at(source.octets + 4 + 2 * section,
                        (uint16_t)(dns_wire_u16_at(source.octets + 4 + 2 * section) + 1));
    if (*count < 20)
        owners[(*count)++] = at;
}

static void random_message(unsigned seed)
{
    size_t owners[20];
    unsigned count = 0;

    random_state = seed * 2654435761U + 1;
    given.count = 0;
    support_header(&source, 0x1234, DNS_FLAG_QR | DNS_FLAG_AA);
    if (pick(2) == 0)
        support_question(&source, "Example.COM", DNS_TYPE_AXFR);
    for (enum dns_section s = DNS_ANSWER; s < DNS_SECTIONS; s++) {
        if (s == DNS_ADDITIONAL && pick(2) == 0)
            support_opt(&source, 1232, "\0\3\0\1x", 5);
        for (unsigned left = pick(s == DNS_ANSWER ? 200 : 10); left > 0; left--)
            random_record(s, owners, &count);
    }
}

/* ---- what comes out ---- */

/* The record without compression. Only the types of RFC 1035 may have any; of the others, pointers
 * would stay in and show as a difference. */
static void decode_record(const struct dns_message *m, const struct dns_record *rr,
                          struct dns_writer *whole)
{
    const struct shape *shape = shape_of(rr->type);
    struct dns_reader r = dns_wire_reader(m->octets, rr->end);
    struct dns_name name;
    size_t rdata_at;

    r.at = rr->at;
    cr_assert_eq(dns_name_read(&r, &name), 0);
    dns_name_write(whole, &name);
    dns_wire_put_octets(whole, m->octets + rr->rdata_at - 10, 10);
    r.at = rr->rdata_at;
    rdata_at = whole->at;
    if (shape != NULL && may_be_compressed(rr->type)) {
        dns_wire_put_octets(whole, m->octets + r.at, shape->octets);
        r.at += shape->octets;
        for (unsigned i = 0; i < shape->names; i++) {
            cr_assert_eq(dns_name_read(&r, &name), 0);
            dns_name_write(whole, &name);
        }
    }
    dns_wire_put_octets(whole, m->octets + r.at, rr->end - r.at);
    dns_wire_set_u16_at(whole->octets + rdata_at - 2, (uint16_t)(whole->at - rdata_at));
}

static void decode_all(const struct dns_message *m, struct record_list *list)
{
    size_t at = m->start[DNS_ANSWER];

    for (enum dns_section s = DNS_ANSWER; s < DNS_SECTIONS; s++) {
        for (unsigned i = 0; i < m->count[s]; i++) {
            struct dns_writer whole = next_in(list);
            struct dns_record rr;

            dns_message_record(m, &at, &rr);
            if (rr.type == DNS_TYPE_OPT)
                continue;
            decode_record(m, &rr, &whole);
            note(list, s, &whole);
        }
    }
}

static void expect_same_records(unsigned seed)
{
    cr_assert_eq(got.count, given.count, "seed %u: %zu of %zu", seed, got.count, given.count);
    for (size_t i = 0; i < got.count; i++) {
        cr_assert_eq(got.record[i].section, given.record[i].section, "seed %u: %zu", seed, i);
        cr_assert_eq(got.record[i].len, given.record[i].len, "seed %u: %zu", seed, i);
        cr_assert_arr_eq(got.record[i].octets, given.record[i].octets, got.record[i].len,
                         "seed %u: %zu", seed, i);
    }
}

static void ask(uint16_t qtype)
{
    support_header(&request, 0x1234, 0);
    support_question(&request, "Example.COM", qtype);
}

/* The next piece: 1 and 0 as dns_split_next, parsed and within its limit. */
static int next_piece(struct dns_split *s, struct dns_message *out)
{
    struct dns_writer w = dns_wire_writer(piece.octets, s->limit);
    int more = dns_split_next(s, &w);

    if (more >= 0) {
        piece.len = w.at;
        cr_assert_leq(piece.len, s->limit);
        *out = support_parse(&piece);
    }
    return more;
}

/* Splits `source` and decodes all pieces into `got`; returns how many there were. */
static unsigned split(size_t limit, bool first)
{
    struct dns_message m = support_parse(&source), q = support_parse(&request), out;
    struct dns_split s;
    unsigned pieces = 0;
    int more = 1;

    got.count = 0;
    dns_split_init(&s, &m, &q, limit, first);
    while (more == 1) {
        more = next_piece(&s, &out);
        cr_assert_geq(more, 0, "%d at %zu", more, s.at);
        cr_expect_eq(out.id, m.id);
        cr_expect_eq(out.flags, m.flags);
        cr_expect_eq(out.count[DNS_QUESTION], pieces == 0 && (first || m.count[DNS_QUESTION]));
        cr_assert_eq(out.opt_len, m.opt_len, "OPT in each");
        cr_expect_arr_eq(out.octets + out.opt_at, m.octets + m.opt_at, m.opt_len);
        if (pieces == 0 && first)
            cr_expect(dns_message_same_question(&out, &q));
        decode_all(&out, &got);
        pieces++;
    }
    return pieces;
}

Test(dns_split, P26_what_comes_out_is_what_went_in_in_order_and_case)
{
    unsigned most = 0;

    ask(DNS_TYPE_AXFR);
    for (unsigned seed = 1; seed <= 300; seed++) {
        unsigned pieces;

        random_message(seed);
        pieces = split(900 + seed * 7, seed % 2 == 0);
        expect_same_records(seed);
        most = pieces > most ? pieces : most;
    }
    cr_expect_gt(most, 5);
}

Test(dns_split, P26_compression_is_as_good_as_what_servers_do)
{
    struct dns_message m;
    size_t zone = DNS_HEADER_SIZE;

    support_header(&source, 1, DNS_FLAG_QR);
    support_question(&source, "example.com", DNS_TYPE_AXFR);
    for (unsigned i = 0; i < 800; i++) {
        char name[16];

        snprintf(name, sizeof(name), "host%u", i);
        support_add(&source, &(struct support_record){.section = DNS_ANSWER,
                                                      .name = name,
                                                      .pointer = (uint16_t)zone,
                                                      .type = 1,
                                                      .rdata = "\1\2\3\4",
                                                      .rdata_len = 4});
    }
    m = support_parse(&source);
    ask(DNS_TYPE_AXFR);
    cr_expect_gt(m.len, 16384);
    cr_expect_eq(split(m.len, true), 1);
}

static void add_named(const char *name, uint16_t len)
{
    static const uint8_t octets[UINT16_MAX];

    support_add(
        &source,
        &(struct support_record){
            .section = DNS_ANSWER, .name = name, .type = 65280, .rdata = octets, .rdata_len = len});
}

Test(dns_split, P26_a_name_is_compressed_against_any_earlier_one)
{
    ask(DNS_TYPE_AXFR);
    support_header(&source, 1, DNS_FLAG_QR);
    for (unsigned i = 0; i < 30; i++)
        add_named(".", 500);
    add_named("sub.Example.com", 0);
    add_named("sub.Example.com", 0);
    add_named("a.Example.com", 0);
    add_named("a.example.com", 0);
    cr_expect_eq(split(DNS_MESSAGE_MAX, false), 1);
    cr_expect_eq(piece.len, DNS_HEADER_SIZE + 30 * (1 + 10 + 500) + 4 * 10 +
                                strlen("_sub_Example_com_") + 2 + strlen("_a") + 2 +
                                strlen("_a_example") + 2);
}

/* 120 labels of one letter that differ in case alone, or long labels, whose end is near that of the
 * longest name. */
static void add_confusing(void)
{
    char name[256] = {0};

    if (pick(2) == 0) {
        for (size_t i = 0; i < 120; i++) {
            name[2 * i] = pick(2) == 0 ? 'a' : 'A';
            name[2 * i + 1] = '.';
        }
    } else {
        for (size_t i = 0; i < 250; i++)
            name[i] = i % 63 == 62 ? '.' : (char)('a' + pick(26));
    }
    add_named(name, 0);
}

Test(dns_split, P26_names_that_share_a_slot_are_not_mistaken_for_each_other)
{
    ask(DNS_TYPE_AXFR);
    random_state = 1;
    for (unsigned round = 0; round < 4; round++) {
        struct dns_message m;

        given.count = 0;
        support_header(&source, 1, DNS_FLAG_QR);
        for (unsigned i = 0; i < 200; i++)
            add_confusing();
        m = support_parse(&source);
        decode_all(&m, &given);
        split(30000, false);
        expect_same_records(round);
    }
}

Test(dns_split, P26_names_that_first_stand_beyond_the_reach_of_pointers_are_whole)
{
    struct dns_message m;

    given.count = 0;
    support_header(&source, 1, DNS_FLAG_QR);
    for (unsigned i = 0; i < 80; i++) {
        char name[64];

        snprintf(name, sizeof(name), "a-long-name-of-number-%u.example", i / 2);
        add_named(name, 400);
    }
    m = support_parse(&source);
    decode_all(&m, &given);
    ask(DNS_TYPE_AXFR);
    cr_expect_eq(split(DNS_MESSAGE_MAX, false), 1);
    expect_same_records(0);
}

Test(dns_split, P26_a_first_message_without_question_gets_that_of_the_request)
{
    struct dns_message m;

    ask(DNS_TYPE_AXFR);
    support_header(&source, 1, DNS_FLAG_QR);
    support_soa(&source, DNS_ANSWER, "example.com", 1);
    cr_expect_eq(split(DNS_MESSAGE_MAX, true), 1);
    m = support_parse(&piece);
    cr_expect_eq(m.count[DNS_QUESTION], 1);
    cr_expect_eq(m.qtype, DNS_TYPE_AXFR);
    cr_expect_arr_eq(m.qname.octets, support_parse(&request).qname.octets, m.qname.len, "case too");
    cr_expect_eq(split(DNS_MESSAGE_MAX, false), 1);
    cr_expect_eq(support_parse(&piece).count[DNS_QUESTION], 0);
}

Test(dns_split, an_empty_message_stays_one_message)
{
    ask(DNS_TYPE_AXFR);
    support_header(&source, 1, DNS_FLAG_QR);
    support_opt(&source, 1232, NULL, 0);
    cr_expect_eq(split(100, false), 1);
    cr_expect_eq(support_parse(&piece).count[DNS_ADDITIONAL], 1);
}

Test(dns_split, P26_a_lone_opening_soa_stays_alone)
{
    ask(DNS_TYPE_IXFR);
    support_header(&source, 1, DNS_FLAG_QR);
    support_soa(&source, DNS_ANSWER, "example.com", 1);
    cr_expect_eq(split(500, true), 1);
}
