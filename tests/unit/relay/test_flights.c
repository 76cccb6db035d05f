#include "relay/flights.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "exchange/world.h"

static struct flights *flights;

static void init(void)
{
    flights = calloc(1, sizeof *flights);
}

static void fini(void)
{
    free(flights);
}

TestSuite(relay_flights, .init = init, .fini = fini);

static const uint8_t octets[300] = {1, 2, 3};

static struct flight flight(const char *from, const void *start, size_t len)
{
    return (struct flight){.from = world_address(from), .octets = start, .len = len};
}

static bool in_flight(const char *from, const void *start, size_t len)
{
    struct flight like = flight(from, start, len);

    return flights_join(flights, &like);
}

Test(relay_flights, M10_a_request_in_flight_is_known_by_source_and_octets)
{
    struct flight f = flight("192.0.2.1@4000", octets, 40);
    static const uint8_t same[40] = {1, 2, 3}, other[40] = {1, 2, 4};

    cr_expect_not(in_flight("192.0.2.1@4000", octets, 40));
    flights_take_off(flights, &f);
    cr_expect(in_flight("192.0.2.1@4000", same, 40));
    cr_expect_not(in_flight("192.0.2.1@4001", same, 40), "the port counts");
    cr_expect_not(in_flight("192.0.2.2@4000", same, 40));
    cr_expect_not(in_flight("192.0.2.1@4000", same, 39));
    cr_expect_not(in_flight("192.0.2.1@4000", other, 40));
    flight_land(&f);
    cr_expect_not(in_flight("192.0.2.1@4000", same, 40));
}

/* A TSIG covers the original ID, not the one in the header. */
Test(relay_flights, M10_a_verified_request_is_known_whatever_its_id)
{
    uint8_t texts[3][40] = {{1, 2, 3}, {8, 9, 3}, {8, 9, 4}};
    struct flight f = flight("192.0.2.1@4000", texts[0], 40);
    flights_take_off(flights, &f);
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
    cr_expect_eq(f.id_count, FLIGHT_IDS);
}

/* The same NOTIFY from one socket to two secondaries' addresses is two requests. */
Test(relay_flights, M10_a_request_to_another_destination_is_another)
{
    struct flight f = flight("10.0.0.1@4000", octets, 40), g = f;

    f.to = world_address("192.0.2.1@53");
    g.to = world_address("192.0.2.2@53");
    flights_take_off(flights, &f);
    cr_expect_not(flights_join(flights, &g));
    flights_take_off(flights, &g);
    flight_land(&f);
    cr_expect_not(flights_join(flights, &f));
    cr_expect(flights_join(flights, &g));
    flight_land(&g);
}

/* Only the last octets choose the bucket, so these three meet in one. */
Test(relay_flights, requests_in_one_bucket_come_and_go_independently)
{
    uint8_t texts[3][300] = {{1}, {2}, {3}};
    struct flight f[3];

    for (int i = 0; i < 3; i++) {
        f[i] = flight("192.0.2.1@4000", texts[i], sizeof texts[i]);
        cr_expect_not(in_flight("192.0.2.1@4000", texts[i], sizeof texts[i]));
        flights_take_off(flights, &f[i]);
    }
    flight_land(&f[1]);
    cr_expect(in_flight("192.0.2.1@4000", texts[0], sizeof texts[0]));
    cr_expect_not(in_flight("192.0.2.1@4000", texts[1], sizeof texts[1]));
    cr_expect(in_flight("192.0.2.1@4000", texts[2], sizeof texts[2]));
    flight_land(&f[2]);
    cr_expect(in_flight("192.0.2.1@4000", texts[0], sizeof texts[0]));
    flight_land(&f[0]);
    cr_expect_not(in_flight("192.0.2.1@4000", texts[0], sizeof texts[0]));
}

Test(relay_flights, landing_twice_or_without_a_start_is_harmless)
{
    struct flight f = flight("192.0.2.1@4000", octets, 40), never = {0};
    struct flight next = flight("192.0.2.1@4000", octets, 40);

    flight_land(&never);
    flights_take_off(flights, &f);
    flight_land(&f);
    flights_take_off(flights, &next);
    flight_land(&f);
    cr_expect(in_flight("192.0.2.1@4000", octets, 40));
    flight_land(&next);
}
