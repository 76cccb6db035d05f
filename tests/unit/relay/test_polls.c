/* When which zone's SOA is asked for, and what is known of it. */
#include "relay/polls.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_fixture.h"
#include "support.h"

#define START  UINT64_C(7000000)
#define SECOND 1000

static struct polls *polls;
static struct config *before; /* of the last `serve` */
static unsigned asked_primary;
static struct dns_name asked_zone;

static void init(void)
{
    polls = polls_new();
}

static void fini(void)
{
    polls_free(polls);
    config_unref(before);
    config_fixture_release();
}

TestSuite(relay_polls, .init = init, .fini = fini);

/* As a reload does it; a later one carries the numbers. */
static void serve(const char *text)
{
    cr_assert_eq(config_fixture_parse(text), 0, "%s", config_fixture_findings());
    config_carry(config_fixture, before);
    cr_assert_eq(polls_prepare(polls, config_fixture), 0);
    polls_take_over(polls, config_fixture);
    config_unref(before);
    before = config_ref(config_fixture);
}

#define HQ(poll)   "[primary hq]\naddress = 10.0.0.1\npoll = " poll "\n"
#define ONE(zones) "[secondary one]\naddress = 192.0.2.1\nprimary = hq\nzones = " zones "\n"
#define TWO(name, zones)                                                                           \
    "[secondary two]\naddress = 192.0.2.2\nprimary = " name "\nzones = " zones "\n"

static bool is_next(uint64_t now, const char *zone)
{
    struct dns_name name = support_name(zone);
    return polls_next(polls, now, &asked_primary, &asked_zone) &&
           dns_name_equal(&asked_zone, &name);
}

/* Asks all that is due at this moment, and has their answers. */
static unsigned ask_all(uint64_t now)
{
    unsigned count = 0;
    for (; polls_next(polls, now, &asked_primary, &asked_zone); count++)
        polls_ended(polls, asked_primary);
    return count;
}

Test(relay_polls, zones_of_all_secondaries_have_their_turns_once_an_interval)
{
    serve(HQ("30") ONE("c.example, a.example, *") TWO("hq", "B.EXAMPLE, c.example, *.net"));
    cr_expect(is_next(START, "a.example"));
    cr_expect(!polls_next(polls, START + 9999, &asked_primary, &asked_zone));
    cr_expect_eq(polls_deadline(polls, START), START + 10 * SECOND);
    cr_expect(is_next(START + 10 * SECOND, "b.example"));
    cr_expect(is_next(START + 20 * SECOND, "c.example"));
    cr_expect(!polls_next(polls, START + 29999, &asked_primary, &asked_zone));
    cr_expect(is_next(START + 30 * SECOND, "a.example"));
}

Test(relay_polls, without_poll_or_without_names_nothing_is_due)
{
    serve(HQ("no") ONE("a.example"));
    cr_expect_eq(polls_deadline(polls, START), UINT64_MAX);
    serve(HQ("30") ONE("*, *.example"));
    cr_expect_eq(polls_deadline(polls, START), UINT64_MAX);
    cr_expect(!polls_next(polls, START, &asked_primary, &asked_zone));
}

Test(relay_polls, each_primary_has_a_clock_of_its_own)
{
    serve(HQ("60") "[primary lab]\naddress = 10.0.0.2\npoll = 30\n" ONE("a.example, b.example")
              TWO("lab", "c.example"));
    unsigned hq = 0, lab = 0;
    for (uint64_t now = START; now < START + 120 * SECOND; now += 500)
        for (; polls_next(polls, now, &asked_primary, &asked_zone);
             polls_ended(polls, asked_primary)) {
            hq += asked_primary == 0;
            lab += asked_primary == 1;
        }
    cr_expect_eq(hq, 4);
    cr_expect_eq(lab, 4);
}

