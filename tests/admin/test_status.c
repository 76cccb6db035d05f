/* The document that shows a running program. */
#include <criterion/criterion.h>
#include <string.h>

#include "scene.h"

static json_t *document;

static void open_scene(void)
{
    scene_open(SCENE_CONFIG);
}

static void close_scene(void)
{
    json_decref(document);
    scene_close();
}

TestSuite(status, .init = open_scene, .fini = close_scene);

static void look(void)
{
    json_decref(document);
    document = scene_document();
}

static const char *summary(void)
{
    look();
    return json_string_value(json_object_get(document, "summary"));
}

static json_t *row(const char *secondary, const char *zone)
{
    json_t *found = NULL, *each;
    size_t i;
    json_array_foreach (json_object_get(document, "zones"), i, each)
        if (strcmp(json_string_value(json_object_get(each, "zone")), zone) == 0 &&
            strcmp(json_string_value(json_object_get(each, "secondary")), secondary) == 0)
            found = each;
    cr_assert_not_null(found, "no row of %s for %s", secondary, zone);
    return found;
}

static const char *text(const json_t *object, const char *key)
{
    cr_assert(json_is_string(json_object_get(object, key)), "%s", key);
    return json_string_value(json_object_get(object, key));
}

static json_int_t number(const json_t *object, const char *key)
{
    cr_assert(json_is_integer(json_object_get(object, key)), "%s", key);
    return json_integer_value(json_object_get(object, key));
}

static void take(const char *secondary, const char *zone, uint32_t serial)
{
    scene_report(scene_answered(EVENT_TRANSFER, secondary, DNS_TYPE_AXFR, zone, serial));
}

Test(status, a_program_that_nobody_has_asked_says_so)
{
    cr_expect_str_eq(summary(), "no secondary has asked for anything yet");
    cr_expect_str_eq(text(document, "version"), TSIG_PROXY_VERSION);
    cr_expect_eq(number(document, "workers"), 2);
    cr_expect_eq(json_array_size(json_object_get(document, "zones")), 0);
    cr_expect_str_eq(json_string_value(json_array_get(json_object_get(document, "listeners"), 0)),
                     "192.0.2.53@53");
    const json_t *absent = json_object_get(document, "absent");
    cr_expect_eq(json_array_size(absent), 1);
    cr_expect_str_eq(json_string_value(json_array_get(absent, 0)), "192.0.2.54");
    cr_expect_str_eq(
        json_string_value(json_array_get(json_object_get(document, "proxy_listeners"), 0)),
        "192.0.2.54@853");
    cr_expect_eq(json_array_size(json_object_get(document, "listeners")), 1);
    json_t *config = json_object_get(document, "config");
    cr_expect(json_is_true(json_object_get(config, "last_reload_successful")));
    cr_expect_geq(number(config, "loaded"), number(document, "started"));
}

Test(status, one_sentence_says_whether_all_have_every_zone)
{
    take("one", "example.com", 7);
    cr_expect_str_eq(summary(), "no zone is behind; nothing is known yet of secondary two");
    take("two", "example.com", 7);
    cr_expect_str_eq(summary(), "all 2 secondaries have every zone");
    take("two", "example.com", 8);
    cr_expect(strstr(summary(), "secondary one is behind on example.com since "), "%s", summary());
}

Test(status, a_row_has_all_that_is_known_of_a_copy)
{
    take("one", "example.com", 7);
    look();
    json_t *one = row("one", "example.com");
    cr_expect_str_eq(text(one, "state"), "current");
    cr_expect_str_eq(text(one, "primary"), "hq");
    cr_expect_eq(number(one, "serial"), 7);
    cr_expect_eq(number(one, "newest"), 7);
    cr_expect_eq(number(one, "expires"), number(one, "confirmed") + 604800);
    cr_expect(json_is_null(json_object_get(one, "why")));
    cr_expect(json_is_null(json_object_get(one, "behind_since")));
}

Test(status, who_took_a_notify_and_did_not_transfer_is_behind_for_that)
{
    take("one", "example.com", 7);
    scene_report(scene_notify("one", "example.com", 8, RESULT_OK));
    look();
    cr_expect_str_eq(text(row("one", "example.com"), "state"), "behind");
    cr_expect(strstr(text(row("one", "example.com"), "why"), "it took the NOTIFY at "));
}

