#include "dns/zonemd.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "support.h"

#define MOST (1 << 20)

static struct support_message s;
static struct dns_zonemd z;

static void setup(void)
{
    struct dns_name zone = support_name("Example");
    dns_zonemd_init(&z, &zone, MOST);
}

static void teardown(void)
{
    dns_zonemd_fini(&z);
}

TestSuite(dns_zonemd, .init = setup, .fini = teardown);

static void begin(void)
{
    support_header(&s, 1, DNS_FLAG_QR);
    support_question(&s, "example", DNS_TYPE_AXFR);
}

static void add(const char *name, uint16_t type, uint32_t ttl, const void *rdata, size_t len)
{
    support_add(&s, &(struct support_record){.section = DNS_ANSWER,
                                             .name = name,
                                             .type = type,
                                             .ttl = ttl,
                                             .rdata = rdata,
                                             .rdata_len = (uint16_t)len});
}

#define ADD(name, type, ttl, rdata) add(name, type, ttl, rdata, sizeof(rdata) - 1)

static void add_zonemd(uint8_t serial, uint8_t scheme, uint8_t hash, const char *hex)
{
    uint8_t rdata[6 + DNS_ZONEMD_DIGEST_MAX] = {0, 0, 0, serial, scheme, hash};
    size_t len = strlen(hex) / 2;
    for (size_t i = 0; i < len; i++)
        sscanf(hex + 2 * i, "%2hhx", &rdata[6 + i]);
    add("EXAMPLE", 63, 3600, rdata, 6 + len);
}

static int take(void)
{
    struct dns_message m = support_parse(&s);
    return dns_zonemd_add(&z, &m);
}

static enum dns_zonemd_verdict verdict(void)
{
    enum dns_zonemd_verdict out;
    cr_assert_eq(dns_zonemd_verify(&z, &out), 0);
    return out;
}

/* RFC 8976 appendix A.1; the message compresses what it can. */
Test(dns_zonemd, verifies_the_simple_zone_of_the_rfc)
{
    static const uint8_t soa[] = "\3ns1\xc0\x0c\5admin\xc0\x0c\x78\x48\xb9\x1c\0\0\7\x08\0\0\3\x84"
                                 "\0\x09\x3a\x80\0\1\x51\x80";
    static const uint8_t zonemd[] =
        "\x78\x48\xb9\x1c\1\1"
        "\xc6\x80\x90\xd9\x0a\x7a\xed\x71\x6b\xc4\x59\xf9\x34\x0e\x3d\x7c\x13\x70\xd4\xd2\x4b\x7e"
        "\x2f\xc3\xa1\xdd\xc0\xb9\xa8\x71\x53\xb9\xa9\x71\x3b\x3c\x9a\xe5\xcc\x27\x77\x7f\x98\xb8"
        "\xe7\x30\x04\x4c";
    begin();
    ADD("example", 6, 86400, soa);
    ADD("ns2.example", 28, 3600, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x63");
    ADD("example", 2, 86400, "\3ns2\xc0\x0c");
    ADD("example", 2, 86400, "\3ns1\xc0\x0c");
    ADD("example", 63, 86400, zonemd);
    ADD("ns1.example", 1, 3600, "\xcb\0\x71\x3f");
    ADD("example", 6, 86400, soa);
    cr_assert_eq(take(), 0);
    cr_expect_eq(z.serial, 2018031900);
    cr_expect_eq(verdict(), DNS_ZONEMD_GOOD);
}

/* What another program computed of the same zone; its records come in two messages, in no order,
 * some twice, and in any case. */
static void add_mixed_zone(void)
{
    begin();
    support_soa(&s, DNS_ANSWER, "Example", 7);
    ADD("Z.example", 15, 3600, "\0\12\4Mail\7EXAMPLE\0");
    ADD("z.EXAMPLE", 15, 3600, "\0\5\4Mail\xc0\x0c");
    ADD("yljkjljk.a.example", 1, 3600, "\xc0\0\2\1");
    ADD("*.z.example", 1, 3600, "\xc0\0\2\1");
    ADD("odd.example", 65280, 60, "\xc0\x0c\0\1");
    ADD("a.example", 1, 300, "\xc0\0\2\2");
    cr_assert_eq(take(), 0);
    begin();
    ADD("z.example", 63, 60,
        "\0\0\0\7\1\1\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb"
        "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb"
        "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb"
        "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb");
    ADD("example", 2, 3600, "\1a\xc0\x0c");
    ADD("A.example", 1, 300, "\xc0\0\2\1");
    ADD("a.example", 1, 300, "\xc0\0\2\2");
    ADD("example", 2, 3600, "\2NS\7Example\0");
    ADD("a.example", 39, 60, "\1B\7Example\0");
    /* A signature over the ZONEMD is no part of it. */
    ADD("example", 46, 60, "\0\77\10\1\0\0\0\74\0\0\0\0\0\0\0\0\0\0\7example\0x");
    support_soa(&s, DNS_ANSWER, "example", 7);
    cr_assert_eq(take(), 0);
}

#define SHA384                                                                                     \
    "8016eb9b68a3919f079b107b5824dd1683a6740e73364fd1dbe20e997ec86e10"                             \
    "ead05d7840541a22f855bce5f342c821"
#define SHA512                                                                                     \
    "e5434446f897156ed8cf8ea41c874d68c050b205b752fd33b9a30292d7a621c8"                             \
    "1496120434e111fc7ce2a1f8a43b7f3c583aea572d73ef4ec2d04ca6cf7a07a2"

static void add_damaged(void)
{
    char digest[] = SHA384;
    digest[0] = '0';
    add_zonemd(7, 1, 1, digest);
}

Test(dns_zonemd, order_case_and_copies_do_not_matter)
{
    add_mixed_zone();
    begin();
    add_zonemd(7, 1, 1, SHA384);
    cr_assert_eq(take(), 0);
    cr_expect_eq(verdict(), DNS_ZONEMD_GOOD);
}

Test(dns_zonemd, either_hash_will_do)
{
    add_mixed_zone();
    begin();
    add_damaged();
    add_zonemd(7, 1, 2, SHA512);
    cr_assert_eq(take(), 0);
    cr_expect_eq(verdict(), DNS_ZONEMD_GOOD);
}

Test(dns_zonemd, a_record_more_is_another_zone)
{
    add_mixed_zone();
    begin();
    ADD("a.example", 1, 300, "\xc0\0\2\3");
    add_zonemd(7, 1, 1, SHA384);
    cr_assert_eq(take(), 0);
    cr_expect_eq(verdict(), DNS_ZONEMD_BAD);
}

Test(dns_zonemd, what_cannot_be_compared_is_told_apart)
{
    static const struct {
        uint8_t serial, scheme, hash;
        const char *digest;
        enum dns_zonemd_verdict verdict;
    } rows[] = {
        {8, 1, 1, SHA384, DNS_ZONEMD_OTHER_ZONE},  {7, 2, 1, SHA384, DNS_ZONEMD_UNSUPPORTED},
        {7, 1, 3, SHA384, DNS_ZONEMD_UNSUPPORTED}, {7, 1, 1, SHA512, DNS_ZONEMD_UNSUPPORTED},
        {7, 1, 2, SHA384, DNS_ZONEMD_UNSUPPORTED}, {7, 1, 1, "", DNS_ZONEMD_UNSUPPORTED},
    };
    cr_expect_eq(verdict(), DNS_ZONEMD_NONE);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        teardown();
        setup();
        add_mixed_zone();
        begin();
        add_zonemd(rows[i].serial, rows[i].scheme, rows[i].hash, rows[i].digest);
        cr_assert_eq(take(), 0);
        cr_expect_eq(verdict(), rows[i].verdict, "row %zu", i);
    }
}

