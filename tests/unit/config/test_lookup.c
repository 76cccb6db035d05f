#include "config/lookup.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "support.h"

#define MANY 1000

static struct lookup *lookup;

static void init(void)
{
    lookup = lookup_new();
    cr_assert_not_null(lookup);
}

static void fini(void)
{
    lookup_free(lookup);
}

TestSuite(config_lookup, .init = init, .fini = fini);

static void put(struct lookup_key key, size_t place)
{
    cr_assert_eq(lookup_add(lookup, &key, place), 0);
}

static struct lookup_list find(struct lookup_key key)
{
    return lookup_find(lookup, &key);
}

Test(config_lookup, places_come_in_the_order_they_were_added_each_once)
{
    static const struct dns_name root = {.len = 1};
    const struct lookup_key key = lookup_name(LOOKUP_ZONE, 0, &root);
    put(key, 0);
    put(key, 0);
    put(lookup_number(LOOKUP_LENGTHS, 4), 24);
    put(key, 3);
    put(key, 3);
    put(key, 7);
    cr_assert_eq(lookup_finish(lookup), 0);
    struct lookup_list list = find(key);
    cr_assert_eq(list.count, 3);
    cr_expect_eq(list.places[0], 0);
    cr_expect_eq(list.places[1], 3);
    cr_expect_eq(list.places[2], 7);
    cr_expect_eq(find(lookup_number(LOOKUP_LENGTHS, 4)).places[0], 24);
}

Test(config_lookup, kinds_and_numbers_and_octets_are_told_apart)
{
    struct address v4 = {.family = ADDRESS_IPV4, .octets = {'a', 1, 1, 1}};
    struct address other = {.family = ADDRESS_IPV4, .octets = {'A', 1, 1, 1}};
    struct address v6 = {.family = ADDRESS_IPV6, .octets = {'a', 1, 1, 1}};
    put(lookup_host(LOOKUP_PREFIX, 24, &v4), 1);
    cr_assert_eq(lookup_finish(lookup), 0);
    cr_expect_eq(find(lookup_host(LOOKUP_PREFIX, 24, &v4)).count, 1);
    cr_expect_eq(find(lookup_host(LOOKUP_PREFIX, 25, &v4)).count, 0);
    cr_expect_eq(find(lookup_host(LOOKUP_ADDRESS, 24, &v4)).count, 0);
    cr_expect_eq(find(lookup_host(LOOKUP_PREFIX, 24, &v6)).count, 0);
    cr_expect_eq(find(lookup_host(LOOKUP_PREFIX, 24, &other)).count, 0, "an octet is no letter");
    cr_expect_eq(find(lookup_number(LOOKUP_PREFIX, 24)).count, 0);
}

Test(config_lookup, names_are_found_in_any_case_among_many)
{
    static struct dns_name names[MANY];
    char text[32];

    for (size_t i = 0; i < MANY; i++) {
        snprintf(text, sizeof text, "Z%zu.Example.com", i);
        names[i] = support_name(text);
        put(lookup_name(LOOKUP_ZONE, 0, &names[i]), i);
    }
    cr_assert_eq(lookup_finish(lookup), 0);
    for (size_t i = 0; i < MANY; i++) {
        snprintf(text, sizeof text, "z%zu.eXample.COM", i);
        struct dns_name name = support_name(text);
        struct lookup_list list = find(lookup_name(LOOKUP_ZONE, 0, &name));
        cr_assert_eq(list.count, 1, "%s", text);
        cr_assert_eq(list.places[0], i, "%s", text);
    }
}

Test(config_lookup, a_place_is_in_its_list_or_not)
{
    const struct lookup_key key = lookup_number(LOOKUP_EVERY_ZONE, 1);
    struct lookup_list none = {0};
    for (size_t place = 1; place < 20; place += 2)
        put(key, place);
    cr_assert_eq(lookup_finish(lookup), 0);
    struct lookup_list list = find(key);
    for (size_t place = 0; place < 24; place++)
        cr_expect_eq(lookup_has(&list, place), place % 2 == 1 && place < 20, "%zu", place);
    cr_expect_not(lookup_has(&none, 0));
}
