#include "dns/xfr.h"
#include "support.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define CLASS_CHAOS 3

/* A response in short: messages parted by '|', each a list of
 *     S5  the zone's SOA with serial 5      X5  the same, name in capitals
 *     s5  an SOA below the zone             C5  an SOA of the zone's name, but of class CH
 *     a   another record                    Z   an SOA of the zone whose RDATA is none
 *     T   no record, but TC set             R   no record, but RCODE REFUSED
 * and after each message the state: S(econd) F(ull) -(delete) +(add) D(one) B(roken). */
struct response {
    const char *messages;
    const char *states;
};

static void add_chaos(struct support_message *s, uint32_t serial)
{
    size_t at = support_soa(s, DNS_ANSWER, "example.com", serial);
    dns_wire_set_u16_at(s->octets + at + sizeof "\7example\3com" + 2, CLASS_CHAOS);
}

static void add(struct support_message *s, char kind, uint32_t serial)
{
    uint16_t flags = dns_wire_u16_at(s->octets + 2);

    switch (kind) {
    case 'S':
        support_soa(s, DNS_ANSWER, "example.com", serial);
        break;
    case 'X':
        support_soa(s, DNS_ANSWER, "EXAMPLE.com", serial);
        break;
    case 's':
        support_soa(s, DNS_ANSWER, "sub.example.com", serial);
        break;
    case 'C':
        add_chaos(s, serial);
        break;
    case 'a':
        support_a(s, DNS_ANSWER, "a.example.com");
        break;
    case 'Z':
        support_add(s, &(struct support_record){.section = DNS_ANSWER,
                                                .name = "example.com",
                                                .type = DNS_TYPE_SOA,
                                                .rdata = "\0\0\0\0\0",
                                                .rdata_len = 5});
        break;
    case 'T':
        dns_wire_set_u16_at(s->octets + 2, flags | DNS_FLAG_TC);
        break;
    case 'R':
        dns_wire_set_u16_at(s->octets + 2, flags | DNS_RCODE_REFUSED);
        break;
    }
}

/* Builds the message that `text` begins with; returns the text behind it. */
static const char *build(struct support_message *s, const char *text)
{
    support_header(s, 1, DNS_FLAG_QR);
    support_question(s, "example.com", DNS_TYPE_AXFR);
    while (*text != '\0' && *text != '|') {
        char kind = *text++;
        char *end;
        uint32_t serial = (uint32_t)strtoul(text, &end, 10);

        text = kind == ' ' ? text : end;
        add(s, kind, serial);
    }
    return *text == '|' ? text + 1 : text;
}

static struct dns_xfr begin(uint16_t qtype, uint32_t client_serial)
{
    struct support_message s;
    struct dns_message request;
    struct dns_xfr x;

    support_header(&s, 1, 0);
    support_question(&s, "example.com", qtype);
    if (qtype == DNS_TYPE_IXFR)
        support_soa(&s, DNS_AUTHORITY, "example.com", client_serial);
    request = support_parse(&s);
    cr_assert_eq(dns_xfr_init(&x, &request), 0);
    return x;
}

static enum dns_xfr_state state_of(char letter)
{
    switch (letter) {
    case 'S':
        return DNS_XFR_SECOND;
    case 'F':
        return DNS_XFR_FULL;
    case '-':
        return DNS_XFR_DELETE;
    case '+':
        return DNS_XFR_ADD;
    case 'D':
        return DNS_XFR_DONE;
    default:
        return DNS_XFR_BROKEN;
    }
}

static struct dns_xfr follow(struct dns_xfr x, const struct response *response)
{
    const char *text = response->messages;
    static struct support_message s;

    for (size_t i = 0; response->states[i] != '\0'; i++) {
        struct dns_message m;

        text = build(&s, text);
        m = support_parse(&s);
        cr_expect_eq(dns_xfr_follow(&x, &m), state_of(response->states[i]), "%s: message %zu is %d",
                     response->messages, i, x.state);
    }
    cr_expect_eq(*text, '\0', "%s", response->messages);
    return x;
}

