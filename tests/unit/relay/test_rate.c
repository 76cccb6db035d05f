#include "relay/rate.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "exchange/world.h"

static struct rate *rate;

static void init(void)
{
    rate = calloc(1, sizeof *rate);
    rate_init(rate);
}

static void fini(void)
{
    rate_fini(rate);
    free(rate);
}

TestSuite(relay_rate, .init = init, .fini = fini);

/* How many of 1000 at this moment. */
static unsigned taken(const char *from, bool stranger, unsigned per_second, uint64_t now)
{
    struct address address = world_address(from);
    struct address key = rate_key(&address, stranger);
    unsigned count = 0;
    for (int i = 0; i < 1000; i++)
        count += rate_take(rate, &key, per_second, now);
    return count;
}

Test(relay_rate, one_seconds_worth_at_once_and_then_so_many_a_second)
{
    cr_expect_eq(taken("192.0.2.1@53", false, 50, 7000), 50);
    cr_expect_eq(taken("192.0.2.1@53", false, 50, 7000), 0);
    cr_expect_eq(taken("192.0.2.1@53", false, 50, 7019), 0);
    cr_expect_eq(taken("192.0.2.1@53", false, 50, 7020), 1);
    cr_expect_eq(taken("192.0.2.1@53", false, 50, 7520), 25);
    cr_expect_eq(taken("192.0.2.1@53", false, 50, 100000), 50, "and never more");
}

Test(relay_rate, of_zero_is_never)
{
    cr_expect_eq(taken("192.0.2.1@53", false, 0, 7000), 0);
}

Test(relay_rate, of_the_highest_setting_is_kept)
{
    struct address key = world_address("192.0.2.1@53");
    unsigned count = 0;
    for (int i = 0; i < 1100000; i++)
        count += rate_take(rate, &key, 1000000, 1);
    cr_expect_eq(count, 1000000);
}

Test(relay_rate, strangers_of_one_network_share_and_others_do_not)
{
    cr_expect_eq(taken("192.0.2.1@53", true, 50, 1), 50);
    cr_expect_eq(taken("192.0.2.255@4000", true, 50, 1), 0);
    cr_expect_eq(taken("192.0.3.1@53", true, 50, 1), 50);
    cr_expect_eq(taken("2001:db8:0:ff::1@53", true, 50, 1), 50);
    cr_expect_eq(taken("2001:db8:0:01::2@53", true, 50, 1), 0);
    cr_expect_eq(taken("2001:db8:0:100::1@53", true, 50, 1), 50);
}

Test(relay_rate, peers_have_each_their_own)
{
    cr_expect_eq(taken("192.0.2.1@53", true, 50, 1), 50);
    cr_expect_eq(taken("192.0.2.1@53", false, 50, 1), 50, "beside strangers of its network");
    cr_expect_eq(taken("192.0.2.2@53", false, 50, 1), 50);
    cr_expect_eq(taken("192.0.2.2@4000", false, 50, 1), 0, "whatever the port");
    cr_expect_eq(taken("2001:db8::1@53", false, 50, 1), 50);
    cr_expect_eq(taken("2001:db8::2@53", false, 50, 1), 50);
}

/* More than have room: each place gives no more than one address may have. */
Test(relay_rate, many_forged_addresses_earn_no_more_than_the_table_holds)
{
    unsigned count = 0;
    for (uint32_t i = 0; i < 200000; i++) {
        uint8_t octets[4] = {10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
        struct address from = address_from_octets(ADDRESS_IPV4, octets, 53);
        struct address key = rate_key(&from, false);
        count += rate_take(rate, &key, 2, 1);
    }
    cr_expect_leq(count, 2 * RATE_SETS * RATE_PLACES);
    cr_expect_geq(count, RATE_SETS * RATE_PLACES);
}

Test(relay_rate, address_that_goes_on_keeps_its_place_beside_others)
{
    cr_expect_eq(taken("192.0.2.1@53", false, 50, 1), 50);
    for (uint32_t i = 0; i < 20; i++) {
        char text[32];
        snprintf(text, sizeof text, "198.51.100.%u@53", i);
        taken(text, false, 50, 1 + i);
        cr_expect_leq(taken("192.0.2.1@53", false, 50, 1 + i), 1);
    }
}
