#include "fixture.h"
#include "tsig/chain.h"
#include "tsig/sign.h"

#include <criterion/criterion.h>
#include <string.h>

static const uint8_t request_mac[16] = {1, 2, 3, 4};
static const struct tsig_stamp stamp = {.time_signed = 1000, .fudge = 300, .original_id = 0x7777};
static struct fixture f;

static void init(void)
{
    fixture_init(&f, "xfr.example", "hmac-sha256", "secret", 6);
}

static void fini(void)
{
    fixture_fini(&f);
}

TestSuite(tsig_sign, .init = init, .fini = fini);

static void question(struct support_message *s)
{
    support_header(s, 0x1111, DNS_FLAG_QR);
    support_question(s, "example.com", DNS_TYPE_SOA);
}

/* Signs in place, as the daemon does with its message buffers. */
static struct tsig_record sign(struct support_message *s, struct tsig_chain *chain,
                               const struct tsig_stamp *with)
{
    struct dns_writer tail = dns_wire_writer(s->octets + s->len, sizeof(s->octets) - s->len);
    struct dns_message m;

    cr_assert_eq(tsig_sign(&f.mac, chain, with, s->octets, s->len, &tail), 0);
    s->len += tail.at;
    m = support_parse(s);
    return fixture_record(&m);
}

Test(tsig_sign, appends_a_record_with_key_and_stamp)
{
    struct tsig_chain chain = tsig_chain_request();
    struct tsig_record record;
    struct support_message s;
    size_t before;

    question(&s);
    support_opt(&s, 1232, NULL, 0);
    before = s.len;
    record = sign(&s, &chain, &stamp);
    cr_expect_eq(s.len - before, tsig_sign_room(&f.key));
    cr_expect_eq(support_parse(&s).count[DNS_ADDITIONAL], 2);
    cr_expect_eq(support_parse(&s).id, 0x1111, "the header keeps its ID");
    cr_expect(dns_name_equal(&record.key_name, &f.key.name));
    cr_expect(dns_name_equal(&record.algorithm, &f.key.algorithm_name));
    cr_expect_eq(record.time_signed, 1000);
    cr_expect_eq(record.fudge, 300);
    cr_expect_eq(record.original_id, 0x7777);
    cr_expect_eq(record.error, TSIG_NOERROR);
    cr_expect_eq(record.mac_len, 32);
    cr_expect_eq(record.other_len, 0);
}

Test(tsig_sign, P8_the_mac_does_not_depend_on_the_header_id)
{
    struct tsig_chain one = tsig_chain_request(), two = one;
    struct support_message s, t;
    struct tsig_record a, b;

    question(&s);
    question(&t);
    dns_wire_set_u16_at(t.octets, 0x2222);
    a = sign(&s, &one, &stamp);
    b = sign(&t, &two, &stamp);
    cr_expect_arr_eq(a.mac, b.mac, 32);
}

Test(tsig_sign, P5_server_time_goes_into_other_data)
{
    struct tsig_chain chain = chain_response(request_mac, sizeof(request_mac));
    struct tsig_stamp badtime = stamp;
    struct tsig_record record;
    struct support_message s;

    badtime.error = TSIG_BADTIME;
    badtime.has_server_time = true;
    badtime.server_time = 0x010203040506;
    question(&s);
    record = sign(&s, &chain, &badtime);
    cr_expect_eq(record.error, TSIG_BADTIME);
    cr_expect_eq(record.time_signed, 1000, "the client's time");
    cr_assert_eq(record.other_len, 6);
    cr_expect_arr_eq(record.other, ((uint8_t[]){1, 2, 3, 4, 5, 6}), 6);
}

Test(tsig_sign, the_chain_goes_from_request_to_response_to_continuation)
{
    struct tsig_chain chain = tsig_chain_request();
    struct tsig_record record;
    struct support_message s;

    cr_expect_eq(chain.form, TSIG_FORM_REQUEST);
    question(&s);
    record = sign(&s, &chain, &stamp);
    cr_expect_eq(chain.form, TSIG_FORM_RESPONSE);
    cr_assert_eq(chain.mac_len, 32);
    cr_expect_arr_eq(chain.mac, record.mac, 32);
    question(&s);
    record = sign(&s, &chain, &stamp);
    cr_expect_eq(chain.form, TSIG_FORM_CONTINUATION);
    cr_expect_arr_eq(chain.mac, record.mac, 32);
    question(&s);
    sign(&s, &chain, &stamp);
    cr_expect_eq(chain.form, TSIG_FORM_CONTINUATION);
}

