/* The last refusals and failures. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "scene.h"

static json_t *failures;

static void open_scene(void)
{
    scene_open(SCENE_CONFIG);
}

static void close_scene(void)
{
    json_decref(failures);
    scene_close();
}

TestSuite(failures, .init = open_scene, .fini = close_scene);

static void look(void)
{
    json_decref(failures);
    failures = observe_failures(scene_observe);
}

static const char *text(size_t i, const char *key)
{
    const json_t *value = json_object_get(json_array_get(failures, i), key);
    return json_is_string(value) ? json_string_value(value) : NULL;
}

static void refuse_stranger(const char *address)
{
    scene_report((struct relay_event){.type = EVENT_REFUSED,
                                      .result = RESULT_UNKNOWN_SOURCE,
                                      .address = scene_address(address),
                                      .opcode = DNS_OPCODE_NOTIFY,
                                      .qtype = DNS_TYPE_SOA,
                                      .zone = scene_zone("example.com")});
}

static void refuse_zone(const char *zone)
{
    scene_report((struct relay_event){.type = EVENT_REFUSED,
                                      .result = RESULT_ZONE_NOT_ALLOWED,
                                      .peer = scene_peer("one"),
                                      .client = scene_peer("one"),
                                      .key = scene_key(),
                                      .address = scene_address("192.0.2.1"),
                                      .qtype = DNS_TYPE_AXFR,
                                      .transport = RELAY_TCP,
                                      .zone = scene_zone(zone)});
}

Test(failures, each_says_what_mends_it)
{
    refuse_zone("example.org");
    look();
    cr_assert_eq(json_array_size(failures), 1);
    cr_expect_str_eq(text(0, "level"), "warning");
    cr_expect_str_eq(text(0, "event"), "refused");
    cr_expect_str_eq(text(0, "result"), "zone-not-allowed");
    cr_expect_str_eq(text(0, "peer"), "one");
    cr_expect_str_eq(text(0, "address"), "192.0.2.1@53");
    cr_expect_str_eq(text(0, "zone"), "example.org");
    cr_expect_str_eq(text(0, "type"), "AXFR");
    cr_expect_str_eq(text(0, "advice"),
                     "add example.org to zones in [secondary one] if it may have it");
}

Test(failures, what_is_alike_stands_there_once)
{
    refuse_zone("example.org");
    refuse_zone("example.net");
    for (unsigned i = 0; i < 20; i++)
        refuse_zone("Example.org");
    look();
    cr_assert_eq(json_array_size(failures), 2);
    cr_expect_str_eq(text(0, "zone"), "example.org");
    cr_expect_eq(json_integer_value(json_object_get(json_array_get(failures, 0), "count")), 21);
    cr_expect_str_eq(text(1, "zone"), "example.net");
}

Test(failures, strangers_hide_nothing_of_peers)
{
    char address[32];
    refuse_zone("example.org");
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(address, sizeof address, "10.%u.%u.7", i / 250, i % 250);
        refuse_stranger(address);
    }
    look();
    cr_assert_eq(json_array_size(failures), 1 + FAILURES_STRANGERS);
    cr_expect_str_eq(text(FAILURES_STRANGERS, "zone"), "example.org");
    cr_expect_not_null(strstr(text(0, "advice"), "in address or from; add it"));
}

Test(failures, the_latest_comes_first)
{
    refuse_stranger("10.0.1.7");
    refuse_stranger("10.0.2.7");
    look();
    cr_expect_str_eq(text(0, "address"), "10.0.2.7@53");
    cr_expect_str_eq(text(0, "advice"), "no [primary] has 10.0.2.7 in address or from; add it");
    refuse_stranger("10.0.1.7");
    look();
    cr_assert_eq(json_array_size(failures), 2);
    cr_expect_str_eq(text(0, "address"), "10.0.1.7@53");
}

Test(failures, there_are_never_more_than_so_many)
{
    char zone[32];
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(zone, sizeof zone, "z%u.example", i);
        refuse_zone(zone);
    }
    look();
    cr_assert_eq(json_array_size(failures), FAILURES_MOST - FAILURES_STRANGERS);
}

Test(failures, what_went_well_is_none)
{
    scene_report(scene_answered(EVENT_REFRESH, "one", DNS_TYPE_SOA, "example.com", 7));
    scene_report(scene_answered(EVENT_TRANSFER, "one", DNS_TYPE_AXFR, "example.com", 7));
    scene_report(scene_notify("one", "example.com", 7, RESULT_OK));
    look();
    cr_expect_eq(json_array_size(failures), 0);
}
