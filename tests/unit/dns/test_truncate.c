#include "dns/truncate.h"

#include <criterion/criterion.h>
#include <string.h>

#include "support.h"

static struct support_message s;
static size_t answer_len, authority_len;

enum { OPT_LEN = 16 };

/* An answer of all sections; OPT stands between an A and a SIG(0) record. */
static struct dns_message build(unsigned answers, bool opt, uint16_t flags)
{
    support_header(&s, 1, DNS_FLAG_QR | flags);
    support_question(&s, "foo.example", DNS_TYPE_SOA);
    for (unsigned i = 0; i < answers; i++)
        support_soa(&s, DNS_ANSWER, "foo.example", 1);
    answer_len = s.len;
    support_a(&s, DNS_AUTHORITY, "ns.foo.example");
    authority_len = s.len;
    support_a(&s, DNS_ADDITIONAL, "a.foo.example");
    if (opt)
        support_opt(&s, 1232, "\0\3\0\1x", 5);
    support_add(&s, &(struct support_record){.section = DNS_ADDITIONAL,
                                             .type = DNS_TYPE_SIG,
                                             .rdata = "\0\0\5",
                                             .rdata_len = 3});
    return support_parse(&s);
}

static void expect_up_to_date(const struct dns_message *m)
{
    struct dns_message again;

    cr_assert_eq(dns_message_parse(s.octets, m->len, &again), 0);
    cr_expect_eq(m->flags, again.flags);
    cr_expect_arr_eq(m->count, again.count, sizeof(again.count));
    cr_expect_arr_eq(m->start, again.start, sizeof(again.start));
    cr_expect_eq(m->opt_at, again.opt_at);
    cr_expect_eq(m->opt_len, again.opt_len);
    cr_expect_eq(m->sig0, again.sig0);
}

static void expect_counts(const struct dns_message *m, const uint16_t *counts)
{
    cr_expect_arr_eq(m->count, counts, sizeof(m->count), "%u %u %u %u", m->count[0], m->count[1],
                     m->count[2], m->count[3]);
}

Test(dns_truncate, P25_what_fits_is_left_alone)
{
    static struct support_message before;
    struct dns_message m = build(1, true, 0);

    before = s;
    cr_expect_eq(dns_truncate(s.octets, &m, s.len), 0);
    cr_expect_eq(m.len, before.len);
    cr_expect_arr_eq(s.octets, before.octets, before.len);
    expect_up_to_date(&m);
}

Test(dns_truncate, P25_additional_goes_first_but_not_opt)
{
    struct dns_message m = build(1, true, 0);

    cr_expect_eq(dns_truncate(s.octets, &m, s.len - 1), 0);
    cr_expect_eq(m.len, authority_len + OPT_LEN);
    expect_counts(&m, (const uint16_t[]){1, 1, 1, 1});
    cr_expect_eq(m.flags & DNS_FLAG_TC, 0);
    cr_expect_eq(memcmp(s.octets + m.opt_at + 11, "\0\3\0\1x", 5), 0);
    expect_up_to_date(&m);
}

Test(dns_truncate, P25_authority_goes_second)
{
    struct dns_message m = build(1, true, 0);

    cr_expect_eq(dns_truncate(s.octets, &m, authority_len + OPT_LEN - 1), 0);
    cr_expect_eq(m.len, answer_len + OPT_LEN);
    expect_counts(&m, (const uint16_t[]){1, 1, 0, 1});
    cr_expect_eq(m.flags & DNS_FLAG_TC, 0);
    expect_up_to_date(&m);
}

Test(dns_truncate, P25_only_then_all_with_tc_and_rcode_0)
{
    struct dns_message m = build(2, true, DNS_RCODE_NXDOMAIN | DNS_FLAG_AA);

    s.octets[m.opt_at + 5] = 1;
    cr_expect_eq(dns_truncate(s.octets, &m, answer_len + OPT_LEN - 1), 0);
    cr_expect_eq(m.len, m.start[DNS_ANSWER] + OPT_LEN);
    expect_counts(&m, (const uint16_t[]){1, 0, 0, 1});
    cr_expect_eq(m.flags, DNS_FLAG_QR | DNS_FLAG_AA | DNS_FLAG_TC);
    cr_expect_eq(s.octets[m.opt_at + 5], 0, "the upper bits of the RCODE are 0 too");
    expect_up_to_date(&m);
}

