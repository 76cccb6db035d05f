#include "dns/opt.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

#define COOKIE    "\0\12\0\10abcdefgh"
#define KEEPALIVE "\0\13\0\2\1\2"
#define NSID      "\0\3\0\1x"

static struct support_message s;

/* What an edit left in `m` is what a new parse finds. */
static void expect_up_to_date(const struct dns_message *m)
{
    struct dns_message again;

    cr_assert_eq(dns_message_parse(s.octets, m->len, &again), 0);
    cr_expect_arr_eq(m->count, again.count, sizeof(again.count));
    cr_expect_arr_eq(m->start, again.start, sizeof(again.start));
    cr_expect_eq(m->opt_at, again.opt_at);
    cr_expect_eq(m->opt_len, again.opt_len);
    cr_expect_eq(m->opt_payload, again.opt_payload);
}

static struct dns_message query(const void *options, uint16_t len)
{
    support_header(&s, 1, 0);
    support_question(&s, "foo.example", DNS_TYPE_SOA);
    support_opt(&s, 1232, options, len);
    return support_parse(&s);
}

Test(dns_opt, M7_removes_what_belongs_to_the_hop)
{
    static const struct {
        const char *before, *after;
        uint16_t before_len, after_len;
        bool cookie;
    } cases[] = {
        {COOKIE KEEPALIVE, "", 18, 0, true},
        {COOKIE KEEPALIVE, COOKIE, 18, 12, false},
        {KEEPALIVE NSID COOKIE, NSID, 23, 5, true},
        {NSID KEEPALIVE NSID, NSID NSID, 16, 10, true},
        {NSID, NSID, 5, 5, true},
        {"", "", 0, 0, true},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct dns_message m = query(cases[i].before, cases[i].before_len);

        cr_assert_eq(dns_opt_remove_hop_options(s.octets, &m, cases[i].cookie), 0);
        cr_expect_eq(m.opt_len, 11U + cases[i].after_len, "case %zu", i);
        cr_expect_eq(memcmp(s.octets + m.opt_at + 11, cases[i].after, cases[i].after_len), 0,
                     "case %zu", i);
        expect_up_to_date(&m);
    }
}

Test(dns_opt, sets_the_payload)
{
    struct dns_message m = query(NSID, 5);

    cr_assert_eq(dns_opt_set_payload(s.octets, &m, 0x0400), 0);
    cr_expect_eq(m.opt_payload, 0x0400);
    expect_up_to_date(&m);
}

Test(dns_opt, removes_the_record)
{
    struct dns_message m = query(NSID, 5);

    cr_assert_eq(dns_opt_remove(s.octets, &m), 0);
    cr_expect_eq(m.opt_at, 0);
    cr_expect_eq(m.count[DNS_ADDITIONAL], 0);
    cr_expect_eq(m.len, s.len - 16);
    expect_up_to_date(&m);
}

Test(dns_opt, without_opt_nothing_is_done)
{
    static struct support_message before;
    struct dns_message m;

    support_header(&s, 1, 0);
    support_question(&s, "foo.example", DNS_TYPE_SOA);
    support_a(&s, DNS_ADDITIONAL, "a");
    before = s;
    m = support_parse(&s);
    cr_assert_eq(dns_opt_remove_hop_options(s.octets, &m, true), 0);
    cr_assert_eq(dns_opt_set_payload(s.octets, &m, 512), 0);
    cr_assert_eq(dns_opt_remove(s.octets, &m), 0);
    cr_expect_eq(m.len, before.len);
    cr_expect_arr_eq(s.octets, before.octets, before.len);
    expect_up_to_date(&m);
}

static void add(const char *name, size_t pointer, uint16_t type, const struct dns_writer *rdata)
{
    support_add(&s, &(struct support_record){.section = DNS_ADDITIONAL,
                                             .name = name,
                                             .pointer = (uint16_t)pointer,
                                             .type = type,
                                             .rdata = rdata->octets,
                                             .rdata_len = (uint16_t)rdata->at});
}

/* OPT first, then records that point before OPT and behind it, in owners and in RDATA. */
static struct dns_message opt_first(void)
{
    uint8_t room[64];
    struct dns_writer none = dns_wire_writer(room, 0);
    struct dns_writer w = dns_wire_writer(room, sizeof(room));
    size_t ns;

