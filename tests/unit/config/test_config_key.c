#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "config/config_fixture.h"

TestSuite(config_key, .fini = config_fixture_release);

#define REST                                                                                       \
    "[primary hq]\naddress = 10.0.0.1\n"                                                           \
    "[secondary any]\naddress = 192.0.2.1\nkey = xfr.example\n"

#define SHORT "AAECAwQFBgcICQoLDA0ODw==" /* 16 octets */

static void parse(const char *settings, const char *expected)
{
    char text[2048];
    int rc;

    snprintf(text, sizeof(text), "[key xfr.example]\n%s%s", settings, REST);
    rc = config_fixture_parse(text);
    cr_expect_eq(rc, strstr(expected, "error: ") != NULL ? DNS_EFORMAT : 0, "%s", settings);
    cr_expect_str_eq(config_fixture_findings(), expected, "%s\ngives\n%s", settings,
                     config_fixture_findings());
}

static void expect_key(const char *name, const char *algorithm, size_t secret, unsigned minimum)
{
    char text[DNS_NAME_TEXT_SIZE];
    const struct tsig_key *key;

    cr_assert_not_null(config_fixture);
    key = &config_fixture->keys[0];
    cr_expect_str_eq(dns_name_to_text(&key->name, text), name);
    cr_expect_str_eq(key->algorithm->text, algorithm);
    cr_expect_eq(key->secret_len, secret);
    cr_expect_eq(key->minimum_mac, minimum);
}

Test(config_key, base64_file_and_defaults)
{
    parse("secret-file = k.key\n", "");
    expect_key("xfr.example", "hmac-sha256", 32, 32);
    cr_expect_eq(config_fixture->keys[0].secret[31], 31);
}

Test(config_key, names_are_lower_case)
{
    parse("secret-file = k.key\nname = Other.EXAMPLE.\n", "");
    expect_key("other.example", "hmac-sha256", 32, 32);
}

Test(config_key, relative_files_are_beside_the_configuration)
{
    config_fixture_file("/etc/t/keys/a.key", CONFIG_FIXTURE_SECRET, 0600);
    config_fixture_file("/srv/b.key", CONFIG_FIXTURE_SECRET, 0600);
    parse("secret-file = keys/a.key\n", "");
    parse("secret-file = /srv/b.key\n", "");
    parse("secret-file = b.key\n",
          "2: error: cannot read '/etc/t/b.key': No such file or directory\n");
}

Test(config_key, minimum_mac_of_the_section)
{
    parse("secret-file = k.key\nminimum-mac = 16\n", "");
    expect_key("xfr.example", "hmac-sha256", 32, 16);
    parse("secret-file = k.key\nminimum-mac = 15\n",
          "3: error: the least MAC to accept with hmac-sha256 is from 16 to 32 octets, not 15\n");
    parse("secret-file = k.key\nminimum-mac = 33\n",
          "3: error: the least MAC to accept with hmac-sha256 is from 16 to 32 octets, not 33\n");
    parse("secret-file = k.key\nminimum-mac = 9\n",
          "3: error: 'minimum-mac' is a whole number from 10 to 64, not '9'\n");
}

Test(config_key, P12_all_algorithms)
{
    const struct tsig_algorithm *algorithm;

    config_fixture_file("/etc/t/long.key", CONFIG_FIXTURE_SECRET_64, 0640);
    for (size_t i = 0; (algorithm = tsig_algorithm_at(i)) != NULL; i++) {
        char text[512];

        snprintf(text, sizeof(text),
                 "[key xfr.example]\nsecret-file = long.key\nalgorithm = %s\n%s", algorithm->text,
                 REST);
        cr_expect_eq(config_fixture_parse(text), 0, "%s", algorithm->text);
        cr_expect_eq(config_fixture_report.count, algorithm->weak + (algorithm->hash_size < 64),
                     "%s", algorithm->text);
        expect_key("xfr.example", algorithm->text, 64, algorithm->mac_size);
    }
    parse("secret-file = k.key\nalgorithm = hmac-sha3\n",
          "3: error: 'algorithm' is hmac-sha256, hmac-sha384, hmac-sha512, hmac-sha224, "
          "hmac-sha256-128, hmac-sha384-192, hmac-sha512-256, hmac-sha1 or hmac-md5, not "
          "'hmac-sha3'\n");
}

/* As with FIPS alone, where MD5 is not to be had. Each test has a process of its own. */
Test(config_key, M8_an_algorithm_that_openssl_does_not_offer)
{
    cr_assert_eq(EVP_set_default_properties(NULL, "provider=none"), 1);
    parse(
        "secret-file = k.key\nalgorithm = hmac-sha256\n",
        "3: error: OpenSSL, as this host has set it up, does not offer the hash of hmac-sha256\n");
}

