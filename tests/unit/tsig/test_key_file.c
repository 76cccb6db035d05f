#include "tsig/key_file.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

static int parse(const char *text, struct tsig_key_file *out, const char **problem)
{
    *problem = NULL;
    return tsig_key_file_parse(text, strlen(text), out, problem);
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
    {"key xfr.example { algorithm SHA256_128.; secret AQID; };", "hmac-sha256", 16},
};

Test(tsig_key_file, reads_bind_key_files)
{
    struct dns_name name = support_name("xfr.example");

    for (size_t i = 0; i < sizeof(good_files) / sizeof(good_files[0]); i++) {
        const struct good_file *good = &good_files[i];
        struct tsig_key_file file;
        const char *problem;

        cr_expect(tsig_key_file_looks_like(good->text, strlen(good->text)), "%s", good->text);
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

Test(tsig_key_file, says_what_is_wrong_with_a_key_file)
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

Test(tsig_key_file, refuses_a_key_file_with_a_secret_that_is_too_long)
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

Test(tsig_key_file, tells_key_files_from_base64)
{
    static const char *const base64[] = {"", "AQID", "keyAQID=", "//key+==", "key1", "/key"};

    for (size_t i = 0; i < sizeof(base64) / sizeof(base64[0]); i++)
        cr_expect_not(tsig_key_file_looks_like(base64[i], strlen(base64[i])), "%s", base64[i]);
}

Test(tsig_key_file, reads_no_octet_beyond_a_cut_key_file)
{
    const char *text = good_files[4].text;

    for (size_t len = 0; len < strlen(text) - strlen(" ; # seven"); len++) {
        char *exact = malloc(len + 1);
        struct tsig_key_file file;
        const char *problem = NULL;

        memcpy(exact + 1, text, len);
        cr_expect_eq(tsig_key_file_parse(exact + 1, len, &file, &problem), DNS_EFORMAT, "%zu", len);
        cr_expect_not_null(problem);
        free(exact);
    }
}
