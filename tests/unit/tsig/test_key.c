#include "support.h"
#include "tsig/key.h"

#include <criterion/criterion.h>
#include <openssl/crypto.h>
#include <string.h>

static int decode(const char *text, uint8_t out[TSIG_SECRET_MAX], size_t *len)
{
    return tsig_key_decode_secret(text, strlen(text), out, len);
}

Test(tsig_key, keeps_a_copy_of_the_secret_and_the_name_in_lower_case)
{
    struct dns_name name = support_name("XFR.Example");
    struct dns_name lower = support_name("xfr.example");
    struct dns_name wire = support_name("hmac-sha512-256");
    uint8_t secret[] = {1, 2, 3};
    struct tsig_key key;

    cr_assert_eq(tsig_key_init(&key, &name, tsig_algorithm_by_text("hmac-sha512-256"), secret, 3),
                 0);
    secret[0] = 9;
    cr_expect_eq(key.name.len, lower.len);
    cr_expect_arr_eq(key.name.octets, lower.octets, lower.len);
    cr_expect(dns_name_equal(&key.algorithm_name, &wire));
    cr_expect_eq(key.secret_len, 3);
    cr_expect_arr_eq(key.secret, ((uint8_t[]){1, 2, 3}), 3);
    cr_expect_eq(key.minimum_mac, 32, "the full size unless told otherwise");
    tsig_key_fini(&key);
    cr_expect_null(key.secret);
    tsig_key_fini(&key);
}

Test(tsig_key, decodes_base64_with_white_space)
{
    static const char *const texts[] = {"AQID/+8=", "  AQID\n/+8=\r\n", "AQ ID\t/+ 8="};
    uint8_t out[TSIG_SECRET_MAX];
    size_t len;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        len = 0;
        cr_assert_eq(decode(texts[i], out, &len), 0, "%s", texts[i]);
        cr_assert_eq(len, 5, "%s", texts[i]);
        cr_expect_arr_eq(out, ((uint8_t[]){1, 2, 3, 0xff, 0xef}), 5);
    }
}

Test(tsig_key, decodes_base64_of_every_padding)
{
    uint8_t out[TSIG_SECRET_MAX];
    size_t len;

    cr_assert_eq(decode("AQ==", out, &len), 0);
    cr_expect_eq(len, 1);
    cr_assert_eq(decode("AQI=", out, &len), 0);
    cr_expect_eq(len, 2);
    cr_assert_eq(decode("AQID", out, &len), 0);
    cr_expect_eq(len, 3);
}

Test(tsig_key, refuses_what_is_not_base64)
{
    static const char *const texts[] = {
        "",     " \n",  "A",    "AQ",       "AQI",      "AQ=",   "=",        "====",
        "A===", "AQ=A", "AR==", "AQ==AQ==", "AQID-_8=", "AQI\"", "AQID====", "AQID--==",
    };
    uint8_t out[TSIG_SECRET_MAX] = {7};
    size_t len = 99;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        cr_expect_eq(decode(texts[i], out, &len), DNS_EFORMAT, "'%s'", texts[i]);
    cr_expect_eq(tsig_key_decode_secret("AQ\0D", 4, out, &len), DNS_EFORMAT);
    cr_expect_eq(out[0], 7, "nothing is written on failure");
    cr_expect_eq(len, 99);
}

Test(tsig_key, secrets_have_a_greatest_length)
{
    uint8_t out[TSIG_SECRET_MAX];
    char text[1025] = {0};
    size_t len = 0;

    memset(text, 'A', 684);
    memcpy(text + 683, "=", 1);
    cr_expect_eq(decode(text, out, &len), 0, "512 octets");
    cr_expect_eq(len, 512);
    text[683] = 'A';
    cr_expect_eq(decode(text, out, &len), DNS_ESPACE, "513 octets");
    memset(text, 'A', 1024);
    cr_expect_eq(decode(text, out, &len), DNS_ESPACE);
    memset(text, 'A', 685);
    text[685] = 0;
    cr_expect_eq(decode(text, out, &len), DNS_ESPACE);
}

Test(tsig_key, secret_goes_to_the_secure_heap_and_without_room_to_ordinary_memory)
{
    struct tsig_key keys[64] = {0};
    const struct dns_name *name = &keys[0].name;
    const struct tsig_algorithm *algorithm = tsig_algorithm_by_text("hmac-sha256");
    uint8_t secret[32] = {1};
    struct tsig_key early;
    cr_assert_eq(tsig_key_init(&early, name, algorithm, secret, sizeof secret), 0);
    cr_assert(CRYPTO_secure_malloc_init(1024, 64));
    tsig_key_lock_up(&early);
    cr_expect(CRYPTO_secure_allocated(early.secret));
    size_t inside = 0;
    for (size_t i = 1; i < 64; i++) {
        cr_assert_eq(tsig_key_init(&keys[i], name, algorithm, secret, sizeof secret), 0);
        cr_expect_arr_eq(keys[i].secret, secret, sizeof secret);
        inside += (size_t)CRYPTO_secure_allocated(keys[i].secret);
    }
    cr_expect(inside > 0 && inside < 63, "%zu", inside);
    for (size_t i = 1; i < 64; i++)
        tsig_key_fini(&keys[i]);
    tsig_key_fini(&early);
    cr_expect_eq(CRYPTO_secure_used(), 0);
    cr_assert(CRYPTO_secure_malloc_done());
}
