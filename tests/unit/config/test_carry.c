/* Numbers that outlive a reload. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "config/config_fixture.h"

TestSuite(carry, .fini = config_fixture_release);

#define KEY(label)       "[key " label "]\nsecret-file = k.key\nname = " label ".example\n"
#define PRIMARY(label)   "[primary " label "]\naddress = 10.0.0.1\n"
#define SECONDARY(label) "[secondary " label "]\naddress = 192.0.2.1\nprimary = hq\n"

/* With the numbers of `before`; a reference of the caller's. */
static struct config *reload(const char *text, const struct config *before)
{
    cr_assert_eq(config_fixture_parse(text), 0, "%s", config_fixture_findings());
    if (before)
        config_carry(config_fixture, before);
    return config_ref(config_fixture);
}

static unsigned peer_number(const struct config *config, const char *label)
{
    for (size_t i = 0; i < config->peer_count; i++)
        if (strcasecmp(config->peers[i].name, label) == 0)
            return config->peers[i].number;
    cr_assert_fail("no peer %s", label);
    return 0;
}

Test(carry, first_snapshot_counts_in_file_order)
{
    struct config *config =
        reload(KEY("a") SECONDARY("east") KEY("b") PRIMARY("hq") SECONDARY("west"), NULL);
    for (unsigned i = 0; i < 2; i++)
        cr_expect_eq(config->keys[i].number, i);
    for (unsigned i = 0; i < 3; i++)
        cr_expect_eq(config->peers[i].number, i);
    cr_expect_eq(config->key_numbers, 2);
    cr_expect_eq(config->peer_numbers, 3);
    config_unref(config);
}

Test(carry, order_does_not_matter)
{
    struct config *before = reload(KEY("a") KEY("b") PRIMARY("hq") SECONDARY("east"), NULL);
    struct config *next = reload(SECONDARY("east") KEY("b") PRIMARY("hq") KEY("a"), before);
    cr_expect_eq(next->keys[0].number, 1);
    cr_expect_eq(next->keys[1].number, 0);
    cr_expect_eq(peer_number(next, "hq"), 0);
    cr_expect_eq(peer_number(next, "east"), 1);
    cr_expect_eq(next->key_numbers, 2);
    cr_expect_eq(next->peer_numbers, 2);
    config_unref(before);
    config_unref(next);
}

Test(carry, numbers_are_never_handed_out_again)
{
    struct config *first =
        reload(KEY("a") KEY("b") PRIMARY("hq") SECONDARY("east") SECONDARY("west"), NULL);
    struct config *second =
        reload(KEY("c") KEY("a") PRIMARY("hq") SECONDARY("north") SECONDARY("east"), first);
    cr_expect_eq(second->keys[0].number, 2);
    cr_expect_eq(second->keys[1].number, 0);
    cr_expect_eq(peer_number(second, "north"), 3);
    cr_expect_eq(peer_number(second, "east"), 1);
    struct config *third =
        reload(KEY("b") PRIMARY("hq") SECONDARY("west") SECONDARY("north"), second);
    cr_expect_eq(third->keys[0].number, 3);
    cr_expect_eq(peer_number(third, "west"), 4);
    cr_expect_eq(peer_number(third, "north"), 3);
    cr_expect_eq(third->key_numbers, 4);
    cr_expect_eq(third->peer_numbers, 5);
    config_unref(first);
    config_unref(second);
    config_unref(third);
}

Test(carry, a_label_in_another_role_is_another_peer)
{
    struct config *before = reload(PRIMARY("hq") PRIMARY("east") SECONDARY("west"), NULL);
    struct config *next = reload(PRIMARY("hq") SECONDARY("east") SECONDARY("west"), before);
    cr_expect_eq(peer_number(next, "east"), 3);
    cr_expect_eq(peer_number(next, "west"), 2);
    config_unref(before);
    config_unref(next);
}

Test(carry, a_key_and_a_peer_of_one_label_are_apart)
{
    struct config *before = reload(PRIMARY("hq") SECONDARY("x") KEY("x"), NULL);
    struct config *next = reload(KEY("y") KEY("x") SECONDARY("x") PRIMARY("hq"), before);
    cr_expect_eq(next->keys[0].number, 1);
    cr_expect_eq(next->keys[1].number, 0);
    cr_expect_eq(peer_number(next, "x"), 1);
    config_unref(before);
    config_unref(next);
}

Test(carry, case_does_not_matter)
{
    struct config *before = reload(KEY("a") KEY("b") PRIMARY("hq") SECONDARY("east"), NULL);
    struct config *next = reload(KEY("B") SECONDARY("EAST") PRIMARY("Hq"), before);
    cr_expect_eq(next->keys[0].number, 1);
    cr_expect_eq(peer_number(next, "east"), 1);
    cr_expect_eq(peer_number(next, "hq"), 0);
    config_unref(before);
    config_unref(next);
}

/* A primary and `count` secondaries, from the last to the first if `backwards`. */
static struct config *reload_many(unsigned count, bool backwards, const struct config *before)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    fputs(PRIMARY("hq"), out);
    for (unsigned i = 0; i < count; i++)
        fprintf(out, "[secondary s%u]\naddress = 192.0.2.1\nzones = example\n",
                backwards ? count - 1 - i : i);
    fclose(out);
    struct config *config = reload(text, before);
    free(text);
    return config;
}

Test(carry, thousands_are_found_again)
{
    enum { COUNT = 2000 };
    struct config *before = reload_many(COUNT, false, NULL);
    struct config *next = reload_many(COUNT + 1, true, before);
    cr_expect_eq(next->peers[0].number, 0);
    cr_expect_eq(next->peers[1].number, COUNT + 1);
    for (unsigned i = 2; i <= COUNT + 1; i++)
        cr_expect_eq(next->peers[i].number, COUNT + 2 - i);
    cr_expect_eq(next->peer_numbers, COUNT + 2);
    config_unref(before);
    config_unref(next);
}
