#include "fixture.h"

#include <criterion/criterion.h>
#include <string.h>

static const uint8_t mac[32] = {0xaa, 0xbb};
static const uint8_t other[6] = {0, 0, 1, 2, 3, 4};

static struct tsig_record sample(void)
{
    return (struct tsig_record){
        .key_name = support_name("xfr.example"),
        .algorithm = support_name("hmac-sha256"),
        .time_signed = 0x123456789abc,
        .fudge = 300,
        .mac = mac,
        .mac_len = sizeof(mac),
        .original_id = 0xabcd,
        .error = TSIG_BADTIME,
        .other = other,
        .other_len = sizeof(other),
    };
}

/* Offsets in the sample's RDATA, which has 13 octets of algorithm name. */
enum { RDATA_AT_TYPE = 13, MAC_SIZE_AT = 13 + 8, OTHER_LEN_AT = 13 + 10 + 32 + 4 };

static void start(struct support_message *s)
{
    support_header(s, 1, 0);
    support_question(s, "xfr.example", DNS_TYPE_SOA);
}

static int decode(const struct support_message *s, struct tsig_record *out)
{
    struct dns_message m = support_parse(s);

    return tsig_record_decode(&m, out);
}

Test(tsig_record, errors_have_a_word)
{
    cr_expect_str_eq(tsig_record_error_text(TSIG_BADSIG), "BADSIG");
    cr_expect_str_eq(tsig_record_error_text(TSIG_BADKEY), "BADKEY");
    cr_expect_str_eq(tsig_record_error_text(TSIG_BADTIME), "BADTIME");
    cr_expect_str_eq(tsig_record_error_text(TSIG_BADTRUNC), "BADTRUNC");
    cr_expect_null(tsig_record_error_text(TSIG_NOERROR));
    cr_expect_null(tsig_record_error_text(19));
}

Test(tsig_record, what_is_encoded_decodes_to_the_same)
{
    struct tsig_record in = sample(), out;
    struct support_message s;
    size_t before;

    start(&s);
    before = s.len;
    fixture_append(&s, &in);
    cr_expect_eq(s.len - before, tsig_record_size(&in));
    cr_assert_eq(decode(&s, &out), 0);
    cr_expect(dns_name_equal(&out.key_name, &in.key_name));
    cr_expect(dns_name_equal(&out.algorithm, &in.algorithm));
    cr_expect_eq(out.time_signed, in.time_signed);
    cr_expect_eq(out.fudge, in.fudge);
    cr_assert_eq(out.mac_len, in.mac_len);
    cr_expect_arr_eq(out.mac, mac, sizeof(mac));
    cr_expect_eq(out.original_id, in.original_id);
    cr_expect_eq(out.error, in.error);
    cr_assert_eq(out.other_len, in.other_len);
    cr_expect_arr_eq(out.other, other, sizeof(other));
}

Test(tsig_record, the_greatest_record_has_the_size_that_the_header_promises)
{
    static const uint8_t longest_mac[TSIG_MAC_MAX];
    struct tsig_record record = sample();

    record.key_name.len = DNS_NAME_MAX;
    record.algorithm.len = DNS_NAME_MAX;
    record.mac = longest_mac;
    record.mac_len = TSIG_MAC_MAX;
    cr_expect_eq(tsig_record_size(&record), TSIG_RECORD_MAX);
}

Test(tsig_record, P8_key_name_may_be_compressed)
{
    struct tsig_record record = sample(), out;
    struct support_message s, plain;
    size_t rdata_at, rdata_len;

    start(&plain);
    rdata_at = plain.len + record.key_name.len + 10;
    fixture_append(&plain, &record);
    rdata_len = plain.len - rdata_at;
    start(&s);
    support_add(&s, &(struct support_record){.section = DNS_ADDITIONAL,
                                             .pointer = DNS_HEADER_SIZE,
                                             .type = DNS_TYPE_TSIG,
                                             .rclass = DNS_CLASS_ANY,
                                             .rdata = plain.octets + rdata_at,
                                             .rdata_len = (uint16_t)rdata_len});
    cr_assert_eq(decode(&s, &out), 0);
    cr_expect(dns_name_equal(&out.key_name, &record.key_name));
}

