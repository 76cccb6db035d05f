#include "dns/message.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

static struct support_message s;

/* Parses a copy whose end is the end of a heap block, so that ASan sees every slip. */
static int parse(size_t len)
{
    struct dns_message m;
    uint8_t *copy = malloc(len ? len : 1);
    int err;

    memcpy(copy, s.octets, len);
    err = dns_message_parse(copy, len, &m);
    free(copy);
    return err;
}

static size_t add(enum dns_section section, uint16_t type, const void *rdata, uint16_t len)
{
    return support_add(&s, &(struct support_record){.section = section,
                                                    .name = "r.example",
                                                    .type = type,
                                                    .rdata = rdata,
                                                    .rdata_len = len});
}

static void full_answer(void)
{
    support_header(&s, 0x1234, DNS_FLAG_QR | DNS_FLAG_AA);
    support_question(&s, "Foo.example", DNS_TYPE_SOA);
    support_soa(&s, DNS_ANSWER, "foo.example", 7);
    support_a(&s, DNS_AUTHORITY, "ns.foo.example");
    support_a(&s, DNS_ADDITIONAL, "ns2.foo.example");
    support_opt(&s, 1232, "\0\3\0\1x", 5);
}

Test(dns_message, finds_header_question_and_sections)
{
    struct dns_message m;

    full_answer();
    m = support_parse(&s);
    cr_expect_eq(m.octets, s.octets);
    cr_expect_eq(m.len, s.len);
    cr_expect_eq(m.id, 0x1234);
    cr_expect_eq(m.flags, 0x8400);
    cr_expect_eq(m.count[DNS_QUESTION], 1);
    cr_expect_eq(m.count[DNS_ADDITIONAL], 2);
    cr_expect_eq(m.qtype, DNS_TYPE_SOA);
    cr_expect_eq(m.qclass, DNS_CLASS_IN);
    cr_expect_eq(memcmp(m.qname.octets, "\3Foo\7example", 13), 0, "case is kept");
    cr_expect_eq(m.start[DNS_QUESTION], 12);
    cr_expect_eq(m.start[DNS_ANSWER], 12 + 13 + 4);
    cr_expect_eq(m.start[DNS_ADDITIONAL] - m.start[DNS_AUTHORITY], 16 + 10 + 4);
    cr_expect_eq(m.start[DNS_SECTIONS], s.len);
}

Test(dns_message, finds_opt)
{
    struct dns_message m;

    full_answer();
    m = support_parse(&s);
    cr_expect_eq(m.opt_at, s.len - 16);
    cr_expect_eq(m.opt_len, 16);
    cr_expect_eq(m.opt_payload, 1232);
}

Test(dns_message, has_opcode_and_rcode)
{
    struct dns_message m;

    support_header(&s, 1, 0x2c09);
    m = support_parse(&s);
    cr_expect_eq(dns_message_opcode(&m), DNS_OPCODE_UPDATE);
    cr_expect_eq(dns_message_rcode(&m), DNS_RCODE_NOTAUTH);
    cr_expect_eq(m.qname.len, 0, "no question");
}

Test(dns_message, rcode_has_the_upper_bits_of_opt)
{
    struct dns_message m;
    size_t opt;

    support_header(&s, 1, DNS_FLAG_QR | DNS_RCODE_REFUSED);
    opt = support_opt(&s, 1232, NULL, 0);
    m = support_parse(&s);
    cr_expect_eq(dns_message_rcode(&m), DNS_RCODE_REFUSED);
    s.octets[opt + 5] = 0xff;
    m = support_parse(&s);
    cr_expect_eq(dns_message_rcode(&m), 0xff0 + DNS_RCODE_REFUSED);
    s.octets[opt + 5] = 0;
    s.octets[opt + 6] = 1; /* the version */
    m = support_parse(&s);
    cr_expect_eq(dns_message_rcode(&m), DNS_RCODE_REFUSED);
}

Test(dns_message, no_shorter_length_parses)
{
    full_answer();
    cr_assert_eq(parse(s.len), 0);
    for (size_t len = 0; len < s.len; len++)
        cr_expect_eq(parse(len), DNS_EFORMAT, "%zu octets", len);
}

