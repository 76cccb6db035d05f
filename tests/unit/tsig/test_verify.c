#include "fixture.h"
#include "tsig/chain.h"
#include "tsig/verify.h"

#include <criterion/criterion.h>
#include <string.h>

#define NOW 100000

static unsigned our_fudge = UINT16_MAX;

static const struct tsig_stamp stamp = {.time_signed = NOW, .fudge = 300, .original_id = 0x1111};
static struct fixture f;
static struct support_message request; /* signed with f at NOW; 2 additional records before */
static size_t tsig_at;

static void init(void)
{
    struct tsig_chain chain = tsig_chain_request();
    struct dns_writer tail;

    fixture_init(&f, "xfr.example", "hmac-sha256", "secret", 6);
    support_header(&request, 0x1111, 0);
    support_question(&request, "example.com", DNS_TYPE_SOA);
    support_a(&request, DNS_ADDITIONAL, "a.example.com");
    support_opt(&request, 1232, NULL, 0);
    tsig_at = request.len;
    tail = dns_wire_writer(request.octets + request.len, TSIG_RECORD_MAX);
    cr_assert_eq(tsig_sign(&f.mac, &chain, &stamp, request.octets, request.len, &tail), 0);
    request.len += tail.at;
}

static void fini(void)
{
    fixture_fini(&f);
}

TestSuite(tsig_verify, .init = init, .fini = fini);

static enum tsig_verdict verify_with(struct tsig_chain *chain, const struct support_message *s,
                                     uint64_t now)
{
    struct dns_message m = support_parse(s);
    struct tsig_record record = fixture_record(&m);

    return tsig_verify(&f.mac, chain, &m, &record, (struct tsig_clock){now, our_fudge});
}

static enum tsig_verdict verify(const struct support_message *s, uint64_t now)
{
    struct tsig_chain chain = tsig_chain_request();

    return verify_with(&chain, s, now);
}

/* The record of `request`, to be altered and put back by `replace`. */
static struct tsig_record taken(void)
{
    struct dns_message m = support_parse(&request);

    return fixture_record(&m);
}

static void replace(struct support_message *s, const struct tsig_record *record)
{
    *s = request;
    s->len = tsig_at;
    dns_wire_set_u16_at(s->octets + DNS_ARCOUNT_AT, 2);
    fixture_append(s, record);
}

Test(tsig_verify, a_good_request_verifies_and_its_mac_enters_the_chain)
{
    struct tsig_chain chain = tsig_chain_request();
    struct tsig_record record = taken();

    cr_assert_eq(verify_with(&chain, &request, NOW), TSIG_VERIFIED);
    cr_expect_eq(chain.form, TSIG_FORM_RESPONSE);
    cr_assert_eq(chain.mac_len, 32);
    cr_expect_arr_eq(chain.mac, record.mac, 32);
    cr_expect_eq(chain.time_signed, NOW);
}

Test(tsig_verify, P3_another_key_name_or_algorithm_is_badkey)
{
    struct tsig_record record = taken();
    struct support_message s;

    record.key_name = support_name("other.example");
    replace(&s, &record);
    cr_expect_eq(verify(&s, NOW), TSIG_VERDICT_BADKEY);
    record = taken();
    record.algorithm = support_name("hmac-sha256-128");
    replace(&s, &record);
    cr_expect_eq(verify(&s, NOW), TSIG_VERDICT_BADKEY);
}

Test(tsig_verify, P4_any_changed_octet_of_the_message_is_badsig)
{
    struct tsig_record record = taken();

    for (size_t at = 2; at < tsig_at; at++) {
        struct support_message s = request;
        struct dns_message m = support_parse(&request);
        struct tsig_chain chain = tsig_chain_request();

        if (at == 10 || at == 11)
            continue; /* ARCOUNT is what the parse says */
        s.octets[at] ^= 0x01;
        m.octets = s.octets;
        cr_expect_eq(tsig_verify(&f.mac, &chain, &m, &record, (struct tsig_clock){NOW, 300}),
                     TSIG_VERDICT_BADSIG, "%zu", at);
        cr_expect_eq(chain.form, TSIG_FORM_REQUEST, "a bad MAC never enters the chain");
        cr_expect_eq(chain.mac_len, 0);
    }
}

