#include "fixture.h"

#include <criterion/criterion.h>
#include <string.h>

static void digest(struct tsig_mac *mac, const char *text, uint8_t out[TSIG_MAC_MAX])
{
    tsig_mac_begin(mac);
    tsig_mac_update(mac, (const uint8_t *)text, strlen(text));
    cr_assert_eq(tsig_mac_end(mac, out), 0);
}

/* RFC 4231 section 4.3 and RFC 2202 sections 2 and 3, test case 2. */
static const char *const jefe[][2] = {
    {"hmac-md5", "750c783e6ab0b503eaa86e310a5db738"},
    {"hmac-sha1", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
    {"hmac-sha224", "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44"},
    {"hmac-sha256", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {"hmac-sha384", "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
                    "8e2240ca5e69e2c78b3239ecfab21649"},
    {"hmac-sha512", "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
                    "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"},
    {"hmac-sha256-128", "5bdcc146bf60754e6a042426089575c7"},
    {"hmac-sha384-192", "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47"},
    {"hmac-sha512-256", "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"},
};

Test(tsig_mac, P12_agrees_with_the_published_vectors)
{
    for (size_t i = 0; i < sizeof(jefe) / sizeof(jefe[0]); i++) {
        struct support_message expected;
        uint8_t out[TSIG_MAC_MAX];
        struct fixture f;

        fixture_message(&expected, jefe[i][1]);
        fixture_init(&f, "k", jefe[i][0], "Jefe", 4);
        digest(&f.mac, "what do ya want for nothing?", out);
        cr_assert_eq(expected.len, f.key.algorithm->mac_size, "%s", jefe[i][0]);
        cr_expect_arr_eq(out, expected.octets, expected.len, "%s", jefe[i][0]);
        fixture_fini(&f);
    }
}

Test(tsig_mac, each_digest_begins_anew)
{
    uint8_t first[TSIG_MAC_MAX], other[TSIG_MAC_MAX], again[TSIG_MAC_MAX];
    struct fixture f;

    fixture_init(&f, "k", "hmac-sha256", "Jefe", 4);
    digest(&f.mac, "one", first);
    digest(&f.mac, "two", other);
    tsig_mac_begin(&f.mac);
    tsig_mac_update(&f.mac, (const uint8_t *)"left over", 9);
    digest(&f.mac, "one", again);
    cr_expect_arr_eq(first, again, 32);
    cr_expect_arr_neq(first, other, 32);
    fixture_fini(&f);
}

Test(tsig_mac, pieces_make_the_same_digest_as_the_whole)
{
    uint8_t whole[TSIG_MAC_MAX], pieces[TSIG_MAC_MAX];
    struct fixture f;

    fixture_init(&f, "k", "hmac-sha512", "Jefe", 4);
    digest(&f.mac, "abcdef", whole);
    tsig_mac_begin(&f.mac);
    tsig_mac_update(&f.mac, (const uint8_t *)"abc", 3);
    tsig_mac_update(&f.mac, NULL, 0);
    tsig_mac_update(&f.mac, (const uint8_t *)"def", 3);
    cr_assert_eq(tsig_mac_end(&f.mac, pieces), 0);
    cr_expect_arr_eq(whole, pieces, 64);
    fixture_fini(&f);
}

Test(tsig_mac, a_copy_digests_by_itself)
{
    uint8_t one[TSIG_MAC_MAX], two[TSIG_MAC_MAX], out[TSIG_MAC_MAX];
    struct tsig_mac fresh, midway, after;
    struct fixture f;

    fixture_init(&f, "k", "hmac-sha256", "Jefe", 4);
    cr_assert_eq(tsig_mac_copy(&fresh, &f.mac), 0);
    digest(&f.mac, "one", one);
    digest(&f.mac, "two", two);
    cr_assert_eq(tsig_mac_copy(&after, &f.mac), 0);
    tsig_mac_begin(&f.mac);
    tsig_mac_update(&f.mac, (const uint8_t *)"o", 1);
    cr_assert_eq(tsig_mac_copy(&midway, &f.mac), 0);
    digest(&midway, "two", out);
    cr_expect_arr_eq(out, two, 32, "begun anew, not where the other was");
    tsig_mac_update(&f.mac, (const uint8_t *)"ne", 2);
    cr_assert_eq(tsig_mac_end(&f.mac, out), 0);
    cr_expect_arr_eq(out, one, 32, "the other goes on undisturbed");
    tsig_mac_fini(&f.mac);
    digest(&fresh, "one", out);
    cr_expect_arr_eq(out, one, 32);
    digest(&after, "two", out);
    cr_expect_arr_eq(out, two, 32);
    cr_expect_eq(after.key, &f.key);
    tsig_mac_fini(&fresh);
    tsig_mac_fini(&midway);
    tsig_mac_fini(&after);
    fixture_fini(&f);
}

Test(tsig_mac, a_hash_that_openssl_does_not_know_is_an_error)
{
    static const struct tsig_algorithm unknown = {
        .text = "hmac-none", .wire = "hmac-none", .digest = "NONE", .hash_size = 1, .mac_size = 1};
    struct dns_name name = support_name("k");
    struct tsig_mac mac = {0};
    struct tsig_key key;

    cr_expect(!tsig_mac_is_offered(&unknown));
    for (size_t i = 0; tsig_algorithm_at(i); i++)
        cr_expect(tsig_mac_is_offered(tsig_algorithm_at(i)), "%s", tsig_algorithm_at(i)->text);
    cr_assert_eq(tsig_key_init(&key, &name, &unknown, (const uint8_t *)"x", 1), 0);
    cr_expect_eq(tsig_mac_init(&mac, &key), DNS_ECRYPTO);
    cr_expect_null(mac.ctx);
    tsig_mac_fini(&mac);
    tsig_key_fini(&key);
}