Test(dns_message, refuses_octets_after_the_last_record)
{
    full_answer();
    s.octets[s.len] = 0;
    cr_expect_eq(parse(s.len + 1), DNS_EFORMAT);
}

Test(dns_message, refuses_bad_names)
{
    struct dns_message m;
    size_t at;

    full_answer();
    m = support_parse(&s);
    s.octets[DNS_HEADER_SIZE] = 0x40;
    cr_expect_eq(parse(s.len), DNS_EFORMAT, "question");

    full_answer();
    at = m.start[DNS_AUTHORITY];
    s.octets[at] = 0xc0;
    s.octets[at + 1] = (uint8_t)at;
    cr_expect_eq(parse(s.len), DNS_EFORMAT, "owner");
}

Test(dns_message, keeps_the_first_of_several_questions)
{
    struct dns_message m;

    support_header(&s, 1, 0);
    support_question(&s, "a", DNS_TYPE_AXFR);
    support_question(&s, "b", DNS_TYPE_SOA);
    m = support_parse(&s);
    cr_expect_eq(m.count[DNS_QUESTION], 2);
    cr_expect_eq(m.qtype, DNS_TYPE_AXFR);
    cr_expect_eq(m.qname.octets[1], 'a');
    cr_expect_eq(m.start[DNS_ANSWER], s.len);
}

Test(dns_message, refuses_misplaced_opt)
{
    static const enum dns_section wrong[] = {DNS_ANSWER, DNS_AUTHORITY};

    for (size_t i = 0; i < 2; i++) {
        support_header(&s, 1, 0);
        support_add(&s, &(struct support_record){.section = wrong[i], .type = DNS_TYPE_OPT});
        cr_expect_eq(parse(s.len), DNS_EFORMAT, "section %d", wrong[i]);
    }
    support_header(&s, 1, 0);
    support_opt(&s, 512, NULL, 0);
    cr_expect_eq(parse(s.len), 0);
    support_opt(&s, 512, NULL, 0);
    cr_expect_eq(parse(s.len), DNS_EFORMAT, "two");
    support_header(&s, 1, 0);
    add(DNS_ADDITIONAL, DNS_TYPE_OPT, NULL, 0);
    cr_expect_eq(parse(s.len), DNS_EFORMAT, "not at the root");
}

Test(dns_message, refuses_options_that_do_not_add_up)
{
    static const struct {
        const char *options;
        uint16_t len;
        int err;
    } cases[] = {
        {"\0\12\0\0", 4, 0},
        {"\0\12\0\1x\0\13\0\0", 9, 0},
        {"\0\12\0\1", 4, DNS_EFORMAT},
        {"\0\12\0", 3, DNS_EFORMAT},
        {"\0\12\0\0\0", 5, DNS_EFORMAT},
        {"\0\12\377\377", 4, DNS_EFORMAT},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        support_header(&s, 1, 0);
        support_opt(&s, 512, cases[i].options, cases[i].len);
        cr_expect_eq(parse(s.len), cases[i].err, "case %zu", i);
    }
}

Test(dns_message, finds_tsig_at_the_end)
{
    struct dns_message m;
    size_t at;

    support_header(&s, 1, 0);
    support_opt(&s, 512, NULL, 0);
    at = add(DNS_ADDITIONAL, DNS_TYPE_TSIG, NULL, 0);
    m = support_parse(&s);
    cr_expect_eq(m.tsig_place, DNS_TSIG_LAST);
    cr_expect_eq(m.tsig_at, at);
    cr_expect_not(m.sig0);
}

static void expect_misplaced(const enum dns_section *sections, size_t n, enum dns_section behind)
{
    struct dns_message m;

    support_header(&s, 1, 0);
    for (size_t i = 0; i < n; i++)
        add(sections[i], DNS_TYPE_TSIG, NULL, 0);
    if (behind != DNS_QUESTION)
        support_a(&s, behind, "a");
    m = support_parse(&s);
    cr_expect_eq(m.tsig_place, DNS_TSIG_MISPLACED);
    cr_expect_eq(m.tsig_at, 0);
}