    query(COOKIE, 12);
    ns = support_a(&s, DNS_ADDITIONAL, "ns.other");
    add("a", ns, 1, &none);
    add("b", DNS_HEADER_SIZE, 1, &none);
    dns_wire_put_u16(&w, 0xc0ff);
    dns_wire_put_octets(&w, (const uint8_t *)"\1x", 2);
    dns_wire_put_u16(&w, (uint16_t)(0xc000 | ns));
    add("mx", ns, 15, &w);
    w.at = 0;
    dns_wire_put_u16(&w, (uint16_t)(0xc000 | ns));
    dns_wire_put_octets(&w, (const uint8_t *)"\1y", 2);
    dns_wire_put_u16(&w, (uint16_t)(0xc000 | (ns + 3)));
    dns_wire_put_octets(&w, (const uint8_t *)"\xc0\xff\xc0\xff\xc0\xff\xc0\xff\xc0\xff", 10);
    add("soa", ns, DNS_TYPE_SOA, &w);
    add("opaque", ns, 16, &w);
    return support_parse(&s);
}

static void expect_name(const struct dns_message *m, size_t *at, const char *text)
{
    struct dns_reader r = dns_wire_reader(m->octets, m->len);
    struct dns_name name;
    char out[DNS_NAME_TEXT_SIZE];

    r.at = *at;
    cr_assert_eq(dns_name_read(&r, &name), 0, "%s", text);
    cr_expect_str_eq(dns_name_to_text(&name, out), text);
    *at = r.at;
}

/* The records behind OPT mean what they meant. */
static void expect_followers(const struct dns_message *m, size_t at)
{
    static const char *const owners[] = {
        "ns.other", "a.ns.other", "b.foo.example", "mx.ns.other", "soa.ns.other", "opaque.ns.other",
    };
    struct dns_record rr[6];
    size_t name;

    for (size_t i = 0; i < 6; i++) {
        name = at;
        expect_name(m, &name, owners[i]);
        dns_message_record(m, &at, &rr[i]);
    }
    cr_expect_eq(at, m->len);
    cr_expect_eq(dns_wire_u16_at(m->octets + rr[3].rdata_at), 0xc0ff, "preference");
    name = rr[3].rdata_at + 2;
    expect_name(m, &name, "x.ns.other");
    name = rr[4].rdata_at;
    expect_name(m, &name, "ns.other");
    expect_name(m, &name, "y.other");
    cr_expect_eq(memcmp(m->octets + name, "\xc0\xff\xc0\xff\xc0\xff\xc0\xff\xc0\xff", 10), 0);
}

Test(dns_opt, mends_pointers_when_an_option_goes_before_other_records)
{
    struct dns_message m = opt_first();

    cr_assert_eq(dns_opt_remove_hop_options(s.octets, &m, true), 0);
    cr_expect_eq(m.len, s.len - 12);
    expect_up_to_date(&m);
    expect_followers(&m, m.opt_at + m.opt_len);
}

Test(dns_opt, mends_pointers_when_the_record_goes_before_other_records)
{
    static struct support_message before;
    struct dns_message m = opt_first();

    before = s;
    cr_assert_eq(dns_opt_remove(s.octets, &m), 0);
    cr_expect_eq(m.len, s.len - 23);
    expect_up_to_date(&m);
    expect_followers(&m, m.start[DNS_ADDITIONAL]);
    cr_expect_eq(memcmp(s.octets + m.len - 16, before.octets + before.len - 16, 16), 0,
                 "opaque RDATA is not touched");
}

Test(dns_opt, mends_rdata_that_may_be_compressed_alone)
{
    static const uint16_t mended[] = {2, 3, 4, 5, 6, 7, 8, 9, 12, 14, 17, 30};

    for (uint16_t type = 1; type < 40; type++) {
        struct dns_message m = query(COOKIE, 12);
        size_t ns = support_a(&s, DNS_ADDITIONAL, "ns.other");
        uint8_t rdata[2] = {0xc0, (uint8_t)ns};
        bool is_mended = false;

        for (size_t i = 0; i < sizeof(mended) / sizeof(*mended); i++)
            is_mended = is_mended || type == mended[i];
        add("a", ns, type, &(struct dns_writer){.octets = rdata, .at = 2});
        m = support_parse(&s);
        cr_assert_eq(dns_opt_remove_hop_options(s.octets, &m, true), 0);
        cr_expect_eq(s.octets[m.len - 1], is_mended ? ns - 12 : ns, "type %u", type);
    }
}