Test(tsig_sign, P9_a_response_depends_on_the_request_mac_and_its_length)
{
    struct tsig_chain a = chain_response(request_mac, 16);
    struct tsig_chain b = chain_response(request_mac, 10);
    struct tsig_chain none = tsig_chain_request();
    struct support_message s, t, u;
    struct tsig_record x, y, z;

    question(&s);
    question(&t);
    question(&u);
    x = sign(&s, &a, &stamp);
    y = sign(&t, &b, &stamp);
    z = sign(&u, &none, &stamp);
    cr_expect_arr_neq(x.mac, y.mac, 32);
    cr_expect_arr_neq(x.mac, z.mac, 32);
}

Test(tsig_sign, P22_time_never_goes_back_within_a_response)
{
    struct tsig_chain chain = chain_response(request_mac, sizeof(request_mac));
    struct tsig_stamp back = stamp, on = stamp;
    struct support_message s;

    back.time_signed = 900;
    on.time_signed = 1001;
    question(&s);
    cr_expect_eq(sign(&s, &chain, &stamp).time_signed, 1000);
    question(&s);
    cr_expect_eq(sign(&s, &chain, &back).time_signed, 1000);
    question(&s);
    cr_expect_eq(sign(&s, &chain, &on).time_signed, 1001);
    question(&s);
    cr_expect_eq(sign(&s, &chain, &back).time_signed, 1001);
}

Test(tsig_sign, P22_the_time_of_the_request_does_not_hold_the_response)
{
    struct tsig_chain chain = tsig_chain_request();
    struct tsig_stamp earlier = stamp;
    struct support_message s;

    tsig_chain_advance(&chain, request_mac, sizeof(request_mac), 1200);
    question(&s);
    earlier.time_signed = 950;
    cr_expect_eq(sign(&s, &chain, &earlier).time_signed, 950);
}

Test(tsig_sign, without_room_for_the_record_nothing_changes)
{
    struct tsig_chain chain = chain_response(request_mac, sizeof(request_mac)), before = chain;
    size_t room = tsig_sign_room(&f.key);
    struct support_message s;
    struct dns_writer tail;

    question(&s);
    tail = dns_wire_writer(s.octets + s.len, room - 1);
    cr_expect_eq(tsig_sign(&f.mac, &chain, &stamp, s.octets, s.len, &tail), DNS_ESPACE);
    cr_expect_eq(tail.at, 0);
    cr_expect_eq(support_parse(&s).count[DNS_ADDITIONAL], 0);
    cr_expect_eq(chain.form, before.form);
    cr_expect_arr_eq(chain.mac, before.mac, sizeof(request_mac));
    tail = dns_wire_writer(s.octets + s.len, room);
    cr_expect_eq(tsig_sign(&f.mac, &chain, &stamp, s.octets, s.len, &tail), 0);
}

Test(tsig_sign, a_full_additional_section_takes_no_tsig)
{
    struct tsig_chain chain = tsig_chain_request();
    struct support_message s;
    struct dns_writer tail;

    question(&s);
    dns_wire_set_u16_at(s.octets + DNS_ARCOUNT_AT, UINT16_MAX);
    tail = dns_wire_writer(s.octets + s.len, TSIG_RECORD_MAX);
    cr_expect_eq(tsig_sign(&f.mac, &chain, &stamp, s.octets, s.len, &tail), DNS_ESPACE);
    cr_expect_eq(dns_wire_u16_at(s.octets + DNS_ARCOUNT_AT), UINT16_MAX);
    cr_expect_eq(chain.form, TSIG_FORM_REQUEST);
}

Test(tsig_sign, P3_P4_an_unsigned_error_names_the_request_key_and_has_no_mac)
{
    struct tsig_record request = {
        .key_name = support_name("Unknown.Example"),
        .algorithm = support_name("hmac-sha999"),
        .time_signed = 5,
        .mac = request_mac,
        .mac_len = sizeof(request_mac),
    };
    struct tsig_stamp badkey = stamp;
    struct tsig_record record;
    struct support_message s;
    struct dns_writer tail;
    struct dns_message m;

    badkey.error = TSIG_BADKEY;
    question(&s);
    tail = dns_wire_writer(s.octets + s.len, TSIG_RECORD_MAX);
    cr_assert_eq(tsig_sign_unsigned(&request, &badkey, s.octets, &tail), 0);
    s.len += tail.at;
    m = support_parse(&s);
    record = fixture_record(&m);
    cr_expect_arr_eq(record.key_name.octets, request.key_name.octets, request.key_name.len);
    cr_expect(dns_name_equal(&record.algorithm, &request.algorithm));
    cr_expect_eq(record.mac_len, 0);
    cr_expect_eq(record.error, TSIG_BADKEY);
    cr_expect_eq(record.time_signed, 1000);
    cr_expect_eq(record.fudge, 300);
    cr_expect_eq(record.original_id, 0x7777);
    cr_expect_eq(record.other_len, 0);
}