Test(dns_message, P1_reports_misplaced_and_second_tsig)
{
    static const enum dns_section answer[] = {DNS_ANSWER, DNS_ADDITIONAL};
    static const enum dns_section authority[] = {DNS_AUTHORITY};
    static const enum dns_section two[] = {DNS_ADDITIONAL, DNS_ADDITIONAL};

    expect_misplaced(answer, 1, DNS_QUESTION);
    expect_misplaced(answer, 1, DNS_ADDITIONAL);
    expect_misplaced(answer, 2, DNS_QUESTION);
    expect_misplaced(authority, 1, DNS_QUESTION);
    expect_misplaced(two, 1, DNS_ADDITIONAL);
    expect_misplaced(two, 2, DNS_QUESTION);
}

Test(dns_message, a_question_for_tsig_is_no_tsig)
{
    support_header(&s, 1, 0);
    support_question(&s, "a", DNS_TYPE_TSIG);
    cr_expect_eq(support_parse(&s).tsig_place, DNS_TSIG_NONE);
}

Test(dns_message, P11_finds_sig0)
{
    static const struct {
        enum dns_section section;
        const char *rdata;
        uint16_t len;
        bool sig0;
    } cases[] = {
        {DNS_ADDITIONAL, "\0\0\5", 3, true},
        {DNS_ADDITIONAL, "\0", 1, false},
        {DNS_ADDITIONAL, "\0\6\5", 3, false},
        {DNS_ANSWER, "\0\0\5", 3, false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        support_header(&s, 1, 0);
        add(cases[i].section, DNS_TYPE_SIG, cases[i].rdata, cases[i].len);
        cr_expect_eq(support_parse(&s).sig0, cases[i].sig0, "case %zu", i);
    }
}

Test(dns_message, walks_records_in_place)
{
    struct dns_message m;
    struct dns_record rr;
    size_t at, first, second;

    support_header(&s, 1, 0);
    support_question(&s, "foo.example", DNS_TYPE_AXFR);
    first = support_add(&s, &(struct support_record){.section = DNS_ANSWER,
                                                     .name = "www",
                                                     .pointer = 12,
                                                     .type = 0x1234,
                                                     .rclass = DNS_CLASS_ANY,
                                                     .ttl = 0x89abcdef,
                                                     .rdata = "xyz",
                                                     .rdata_len = 3});
    second = support_add(&s, &(struct support_record){.section = DNS_ADDITIONAL, .type = 9});
    m = support_parse(&s);
    at = m.start[DNS_ANSWER];
    dns_message_record(&m, &at, &rr);
    cr_expect_eq(rr.at, first);
    cr_expect_eq(rr.rdata_at, first + 6 + 10);
    cr_expect_eq(rr.rdata_len, 3);
    cr_expect_eq(rr.end, second);
    cr_expect_eq(rr.type, 0x1234);
    cr_expect_eq(rr.rclass, DNS_CLASS_ANY);
    cr_expect_eq(rr.ttl, 0x89abcdef);
    cr_expect_eq(at, second);
    dns_message_record(&m, &at, &rr);
    cr_expect_eq(rr.type, 9);
    cr_expect_eq(at, s.len);
}

Test(dns_message, P28_compares_questions_without_case)
{
    static struct support_message t;
    static const struct {
        const char *name;
        uint16_t type;
        bool same;
    } cases[] = {
        {"FOO.example", DNS_TYPE_SOA, true},
        {"foo.example", DNS_TYPE_AXFR, false},
        {"fo0.example", DNS_TYPE_SOA, false},
    };
    struct dns_message a, b;

    full_answer();
    a = support_parse(&s);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        support_header(&t, 1, 0);
        support_question(&t, cases[i].name, cases[i].type);
        b = support_parse(&t);
        cr_expect_eq(dns_message_same_question(&a, &b), cases[i].same, "case %zu", i);
    }
    b = a;
    b.qclass = DNS_CLASS_ANY;
    cr_expect_not(dns_message_same_question(&a, &b), "class");
    support_header(&t, 1, 0);
    b = support_parse(&t);
    cr_expect_not(dns_message_same_question(&b, &b), "no question is no same question");
}

Test(dns_message, leaves_the_output_alone_on_failure)
{
    struct dns_message m = {.id = 77};

    full_answer();
    cr_expect_eq(dns_message_parse(s.octets, s.len - 1, &m), DNS_EFORMAT);
    cr_expect_eq(m.id, 77);
}