Test(config_key, M8_secrets_must_be_there_once)
{
    parse("", "1: error: [key xfr.example] has no 'secret-file'\n");
    parse("secret =\n", "2: error: 'secret' has no value\n");
    parse("secret = " CONFIG_FIXTURE_SECRET "\nsecret-file = k.key\n",
          "2: error: there are both 'secret' and 'secret-file'; one must go\n");
}

Test(config_key, M8_bad_base64_and_never_shown)
{
    parse("secret = c2Vjcm\n",
          "2: warning: the secret stands in this file; 'secret-file' keeps it apart\n"
          "2: error: cannot use 'secret': it has 6 characters of base64, no multiple of 4: its end "
          "is "
          "missing, or the '=' there\n");
    config_fixture_file("/etc/t/bad.key", "hello, world", 0640);
    parse("secret-file = bad.key\n",
          "2: error: cannot use '/etc/t/bad.key': octet 6 is ',', which is not base64\n");
    config_fixture_file("/etc/t/empty.key", "\n", 0640);
    parse("secret-file = empty.key\n", "2: error: cannot use '/etc/t/empty.key': it is empty\n");
}

Test(config_key, M8_files_that_others_can_change)
{
    config_fixture_file("/etc/t/group.key", CONFIG_FIXTURE_SECRET, 0660);
    parse("secret-file = group.key\n",
          "2: warning: others can write the secret file; make it mode 640 or less\n");
    config_fixture_file("/etc/t/all.key", CONFIG_FIXTURE_SECRET, 0602);
    parse("secret-file = all.key\n",
          "2: warning: others can write the secret file; make it mode 640 or less\n");
    config_fixture_own(1000);
    parse("secret-file = k.key\n",
          "0: warning: this file belongs to the user with number 1000, who can change it; give it "
          "to root\n"
          "2: warning: the secret file belongs to the user with number 1000, who can change it; "
          "give it to root\n");
    config_fixture_own(953);
    parse("secret-file = k.key\n", "");
}

Test(config_key, M8_warnings)
{
    parse("secret = " CONFIG_FIXTURE_SECRET "\n",
          "2: warning: the secret stands in this file; 'secret-file' keeps it apart\n");
    config_fixture_file("/etc/t/open.key", CONFIG_FIXTURE_SECRET, 0644);
    parse("secret-file = open.key\n",
          "2: warning: others can read the secret file; make it mode 640 or less\n");
    config_fixture_file("/etc/t/short.key", SHORT, 0600);
    parse("secret-file = short.key\n",
          "2: warning: the secret of [key xfr.example] has 16 octets; for hmac-sha256 it should "
          "have 32\n");
    config_fixture_file("/etc/t/sha1.key", CONFIG_FIXTURE_SECRET_20, 0600);
    parse("secret-file = sha1.key\nalgorithm = hmac-sha1\n",
          "3: warning: hmac-sha1 is weak; use it only with servers that have nothing better\n");
    parse("algorithm = HMAC-MD5\nsecret-file = short.key\n",
          "2: warning: hmac-md5 is weak; use it only with servers that have nothing better\n");
}

Test(config_key, bind_key_file_fills_in)
{
    config_fixture_file(
        "/etc/t/bind.key",
        "key \"XFR.example\" {\n\talgorithm hmac-sha512;\n\tsecret \"" CONFIG_FIXTURE_SECRET_64
        "\";\n};\n",
        0640);
    parse("secret-file = bind.key\n", "");
    expect_key("xfr.example", "hmac-sha512", 64, 64);
    parse("secret-file = bind.key\nalgorithm = HMAC_SHA512.\nname = xfr.EXAMPLE\n", "");
    parse("secret-file = bind.key\nalgorithm = hmac-sha256\n",
          "3: error: 'algorithm' is hmac-sha256, but the key file says hmac-sha512\n");
    parse("secret-file = bind.key\nname = other.example\n",
          "2: error: the key file is of 'xfr.example', but 'name' is 'other.example'\n");
}

Test(config_key, bind_key_file_of_another_name)
{
    config_fixture_file("/etc/t/other.key",
                        "key other.example { algorithm hmac-sha256; secret \"" CONFIG_FIXTURE_SECRET
                        "\"; };\n",
                        0640);
    parse("secret-file = other.key\n",
          "2: error: the key file is of 'other.example', not of 'xfr.example'; if that is meant, "
          "say so with 'name'\n");
    parse("secret-file = other.key\nname = other.example\n", "");
    expect_key("other.example", "hmac-sha256", 32, 32);
}

