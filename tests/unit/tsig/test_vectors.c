/* Signing and verification against digests that were computed without this code. */
#include "../../vectors/tsig_vectors.h"
#include "fixture.h"
#include "tsig/verify.h"

#include <criterion/criterion.h>

#define VECTORS (sizeof(tsig_vectors) / sizeof(tsig_vectors[0]))

static const struct tsig_stamp now = {
    .time_signed = TSIG_VECTORS_NOW, .fudge = TSIG_VECTORS_FUDGE, .original_id = 0x1234};
static const struct tsig_stamp later = {
    .time_signed = TSIG_VECTORS_LATER, .fudge = TSIG_VECTORS_FUDGE, .original_id = 0x1234};

static void init(struct fixture *f, const struct tsig_vector *v)
{
    struct support_message secret;

    fixture_message(&secret, v->secret);
    fixture_init(f, TSIG_VECTORS_KEY_NAME, v->algorithm, secret.octets, secret.len);
}

/* Signs `plain` and compares all octets with `expected`. */
static void signs(struct fixture *f, struct tsig_chain *chain, const struct tsig_stamp *stamp,
                  const char *plain, const char *expected)
{
    struct support_message s, e;
    struct dns_writer tail;

    fixture_message(&s, plain);
    fixture_message(&e, expected);
    tail = dns_wire_writer(s.octets + s.len, sizeof(s.octets) - s.len);
    cr_assert_eq(tsig_sign(&f->mac, chain, stamp, s.octets, s.len, &tail), 0);
    cr_assert_eq(s.len + tail.at, e.len, "%s", f->key.algorithm->text);
    cr_expect_arr_eq(s.octets, e.octets, e.len, "%s", f->key.algorithm->text);
}

static enum tsig_verdict verdict(struct fixture *f, struct tsig_chain *chain, const char *hex)
{
    struct tsig_record record;
    struct support_message s;
    struct dns_message m;

    fixture_message(&s, hex);
    m = support_parse(&s);
    record = fixture_record(&m);
    return tsig_verify(&f->mac, chain, &m, &record,
                       (struct tsig_clock){TSIG_VECTORS_NOW, UINT16_MAX});
}

static void verifies(struct fixture *f, struct tsig_chain *chain, const char *hex)
{
    cr_expect_eq(verdict(f, chain, hex), TSIG_VERIFIED, "%s: %s", f->key.algorithm->text, hex);
}

Test(tsig_vectors, P12_P20_an_exchange_is_signed_as_expected)
{
    for (size_t i = 0; i < VECTORS; i++) {
        const struct tsig_vector *v = &tsig_vectors[i];
        struct tsig_chain chain = tsig_chain_request();
        struct fixture f;

        init(&f, v);
        signs(&f, &chain, &now, v->query, v->request);
        signs(&f, &chain, &now, v->first, v->response);
        signs(&f, &chain, &later, v->later, v->continuation);
        signs(&f, &chain, &later, v->last, v->final);
        fixture_fini(&f);
    }
}

Test(tsig_vectors, P12_P20_an_exchange_is_verified)
{
    for (size_t i = 0; i < VECTORS; i++) {
        const struct tsig_vector *v = &tsig_vectors[i];
        struct tsig_chain chain = tsig_chain_request();
        struct fixture f;

        init(&f, v);
        verifies(&f, &chain, v->request);
        verifies(&f, &chain, v->response);
        verifies(&f, &chain, v->continuation);
        verifies(&f, &chain, v->final);
        fixture_fini(&f);
    }
}

Test(tsig_vectors, P5_badtime_is_signed_over_the_server_time)
{
    for (size_t i = 0; i < VECTORS; i++) {
        const struct tsig_vector *v = &tsig_vectors[i];
        struct tsig_chain server = tsig_chain_request(), client = server;
        struct tsig_stamp stamp = now;
        struct fixture f;

        stamp.error = TSIG_BADTIME;
        stamp.has_server_time = true;
        stamp.server_time = TSIG_VECTORS_SERVER_TIME;
        init(&f, v);
        verifies(&f, &server, v->request);
        signs(&f, &server, &stamp, v->refused, v->badtime);
        verifies(&f, &client, v->request);
        verifies(&f, &client, v->badtime);
        fixture_fini(&f);
    }
}

Test(tsig_vectors, P8_original_id_and_canonical_key_name_enter_the_digest)
{
    for (size_t i = 0; i < VECTORS; i++) {
        struct tsig_chain chain = tsig_chain_request();
        struct fixture f;

        init(&f, &tsig_vectors[i]);
        verifies(&f, &chain, tsig_vectors[i].relayed);
        fixture_fini(&f);
    }
}

Test(tsig_vectors, P7_a_cut_request_mac_enters_the_response_as_sent)
{
    for (size_t i = 0; i < VECTORS; i++) {
        const struct tsig_vector *v = &tsig_vectors[i];
        struct tsig_chain server = tsig_chain_request(), client;
        struct fixture f;

        init(&f, v);
        f.key.minimum_mac = (uint8_t)v->least_mac;
        verifies(&f, &server, v->cut);
        client = server;
        signs(&f, &server, &now, v->first, v->cut_response);
        verifies(&f, &client, v->cut_response);
        fixture_fini(&f);
    }
}

Test(tsig_vectors, P6_a_cut_mac_is_badtrunc_unless_the_key_allows_it)
{
    for (size_t i = 0; i < VECTORS; i++) {
        const struct tsig_vector *v = &tsig_vectors[i];
        struct tsig_chain chain = tsig_chain_request();
        enum tsig_verdict expected;
        struct fixture f;

        init(&f, v);
        expected = f.key.algorithm->mac_size > v->least_mac ? TSIG_VERDICT_BADTRUNC : TSIG_VERIFIED;
        cr_expect_eq(verdict(&f, &chain, v->cut), expected, "%s", v->algorithm);
        fixture_fini(&f);
    }
}