Test(dns_truncate, P25_without_answers_tc_is_set_at_once)
{
    struct dns_message m = build(0, false, 0);

    cr_expect_eq(dns_truncate(s.octets, &m, s.len - 1), 0);
    cr_expect_eq(m.len, m.start[DNS_ANSWER]);
    expect_counts(&m, (const uint16_t[]){1, 0, 0, 0});
    cr_expect(m.flags & DNS_FLAG_TC);
    expect_up_to_date(&m);
}

Test(dns_truncate, P25_no_room_for_question_and_opt)
{
    struct dns_message m = build(1, true, 0);
    size_t least = m.start[DNS_ANSWER] + OPT_LEN;

    cr_expect_eq(dns_truncate(s.octets, &m, least - 1), DNS_ESPACE);
    m = build(1, true, 0);
    cr_expect_eq(dns_truncate(s.octets, &m, least), 0);
}

Test(dns_truncate, P25_tc_that_was_set_stays)
{
    struct dns_message m = build(1, false, DNS_FLAG_TC);

    cr_expect_eq(dns_truncate(s.octets, &m, s.len - 1), 0);
    cr_expect(m.flags & DNS_FLAG_TC);
    expect_counts(&m, (const uint16_t[]){1, 1, 1, 0});
    expect_up_to_date(&m);
}

/* The answer to an IXFR in all sections. */
static struct dns_message build_ixfr(const char *owner, uint16_t flags)
{
    support_header(&s, 1, DNS_FLAG_QR | flags);
    support_question(&s, "foo.example", DNS_TYPE_IXFR);
    support_soa(&s, DNS_ANSWER, owner, 7);
    answer_len = s.len;
    support_a(&s, DNS_ANSWER, "a.foo.example");
    support_soa(&s, DNS_ANSWER, owner, 7);
    authority_len = s.len;
    support_a(&s, DNS_AUTHORITY, "ns.foo.example");
    support_opt(&s, 1232, "\0\3\0\1x", 5);
    return support_parse(&s);
}

Test(dns_truncate, P29_of_an_ixfr_the_version_stays)
{
    struct dns_message m = build_ixfr("Foo.example", DNS_FLAG_AA | DNS_FLAG_TC);

    cr_expect(dns_truncate_opens_with_soa(&m));
    cr_expect_eq(dns_truncate(s.octets, &m, authority_len + OPT_LEN - 1), 0);
    cr_expect_eq(m.len, answer_len + OPT_LEN);
    expect_counts(&m, (const uint16_t[]){1, 1, 0, 1});
    cr_expect_eq(m.flags, DNS_FLAG_QR | DNS_FLAG_AA);
    cr_expect_eq(memcmp(s.octets + m.opt_at + 11, "\0\3\0\1x", 5), 0);
    expect_up_to_date(&m);
}

Test(dns_truncate, P29_of_an_ixfr_authority_goes_before_the_records)
{
    struct dns_message m = build_ixfr("foo.example", DNS_FLAG_AA);

    cr_expect_eq(dns_truncate(s.octets, &m, authority_len + OPT_LEN), 0);
    expect_counts(&m, (const uint16_t[]){1, 3, 0, 1});
    expect_up_to_date(&m);
}

Test(dns_truncate, P29_no_version_stays_that_does_not_fit_or_is_none)
{
    struct dns_message m = build_ixfr("foo.example", 0);

    cr_expect_eq(dns_truncate(s.octets, &m, answer_len + OPT_LEN - 1), 0);
    expect_counts(&m, (const uint16_t[]){1, 0, 0, 1});
    cr_expect(m.flags & DNS_FLAG_TC);
    expect_up_to_date(&m);
    m = build_ixfr("bar.example", 0);
    cr_expect_not(dns_truncate_opens_with_soa(&m));
    cr_expect_eq(dns_truncate(s.octets, &m, authority_len + OPT_LEN - 1), 0);
    expect_counts(&m, (const uint16_t[]){1, 0, 0, 1});
    m = build_ixfr("foo.example", DNS_RCODE_REFUSED);
    cr_expect_eq(dns_truncate(s.octets, &m, authority_len + OPT_LEN - 1), 0);
    expect_counts(&m, (const uint16_t[]){1, 0, 0, 1});
}