Test(tsig_verify, P8_header_id_is_not_covered_but_original_id_is)
{
    struct tsig_record record = taken();
    struct support_message s = request;

    dns_wire_set_u16_at(s.octets, 0x2222);
    cr_expect_eq(verify(&s, NOW), TSIG_VERIFIED);
    record.original_id ^= 1;
    replace(&s, &record);
    cr_expect_eq(verify(&s, NOW), TSIG_VERDICT_BADSIG);
}

Test(tsig_verify, P4_any_changed_octet_of_the_mac_is_badsig)
{
    struct tsig_record good = taken();

    for (size_t at = 0; at < 32; at++) {
        struct tsig_record record = good;
        struct support_message s;
        uint8_t mac[32];

        memcpy(mac, good.mac, 32);
        mac[at] ^= 0x80;
        record.mac = mac;
        replace(&s, &record);
        cr_expect_eq(verify(&s, NOW), TSIG_VERDICT_BADSIG, "%zu", at);
    }
}

Test(tsig_verify, P4_any_changed_variable_is_badsig)
{
    static const uint8_t other[1] = {0};
    struct tsig_record changed[4];
    struct support_message s;

    for (size_t i = 0; i < 4; i++)
        changed[i] = taken();
    changed[0].time_signed++;
    changed[1].fudge++;
    changed[2].error = TSIG_BADSIG;
    changed[3].other = other;
    changed[3].other_len = 1;
    for (size_t i = 0; i < 4; i++) {
        replace(&s, &changed[i]);
        cr_expect_eq(verify(&s, NOW), TSIG_VERDICT_BADSIG, "%zu", i);
    }
}

Test(tsig_verify, P4_another_secret_is_badsig)
{
    fixture_fini(&f);
    fixture_init(&f, "xfr.example", "hmac-sha256", "Secret", 6);
    cr_expect_eq(verify(&request, NOW), TSIG_VERDICT_BADSIG);
}

Test(tsig_verify, P5_time_outside_fudge_is_badtime)
{
    cr_expect_eq(verify(&request, NOW - 300), TSIG_VERIFIED);
    cr_expect_eq(verify(&request, NOW + 300), TSIG_VERIFIED);
    cr_expect_eq(verify(&request, NOW - 301), TSIG_VERDICT_BADTIME);
    cr_expect_eq(verify(&request, NOW + 301), TSIG_VERDICT_BADTIME);
    cr_expect_eq(verify(&request, 0), TSIG_VERDICT_BADTIME);
    cr_expect_eq(verify(&request, UINT64_MAX), TSIG_VERDICT_BADTIME);
}

Test(tsig_verify, P5_the_senders_fudge_counts_for_ours_at_most)
{
    our_fudge = 10;
    cr_expect_eq(verify(&request, NOW + 10), TSIG_VERIFIED);
    cr_expect_eq(verify(&request, NOW - 10), TSIG_VERIFIED);
    cr_expect_eq(verify(&request, NOW + 11), TSIG_VERDICT_BADTIME);
    cr_expect_eq(verify(&request, NOW - 11), TSIG_VERDICT_BADTIME);
}

Test(tsig_verify, P5_badtime_advances_the_chain_since_its_answer_is_signed)
{
    struct tsig_chain chain = tsig_chain_request();

    cr_assert_eq(verify_with(&chain, &request, NOW + 301), TSIG_VERDICT_BADTIME);
    cr_expect_eq(chain.form, TSIG_FORM_RESPONSE);
    cr_expect_eq(chain.mac_len, 32);
}

Test(tsig_verify, P2_bad_mac_with_bad_time_is_badsig)
{
    struct support_message s = request;

    s.octets[tsig_at - 12] ^= 1; /* the end of the A record, before OPT */
    cr_expect_eq(verify(&s, NOW + 301), TSIG_VERDICT_BADSIG);
}

static enum tsig_verdict cut_to(uint16_t len, uint64_t now, struct tsig_chain *chain)
{
    struct tsig_record record = taken();
    uint8_t mac[80] = {0};
    struct support_message s;

    memcpy(mac, record.mac, 32);
    record.mac = mac;
    record.mac_len = len;
    replace(&s, &record);
    *chain = tsig_chain_request();
    return verify_with(chain, &s, now);
}