Test(status, who_did_not_take_a_notify_is_behind_for_that)
{
    take("one", "example.com", 7);
    scene_report(scene_notify("one", "example.com", 8, RESULT_TIMEOUT));
    look();
    cr_expect_str_eq(text(row("one", "example.com"), "why"), "it did not take the NOTIFY: timeout");
}

Test(status, a_serial_that_was_set_back_is_why)
{
    take("one", "example.com", 9);
    scene_report(scene_answered(EVENT_REFRESH, "one", DNS_TYPE_SOA, "example.com", 3));
    look();
    cr_expect_str_eq(text(row("one", "example.com"), "why"),
                     "it has serial 9, and the primary's was set back to 3; raise that above, or "
                     "have the zone transferred anew there");
}

Test(status, a_transfer_that_was_refused_is_why)
{
    struct relay_event refused =
        scene_answered(EVENT_TRANSFER, "one", DNS_TYPE_AXFR, "example.com", 0);
    take("one", "example.com", 7);
    scene_report(scene_answered(EVENT_REFRESH, "one", DNS_TYPE_SOA, "example.com", 8));
    refused.has_serial = refused.has_timers = false;
    refused.result = RESULT_ERROR;
    refused.rcode = DNS_RCODE_REFUSED;
    scene_report(refused);
    look();
    cr_expect_str_eq(text(row("one", "example.com"), "why"),
                     "its last question came to nothing: answered REFUSED");
}

Test(status, a_zone_that_is_listed_is_there_before_anybody_asks)
{
    scene_reload(SCENE_CONFIG "zones = example.org, *.example\n");
    look();
    cr_expect_str_eq(text(row("two", "example.org"), "state"), "unknown");
    cr_expect_eq(json_array_size(json_object_get(document, "zones")), 1);
    take("one", "example.com", 1);
    cr_expect_str_eq(summary(), "no zone is behind; nothing is known yet of secondary two");
}

Test(status, a_notify_is_told_with_the_transfer_that_followed)
{
    take("one", "example.com", 7);
    scene_report(scene_notify("one", "example.com", 8, RESULT_OK));
    scene_report(scene_notify("two", "example.com", 8, RESULT_ASLEEP));
    scene_report(scene_notify("two", "example.com", 8, RESULT_TIMEOUT));
    scene_report(scene_answered(EVENT_REFRESH, "one", DNS_TYPE_SOA, "example.com", 8));
    take("one", "example.com", 8);
    look();
    json_t *notifies = json_object_get(document, "notifies");
    cr_assert_eq(json_array_size(notifies), 2, "that one sleeps is no answer");
    json_t *first = json_array_get(notifies, 1), *second = json_array_get(notifies, 0);
    cr_expect_str_eq(text(first, "secondary"), "one");
    cr_expect_str_eq(text(first, "address"), "192.0.2.1@53");
    cr_expect_str_eq(text(first, "rcode"), "NOERROR");
    cr_expect_eq(number(first, "serial"), 8);
    cr_expect_eq(number(first, "tries"), 1);
    cr_expect_leq(number(first, "transfer_after_seconds"), 1);
    cr_expect_str_eq(text(second, "result"), "timeout");
    cr_expect(json_is_null(json_object_get(second, "transfer_after_seconds")));
    cr_expect(json_is_null(json_object_get(second, "rcode")));
}

Test(status, peers_show_keys_clocks_and_whether_they_are_up)
{
    struct relay_event good = scene_answered(EVENT_VERIFIED, "one", DNS_TYPE_SOA, "example.com", 0);
    struct relay_event bad = good;
    good.has_skew = true;
    good.skew = -3;
    scene_report(good);
    bad.type = EVENT_TSIG_FAILURE;
    bad.result = RESULT_REFUSED;
    bad.tsig_error = 16;
    scene_report(bad);
    scene_report((struct relay_event){.type = EVENT_UPSTREAM_FAILURE,
                                      .result = RESULT_CANNOT_CONNECT,
                                      .peer = scene_peer("hq"),
                                      .address = scene_address("10.0.0.1")});
    look();
    json_t *peers = json_object_get(document, "peers");
    json_t *hq = json_array_get(peers, 0), *one = json_array_get(peers, 1);
    json_t *key = json_array_get(json_object_get(one, "keys"), 0);
    cr_expect(json_is_false(json_object_get(hq, "up")));
    cr_expect(json_is_true(json_object_get(one, "up")));
    cr_expect(json_is_null(json_object_get(json_array_get(peers, 2), "up")));
    cr_expect_eq(number(one, "skew"), -3);
    cr_expect_eq(number(one, "fudge"), 300);
    cr_expect_str_eq(text(key, "label"), "k");
    cr_expect_str_eq(text(key, "algorithm"), "hmac-sha256");
    cr_expect_eq(number(key, "failures"), 1);
    cr_expect_geq(number(key, "last_used"), number(document, "started"));
    cr_expect_eq(number(json_object_get(one, "zones"), "current"), 0);
    cr_expect(json_is_null(json_object_get(hq, "zones")));
    cr_expect(strstr(text(document, "summary"), "; primary hq did not answer at "));
}