Test(tsig_record, P1_compressed_algorithm_name_is_refused)
{
    static const uint8_t rdata[] = {
        0xc0, DNS_HEADER_SIZE, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    struct tsig_record out;
    struct support_message s;

    start(&s);
    support_add(&s, &(struct support_record){.section = DNS_ADDITIONAL,
                                             .name = "k",
                                             .type = DNS_TYPE_TSIG,
                                             .rclass = DNS_CLASS_ANY,
                                             .rdata = rdata,
                                             .rdata_len = sizeof(rdata)});
    cr_expect_eq(decode(&s, &out), DNS_EFORMAT);
}

/* A record with one octet changed; `at` counts from the type, or from the RDATA. */
static int decode_changed(size_t at, bool in_rdata, uint8_t value)
{
    struct tsig_record record = sample(), out;
    struct support_message s;
    size_t type_at;

    start(&s);
    type_at = s.len + record.key_name.len;
    fixture_append(&s, &record);
    s.octets[type_at + (in_rdata ? 10 : 0) + at] = value;
    return decode(&s, &out);
}

Test(tsig_record, P1_class_other_than_any_is_refused)
{
    cr_expect_eq(decode_changed(3, false, DNS_CLASS_IN), DNS_EFORMAT);
    cr_expect_eq(decode_changed(3, false, DNS_CLASS_ANY), 0);
}

Test(tsig_record, P1_ttl_other_than_0_is_refused)
{
    cr_expect_eq(decode_changed(4, false, 1), DNS_EFORMAT);
    cr_expect_eq(decode_changed(7, false, 1), DNS_EFORMAT);
}

Test(tsig_record, P1_lengths_that_do_not_add_up_are_refused)
{
    cr_expect_eq(decode_changed(MAC_SIZE_AT + 1, true, 31), DNS_EFORMAT, "MAC Size too small");
    cr_expect_eq(decode_changed(MAC_SIZE_AT + 1, true, 33), DNS_EFORMAT, "MAC Size too great");
    cr_expect_eq(decode_changed(MAC_SIZE_AT, true, 0xff), DNS_EFORMAT, "MAC Size far too great");
    cr_expect_eq(decode_changed(OTHER_LEN_AT + 1, true, 5), DNS_EFORMAT, "Other Len too small");
    cr_expect_eq(decode_changed(OTHER_LEN_AT + 1, true, 7), DNS_EFORMAT, "Other Len too great");
}

Test(tsig_record, P1_rdata_cut_anywhere_is_refused)
{
    struct tsig_record record = sample(), out;
    struct support_message whole;
    size_t rdata_at;

    start(&whole);
    rdata_at = whole.len + record.key_name.len + 10;
    fixture_append(&whole, &record);
    for (size_t len = 0; rdata_at + len < whole.len; len++) {
        struct support_message s = whole;

        s.len = rdata_at + len;
        dns_wire_set_u16_at(s.octets + rdata_at - 2, (uint16_t)len);
        cr_expect_eq(decode(&s, &out), DNS_EFORMAT, "%zu", len);
    }
}

Test(tsig_record, P8_other_data_of_any_length_is_kept)
{
    static const uint8_t long_other[32] = {1};
    struct tsig_record record = sample(), out;
    struct support_message s;

    record.other = long_other;
    record.other_len = sizeof(long_other);
    start(&s);
    fixture_append(&s, &record);
    cr_assert_eq(decode(&s, &out), 0);
    cr_assert_eq(out.other_len, sizeof(long_other));
    cr_expect_arr_eq(out.other, long_other, sizeof(long_other));
}