/* The file's name is used when the label can be none. */
Test(config_key, labels_that_are_no_names)
{
    config_fixture_file("/etc/t/other.key",
                        "key other.example { algorithm hmac-sha256; secret \"" CONFIG_FIXTURE_SECRET
                        "\"; };\n",
                        0640);
    cr_expect_eq(config_fixture_parse("[key a..b]\nsecret-file = other.key\n"
                                      "[primary hq]\naddress = 10.0.0.1\n"
                                      "[secondary any]\naddress = 192.0.2.1\nkey = a..b\n"),
                 0, "%s", config_fixture_findings());
    expect_key("other.example", "hmac-sha256", 32, 32);
    cr_expect_eq(config_fixture_parse("[key a..b]\nsecret-file = k.key\n"
                                      "[primary hq]\naddress = 10.0.0.1\n"
                                      "[secondary any]\naddress = 192.0.2.1\nkey = a..b\n"),
                 DNS_EFORMAT);
    cr_expect_str_eq(config_fixture_findings(),
                     "1: error: the label 'a..b' is no key name; give the name with 'name'\n");
}

Test(config_key, M8_bind_truncation_becomes_minimum_mac)
{
    config_fixture_file(
        "/etc/t/cut.key",
        "key xfr.example { algorithm hmac-sha256-128; secret \"" CONFIG_FIXTURE_SECRET "\"; };\n",
        0640);
    parse("secret-file = cut.key\n", "");
    expect_key("xfr.example", "hmac-sha256", 32, 16);
    parse("secret-file = cut.key\nminimum-mac = 20\n", "");
    expect_key("xfr.example", "hmac-sha256", 32, 20);
    parse("secret-file = cut.key\nalgorithm = hmac-sha256-128\n",
          "3: error: 'algorithm' is hmac-sha256-128, but the key file says hmac-sha256\n");
}

Test(config_key, M8_bad_key_files)
{
    config_fixture_file("/etc/t/half.key", "key xfr.example { algorithm hmac-sha256; };\n", 0640);
    parse("secret-file = half.key\n",
          "2: error: cannot use '/etc/t/half.key': it is a BIND key file, but: no secret\n");
}

Test(config_key, M8_errors_of_a_key_are_told_together)
{
    parse("algorithm = md4\nname = a..b\nsecret-file = none.key\nfoo = bar\n",
          "2: error: 'algorithm' is hmac-sha256, hmac-sha384, hmac-sha512, hmac-sha224, "
          "hmac-sha256-128, hmac-sha384-192, hmac-sha512-256, hmac-sha1 or hmac-md5, not 'md4'\n"
          "3: error: 'name' has 'a..b', which is no domain name\n"
          "4: error: cannot read '/etc/t/none.key': No such file or directory\n"
          "5: error: unknown setting 'foo' in [key xfr.example]\n");
}

/* It stands where the name of its file belongs. */
Test(config_key, M8_a_secret_that_is_given_for_a_file_is_not_repeated)
{
    parse("secret-file = " CONFIG_FIXTURE_SECRET "\n",
          "2: error: 'secret-file' names no file that can be read (No such file or directory); a "
          "secret itself belongs in 'secret'\n");
    parse("secret-file = " SHORT "\n",
          "2: error: 'secret-file' names no file that can be read (No such file or directory); a "
          "secret itself belongs in 'secret'\n");
    parse("secret-file = keys/none\n",
          "2: error: cannot read '/etc/t/keys/none': No such file or directory\n");
}

/* It has slipped into a line of its own, where its padding makes it a setting. */
Test(config_key, M8_a_secret_that_stands_for_a_setting_is_not_repeated)
{
    parse("secret-file = k.key\n" CONFIG_FIXTURE_SECRET "\n",
          "3: error: unknown setting in [key xfr.example], not repeated here as it may be a "
          "secret\n");
    parse("secret-file = k.key\n" SHORT "\n",
          "3: error: unknown setting in [key xfr.example], not repeated here as it may be a "
          "secret\n");
    parse("secret-file = k.key\nsecrets-file = x\n",
          "3: error: unknown setting 'secrets-file' in [key xfr.example]; did you mean "
          "'secret-file'?\n");
}

