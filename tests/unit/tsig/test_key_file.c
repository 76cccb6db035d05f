#include "tsig/key_file.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

static int parse(const char *text, struct tsig_key_file *out,
                 char problem[TSIG_KEY_FILE_PROBLEM_SIZE])
{
    *problem = '\0';
    return tsig_key_file_read(text, strlen(text), out, problem);
}

struct good_file {
    const char *text;
    const char *algorithm;
    unsigned minimum_mac;
};

/* All of them hold the key xfr.example with the secret 1, 2, 3; NULL: no algorithm. */
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
    /* with other statements around it */
    {"include \"/etc/bind/rndc.key\";\noptions { directory \"/\"; };\nkey xfr.example { algorithm "
     "hmac-sha1; secret AQID; };;\nserver 192.0.2.1 { keys { \"xfr.example\"; }; };\n",
     "hmac-sha1", 0},
    /* dnssec-keygen */
    {"xfr.example. IN KEY 512 3 157 AQID\n", "hmac-md5", 0},
    {"; made long ago\nxfr.example.\t3600 IN\tKEY\t512 3 163 AQ ID", "hmac-sha256", 0},
    {"xfr.example KEY 0 3 165 AQID", "hmac-sha512", 0},
    {"xfr.example. IN KEY 512 3 161 AQID", "hmac-sha1", 0},
    /* ldns-keygen */
    {"xfr.example.\tIN\tKEY\t0 3 159 AQID", "hmac-sha256", 0},
    /* dig */
    {"hmac-sha256:xfr.example:AQID\n", "hmac-sha256", 0},
    {"SHA512:XFR.example.:AQID", "hmac-sha512", 0},
    {"hmac-sha512-256:xfr.example:AQID", "hmac-sha512", 32},
    {"xfr.example:AQID", NULL, 0},
    /* a [key] section */
    {"[key xfr.example]\nalgorithm = hmac-sha256-128\nsecret    = AQID\n", "hmac-sha256-128", 0},
    {"; a comment\r\n[key XFR.example] ; another\r\n\r\nsecret=AQID ; and one more\r\n", NULL, 0},
    {"\xef\xbb\xbf[key a-label]\nname = xfr.example\nsecret = AQID\nminimum-mac = 20\n"
     "algorithm = sha256",
     "hmac-sha256", 20},
    {"[key a..b]\nname = xfr.example\nsecret = AQID", NULL, 0},
};