Test(tsig_verify, P6_illegal_mac_lengths_are_formerr)
{
    static const uint16_t illegal[] = {0, 1, 9, 10, 15, 33, 64, 80};
    struct tsig_chain chain;

    f.key.minimum_mac = 0;
    for (size_t i = 0; i < sizeof(illegal) / sizeof(illegal[0]); i++) {
        cr_expect_eq(cut_to(illegal[i], NOW, &chain), TSIG_VERDICT_FORMERR, "%u", illegal[i]);
        cr_expect_eq(chain.form, TSIG_FORM_REQUEST);
    }
}

Test(tsig_verify, P6_a_mac_as_long_as_the_hash_is_too_long_for_a_cut_algorithm)
{
    static const uint8_t mac[32];
    struct tsig_record record = taken();
    struct support_message s;

    fixture_fini(&f);
    fixture_init(&f, "xfr.example", "hmac-sha256-128", "secret", 6);
    record.algorithm = f.key.algorithm_name;
    record.mac = mac;
    record.mac_len = 17;
    replace(&s, &record);
    cr_expect_eq(verify(&s, NOW), TSIG_VERDICT_FORMERR);
    record.mac_len = 16;
    replace(&s, &record);
    cr_expect_eq(verify(&s, NOW), TSIG_VERDICT_BADSIG);
}

Test(tsig_verify, P6_legal_but_cut_is_badtrunc_unless_the_key_allows_it)
{
    struct tsig_chain chain;

    cr_expect_eq(cut_to(31, NOW, &chain), TSIG_VERDICT_BADTRUNC);
    cr_expect_eq(cut_to(16, NOW, &chain), TSIG_VERDICT_BADTRUNC);
    cr_expect_eq(chain.form, TSIG_FORM_RESPONSE, "its answer is signed");
    cr_expect_eq(chain.mac_len, 16, "P7: as sent");
    f.key.minimum_mac = 20;
    cr_expect_eq(cut_to(19, NOW, &chain), TSIG_VERDICT_BADTRUNC);
    cr_expect_eq(cut_to(20, NOW, &chain), TSIG_VERIFIED);
}

Test(tsig_verify, P2_time_is_judged_before_truncation)
{
    struct tsig_chain chain;

    cr_expect_eq(cut_to(16, NOW + 301, &chain), TSIG_VERDICT_BADTIME);
}

Test(tsig_verify, P2_a_cut_mac_that_is_bad_is_badsig)
{
    struct tsig_record record = taken();
    static const uint8_t mac[16];
    struct support_message s;

    record.mac = mac;
    record.mac_len = sizeof(mac);
    replace(&s, &record);
    cr_expect_eq(verify(&s, NOW), TSIG_VERDICT_BADSIG);
}

Test(tsig_verify, P10_a_time_earlier_than_the_last_one_is_accepted_within_fudge)
{
    cr_expect_eq(verify(&request, NOW + 200), TSIG_VERIFIED);
    cr_expect_eq(verify(&request, NOW), TSIG_VERIFIED);
}

Test(tsig_verify, P20_the_order_of_messages_is_part_of_the_digest)
{
    struct tsig_chain signer = chain_response((const uint8_t *)"0123456789", 10);
    struct tsig_chain start = signer, chain;
    struct support_message s[3];

    for (size_t i = 0; i < 3; i++) {
        struct dns_writer tail;

        support_header(&s[i], 0x1111, DNS_FLAG_QR);
        tail = dns_wire_writer(s[i].octets + s[i].len, TSIG_RECORD_MAX);
        cr_assert_eq(tsig_sign(&f.mac, &signer, &stamp, s[i].octets, s[i].len, &tail), 0);
        s[i].len += tail.at;
    }
    chain = start;
    cr_expect_eq(verify_with(&chain, &s[0], NOW), TSIG_VERIFIED);
    cr_expect_eq(verify_with(&chain, &s[2], NOW), TSIG_VERDICT_BADSIG, "one left out");
    cr_expect_eq(verify_with(&chain, &s[0], NOW), TSIG_VERDICT_BADSIG, "one repeated");
    cr_expect_eq(verify_with(&chain, &s[1], NOW), TSIG_VERIFIED);
    cr_expect_eq(verify_with(&chain, &s[2], NOW), TSIG_VERIFIED);
    chain = chain_response((const uint8_t *)"0123456780", 10);
    cr_expect_eq(verify_with(&chain, &s[0], NOW), TSIG_VERDICT_BADSIG, "another request");
}