Test(relay_polls, many_zones_are_spread_evenly)
{
    static char text[1 << 17];
    size_t at = (size_t)snprintf(text, sizeof text, HQ("30") ONE("z.example"));
    for (unsigned i = 0; i < 2999; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "zones = z%u.example\n", i);
    serve(text);
    unsigned least = UINT32_MAX, most = 0, all = ask_all(START);
    cr_expect_eq(all, 1);
    for (unsigned second = 1; second <= 30; second++) {
        unsigned count = 0;
        for (uint64_t ms = 1; ms <= SECOND; ms++)
            count += ask_all(START + (second - 1) * SECOND + ms);
        least = count < least ? count : least;
        most = count > most ? count : most;
        all += count;
    }
    cr_expect_geq(least, 99, "%u", least);
    cr_expect_leq(most, 101, "%u", most);
    cr_expect(all >= 2999 && all <= 3001, "%u", all);
}

Test(relay_polls, no_more_than_so_many_are_under_way)
{
    static char text[8192];
    size_t at = (size_t)snprintf(text, sizeof text, HQ("30") ONE("z.example"));
    for (unsigned i = 0; i < 199; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "zones = z%u.example\n", i);
    serve(text);
    unsigned count = 0;
    for (uint64_t now = START; now < START + 30 * SECOND; now += 10)
        count += polls_next(polls, now, &asked_primary, &asked_zone);
    cr_expect_eq(count, POLLS_UNDER_WAY);
    uint64_t now = START + 30 * SECOND;
    cr_expect_eq(polls_deadline(polls, now), now + SECOND);
    polls_ended(polls, 0);
    cr_expect(polls_next(polls, now, &asked_primary, &asked_zone));
    for (unsigned i = 0; i < POLLS_UNDER_WAY; i++)
        polls_ended(polls, 0);
    /* Of what was missed meanwhile, a second is made up for, of one each 150 ms. */
    cr_expect_leq(ask_all(now), 7);
    cr_expect_eq(ask_all(now + 150), 1);
}

Test(relay_polls, lateness_of_a_second_is_made_up_for_and_more_is_not)
{
    serve(HQ("30") ONE("a.example, b.example, c.example"));
    cr_assert_eq(ask_all(START), 1);
    cr_expect_eq(ask_all(START + 10900), 1);
    cr_expect_eq(ask_all(START + 20000), 1);
    cr_expect_eq(ask_all(START + 300000), 1);
    cr_expect_eq(ask_all(START + 309999), 0);
    cr_expect_eq(ask_all(START + 310000), 1);
}

static enum poll_news weigh(const char *zone, uint32_t serial)
{
    struct dns_name name = support_name(zone);
    return polls_weigh(polls, 0, &name, serial);
}

static void note(const char *zone, uint32_t serial)
{
    struct dns_name name = support_name(zone);
    polls_note(polls, 0, &name, serial);
}

Test(relay_polls, first_serial_is_learnt_and_any_other_is_a_change)
{
    serve(HQ("30") ONE("a.example, b.example"));
    cr_expect_eq(weigh("A.example", 7), POLL_NEWS_FIRST);
    cr_expect_eq(weigh("a.example", 8), POLL_NEWS_FIRST);
    note("a.Example", 7);
    cr_expect_eq(weigh("a.example", 7), POLL_NEWS_SAME);
    cr_expect_eq(weigh("a.example", 8), POLL_NEWS_CHANGED);
    cr_expect_eq(weigh("a.example", 6), POLL_NEWS_CHANGED);
    cr_expect_eq(weigh("b.example", 0), POLL_NEWS_FIRST);
    cr_expect_eq(weigh("c.example", 7), POLL_NEWS_NONE);
    note("c.example", 7);
    cr_expect_eq(weigh("c.example", 7), POLL_NEWS_NONE);
}