static void follow_all(uint16_t qtype, uint32_t client_serial, const struct response *responses)
{
    for (; responses->messages != NULL; responses++)
        follow(begin(qtype, client_serial), responses);
}

Test(dns_xfr, X1_axfr_ends_at_the_second_soa_of_the_zone)
{
    static const struct response responses[] = {
        {"S5 a S5", "D"},
        {"S5|a a|S5", "FFD"},
        {"S5 a|s5 a s9|a S5", "FFD"},
        {"S5 a|X5", "FD"},
        {"S5|S6", "FD"},
        {"S5 S5", "D"},
        {0},
    };

    follow_all(DNS_TYPE_AXFR, 0, responses);
}

Test(dns_xfr, X1_an_soa_of_another_class_neither_opens_nor_ends_a_transfer)
{
    static const struct response axfr[] = {
        {"S5 a C5 a|C5|S5", "FFD"}, {"S5|C5|S5", "FFD"}, {"C5 S5 a S5", "D"}, {"C5", "D"}, {0},
    };
    static const struct response ixfr[] = {
        {"S7|C7|S7", "SFD"},
        {"S7 S5 C7|S7 C7|S7", "-+D"},
        {"C5", "D"},
        {0},
    };

    follow_all(DNS_TYPE_AXFR, 0, axfr);
    follow_all(DNS_TYPE_IXFR, 5, ixfr);
}

Test(dns_xfr, X1_an_axfr_may_close_with_another_serial_which_is_remembered)
{
    static const struct response same = {"S5 a|S5", "FD"}, other = {"S5 a|S6", "FD"};
    static const struct response empty = {"S5 S6", "D"}, between = {"S5 a s6 a S5", "D"};

    cr_expect_not(follow(begin(DNS_TYPE_AXFR, 0), &same).serial_changed);
    cr_expect(follow(begin(DNS_TYPE_AXFR, 0), &other).serial_changed);
    cr_expect(follow(begin(DNS_TYPE_AXFR, 0), &empty).serial_changed);
    cr_expect_not(follow(begin(DNS_TYPE_AXFR, 0), &between).serial_changed);
}

Test(dns_xfr, X2_ixfr_ends_at_a_lone_soa_that_is_not_newer)
{
    static const struct response responses[] = {
        {"S5", "D"}, {"S4", "D"}, {"S6", "S"}, {"S5 a a|S5", "FD"}, {0},
    };

    follow_all(DNS_TYPE_IXFR, 5, responses);
}

Test(dns_xfr, X2_serials_compare_by_rfc_1982)
{
    static const struct response wrapped[] = {{"S1", "S"}, {"S4294967294", "D"}, {0}};

    follow_all(DNS_TYPE_IXFR, 4294967295, wrapped);
    cr_expect(dns_xfr_serial_newer(1, 0));
    cr_expect(dns_xfr_serial_newer(0, 4294967295));
    cr_expect(dns_xfr_serial_newer(2147483647, 0));
    cr_expect_not(dns_xfr_serial_newer(2147483649, 0));
    cr_expect_not(dns_xfr_serial_newer(0, 0));
    cr_expect_not(dns_xfr_serial_newer(2147483648, 0), "undefined, so not newer");
    cr_expect_not(dns_xfr_serial_newer(0, 2147483648));
}

Test(dns_xfr, X2_ixfr_may_be_answered_in_the_style_of_axfr)
{
    static const struct response responses[] = {
        {"S7 a a S7", "D"}, {"S7|a|a S7", "SFD"}, {"S7|S7", "SD"}, {"S7 s5 a|S7", "FD"}, {0},
    };

    follow_all(DNS_TYPE_IXFR, 5, responses);
}

Test(dns_xfr, X2_ixfr_ends_at_the_final_serial_that_closes_an_add_block)
{
    static const struct response responses[] = {
        {"S7 S5 a S7 a S7", "D"},
        {"S7 S5 S7 S7", "D"},
        {"S7|S5|a|S7|a|S7", "S--++D"},
        {"S7 S5 a S6 a|S6 a S7|a|S7", "++"
                                      "+D"},
        {"S7 S5 a|S6 a|S6 a|S7 a a|S7", "-+-+D"},
        {"S7 S5 s7 a|S7 s7|S7", "-+D"},
        {0},
    };

    follow_all(DNS_TYPE_IXFR, 5, responses);
}

