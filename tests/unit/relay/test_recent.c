#include "relay/recent.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "exchange/world.h"

static struct recent *recent;

static void init(void)
{
    recent = calloc(1, sizeof *recent);
    recent_init(recent);
}

static void fini(void)
{
    recent_fini(recent);
    free(recent);
}

TestSuite(relay_recent, .init = init, .fini = fini);

static bool is_bad(const char *text, uint64_t now)
{
    struct address address = world_address(text);

    return recent_address_is_bad(recent, &address, now);
}

Test(relay_recent, M6_an_address_that_refused_is_bad_for_30_seconds_or_until_it_works)
{
    struct address address = world_address("10.0.0.1@53");

    cr_expect_not(is_bad("10.0.0.1@53", 5000));
    recent_address_failed(recent, &address, 5000);
    cr_expect(is_bad("10.0.0.1@53", 34999));
    cr_expect_not(is_bad("10.0.0.1@53", 35000));
    cr_expect_not(is_bad("10.0.0.1@54", 5000), "each port is a server");
    recent_address_failed(recent, &address, 10000);
    recent_address_failed(recent, &address, 20000);
    cr_expect(is_bad("10.0.0.1@53", 49999));
    recent_address_worked(recent, &address, 20000);
    cr_expect_not(is_bad("10.0.0.1@53", 20000));
}

Test(relay_recent, the_oldest_bad_address_makes_room)
{
    struct address address = world_address("10.0.0.1@1");

    for (unsigned i = 0; i <= RECENT_BAD; i++) {
        address.port = (uint16_t)(1 + i);
        recent_address_failed(recent, &address, 0);
    }
    cr_expect_not(is_bad("10.0.0.1@1", 1));
    cr_expect(is_bad("10.0.0.1@2", 1));
    cr_expect(is_bad("10.0.0.1@65", 1));
}

static const char *notifier(const char *zone, uint64_t now)
{
    static char text[ADDRESS_TEXT_SIZE];
    struct dns_name name = support_name(zone);
    struct address from = recent_notifier(recent, &name, now);

    return from.family != ADDRESS_NONE ? address_to_text(&from, text) : "";
}

static void notified(const char *zone, const char *from, uint64_t now)
{
    struct dns_name name = support_name(zone);
    struct address address = world_address(from);

    recent_notified(recent, &name, &address, now);
}

Test(relay_recent, M6_a_zones_last_notifier_is_known_for_a_minute)
{
    cr_expect_str_eq(notifier("example.com", 1000), "");
    notified("example.com", "10.0.0.1@53", 1000);
    notified("example.net", "10.0.0.3@53", 1000);
    cr_expect_str_eq(notifier("EXAMPLE.com", 60999), "10.0.0.1@53");
    cr_expect_str_eq(notifier("example.com", 61000), "");
    notified("Example.com", "10.0.0.2@53", 2000);
    cr_expect_str_eq(notifier("example.com", 2000), "10.0.0.2@53");
    cr_expect_str_eq(notifier("example.net", 2000), "10.0.0.3@53");
}

Test(relay_recent, the_oldest_notifier_makes_room)
{
    char zone[32];

    for (unsigned i = 0; i <= RECENT_NOTIFIES; i++) {
        snprintf(zone, sizeof zone, "z%u.example", i);
        notified(zone, "10.0.0.1@53", 0);
        notified("z1.example", "10.0.0.1@53", 0);
    }
    cr_expect_str_eq(notifier("z0.example", 1), "");
    cr_expect_str_eq(notifier("z2.example", 1), "10.0.0.1@53");
    cr_expect_str_eq(notifier("z256.example", 1), "10.0.0.1@53");
}
