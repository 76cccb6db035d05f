#include "support.h"
#include "tsig/keyring.h"

#include <criterion/criterion.h>

static struct tsig_key keys[3];
static const struct tsig_key *order[] = {&keys[0], &keys[1], &keys[2]};
static const struct tsig_keyring ring = {.keys = order, .count = 3};

static void make(struct tsig_key *key, const char *text, const char *algorithm)
{
    struct dns_name name = support_name(text);

    cr_assert_eq(
        tsig_key_init(key, &name, tsig_algorithm_by_text(algorithm), (const uint8_t *)"secret", 6),
        0);
}

static void make_all(void)
{
    make(&keys[0], "new.example", "hmac-sha256");
    make(&keys[1], "old.example", "hmac-sha1");
    make(&keys[2], "old.example", "hmac-md5");
}

static void release_all(void)
{
    for (size_t i = 0; i < 3; i++)
        tsig_key_fini(&keys[i]);
}

static const struct tsig_key *find(const char *name, const char *algorithm)
{
    struct tsig_record record = {
        .key_name = support_name(name),
        .algorithm = support_name(algorithm),
    };

    size_t at = 0;

    return tsig_keyring_next(&ring, &record, &at);
}

TestSuite(tsig_keyring, .init = make_all, .fini = release_all);

Test(tsig_keyring, finds_a_key_by_name_whatever_its_case)
{
    struct dns_name name = support_name("NEW.Example");

    cr_expect_eq(tsig_keyring_by_name(&ring, &name), &keys[0]);
    name = support_name("old.example");
    cr_expect_eq(tsig_keyring_by_name(&ring, &name), &keys[1], "the first in the order");
    name = support_name("example");
    cr_expect_null(tsig_keyring_by_name(&ring, &name));
}

Test(tsig_keyring, P3_finds_a_key_by_name_and_algorithm_only)
{
    cr_expect_eq(find("New.example", "HMAC-SHA256"), &keys[0]);
    cr_expect_eq(find("old.example", "hmac-md5.sig-alg.reg.int"), &keys[2]);
    cr_expect_null(find("new.example", "hmac-sha1"), "a known key with another algorithm");
    cr_expect_null(find("none.example", "hmac-sha256"));
}

Test(tsig_keyring, finds_both_keys_of_one_name_and_algorithm)
{
    struct tsig_record record = {
        .key_name = support_name("new.example"),
        .algorithm = support_name("hmac-sha256"),
    };
    size_t at = 0;

    tsig_key_fini(&keys[2]);
    make(&keys[2], "new.example", "hmac-sha256");
    cr_expect_eq(tsig_keyring_next(&ring, &record, &at), &keys[0]);
    cr_expect_eq(tsig_keyring_next(&ring, &record, &at), &keys[2]);
    cr_expect_null(tsig_keyring_next(&ring, &record, &at));
}

Test(tsig_keyring, an_empty_ring_has_no_key)
{
    const struct tsig_keyring empty = {0};
    struct dns_name name = support_name("new.example");

    cr_expect_null(tsig_keyring_by_name(&empty, &name));
}
