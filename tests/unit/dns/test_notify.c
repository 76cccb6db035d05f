#include "dns/notify.h"

#include <criterion/criterion.h>
#include <string.h>

#include "support.h"

static struct support_message in, out;

TestSuite(dns_notify);

static struct dns_message rewrite(void)
{
    struct dns_message m = support_parse(&in);
    struct dns_writer w = dns_wire_writer(out.octets, DNS_NOTIFY_MAX);
    cr_assert(dns_notify_write(&m, &w));
    out.len = w.at;
    return support_parse(&out);
}

static void begin(void)
{
    support_header(&in, 0x1234, DNS_OPCODE_NOTIFY << 11 | DNS_FLAG_AA);
    support_question(&in, "Example.com", DNS_TYPE_SOA);
}

Test(dns_notify, a_plain_one_stays_as_it_is)
{
    begin();
    support_soa(&in, DNS_ANSWER, "example.com", 7);
    rewrite();
    cr_assert_eq(out.len, in.len);
    cr_expect_arr_eq(out.octets, in.octets, in.len);
}

Test(dns_notify, without_a_hint_there_is_none)
{
    uint32_t serial;
    begin();
    struct dns_message m = rewrite();
    cr_expect_eq(m.count[DNS_ANSWER], 0);
    cr_expect_not(dns_notify_serial(&m, &serial));
    cr_expect_arr_eq(out.octets, in.octets, in.len);
}

Test(dns_notify, X7_what_says_nothing_stays_behind)
{
    uint32_t serial;
    begin();
    support_a(&in, DNS_ANSWER, "www.example.com");
    support_soa(&in, DNS_ANSWER, "sub.example.com", 5);
    support_soa(&in, DNS_ANSWER, "example.com", 7);
    support_a(&in, DNS_AUTHORITY, "ns.example.com");
    support_a(&in, DNS_ADDITIONAL, "ns.example.com");
    support_opt(&in, 1232, (const uint8_t[]){0, 3, 0, 1, 9}, 5);
    struct dns_message m = rewrite();
    cr_expect_eq(m.count[DNS_ANSWER], 1);
    cr_expect(dns_notify_serial(&m, &serial));
    cr_expect_eq(serial, 7);
    cr_expect_eq(m.count[DNS_AUTHORITY], 0);
    cr_expect_eq(m.count[DNS_ADDITIONAL], 1);
    cr_expect_eq(m.opt_len, 11);
    cr_expect_eq(m.opt_payload, 1232);
    cr_expect_eq(m.id, 0x1234);
    cr_expect_eq(m.flags, DNS_OPCODE_NOTIFY << 11 | DNS_FLAG_AA);
}

Test(dns_notify, a_soa_whose_rdata_is_none_is_no_hint)
{
    static const uint8_t rdata[200];
    begin();
    support_add(&in, &(struct support_record){.section = DNS_ANSWER,
                                              .name = "example.com",
                                              .type = DNS_TYPE_SOA,
                                              .rdata = rdata,
                                              .rdata_len = sizeof rdata});
    cr_expect_eq(rewrite().count[DNS_ANSWER], 0);
}

/* 253 octets of text, and all its names written in full. */
Test(dns_notify, M3_the_longest_has_room)
{
    static const uint8_t soa[] = {
        0, 6, 0, 1, 0, 0, 0, 0, (2 * 255 + 20) >> 8, (2 * 255 + 20) & 255};
    uint8_t name[255] = {63};
    for (size_t i = 64; i < 192; i += 64)
        name[i] = 63;
    name[192] = 61;
    for (size_t i = 0; i < 254; i++)
        name[i] = name[i] ? name[i] : 'a';
    support_header(&in, 0x1234, DNS_OPCODE_NOTIFY << 11 | DNS_FLAG_AA);
    in.octets[5] = in.octets[7] = 1;
    const struct {
        const void *octets;
        size_t len;
    } parts[] = {{name, 255},       {"\0\6\0\1", 4}, {name, 255},
                 {soa, sizeof soa}, {name, 255},     {name, 255}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        memcpy(in.octets + in.len, parts[i].octets, parts[i].len);
        in.len += parts[i].len;
    }
    memset(in.octets + in.len, 0, 20);
    in.len += 20;
    support_opt(&in, 1232, NULL, 0);
    struct dns_message m = rewrite();
    cr_expect_eq(m.count[DNS_ANSWER], 1);
}