Test(dns_xfr, X2_ixfr_with_a_serial_out_of_turn_is_broken)
{
    static const struct response responses[] = {
        {"S7 S4 a", "B"},
        {"S7|S6", "SB"},
        {"S7 S5 a S6 a S5", "B"},
        {"S7 S5 a|S6 a|S4", "-+B"},
        {"S7 S5 a|S6 a|S7", "-+B"},
        {"S12 S5 a S9 a S9 a S10 a S12", "B"},
        {"S7 S5 S7 a S5 a S7", "B"},
        {0},
    };

    follow_all(DNS_TYPE_IXFR, 5, responses);
}

Test(dns_xfr, X2_an_answer_without_the_soa_first_is_the_whole_response)
{
    static const struct response responses[] = {
        {"", "D"}, {"a", "D"}, {"a S5", "D"}, {"s5", "D"}, {"R", "D"}, {"R S5", "D"}, {0},
    };

    follow_all(DNS_TYPE_AXFR, 0, responses);
    follow_all(DNS_TYPE_IXFR, 5, responses);
}

Test(dns_xfr, X2_truncation_breaks_a_transfer)
{
    static const struct response responses[] = {{"T", "B"}, {"T S5", "B"}, {"S6|T a", "FB"}, {0}};

    follow_all(DNS_TYPE_AXFR, 0, responses);
}

Test(dns_xfr, X4_an_error_in_mid_stream_ends_the_transfer)
{
    static const struct response responses[] = {{"S5 a|R", "FD"}, {"S5 a|R a", "FD"}, {0}};

    follow_all(DNS_TYPE_AXFR, 0, responses);
}

Test(dns_xfr, P28_records_after_the_end_break_a_transfer)
{
    static const struct response axfr[] = {{"S5 a S5 a", "B"}, {"S5|S5 S5", "FB"}, {0}};
    static const struct response ixfr[] = {{"S7 S5 S7 S7 a", "B"}, {"S7 S5 S7 S7 S7", "B"}, {0}};

    follow_all(DNS_TYPE_AXFR, 0, axfr);
    follow_all(DNS_TYPE_IXFR, 5, ixfr);
}

Test(dns_xfr, P28_an_soa_that_does_not_parse_breaks_a_transfer)
{
    static const struct response responses[] = {{"Z", "B"}, {"S5 a|Z", "FB"}, {0}};

    follow_all(DNS_TYPE_AXFR, 0, responses);
}

Test(dns_xfr, X3_empty_messages_are_accepted_but_not_for_ever)
{
    static const struct response empty = {"", "F"}, more = {"a", "F"};
    static const struct response start = {"S5", "F"}, too_many = {"", "B"};
    struct dns_xfr x = follow(begin(DNS_TYPE_AXFR, 0), &start);

    for (unsigned i = 0; i < DNS_XFR_EMPTY_MAX; i++)
        x = follow(x, &empty);
    x = follow(x, &more);
    for (unsigned i = 0; i < DNS_XFR_EMPTY_MAX; i++)
        x = follow(x, &empty);
    follow(x, &too_many);
}

Test(dns_xfr, remembers_serial_and_number_of_messages)
{
    static const struct response first = {"S7", "S"}, rest = {"S5 a|S6 S6 S7|S7", "-+D"};
    struct dns_xfr x = begin(DNS_TYPE_IXFR, 5);

    cr_expect_not(x.has_serial);
    cr_expect_eq(x.client_serial, 5);
    x = follow(x, &first);
    cr_expect(x.has_serial);
    cr_expect_eq(x.soa.serial, 7);
    x = follow(x, &rest);
    cr_expect_eq(x.soa.serial, 7);
    cr_expect_eq(x.messages, 4);
}

