#include "support.h"
#include "tsig/key.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
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

static int parse(const char *text, struct tsig_key_file *out, const char **problem)
{
    *problem = NULL;
    return tsig_key_parse_file(text, strlen(text), out, problem);
}

struct good_file {
    const char *text;
    const char *algorithm;
    unsigned minimum_mac;
};

/* All of them hold the key xfr.example with the secret 1, 2, 3. */
static const struct good_file good_files[] = {
    {"key \"xfr.example\" {\n\talgorithm hmac-sha256;\n\tsecret \"AQID\";\n};\n", "hmac-sha256", 0},
    {"key xfr.example. { secret AQID; algorithm \"hmac-sha1\"; };", "hmac-sha1", 0},
    {"KEY XFR.example{Algorithm HMAC-MD5;Secret \"AQ ID\";};", "hmac-md5", 0},
    {"key xfr.example { algorithm hmac-md5.sig-alg.reg.int; secret AQID; };", "hmac-md5", 0},
    {"# one\n// two\n/* three\n */key/**/xfr.example # four\n{ algorithm hmac-sha512; // five\n"
     "secret /* six */ \"AQID\" ; } ; # seven",
     "hmac-sha512", 0},
    /* M8: BIND's hmac-H-N */
    {"key xfr.example { algorithm hmac-sha256-128; secret AQID; };", "hmac-sha256", 16},
    {"key xfr.example { algorithm hmac-sha512-256; secret AQID; };", "hmac-sha512", 32},
    {"key xfr.example { algorithm HMAC-SHA1-80; secret AQID; };", "hmac-sha1", 10},
    {"key xfr.example { algorithm hmac-md5-96; secret AQID; };", "hmac-md5", 12},
};

Test(tsig_key, reads_bind_key_files)
{
    struct dns_name name = support_name("xfr.example");

    for (size_t i = 0; i < sizeof(good_files) / sizeof(good_files[0]); i++) {
        const struct good_file *good = &good_files[i];
        struct tsig_key_file file;
        const char *problem;

        cr_expect(tsig_key_looks_like_file(good->text, strlen(good->text)), "%s", good->text);
        cr_assert_eq(parse(good->text, &file, &problem), 0, "%s: %s", problem, good->text);
        cr_expect(dns_name_equal(&file.name, &name), "%s", good->text);
        cr_expect_eq(file.algorithm, tsig_algorithm_by_text(good->algorithm), "%s", good->text);
        cr_expect_eq(file.minimum_mac, good->minimum_mac, "%s", good->text);
        cr_assert_eq(file.secret_len, 3, "%s", good->text);
        cr_expect_arr_eq(file.secret, ((uint8_t[]){1, 2, 3}), 3);
    }
}

struct bad_file {
    const char *text;
    const char *problem;
};

static const struct bad_file bad_files[] = {
    {"", "does not begin with key"},
    {"AQID", "does not begin with key"},
    {"\"key\" k { algorithm hmac-sha256; secret AQID; };", "does not begin with key"},
    {"key", "not a key name"},
    {"key \"k", "not a key name"},
    {"key a..b { algorithm hmac-sha256; secret AQID; };", "not a key name"},
    {"key k algorithm hmac-sha256;", "no { after the key name"},
    {"key k { algorithm hmac-sha256; secret AQID;", "no closing }"},
    {"key k { algorithm hmac-sha256; };", "no secret"},
    {"key k { secret AQID; };", "no algorithm"},
    {"key k { algorithm hmac-sha257; secret AQID; };", "unknown algorithm"},
    {"key k { algorithm hmac-sha256-120; secret AQID; };", "unknown algorithm"},
    {"key k { algorithm hmac-sha256-132; secret AQID; };", "unknown algorithm"},
    {"key k { algorithm hmac-sha256-264; secret AQID; };", "unknown algorithm"},
    {"key k { algorithm hmac-sha256-128x; secret AQID; };", "unknown algorithm"},
    {"key k { algorithm hmac-sha256-128-128; secret AQID; };", "unknown algorithm"},
    {"key k { algorithm hmac-sha256; secret AQI; };", "the secret is not base64"},
    {"key k { algorithm hmac-sha256; secret \"\"; };", "the secret is not base64"},
    {"key k { algorithm ; secret AQID; };", "a value is missing"},
    {"key k { algorithm", "a value is missing"},
    {"key k { algorithm hmac-sha256 secret AQID; };", "no ; after a value"},
    {"key k { algorithm hmac-sha1; algorithm hmac-sha256; secret AQID; };", "two algorithms"},
    {"key k { algorithm hmac-sha256; secret AQID; secret AQID; };", "two secrets"},
    {"key k { colour red; };", "neither algorithm nor secret"},
    {"key k { algorithm hmac-sha256; secret AQID; }", "no ; after the closing }"},
    {"key k { algorithm hmac-sha256; secret AQID; }; key l {};", "more than one key"},
    {"key k { algorithm hmac-sha256; /* secret AQID; };", "no closing }"},
};

Test(tsig_key, says_what_is_wrong_with_a_key_file)
{
    for (size_t i = 0; i < sizeof(bad_files) / sizeof(bad_files[0]); i++) {
        struct tsig_key_file file = {.minimum_mac = 77};
        const char *problem;

        cr_assert_eq(parse(bad_files[i].text, &file, &problem), DNS_EFORMAT, "%s",
                     bad_files[i].text);
        cr_expect_str_eq(problem, bad_files[i].problem, "%s: %s", bad_files[i].text, problem);
        cr_expect_eq(file.minimum_mac, 77, "nothing is written on failure");
    }
}

Test(tsig_key, refuses_a_key_file_with_a_secret_that_is_too_long)
{
    char text[2048];
    struct tsig_key_file file;
    const char *problem;
    int at = sprintf(text, "key k { algorithm hmac-sha256; secret ");

    memset(text + at, 'A', 1024);
    strcpy(text + at + 1024, "; };");
    cr_assert_eq(parse(text, &file, &problem), DNS_EFORMAT);
    cr_expect_str_eq(problem, "the secret is too long");
}

Test(tsig_key, tells_key_files_from_base64)
{
    static const char *const base64[] = {"", "AQID", "keyAQID=", "//key+==", "key1", "/key"};

    for (size_t i = 0; i < sizeof(base64) / sizeof(base64[0]); i++)
        cr_expect_not(tsig_key_looks_like_file(base64[i], strlen(base64[i])), "%s", base64[i]);
}

Test(tsig_key, reads_no_octet_beyond_a_cut_key_file)
{
    const char *text = good_files[4].text;

    for (size_t len = 0; len < strlen(text) - strlen(" ; # seven"); len++) {
        char *exact = malloc(len + 1);
        struct tsig_key_file file;
        const char *problem = NULL;

        memcpy(exact + 1, text, len);
        cr_expect_eq(tsig_key_parse_file(exact + 1, len, &file, &problem), DNS_EFORMAT, "%zu", len);
        cr_expect_not_null(problem);
        free(exact);
    }
}