Test(config_key, M8_doubtful_secrets)
{
    config_fixture_file("/etc/t/hex.key",
                        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n", 0640);
    parse("secret-file = hex.key\n",
          "2: warning: the secret of [key xfr.example] has hexadecimal digits alone and is taken "
          "for base64; if it is hexadecimal, write it as base64: xxd -r -p | base64\n");
    config_fixture_file("/etc/t/long.key", CONFIG_FIXTURE_SECRET_64, 0640);
    parse("secret-file = long.key\n",
          "2: warning: the secret of [key xfr.example] has 64 octets, and hmac-sha256 gains from "
          "32 alone: was it made for another algorithm?\n");
}

Test(config_key, files_in_other_forms)
{
    config_fixture_file("/etc/t/dig.key", "hmac-sha256:xfr.example:" CONFIG_FIXTURE_SECRET "\n",
                        0640);
    parse("secret-file = dig.key\n", "");
    parse("secret-file = dig.key\nname = b.example\n",
          "2: error: the key file is of 'xfr.example', but 'name' is 'b.example'\n");
    config_fixture_file("/etc/t/name.key", "xfr.example:" CONFIG_FIXTURE_SECRET_64 "\n", 0640);
    parse("secret-file = name.key\nalgorithm = hmac-sha512\n", "");
    expect_key("xfr.example", "hmac-sha512", 64, 64);
    config_fixture_file("/etc/t/ini.key",
                        "[key xfr.example]\nalgorithm = sha256\nsecret = " CONFIG_FIXTURE_SECRET
                        "\nminimum-mac = 20\n",
                        0640);
    parse("secret-file = ini.key\n", "");
    expect_key("xfr.example", "hmac-sha256", 32, 20);
    parse("secret-file = ini.key\nalgorithm = hmac-sha1\n",
          "3: error: 'algorithm' is hmac-sha1, but the key file says hmac-sha256\n");
}

/* The name of the key is in that of the file. */
Test(config_key, private_keys_of_dnssec_keygen)
{
    static const char text[] = "Private-key-format: v1.3\nAlgorithm: 161 (HMAC_SHA1)\n"
                               "Key: " CONFIG_FIXTURE_SECRET_20 "\nBits: AAA=\n";
    static const char weak[] =
        "1: warning: hmac-sha1 is weak; use it only with servers that have nothing better\n";

    config_fixture_file("/etc/t/keys/Kxfr.example.+161+00042.private", text, 0600);
    config_fixture_file("/etc/t/Kother.example.+161+00042.private", text, 0600);
    config_fixture_file("/etc/t/any.private", text, 0600);
    config_fixture_file("/etc/t/Ka..b.+161+1.private", text, 0600);
    parse("secret-file = keys/Kxfr.example.+161+00042.private\n", weak);
    expect_key("xfr.example", "hmac-sha1", 20, 20);
    parse("secret-file = any.private\n", weak);
    parse("secret-file = Ka..b.+161+1.private\n", weak);
    parse("secret-file = Kother.example.+161+00042.private\n",
          "2: error: the key file is of 'other.example', not of 'xfr.example'; if that is meant, "
          "say so with 'name'\n");
}

Test(config_key, M8_credentials)
{
    config_fixture_file("/run/credentials/t/xfr", CONFIG_FIXTURE_SECRET, 0400);
    config_fixture_credentials("/run/credentials/t", false);
    parse("secret-file = credential:xfr\n", "");
    expect_key("xfr.example", "hmac-sha256", 32, 32);
    parse("secret-file = credential:gone\n",
          "2: error: cannot read '/run/credentials/t/gone': No such file or directory\n");
    parse("secret-file = credential:\n",
          "2: error: 'credential:' takes the name of a credential, not ''\n");
    parse("secret-file = credential:../xfr\n",
          "2: error: 'credential:' takes the name of a credential, not '../xfr'\n");
    parse("secret-file = credential:..\n",
          "2: error: 'credential:' takes the name of a credential, not '..'\n");
}

Test(config_key, M8_credentials_of_a_service_that_this_is_not)
{
    config_fixture_credentials(NULL, false);
    parse("secret-file = credential:xfr\n",
          "2: error: $CREDENTIALS_DIRECTORY is not set, so there is no 'credential:xfr' here; it "
          "is for a service whose unit says LoadCredential=\n");
    config_fixture_credentials(NULL, true);
    parse("secret-file = credential:xfr\n",
          "2: warning: $CREDENTIALS_DIRECTORY is not set, so there is no 'credential:xfr' here; "
          "the service has it if its unit says LoadCredential=\n");
    cr_expect_null(config_fixture->keys[0].secret, "nobody can be served with it");
    cr_expect_eq(config_fixture->peers[1].keyring.count, 1);
    cr_expect_eq(config_fixture_parse("[key a..b]\nsecret-file = credential:xfr\n"
                                      "[primary hq]\naddress = 10.0.0.1\n"
                                      "[secondary any]\naddress = 192.0.2.1\nkey = a..b\n"),
                 0, "the credential may have its name");
}
