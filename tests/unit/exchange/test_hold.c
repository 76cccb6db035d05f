#include "exchange/hold.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct hold hold;

static void fini(void)
{
    hold_fini(&hold);
}

TestSuite(relay_hold, .fini = fini);

static void add(uint8_t fill, size_t len)
{
    uint8_t *octets = malloc(len ? len : 1);

    memset(octets, fill, len);
    cr_assert_eq(hold_add(&hold, octets, len), 0);
    memset(octets, 0xee, len); /* it keeps a copy */
    free(octets);
}

/* Takes the first one out and alters all of it. */
static void expect(uint8_t fill, size_t len)
{
    uint8_t *octets;
    size_t got;

    cr_assert(hold_take(&hold, &octets, &got));
    cr_assert_eq(got, len);
    for (size_t i = 0; i < len; i++)
        cr_assert_eq(octets[i], fill, "octet %zu of %zu", i, len);
    memset(octets, 0xdd, len);
}

static void expect_nothing(void)
{
    uint8_t *octets;
    size_t len;

    cr_expect(hold_is_empty(&hold));
    cr_expect_not(hold_take(&hold, &octets, &len));
}

Test(relay_hold, zeroed_it_is_empty)
{
    expect_nothing();
    hold_fini(&hold);
    expect_nothing();
}

Test(relay_hold, what_was_added_first_is_taken_first)
{
    add(1, 12);
    add(2, 300);
    add(3, 12);
    cr_expect_not(hold_is_empty(&hold));
    expect(1, 12);
    expect(2, 300);
    cr_expect_not(hold_is_empty(&hold));
    expect(3, 12);
    expect_nothing();
}

Test(relay_hold, any_length_of_a_message_can_be_kept)
{
    static const size_t lens[] = {0, 1, 255, 256, 257, 16384, 32768, 65534, 65535};

    for (uint8_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
        add(i, lens[i]);
    for (uint8_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
        expect(i, lens[i]);
    expect_nothing();
}

Test(relay_hold, P21_a_hundred_messages_of_full_size_fit)
{
    for (uint8_t i = 0; i < 100; i++)
        add(i, DNS_MESSAGE_MAX);
    for (uint8_t i = 0; i < 100; i++)
        expect(i, DNS_MESSAGE_MAX);
    expect_nothing();
}

/* One transfer fills and empties it many times. */
Test(relay_hold, P21_its_memory_does_not_grow_once_it_is_emptied)
{
    size_t size = 0;

    for (unsigned round = 0; round < 50; round++) {
        for (uint8_t i = 0; i < 10; i++)
            add(i, 1000);
        for (uint8_t i = 0; i < 10; i++)
            expect(i, 1000);
        expect_nothing();
        if (round == 0)
            size = hold.size;
        cr_assert_eq(hold.size, size, "round %u", round);
    }
}

Test(relay_hold, what_is_left_can_be_released)
{
    add(1, 1000);
    add(2, 1000);
    expect(1, 1000);
    hold_fini(&hold);
    expect_nothing();
    add(3, 10);
    expect(3, 10);
}