Test(status, what_a_reload_removes_disappears)
{
    take("one", "example.com", 7);
    take("two", "example.com", 7);
    scene_report(scene_notify("two", "example.com", 8, RESULT_TIMEOUT));
    scene_reload("[key k]\nsecret-file = k.key\n"
                 "[primary hq]\naddress = 10.0.0.1\n"
                 "[secondary one]\naddress = 192.0.2.1\nkey = k\n");
    look();
    cr_expect_eq(json_array_size(json_object_get(document, "zones")), 1);
    cr_expect_eq(json_array_size(json_object_get(document, "notifies")), 0);
    cr_expect_eq(json_array_size(json_object_get(document, "peers")), 2);
    cr_expect_eq(number(row("one", "example.com"), "serial"), 7);
}

Test(status, a_refused_reload_changes_nothing_but_is_told)
{
    take("one", "example.com", 7);
    observe_reloaded(scene_observe, config_fixture, false, observe_now());
    look();
    json_t *config = json_object_get(document, "config");
    cr_expect(json_is_false(json_object_get(config, "last_reload_successful")));
    row("one", "example.com");
}

Test(status, the_troubled_copies_have_the_rows_when_there_are_too_many)
{
    char config[1024];
    snprintf(config, sizeof config, "[proxy]\nmetrics-zones = 3\n%s", SCENE_CONFIG);
    scene_reload(config);
    for (unsigned i = 0; i < 10; i++) {
        char zone[32];
        snprintf(zone, sizeof zone, "z%u.example", i);
        take("one", zone, 7);
    }
    take("two", "z8.example", 8);
    look();
    json_t *zones = json_object_get(document, "zones");
    cr_assert_eq(json_array_size(zones), 3);
    cr_expect_str_eq(text(json_array_get(zones, 0), "zone"), "z8.example");
    cr_expect_eq(number(document, "zones_left_out"), 8);
    json_t *counts = json_object_get(document, "zone_counts");
    cr_expect_eq(number(counts, "current"), 10);
    cr_expect_eq(number(counts, "behind"), 1);
}

/* Who asks for the SOA of a name below a zone, or for one that no primary has. */
Test(status, what_no_primary_has_told_of_is_no_zone)
{
    struct relay_event none =
        scene_answered(EVENT_REFRESH, "two", DNS_TYPE_SOA, "www.example.com", 0);
    none.has_serial = none.has_timers = false;
    scene_report(none);
    none.result = RESULT_ERROR;
    none.rcode = DNS_RCODE_REFUSED;
    scene_report(none);
    scene_report(scene_notify("two", "elsewhere.example", 8, RESULT_TIMEOUT));
    look();
    cr_expect_eq(json_array_size(json_object_get(document, "zones")), 0);
}

/* One primary stands in for another: the copy is the same. */
Test(status, two_primaries_of_a_secondary_have_one_row_for_a_zone)
{
    scene_reload("[primary hq]\naddress = 10.0.0.1\n[primary spare]\naddress = 10.0.0.2\n"
                 "[secondary one]\naddress = 192.0.2.1\nprimary = hq, spare\n");
    struct relay_event by_spare =
        scene_answered(EVENT_TRANSFER, "one", DNS_TYPE_AXFR, "example.com", 8);
    take("one", "example.com", 7);
    by_spare.server = scene_peer("spare");
    scene_report(by_spare);
    look();
    cr_expect_eq(json_array_size(json_object_get(document, "zones")), 1);
    cr_expect_eq(number(row("one", "example.com"), "serial"), 8);
}
