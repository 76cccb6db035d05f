/* What fits and what does not. */
#include "dns/split.h"
#include "support.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct support_message source, request, piece;

static void ask(uint16_t qtype)
{
    support_header(&request, 0x1234, 0);
    support_question(&request, "example.com", qtype);
}

static void add_named(const char *name, uint16_t len)
{
    static const uint8_t octets[UINT16_MAX];

    support_add(
        &source,
        &(struct support_record){
            .section = DNS_ANSWER, .name = name, .type = 65280, .rdata = octets, .rdata_len = len});
}

/* The next piece, parsed when there is one. */
static int next_piece(struct dns_split *s, struct dns_message *out)
{
    struct dns_writer w = dns_wire_writer(piece.octets, s->limit);
    int more = dns_split_next(s, &w);

    if (more >= 0) {
        piece.len = w.at;
        *out = support_parse(&piece);
    }
    return more;
}

/* The message's SOA, a record of so many octets, and another. */
static int split_first(uint16_t qtype, uint16_t len, struct dns_split *s, struct dns_message *out)
{
    static struct dns_message m, q;

    ask(qtype);
    support_header(&source, 1, DNS_FLAG_QR);
    support_question(&source, "example.com", qtype);
    support_soa(&source, DNS_ANSWER, "example.com", 1);
    add_named("example.com", len);
    add_named("example.com", 100);
    m = support_parse(&source);
    q = support_parse(&request);
    dns_split_init(s, &m, &q, 1000, true);
    return next_piece(s, out);
}

Test(dns_split_limits, P26_the_opening_soa_of_an_ixfr_never_stands_alone)
{
    struct dns_message out;
    struct dns_split s;

    cr_expect_eq(split_first(DNS_TYPE_IXFR, 800, &s, &out), 1);
    cr_expect_eq(out.count[DNS_ANSWER], 2);
    cr_expect_eq(split_first(DNS_TYPE_IXFR, 930, &s, &out), DNS_ESPACE);
    cr_expect_eq(split_first(DNS_TYPE_AXFR, 930, &s, &out), 1, "harmless in an AXFR");
    cr_expect_eq(out.count[DNS_ANSWER], 1);
    cr_expect_eq(next_piece(&s, &out), 1);
    cr_expect_eq(out.count[DNS_ANSWER], 1);
    cr_expect_eq(next_piece(&s, &out), 0);
}

/* In a buffer of just that size, so that the address sanitizer sees any octet read behind it. */
static int split_exactly(const struct dns_message *m, size_t limit)
{
    uint8_t *octets = malloc(limit);
    struct dns_writer w = dns_wire_writer(octets, limit);
    struct dns_split s;
    int more;

    dns_split_init(&s, m, NULL, limit, false);
    more = dns_split_next(&s, &w);
    free(octets);
    return more;
}

Test(dns_split_limits, a_name_cut_off_by_the_limit_is_not_compared_beyond_it)
{
    for (char letter = 'a'; letter <= 'h'; letter++) {
        char name[251] = {0};
        struct dns_message m;

        for (size_t i = 0; i < 250; i++)
            name[i] = i % 2 == 0 ? letter : '.';
        support_header(&source, 1, DNS_FLAG_QR);
        add_named(name, 0);
        m = support_parse(&source);
        for (size_t limit = DNS_HEADER_SIZE; limit < m.len; limit++)
            cr_expect_eq(split_exactly(&m, limit), DNS_ESPACE, "%zu", limit);
        cr_expect_eq(split_exactly(&m, m.len), 0);
    }
}

Test(dns_split_limits, P27_a_record_that_cannot_fit_alone_is_an_error)
{
    size_t header_and_fields = DNS_HEADER_SIZE + strlen("example.com") + 2 + 10;
    struct dns_message m, q, out;
    struct dns_split s;

    ask(DNS_TYPE_AXFR);
    support_header(&source, 1, DNS_FLAG_QR);
    add_named("example.com", 50);
    add_named("example.com", (uint16_t)(1000 - header_and_fields));
    m = support_parse(&source);
    q = support_parse(&request);
    dns_split_init(&s, &m, &q, 1000, false);
    cr_expect_eq(next_piece(&s, &out), 1);
    cr_expect_eq(next_piece(&s, &out), 0, "just fits");
    cr_expect_eq(out.len, 1000);
    dns_split_init(&s, &m, &q, 999, false);
    cr_expect_eq(next_piece(&s, &out), 1);
    cr_expect_eq(next_piece(&s, &out), DNS_ESPACE);
    cr_expect_eq(s.at, m.start[DNS_ANSWER] + header_and_fields - DNS_HEADER_SIZE + 50,
                 "the record at fault");
}

Test(dns_split_limits, P27_room_for_opt_is_kept)
{
    struct dns_message m, q, out;
    struct dns_split s;

    ask(DNS_TYPE_AXFR);
    support_header(&source, 1, DNS_FLAG_QR);
    add_named("example.com", 100);
    support_opt(&source, 1232, NULL, 0);
    m = support_parse(&source);
    q = support_parse(&request);
    for (size_t limit = DNS_HEADER_SIZE; limit < source.len; limit++) {
        dns_split_init(&s, &m, &q, limit, false);
        cr_expect_eq(next_piece(&s, &out), DNS_ESPACE, "%zu", limit);
    }
    dns_split_init(&s, &m, &q, source.len, false);
    cr_expect_eq(next_piece(&s, &out), 0);
}

Test(dns_split_limits, P27_room_for_question_and_opt_alone_is_needed_too)
{
    struct dns_message m;

    support_header(&source, 1, DNS_FLAG_QR);
    support_question(&source, "example.com", DNS_TYPE_AXFR);
    support_opt(&source, 1232,
                "\0\3\0\x3c"
                "012345678901234567890123456789012345678901234567890123456789",
                64);
    m = support_parse(&source);
    for (size_t limit = DNS_HEADER_SIZE; limit < m.len; limit++)
        cr_expect_eq(split_exactly(&m, limit), DNS_ESPACE, "%zu", limit);
    cr_expect_eq(split_exactly(&m, m.len), 0);
}

Test(dns_split_limits, P28_names_in_rdata_that_do_not_parse_are_an_error)
{
    static const struct {
        uint16_t type;
        const char *rdata;
        uint16_t len;
    } bad[] = {
        {2, "", 0},
        {2, "\3ns", 3},
        {2, "\xc0\xff", 2},
        {6, "\1a\0", 3},
        {15, "\0", 1},
        {33, "\0\0\0\0\0\0\1", 7},
        {35, "\0\0\0\0\0\0\5", 7},
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct dns_message m, q, out;
        struct dns_split s;

        ask(DNS_TYPE_AXFR);
        support_header(&source, 1, DNS_FLAG_QR);
        support_add(&source, &(struct support_record){.section = DNS_ANSWER,
                                                      .name = "example.com",
                                                      .type = bad[i].type,
                                                      .rdata = bad[i].rdata,
                                                      .rdata_len = bad[i].len});
        support_a(&source, DNS_ANSWER, "a.example.com");
        m = support_parse(&source);
        q = support_parse(&request);
        dns_split_init(&s, &m, &q, DNS_MESSAGE_MAX, false);
        cr_expect_eq(next_piece(&s, &out), DNS_EFORMAT, "%zu", i);
    }
}
