/* Lines that the network causes: no one's hide another's. */
#include "admin/limit.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { TYPE = 5, RESULT = 16, OTHER = 17, NOW = 1000 };

static struct limit limit;

static struct address host(const char *text)
{
    struct address address;
    cr_assert_eq(address_from_text(text, 0, &address), 0);
    return address;
}

static int admit(struct limit_subject subject, time_t now)
{
    return limit_admit(&limit, &subject, now);
}

static struct limit_subject stranger(const char *text)
{
    struct address address = host(text);
    return limit_of_stranger(TYPE, RESULT, &address);
}

static struct limit_subject peer(unsigned number, const char *text)
{
    struct address address = host(text);
    return limit_of_peer(TYPE, RESULT, number, &address);
}

/* How many of `count` lines are written in one second. */
static int written(struct limit_subject subject, int count, time_t now)
{
    int lines = 0;
    for (int i = 0; i < count; i++)
        lines += admit(subject, now) >= 0;
    return lines;
}

Test(limit, so_many_in_a_second_and_the_next_says_what_was_left_out)
{
    cr_assert_eq(written(stranger("192.0.2.1"), 100, NOW), LIMIT_BURST);
    cr_assert_eq(admit(stranger("192.0.2.1"), NOW + 1), 100 - LIMIT_BURST);
    cr_assert_eq(admit(stranger("192.0.2.1"), NOW + 1), 0);
}

Test(limit, strangers_of_one_network_share_and_others_do_not)
{
    written(stranger("192.0.2.1"), 100, NOW);
    cr_assert_lt(admit(stranger("192.0.2.255"), NOW), 0);
    cr_assert_eq(admit(stranger("192.0.3.1"), NOW), 0);
    written(stranger("2001:db8:0:100::1"), 100, NOW);
    cr_assert_lt(admit(stranger("2001:db8:0:1ff:ffff::"), NOW), 0);
    cr_assert_eq(admit(stranger("2001:db8:0:200::1"), NOW), 0);
}

Test(limit, what_strangers_send_is_limited_in_all)
{
    int lines = 0;
    for (unsigned i = 0; i < 4000; i++) {
        char text[ADDRESS_TEXT_SIZE];
        snprintf(text, sizeof text, "10.%u.%u.1", i / 250, i % 250);
        lines += written(stranger(text), 3, NOW);
    }
    cr_assert_eq(lines, LIMIT_STRANGERS_MOST);
}

Test(limit, flood_of_strangers_hides_neither_peers_nor_keys)
{
    for (unsigned i = 0; i < 4000; i++) {
        char text[ADDRESS_TEXT_SIZE];
        snprintf(text, sizeof text, "10.%u.%u.1", i / 250, i % 250);
        written(stranger(text), 3, NOW);
    }
    cr_assert_eq(admit(peer(0, "10.1.1.1"), NOW), 0);
    cr_assert_eq(written(limit_of_key(TYPE, RESULT, 0), 5, NOW), 5);
}

Test(limit, kinds_peers_and_addresses_are_apart)
{
    struct address address = host("192.0.2.1");
    written(peer(0, "192.0.2.1"), 100, NOW);
    cr_assert_lt(admit(peer(0, "192.0.2.1"), NOW), 0);
    cr_assert_eq(admit(limit_of_peer(TYPE, OTHER, 0, &address), NOW), 0);
    cr_assert_eq(admit(limit_of_peer(TYPE + 1, RESULT, 0, &address), NOW), 0);
    cr_assert_eq(admit(peer(1, "192.0.2.1"), NOW), 0);
    cr_assert_eq(admit(peer(0, "192.0.2.2"), NOW), 0);
}

/* More subjects than there are places in any set: whoever shares one with others is still told. */
Test(limit, collision_hides_no_one)
{
    for (unsigned number = 0; number < LIMIT_OTHERS_MOST; number++)
        cr_assert_eq(admit(limit_of_key(TYPE, RESULT, number * 256), NOW), 0, "key %u", number);
}

Test(limit, count_of_who_had_to_make_room_is_told)
{
    int left_out = 0;
    written(limit_of_key(TYPE, RESULT, 0), 30, NOW);
    for (unsigned second = 1; second < 100; second++)
        for (unsigned number = 1; number < 100; number++)
            left_out += admit(limit_of_key(TYPE, RESULT, second * 100 + number), NOW + second);
    cr_assert_eq(left_out, 30 - LIMIT_BURST);
}

Test(limit, nobody_at_all_is_a_subject_too)
{
    cr_assert_eq(written(limit_of_stranger(TYPE, RESULT, NULL), 100, NOW), LIMIT_BURST);
}

Test(limit, clock_that_was_set_back_lets_no_one_hide_others)
{
    for (unsigned i = 0; i < 20000; i++)
        admit(peer(i, "192.0.2.1"), NOW + 3600 + i / 500);
    cr_assert_eq(written(peer(30000, "192.0.2.1"), 2 * LIMIT_OTHERS_MOST, NOW), LIMIT_BURST);
    cr_assert_eq(written(peer(30001, "192.0.2.1"), 1, NOW), 1);
}