/* RFC 8976 section 4: of two with the same scheme and hash neither counts. */
Test(dns_zonemd, two_of_a_kind_do_not_count)
{
    add_mixed_zone();
    begin();
    add_zonemd(7, 1, 1, SHA384);
    add_zonemd(7, 1, 1, SHA384);
    cr_assert_eq(take(), 0);
    cr_expect_eq(verdict(), DNS_ZONEMD_GOOD, "the same record twice is one");
    begin();
    add_damaged();
    cr_assert_eq(take(), 0);
    cr_expect_eq(verdict(), DNS_ZONEMD_UNSUPPORTED);
}

Test(dns_zonemd, the_same_digest_of_another_serial_is_another_claim)
{
    add_mixed_zone();
    begin();
    add_zonemd(6, 1, 1, SHA384);
    add_zonemd(7, 1, 1, SHA384);
    cr_assert_eq(take(), 0);
    cr_expect_eq(z.claim_count, 2);
    cr_expect_eq(verdict(), DNS_ZONEMD_UNSUPPORTED);
}

Test(dns_zonemd, a_zone_may_be_too_large)
{
    uint8_t text[200] = {199};
    struct dns_name zone = support_name("example");
    dns_zonemd_fini(&z);
    dns_zonemd_init(&z, &zone, 4096);
    int error = 0;
    for (int i = 0; i < 100000 && error == 0; i++) {
        begin();
        add("example", 16, 60, text, sizeof text);
        error = take();
    }
    cr_expect_eq(error, DNS_ESPACE);
    cr_expect_leq(z.len, 4096 + 300);
    cr_expect_lt(z.size, 1 << 20);
}

/* RDATA of 65,000 octets that begins with a pointer to a long name. */
Test(dns_zonemd, no_record_is_larger_than_one_can_be)
{
    static uint8_t rdata[65000];
    char name[250];
    memset(name, 'a', sizeof name);
    for (size_t i = 60; i < sizeof name; i += 61)
        name[i] = '.';
    name[243] = '\0';
    for (size_t len = 60000; len <= sizeof rdata; len += 100) {
        support_header(&s, 1, DNS_FLAG_QR);
        support_question(&s, name, DNS_TYPE_AXFR);
        memcpy(rdata, "\0\1\xc0\x0c", 4);
        add("example", 15, 60, rdata, len);
        ADD("example", 1, 60, "\xc0\0\2\1");
        int error = take();
        cr_expect(error == 0 || error == DNS_EFORMAT);
        if (error == 0)
            cr_expect_eq(verdict(), DNS_ZONEMD_NONE);
        teardown();
        setup();
    }
}

Test(dns_zonemd, names_that_do_not_parse_are_no_zone)
{
    begin();
    ADD("example", 15, 60, "\0\12\4Mail\xff\xff");
    cr_expect_eq(take(), DNS_EFORMAT);
    begin();
    ADD("example", 46, 60, "\0\1short");
    cr_expect_eq(take(), DNS_EFORMAT);
}