Test(tsig_key_file, reads_what_has_a_name)
{
    struct dns_name name = support_name("xfr.example");

    for (size_t i = 0; i < sizeof(good_files) / sizeof(good_files[0]); i++) {
        const struct good_file *good = &good_files[i];
        struct tsig_key_file file;
        char problem[TSIG_KEY_FILE_PROBLEM_SIZE];

        cr_assert_eq(parse(good->text, &file, problem), 0, "%s: %s", problem, good->text);
        cr_expect(dns_name_equal(&file.name, &name), "%s", good->text);
        cr_expect_eq(file.algorithm,
                     good->algorithm ? tsig_algorithm_by_text(good->algorithm) : NULL, "%s",
                     good->text);
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
    {"\"key\" k { algorithm hmac-sha256; secret AQID; };", "no key"},
    {"key k", "no { after the key name"},
    {"key \"k", "not a key name"},
    {"options { };", "no key"},
    {"options { } key k { algorithm hmac-sha256; secret AQID; };", "no key"},
    {"server 192.0.2.1 { keys k; }", "no ; at the end of a statement"},
    {"server 192.0.2.1 { keys k;", "no closing }"},
    {"options { }; };", "a } without its {"},
    {"options { }; \"", "a quote without its other half"},
    {"view v { key k { algorithm hmac-sha256; secret AQID; }; };", "no key"},
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

static void expect_problem(const char *text, size_t len, const char *expected)
{
    struct tsig_key_file file = {.minimum_mac = 77};
    char problem[TSIG_KEY_FILE_PROBLEM_SIZE] = "";

    cr_assert_eq(tsig_key_file_read(text, len, &file, problem), DNS_EFORMAT, "%s", text);
    cr_expect_str_eq(problem, expected, "%s: %s", text, problem);
    cr_expect_eq(file.minimum_mac, 77, "nothing is written on failure");
}

#define BIND_PROBLEM "it is a BIND key file, but: "

Test(tsig_key_file, says_what_is_wrong_with_a_key_file)
{
    for (size_t i = 0; i < sizeof(bad_files) / sizeof(bad_files[0]); i++) {
        char expected[TSIG_KEY_FILE_PROBLEM_SIZE];

        snprintf(expected, sizeof expected, BIND_PROBLEM "%s", bad_files[i].problem);
        expect_problem(bad_files[i].text, strlen(bad_files[i].text), expected);
    }
}

#define INSTEAD "; write its secret alone, or NAME:SECRET"
#define DAMAGED "the end of its base64 is damaged"

static const struct bad_file bad_others[] = {
    {"", "it is empty"},
    {" \r\n\t\n", "it is empty"},
    {"\xef\xbb\xbf\n", "it is empty"},
    {"\x01\x02\x03\x04", "it is no text; a secret in plain octets is to be written as base64"},
    {"\"AQID\"", "it has quotes; take them away"},
    {"'hmac-sha256:k:AQID'", "it has quotes; take them away"},
    {"AQ-D", "octet 3 is '-', as in base64url: write '+' for each '-' and '/' for each '_'"},
    {"\nAQI_", "octet 5 is '_', as in base64url: write '+' for each '-' and '/' for each '_'"},
    {"hello, world", "octet 6 is ',', which is not base64"},
    {"AQIDB", "it has 5 characters of base64, no multiple of 4: its end is missing, or the '=' "
              "there"},
    {"AQ==AQID", "it has '=' elsewhere than at the end of its base64"},
    {"AQIDBB==", DAMAGED},
    {"A===", DAMAGED},
    {"xfr.example AAECAwQFBgcICQ==",
     "it is a name and a secret with a blank between; write NAME:SECRET"},
    {"key:\n  - id: k\n    algorithm: hmac-sha256\n    secret: AQID\n",
     "it is a snippet for NSD, Knot or Unbound" INSTEAD},
    {"key:\n  name: \"k\"\n  secret: \"AQID\"\n",
     "it is a snippet for NSD, Knot or Unbound" INSTEAD},
    {"pdnsutil import-tsig-key 'k' hmac-sha256 'AQID'", "it is a command for PowerDNS" INSTEAD},
    {"-----BEGIN PRIVATE KEY-----\nAQID\n", "it is a PEM file, which is no secret for TSIG"},
    {"hmac-sha3:k:AQID", "it looks like ALGORITHM:NAME:SECRET, but with an unknown algorithm"},
    {":k:AQID", "it looks like ALGORITHM:NAME:SECRET, but with an unknown algorithm"},
    {"a..b:AQID", "it looks like [ALGORITHM:]NAME:SECRET, but with a bad name"},
    {":AQID", "it looks like [ALGORITHM:]NAME:SECRET, but with a bad name"},
    {"k:", "the secret is not base64"},
    {"k:AQI", "the secret is not base64"},
    {"sha256:k:AQ:ID", "the secret is not base64"},
    {"[key k]\nsecret-file = x\n",
     "it is an INI section with a setting other than algorithm, secret, name and minimum-mac"},
    {"[key k]\nalgorithm = sha256\n", "it is an INI section without a secret"},
    {"[key k]\nsecret =\n", "the secret is not base64"},
    {"[key k]\nsecret = AQID\nsecret = AQID\n", "it is an INI section with two secrets"},
    {"[key k]\nAQID\n", "it is an INI section with a line that is no setting"},
    {"[key k]\nalgorithm = rot13\n", "it is an INI section with an unknown algorithm"},
    {"[key k]\nname = a..b\n", "it is an INI section with a bad name"},
    {"[key k]\nminimum-mac = 1O\n", "it is an INI section with a bad minimum-mac"},
    {"[key k]\nsecret = AQID\n[key l]\n", "it has several INI sections"},
    {"[proxy]\nlisten = 192.0.2.1\n", "it is an INI file without a [key LABEL] section"},
    {"[key k\nsecret = AQID\n", "it is an INI file without a [key LABEL] section"},
    {"k IN DNSKEY 257 3 13 AQID", "it is a DNS record other than KEY"},
    {"k IN KEY 512 3 5 AQID", "it is a key for DNSSEC, not one for TSIG"},
    {"k IN KEY 512 3 157", "it is a KEY record without a secret"},
    {"; k IN KEY 512 3 157 AQID", "it has nothing but comments"},
    {"k IN KEY x", "it is a KEY record without a secret"},
    {"a..b IN KEY 512 3 157 AQID", "it is a KEY record with a bad name"},
    {"k IN KEY 512 3 157 AQI", "the secret is not base64"},
    {"k KEY 512 3 157 AQID\nl KEY 512 3 157 AQID", "it has several DNS records"},
    {"k IN TXT KEY 512 3", "it is a KEY record without a secret"},
    {"Private-key-format: v1.3\nAlgorithm: 157 (HMAC_MD5)\n",
     "it is a private key file without 'Key:'"},
    {"Private-key-format: v1.3\nKey: AQID\n", "it is a private key file without 'Algorithm:'"},
    {"Private-key-format: v1.3\nAlgorithm: 13 (ECDSAP256SHA256)\n",
     "it is a key for DNSSEC, not one for TSIG"},
    {"Private-key-format: v1.2\nBits: AA\n", "it is a private key file with a bad 'Bits:'"},
    {"Private-key-format: v1.2\nKey: AQID\nKey: AQID\n", "it has two secrets"},
};

Test(tsig_key_file, says_what_else_it_looks_like)
{
    for (size_t i = 0; i < sizeof bad_others / sizeof *bad_others; i++)
        expect_problem(bad_others[i].text, strlen(bad_others[i].text), bad_others[i].problem);
    expect_problem("AQID\0", 5,
                   "it is no text; a secret in plain octets is to be written as base64");
}

Test(tsig_key_file, reads_base64_alone)
{
    /* The last begins with a byte order mark. */
    static const char *const texts[] = {"AQID", " AQ\r\nID\n", "\357\273\277AQID\n"};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct tsig_key_file file;
        char problem[TSIG_KEY_FILE_PROBLEM_SIZE];

        cr_assert_eq(parse(texts[i], &file, problem), 0, "%s", problem);
        cr_expect_eq(file.secret_len, 3);
        cr_expect_eq(file.name.len, 0);
        cr_expect_null(file.algorithm);
        cr_expect_not(file.hexadecimal);
    }
}

/* The name is in that of the file. */
Test(tsig_key_file, reads_private_keys_of_dnssec_keygen)
{
    struct tsig_key_file file;
    char problem[TSIG_KEY_FILE_PROBLEM_SIZE];

    cr_assert_eq(parse("Private-key-format: v1.3\nAlgorithm: 157 (HMAC_MD5)\nKey: AQID\nBits: "
                       "AAA=\nCreated: 20110101000000\n",
                       &file, problem),
                 0, "%s", problem);
    cr_expect_eq(file.name.len, 0);
    cr_expect_str_eq(file.algorithm->text, "hmac-md5");
    cr_expect_eq(file.minimum_mac, 0);
    cr_expect_eq(file.secret_len, 3);
    cr_assert_eq(parse("Private-key-format: v1.2\r\nAlgorithm: 163 (HMAC_SHA256)\r\nKey: AQID\r\n"
                       "Bits: AIA=\r\n",
                       &file, problem),
                 0, "%s", problem);
    cr_expect_str_eq(file.algorithm->text, "hmac-sha256");
    cr_expect_eq(file.minimum_mac, 16, "MACs cut to 128 bits");
}

Test(tsig_key_file, tells_that_all_digits_are_hexadecimal)
{
    static const char *const texts[] = {
        "00112233445566778899aabbccddeeff",
        "0011 2233 4455\n6677 8899 AABB CCDD EEFF\n",
        "k:00112233445566778899aabbccddeeff",
        "key k { algorithm sha256; secret \"00112233445566778899aabbccddeeff\"; };",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct tsig_key_file file;
        char problem[TSIG_KEY_FILE_PROBLEM_SIZE];

        cr_assert_eq(parse(texts[i], &file, problem), 0, "%s", problem);
        cr_expect(file.hexadecimal, "%s", texts[i]);
    }
}

static void expect_too_long(const char *before, const char *behind, const char *problem)
{
    char text[2048];

    snprintf(text, sizeof text, "%s%01024d%s", before, 0, behind);
    expect_problem(text, strlen(text), problem);
}

Test(tsig_key_file, refuses_secrets_that_are_too_long)
{
    expect_too_long("key k { algorithm hmac-sha256; secret ", "; };",
                    BIND_PROBLEM "the secret is too long");
    expect_too_long("", "", "it holds more than 512 octets");
    expect_too_long("k:", "", "the secret is too long");
    expect_too_long("[key k]\nsecret = ", "", "the secret is too long");
}

Test(tsig_key_file, refuses_lines_and_names_that_are_too_long)
{
    char text[4096];

    snprintf(text, sizeof text, "[key k]\nsecret = AQID%02048d\n", 0);
    expect_problem(text, strlen(text), "it has a line that is too long");
    snprintf(text, sizeof text, "%02048d:AQID\n", 0);
    expect_problem(text, strlen(text),
                   "it looks like [ALGORITHM:]NAME:SECRET, but with a bad name");
}

Test(tsig_key_file, reads_no_octet_beyond_a_cut_text)
{
    for (size_t i = 0; i < sizeof(good_files) / sizeof(good_files[0]); i++) {
        for (size_t len = 0; len < strlen(good_files[i].text); len++) {
            char *exact = malloc(len + 1);
            struct tsig_key_file file;
            char problem[TSIG_KEY_FILE_PROBLEM_SIZE] = "";
            int error;

            memcpy(exact + 1, good_files[i].text, len);
            error = tsig_key_file_read(exact + 1, len, &file, problem);
            cr_expect_eq(error < 0, *problem != '\0', "%zu", len);
            free(exact);
        }
    }
}