Test(dns_xfr, an_ixfr_request_needs_the_soa_of_the_zone_in_authority)
{
    struct support_message s;
    struct dns_message request;
    struct dns_xfr x;

    support_header(&s, 1, 0);
    support_question(&s, "example.com", DNS_TYPE_IXFR);
    request = support_parse(&s);
    cr_expect_eq(dns_xfr_init(&x, &request), DNS_EFORMAT);
    support_soa(&s, DNS_AUTHORITY, "example.org", 5);
    request = support_parse(&s);
    cr_expect_eq(dns_xfr_init(&x, &request), DNS_EFORMAT);
    support_soa(&s, DNS_AUTHORITY, "Example.Com", 5);
    request = support_parse(&s);
    cr_expect_eq(dns_xfr_init(&x, &request), 0);
    cr_expect_eq(x.client_serial, 5);
}

Test(dns_xfr, the_serial_of_a_section_is_that_of_its_first_soa_of_the_zone)
{
    struct support_message s;
    struct dns_message m;
    uint32_t serial = 99;

    support_header(&s, 1, 0);
    support_question(&s, "example.com", DNS_TYPE_SOA);
    support_a(&s, DNS_ANSWER, "example.com");
    support_soa(&s, DNS_ANSWER, "sub.example.com", 1);
    m = support_parse(&s);
    cr_expect_not(dns_xfr_soa_serial(&m, DNS_ANSWER, &serial));
    cr_expect_eq(serial, 99);
    support_soa(&s, DNS_ANSWER, "example.com", 2);
    support_soa(&s, DNS_ANSWER, "example.com", 3);
    m = support_parse(&s);
    cr_expect(dns_xfr_soa_serial(&m, DNS_ANSWER, &serial));
    cr_expect_eq(serial, 2);
    cr_expect_not(dns_xfr_soa_serial(&m, DNS_AUTHORITY, &serial));
}

Test(dns_xfr, an_soa_whose_rdata_is_too_short_or_too_long_has_no_serial)
{
    struct support_message s;
    struct dns_message m;
    uint32_t serial;
    size_t at, names = strlen("ns.example.com") + strlen("hostmaster.example.com") + 4;

    support_header(&s, 1, 0);
    support_question(&s, "example.com", DNS_TYPE_SOA);
    at = support_soa(&s, DNS_ANSWER, "example.com", 2);
    for (size_t len = 0; len <= names + 21; len++) {
        size_t rdlength_at = at + strlen("example.com") + 2 + 8;

        dns_wire_set_u16_at(s.octets + rdlength_at, (uint16_t)len);
        s.len = rdlength_at + 2 + len;
        m = support_parse(&s);
        cr_expect_eq(dns_xfr_soa_serial(&m, DNS_ANSWER, &serial), len == names + 20, "%zu", len);
    }
}

/* The state at the end; behind the last message nothing may follow. */
static enum dns_xfr_state outcome(uint16_t qtype, const char *text)
{
    struct dns_xfr x = begin(qtype, 3);
    static struct support_message s;
    while (*text && x.state != DNS_XFR_BROKEN) {
        if (x.state == DNS_XFR_DONE)
            return DNS_XFR_BROKEN;
        text = build(&s, text);
        struct dns_message m = support_parse(&s);
        dns_xfr_follow(&x, &m);
    }
    return x.state;
}

Test(dns_xfr, it_does_not_matter_which_records_share_a_message)
{
    static const char *const kinds[] = {"a ", "a ", "a ", "s5", "C4", "S3", "S4", "S5", "X5"};
    for (unsigned i = 0; i < 20000; i++) {
        char some[64] = "S5", each[64] = "S5";
        uint16_t qtype = i % 2 ? DNS_TYPE_AXFR : DNS_TYPE_IXFR;
        for (int records = rand() % 8; records > 0; records--) {
            const char *kind = kinds[(size_t)rand() % (sizeof kinds / sizeof *kinds)];
            strcat(strcat(some, rand() % 4 ? " " : "|"), kind);
            strcat(strcat(each, "|"), kind);
        }
        cr_assert_eq(outcome(qtype, some), outcome(qtype, each), "%s", some);
    }
}
