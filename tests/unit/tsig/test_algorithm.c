#include "support.h"
#include "tsig/algorithm.h"

#include <criterion/criterion.h>

struct expected {
    const char *text;
    const char *wire;
    size_t mac_size;
    size_t least;
    bool weak;
};

/* RFC 8945 section 6, table 3. */
static const struct expected expected[] = {
    {"hmac-md5", "hmac-md5.sig-alg.reg.int", 16, 10, true},
    {"hmac-sha1", "hmac-sha1", 20, 10, true},
    {"hmac-sha224", "hmac-sha224", 28, 14, false},
    {"hmac-sha256", "hmac-sha256", 32, 16, false},
    {"hmac-sha384", "hmac-sha384", 48, 24, false},
    {"hmac-sha512", "hmac-sha512", 64, 32, false},
    {"hmac-sha256-128", "hmac-sha256-128", 16, 16, false},
    {"hmac-sha384-192", "hmac-sha384-192", 24, 24, false},
    {"hmac-sha512-256", "hmac-sha512-256", 32, 32, false},
};

#define EXPECTED (sizeof(expected) / sizeof(expected[0]))

Test(tsig_algorithm, P12_knows_every_algorithm_of_the_rfc)
{
    for (size_t i = 0; i < EXPECTED; i++) {
        const struct expected *e = &expected[i];
        const struct tsig_algorithm *algorithm = tsig_algorithm_by_text(e->text);

        cr_assert_not_null(algorithm, "%s", e->text);
        cr_expect_str_eq(algorithm->text, e->text);
        cr_expect_str_eq(algorithm->wire, e->wire);
        cr_expect_eq(algorithm->mac_size, e->mac_size, "%s", e->text);
        cr_expect_eq(algorithm->weak, e->weak, "%s", e->text);
    }
}

Test(tsig_algorithm, P6_least_mac_is_half_the_hash_and_never_below_10)
{
    for (size_t i = 0; i < EXPECTED; i++)
        cr_expect_eq(tsig_algorithm_least_mac(tsig_algorithm_by_text(expected[i].text)),
                     expected[i].least, "%s", expected[i].text);
}

Test(tsig_algorithm, has_its_name_on_the_wire)
{
    for (size_t i = 0; i < EXPECTED; i++) {
        const struct tsig_algorithm *algorithm = tsig_algorithm_by_text(expected[i].text);
        struct dns_name wire = support_name(expected[i].wire);
        struct dns_name name;

        tsig_algorithm_name(algorithm, &name);
        cr_expect(dns_name_equal(&name, &wire), "%s", expected[i].text);
    }
}

Test(tsig_algorithm, case_does_not_matter)
{
    cr_expect_eq(tsig_algorithm_by_text("HMAC-Sha256"), tsig_algorithm_by_text("hmac-sha256"));
    cr_expect_eq(tsig_algorithm_by_text("HMAC-MD5.SIG-ALG.REG.INT"),
                 tsig_algorithm_by_text("hmac-md5"));
}

Test(tsig_algorithm, is_known_as_others_write_it)
{
    static const char *const texts[][2] = {
        {"hmac-sha256.", "hmac-sha256"},
        {"hmac_sha256", "hmac-sha256"},
        {"sha256", "hmac-sha256"},
        {"HmacSHA512", "hmac-sha512"},
        {"SHA384_192", "hmac-sha384-192"},
        {"HMAC_SHA512-256.", "hmac-sha512-256"},
        {"md5", "hmac-md5"},
        {"hmac-md5.", "hmac-md5"},
        {"hmac-md5.sig-alg.reg.int.", "hmac-md5"},
        {"HMAC_MD5.SIG_ALG.REG.INT", "hmac-md5"},
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        cr_expect_eq(tsig_algorithm_by_text(texts[i][0]), tsig_algorithm_by_text(texts[i][1]), "%s",
                     texts[i][0]);
}

Test(tsig_algorithm, refuses_what_is_none)
{
    static const char *const texts[] = {
        "",         "hmac",           "hmac-",        "hmac-.",        ".",
        "hmac-sha", "hmac-sha25",     "hmac--sha256", "hmac-sha256..", "hmac-sha2567",
        "gss-tsig", "hmac-sha256-80", "hmac.sha256",  "sha 256",       "sig-alg.reg.int",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        cr_expect_null(tsig_algorithm_by_text(texts[i]), "%s", texts[i]);
}

Test(tsig_algorithm, the_table_has_an_end)
{
    size_t count = 0;

    while (tsig_algorithm_at(count) != NULL)
        count++;
    cr_expect_eq(count, EXPECTED);
    cr_expect_null(tsig_algorithm_at(count + 1));
}

Test(tsig_algorithm, is_weaker_with_a_smaller_hash_or_the_same_and_a_shorter_mac)
{
    static const char *const texts[] = {
        "hmac-md5",        "hmac-sha1",   "hmac-sha224",     "hmac-sha256-128", "hmac-sha256",
        "hmac-sha384-192", "hmac-sha384", "hmac-sha512-256", "hmac-sha512",
    };

    cr_assert_eq(sizeof texts / sizeof texts[0], EXPECTED);
    for (size_t i = 0; i < EXPECTED; i++)
        for (size_t k = 0; k < EXPECTED; k++)
            cr_expect_eq(tsig_algorithm_is_weaker(tsig_algorithm_by_text(texts[i]),
                                                  tsig_algorithm_by_text(texts[k])),
                         i < k, "%s %s", texts[i], texts[k]);
}
