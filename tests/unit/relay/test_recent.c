#include "relay/recent.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/world.h"

static struct recent *recent;

static void init(void)
{
    recent = calloc(1, sizeof *recent);
}

static void fini(void)
{
    free(recent);
}

TestSuite(relay_recent, .init = init, .fini = fini);

static const uint8_t octets[300] = {1, 2, 3};

static struct recent_flight flight(const char *from, const void *start, size_t len)
{
    return (struct recent_flight){.from = world_address(from), .octets = start, .len = len};
}

static bool in_flight(const char *from, const void *start, size_t len)
{
    struct recent_flight like = flight(from, start, len);

    return recent_join(recent, &like);
}

Test(relay_recent, M10_a_request_in_flight_is_known_by_source_and_octets)
{
    struct recent_flight f = flight("192.0.2.1@4000", octets, 40);
    static const uint8_t same[40] = {1, 2, 3}, other[40] = {1, 2, 4};

    cr_expect_not(in_flight("192.0.2.1@4000", octets, 40));
    recent_take_off(recent, &f);
    cr_expect(in_flight("192.0.2.1@4000", same, 40));
    cr_expect_not(in_flight("192.0.2.1@4001", same, 40), "the port counts");
    cr_expect_not(in_flight("192.0.2.2@4000", same, 40));
    cr_expect_not(in_flight("192.0.2.1@4000", same, 39));
    cr_expect_not(in_flight("192.0.2.1@4000", other, 40));
    recent_land(&f);
    cr_expect_not(in_flight("192.0.2.1@4000", same, 40));
}

/* A TSIG covers the original ID, not the one in the header. */
Test(relay_recent, M10_a_verified_request_is_known_whatever_its_id)
{
    uint8_t texts[3][40] = {{1, 2, 3}, {8, 9, 3}, {8, 9, 4}};
    struct recent_flight f = flight("192.0.2.1@4000", texts[0], 40);
    recent_take_off(recent, &f);
    cr_expect_not(in_flight("192.0.2.1@4000", texts[1], 40), "unsigned, the ID counts");
    f.verified = true;
    cr_expect(in_flight("192.0.2.1@4000", texts[1], 40));
    cr_expect(in_flight("192.0.2.1@4000", texts[1], 40));
    cr_expect_eq(f.id_count, 1, "once");
    cr_expect_eq(f.ids[0], 0x0809);
    cr_expect(in_flight("192.0.2.1@4000", texts[0], 40));
    cr_expect_eq(f.id_count, 1, "its own is none");
    cr_expect_not(in_flight("192.0.2.1@4000", texts[2], 40));
    cr_expect_not(in_flight("192.0.2.1@4001", texts[1], 40), "the port counts");
    cr_expect_not(in_flight("192.0.2.1@4000", texts[1], 1));
    for (uint8_t i = 0; i < 100; i++) {
        texts[1][0] = i;
        cr_expect(in_flight("192.0.2.1@4000", texts[1], 40));
    }
    cr_expect_eq(f.id_count, RECENT_IDS);
}

/* The same NOTIFY from one socket to two secondaries' addresses is two requests. */
Test(relay_recent, M10_a_request_to_another_destination_is_another)
{
    struct recent_flight f = flight("10.0.0.1@4000", octets, 40), g = f;

    f.to = world_address("192.0.2.1@53");
    g.to = world_address("192.0.2.2@53");
    recent_take_off(recent, &f);
    cr_expect_not(recent_join(recent, &g));
    recent_take_off(recent, &g);
    recent_land(&f);
    cr_expect_not(recent_join(recent, &f));
    cr_expect(recent_join(recent, &g));
    recent_land(&g);
}

/* Only the last octets choose the bucket, so these three meet in one. */
Test(relay_recent, requests_in_one_bucket_come_and_go_independently)
{
    uint8_t texts[3][300] = {{1}, {2}, {3}};
    struct recent_flight f[3];

    for (int i = 0; i < 3; i++) {
        f[i] = flight("192.0.2.1@4000", texts[i], sizeof texts[i]);
        cr_expect_not(in_flight("192.0.2.1@4000", texts[i], sizeof texts[i]));
        recent_take_off(recent, &f[i]);
    }
    recent_land(&f[1]);
    cr_expect(in_flight("192.0.2.1@4000", texts[0], sizeof texts[0]));
    cr_expect_not(in_flight("192.0.2.1@4000", texts[1], sizeof texts[1]));
    cr_expect(in_flight("192.0.2.1@4000", texts[2], sizeof texts[2]));
    recent_land(&f[2]);
    cr_expect(in_flight("192.0.2.1@4000", texts[0], sizeof texts[0]));
    recent_land(&f[0]);
    cr_expect_not(in_flight("192.0.2.1@4000", texts[0], sizeof texts[0]));
}

Test(relay_recent, landing_twice_or_without_a_start_is_harmless)
{
    struct recent_flight f = flight("192.0.2.1@4000", octets, 40), never = {0};
    struct recent_flight next = flight("192.0.2.1@4000", octets, 40);

    recent_land(&never);
    recent_take_off(recent, &f);
    recent_land(&f);
    recent_take_off(recent, &next);
    recent_land(&f);
    cr_expect(in_flight("192.0.2.1@4000", octets, 40));
    recent_land(&next);
}

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
    recent_address_worked(recent, &address);
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
    const struct address *from = recent_notifier(recent, &name, now);

    return from ? address_to_text(from, text) : "";
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