/* Edits a copy whose end is the end of a heap block, so that ASan sees every slip. */
static void edit_with_follower(uint16_t type, const char *rdata)
{
    struct dns_writer w = {.octets = (uint8_t[8]){0}, .at = strlen(rdata)};
    struct dns_message m = query(COOKIE, 12);
    uint8_t *copy;

    memcpy(w.octets, rdata, w.at);
    add("a", 0, type, &w);
    copy = memcpy(malloc(s.len), s.octets, s.len);
    cr_assert_eq(dns_message_parse(copy, s.len, &m), 0);
    cr_assert_eq(dns_opt_remove_hop_options(copy, &m, true), 0);
    cr_expect_eq(m.len, s.len - 12);
    cr_expect_eq(memcmp(copy + m.len - w.at, rdata, w.at), 0, "type %u", type);
    free(copy);
}

Test(dns_opt, survives_followers_with_rdata_cut_short)
{
    static const char *const rdata[] = {"", "\xc0", "\77", "\1a", "\1a\1", "\1a\xc0"};

    for (size_t i = 0; i < sizeof(rdata) / sizeof(*rdata); i++) {
        for (uint16_t type = 1; type < 20; type++)
            edit_with_follower(type, rdata[i]);
    }
}

Test(dns_opt, writes_a_plain_record)
{
    uint8_t room[64];
    struct dns_writer w = dns_wire_writer(room, sizeof(room));

    dns_opt_write(&w, 1232, 0xffff, DNS_EDE_NONE, "not used");
    cr_expect_eq(w.at, 11);
    cr_expect_eq(memcmp(room, "\0\0\51\4\320\0\0\200\0\0\0", 11), 0);
}

Test(dns_opt, writes_an_extended_error)
{
    uint8_t room[64];
    struct dns_writer w = dns_wire_writer(room, sizeof(room));

    dns_opt_write(&w, 512, 0x7fff, DNS_EDE_PROHIBITED, "no");
    cr_expect_eq(w.at, 19);
    cr_expect_eq(memcmp(room, "\0\0\51\2\0\0\0\0\0\0\10\0\17\0\4\0\22no", 19), 0);
    w.at = 0;
    dns_opt_write(&w, 512, 0, DNS_EDE_OTHER, NULL);
    cr_expect_eq(w.at, 17);
    cr_expect_eq(memcmp(room + 9, "\0\6\0\17\0\2\0\0", 8), 0);
}

Test(dns_opt, expire_is_found_among_others)
{
    static const struct {
        const char *options;
        uint16_t len;
        bool has;
    } cases[] = {
        {NSID "\0\11\0\4\0\1\0\2" COOKIE, 25, true},
        {"\0\11\0\4\0\1\0\2", 8, true},
        {"\0\11\0\0" NSID, 9, false}, /* as in a question */
        {"\0\11\0\5\0\1\0\2\3", 9, false},
        {NSID, 5, false},
        {"", 0, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t seconds = 7;
        struct dns_message m = query(cases[i].options, cases[i].len);
        cr_expect_eq(dns_opt_expire(&m, &seconds), cases[i].has, "case %zu", i);
        cr_expect_eq(seconds, cases[i].has ? 65538 : 7, "case %zu", i);
    }
    support_header(&s, 1, 0);
    support_question(&s, "foo.example", DNS_TYPE_SOA);
    struct dns_message m = support_parse(&s);
    uint32_t seconds;
    cr_expect_not(dns_opt_expire(&m, &seconds), "without OPT");
}

Test(dns_opt, says_what_the_error_is)
{
    uint16_t ede = 0;
    const char *text = NULL;
    size_t len = 0;
    struct dns_message m = query(NSID "\0\17\0\6\0\22none", sizeof NSID - 1 + 10);
    cr_assert(dns_opt_error(&m, &ede, &text, &len));
    cr_expect_eq(ede, DNS_EDE_PROHIBITED);
    cr_expect_eq(len, 4);
    cr_expect_arr_eq(text, "none", 4);
    m = query("\0\17\0\2\0\26", 6);
    cr_assert(dns_opt_error(&m, &ede, &text, &len));
    cr_expect_eq(ede, DNS_EDE_NO_REACHABLE_AUTHORITY);
    cr_expect_eq(len, 0);
}

Test(dns_opt, may_say_of_no_error)
{
    uint16_t ede;
    const char *text;
    size_t len;
    struct dns_message m = query(NSID, sizeof NSID - 1);
    cr_expect_not(dns_opt_error(&m, &ede, &text, &len));
    m = query(NULL, 0);
    cr_expect_not(dns_opt_error(&m, &ede, &text, &len));
    m = query("\0\17\0\1x", 5);
    cr_expect_not(dns_opt_error(&m, &ede, &text, &len));
    support_header(&s, 1, 0);
    m = support_parse(&s);
    cr_expect_not(dns_opt_error(&m, &ede, &text, &len));
}