Test(relay_polls, a_reload_keeps_serials_and_turns)
{
    serve(HQ("30") ONE("a.example, b.example, c.example"));
    cr_assert(is_next(START, "a.example"));
    note("a.example", 1);
    note("b.example", 2);
    note("c.example", 3);
    /* The next to be asked was b.example: what now is the first behind it. */
    serve("[primary new]\naddress = 10.0.0.9\n" HQ("60") ONE("d.example, c.example, a.example"));
    cr_expect_eq(weigh("a.example", 1), POLL_NEWS_SAME);
    cr_expect_eq(weigh("b.example", 2), POLL_NEWS_NONE);
    cr_expect_eq(weigh("c.example", 3), POLL_NEWS_SAME);
    cr_expect_eq(weigh("d.example", 4), POLL_NEWS_FIRST);
    cr_expect_eq(polls_deadline(polls, START), START + 10 * SECOND);
    cr_expect(is_next(START + 10 * SECOND, "c.example"));
    cr_expect_eq(asked_primary, 0);
    cr_expect(is_next(START + 30 * SECOND, "d.example"));
    cr_expect(is_next(START + 50 * SECOND, "a.example"));
}

Test(relay_polls, turns_go_round_when_all_that_were_next_are_gone)
{
    serve(HQ("30") ONE("a.example, b.example, c.example"));
    cr_assert_eq(ask_all(START) + ask_all(START + 10 * SECOND), 2);
    serve(HQ("30") ONE("a.example, b.example"));
    cr_expect(is_next(START + 20 * SECOND, "a.example"));
}

Test(relay_polls, what_is_under_way_outlives_a_reload_and_its_primary)
{
    serve(HQ("30") ONE("a.example"));
    cr_assert(is_next(START, "a.example"));
    serve("[primary new]\naddress = 10.0.0.9\n[secondary two]\naddress = 192.0.2.2\n");
    cr_expect_eq(polls_deadline(polls, START), UINT64_MAX);
    polls_ended(polls, 0);
}

Test(relay_polls, a_plan_that_is_abandoned_changes_nothing)
{
    serve(HQ("30") ONE("a.example"));
    note("a.example", 7);
    cr_assert_eq(config_fixture_parse(HQ("no") ONE("a.example")), 0);
    cr_assert_eq(polls_prepare(polls, config_fixture), 0);
    cr_assert_eq(polls_prepare(polls, config_fixture), 0);
    cr_assert(config_is_shared(config_fixture));
    polls_abandon(polls, config_fixture);
    cr_expect(!config_is_shared(config_fixture));
    polls_take_over(polls, config_fixture);
    cr_expect_eq(weigh("a.example", 7), POLL_NEWS_SAME);
}

#define THREADS 4
#define ZONES   500

static unsigned counts[THREADS][ZONES];

/* Plays a worker for three intervals. */
static void *work(void *arg)
{
    unsigned *count = arg;
    for (uint64_t now = START; now < START + 90 * SECOND; now += 5) {
        unsigned primary;
        struct dns_name zone;
        char text[DNS_NAME_TEXT_SIZE];
        while (polls_next(polls, now, &primary, &zone)) {
            count[atoi(dns_name_to_text(&zone, text) + 1)]++;
            if (polls_weigh(polls, primary, &zone, 7) != POLL_NEWS_SAME)
                polls_note(polls, primary, &zone, 7);
            polls_ended(polls, primary);
        }
    }
    return NULL;
}

Test(relay_polls, no_two_threads_ask_for_one_zone_in_one_interval)
{
    static char text[1 << 16];
    pthread_t threads[THREADS];
    size_t at = (size_t)snprintf(text, sizeof text, HQ("30") ONE("z0.example"));
    for (unsigned i = 1; i < ZONES; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "zones = z%u.example\n", i);
    serve(text);
    for (unsigned i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, work, counts[i]), 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (unsigned zone = 0; zone < ZONES; zone++) {
        unsigned count = 0;
        for (unsigned i = 0; i < THREADS; i++)
            count += counts[i][zone];
        cr_expect_leq(count, 3, "z%u: %u", zone, count);
    }
}
