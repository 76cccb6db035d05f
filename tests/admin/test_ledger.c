/* What is known of each secondary's copy of each zone. */
#include "admin/ledger.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

#include "support.h"

enum { HQ = 7, SPARE = 8, ONE = 1, TWO = 2, REFRESH = 3600, SLACK = 226, EXPIRE = 604800 };

#define START INT64_C(1000000)

static struct ledger *ledger;

static void init(void)
{
    ledger = ledger_new(4);
    cr_assert_not_null(ledger);
}

static void fini(void)
{
    ledger_free(ledger);
}

TestSuite(ledger, .init = init, .fini = fini);

static void note(enum ledger_news_kind kind, unsigned secondary, const char *zone, int64_t serial,
                 int64_t at)
{
    struct dns_name name = support_name(zone);
    const struct ledger_news news = {
        .kind = kind,
        .secondary = secondary,
        .primary = HQ,
        .zone = &name,
        .known = true,
        .has_soa = serial >= 0,
        .soa = {(uint32_t)serial, kind != LEDGER_NOTIFIED, REFRESH, EXPIRE},
        .now = START + at,
    };
    ledger_note(ledger, &news);
}

static void note_ixfr(enum ledger_news_kind kind, unsigned secondary, const char *zone,
                      int64_t serial, uint32_t client_serial, int64_t at)
{
    struct dns_name name = support_name(zone);
    const struct ledger_news news = {
        .kind = kind,
        .secondary = secondary,
        .primary = HQ,
        .zone = &name,
        .known = true,
        .has_soa = serial >= 0,
        .soa = {(uint32_t)serial, true, REFRESH, EXPIRE},
        .has_client_serial = true,
        .client_serial = client_serial,
        .now = START + at,
    };
    ledger_note(ledger, &news);
}

struct wanted {
    unsigned secondary;
    struct dns_name zone;
    struct ledger_entry entry;
    unsigned found;
};

static void look(void *arg, const struct ledger_entry *entry)
{
    struct wanted *wanted = arg;
    if (entry->secondary != wanted->secondary || !dns_name_equal(&entry->zone, &wanted->zone))
        return;
    wanted->entry = *entry;
    wanted->found++;
}

static struct ledger_entry find(unsigned secondary, const char *zone, int64_t at)
{
    struct wanted wanted = {.secondary = secondary, .zone = support_name(zone)};
    ledger_walk(ledger, START + at, look, &wanted);
    cr_assert_eq(wanted.found, 1, "%u %s: %u", secondary, zone, wanted.found);
    return wanted.entry;
}

static enum ledger_state state(unsigned secondary, const char *zone, int64_t at)
{
    return find(secondary, zone, at).state;
}

static void count(void *arg, const struct ledger_entry *entry)
{
    (void)entry;
    ++*(unsigned *)arg;
}

static unsigned entries(void)
{
    unsigned found = 0;
    ledger_walk(ledger, START, count, &found);
    return found;
}

Test(ledger, a_copy_is_current_from_its_transfer_until_there_is_a_newer_one)
{
    note(LEDGER_TRANSFERRED, ONE, "example.com", 7, 0);
    struct ledger_entry e = find(ONE, "EXAMPLE.com", 10);
    cr_expect_eq(e.state, LEDGER_CURRENT);
    cr_expect(e.has_serial && e.serial == 7 && e.newest == 7);
    cr_expect_eq(e.primary, HQ);
    cr_expect_eq(e.confirmed, START);
    cr_expect_eq(e.expires, START + EXPIRE);
    note(LEDGER_NOTIFIED, ONE, "example.com", 8, 20);
    e = find(ONE, "example.com", 30);
    cr_expect_eq(e.state, LEDGER_BEHIND);
    cr_expect_eq(e.behind_since, START + 20);
    cr_expect(e.serial == 7 && e.newest == 8);
    note(LEDGER_TRANSFERRED, ONE, "example.com", 8, 40);
    cr_expect_eq(state(ONE, "example.com", 50), LEDGER_CURRENT);
}

Test(ledger, what_one_secondary_is_told_the_others_are_behind_of_from_then_on)
{
    note(LEDGER_TRANSFERRED, ONE, "example.com", 7, 0);
    note(LEDGER_TRANSFERRED, TWO, "example.com", 7, 0);
    note(LEDGER_ANSWERED, ONE, "example.com", 8, 100);
    note(LEDGER_TRANSFERRED, ONE, "example.com", 8, 101);
    note(LEDGER_TRANSFERRED, ONE, "example.com", 9, 200);
    struct ledger_entry e = find(TWO, "example.com", 300);
    cr_expect_eq(e.state, LEDGER_BEHIND);
    cr_expect_eq(e.behind_since, START + 100);
    cr_expect_eq(e.newest, 9);
    cr_expect_eq(state(ONE, "example.com", 300), LEDGER_CURRENT);
}

/* NSD, Knot and BIND ask for the SOA and transfer only when it is newer. */
Test(ledger, who_asks_for_the_soa_and_nothing_more_has_that_one)
{
    note(LEDGER_ANSWERED, ONE, "example.com", 7, 0);
    struct ledger_entry e = find(ONE, "example.com", 1);
    cr_expect_eq(e.state, LEDGER_CURRENT);
    cr_expect_eq(e.confirmed, START);
    note(LEDGER_FAILED, ONE, "example.com", -1, 2);
    e = find(ONE, "example.com", 3);
    cr_expect_eq(e.state, LEDGER_BEHIND, "it wanted it and did not get it");
    cr_expect_not(e.has_serial);
    cr_expect_eq(e.expires, 0);
}

Test(ledger, a_transfer_that_failed_changes_nothing_of_what_was_transferred)
{
    note(LEDGER_TRANSFERRED, ONE, "example.com", 7, 0);
    note(LEDGER_ANSWERED, ONE, "example.com", 8, 10);
    note(LEDGER_FAILED, ONE, "example.com", -1, 11);
    struct ledger_entry e = find(ONE, "example.com", 12);
    cr_expect_eq(e.state, LEDGER_BEHIND);
    cr_expect(e.has_serial && e.serial == 7);
    cr_expect_eq(e.confirmed, START);
}

Test(ledger, an_ixfr_says_what_its_client_has)
{
    note_ixfr(LEDGER_UP_TO_DATE, ONE, "example.com", 7, 7, 0);
    cr_expect_eq(state(ONE, "example.com", 1), LEDGER_CURRENT);
    note_ixfr(LEDGER_FAILED, TWO, "example.com", -1, 5, 2);
    struct ledger_entry e = find(TWO, "example.com", 3);
    cr_expect_eq(e.state, LEDGER_BEHIND);
    cr_expect(e.has_serial && e.serial == 5);
}

/* RFC 1982, and a primary that was restored from a backup. */
Test(ledger, a_serial_that_was_set_back_is_the_newest_once_the_primary_says_so)
{
    note(LEDGER_TRANSFERRED, ONE, "example.com", 9, 0);
    note(LEDGER_NOTIFIED, ONE, "example.com", 3, 10);
    cr_expect_eq(state(ONE, "example.com", 11), LEDGER_CURRENT, "an old NOTIFY, or a forged one");
    note(LEDGER_ANSWERED, TWO, "example.com", 3, 20);
    struct ledger_entry e = find(ONE, "example.com", 21);
    cr_expect_eq(e.state, LEDGER_BEHIND);
    cr_expect_eq(e.newest, 3);
    note(LEDGER_NOTIFIED, ONE, "example.com", 4294967295, 30);
    cr_expect_eq(find(ONE, "example.com", 31).newest, 3, "older, by RFC 1982");
}

Test(ledger, who_has_a_newer_one_than_the_primary_keeps_it)
{
    note(LEDGER_TRANSFERRED, ONE, "example.com", 9, 0);
    note_ixfr(LEDGER_UP_TO_DATE, ONE, "example.com", 3, 9, 10);
    struct ledger_entry e = find(ONE, "example.com", 11);
    cr_expect_eq(e.state, LEDGER_BEHIND);
    cr_expect(e.serial == 9 && e.newest == 3);
}

Test(ledger, a_hint_counts_until_the_primary_answers)
{
    note(LEDGER_TRANSFERRED, ONE, "example.com", 7, 0);
    note(LEDGER_NOTIFIED, ONE, "example.com", 1000, 10);
    cr_expect_eq(state(ONE, "example.com", 11), LEDGER_BEHIND);
    note(LEDGER_ANSWERED, ONE, "example.com", 7, 20);
    cr_expect_eq(state(ONE, "example.com", 21), LEDGER_CURRENT);
}

Test(ledger, who_asks_no_more_is_silent_and_then_its_copy_expires)
{
    note(LEDGER_TRANSFERRED, ONE, "example.com", 7, 0);
    cr_expect_eq(state(ONE, "example.com", REFRESH), LEDGER_CURRENT);
    cr_expect_eq(state(ONE, "example.com", REFRESH + SLACK), LEDGER_CURRENT);
    struct ledger_entry e = find(ONE, "example.com", REFRESH + SLACK + 1);
    cr_expect_eq(e.state, LEDGER_SILENT);
    cr_expect_eq(e.silent_since, START);
    cr_expect_eq(state(ONE, "example.com", EXPIRE - 1), LEDGER_SILENT);
    cr_expect_eq(state(ONE, "example.com", EXPIRE), LEDGER_EXPIRED);
}

Test(ledger, who_asks_seldom_is_silent_later)
{
    note(LEDGER_ANSWERED, ONE, "example.com", 7, 0);
    note(LEDGER_ANSWERED, ONE, "example.com", 7, 10000);
    cr_expect_eq(state(ONE, "example.com", 20000), LEDGER_CURRENT);
    cr_expect_eq(state(ONE, "example.com", 21000), LEDGER_SILENT);
}

Test(ledger, a_zone_that_was_never_answered_for_is_unknown)
{
    note(LEDGER_FAILED, ONE, "example.com", -1, 0);
    cr_expect_eq(state(ONE, "example.com", 1), LEDGER_UNKNOWN);
    note(LEDGER_NOTIFIED, ONE, "example.com", -1, 2);
    cr_expect_eq(state(ONE, "example.com", 3), LEDGER_UNKNOWN);
    note(LEDGER_NOTIFIED, ONE, "example.com", 5, 4);
    cr_expect_eq(state(ONE, "example.com", 5), LEDGER_BEHIND);
}

Test(ledger, the_pair_without_news_for_longest_makes_room)
{
    char zone[32];
    for (unsigned i = 0; i < 4; i++) {
        snprintf(zone, sizeof zone, "z%u.example", i);
        note(LEDGER_TRANSFERRED, ONE, zone, 7, i);
    }
    note(LEDGER_ANSWERED, ONE, "z0.example", 7, 10);
    for (unsigned i = 4; i < 100; i++) {
        snprintf(zone, sizeof zone, "z%u.example", i);
        note(LEDGER_TRANSFERRED, i, zone, 7, i + 10);
        cr_assert_eq(entries(), 4);
        find(i, zone, i + 10);
    }
}

static bool is_two(void *arg, unsigned secondary, unsigned primary, const struct dns_name *zone)
{
    (void)arg;
    (void)primary;
    (void)zone;
    return secondary == TWO;
}

static bool is_hq(void *arg, unsigned secondary, unsigned primary, const struct dns_name *zone)
{
    (void)arg;
    (void)secondary;
    (void)zone;
    return primary == HQ;
}

Test(ledger, who_is_gone_is_forgotten)
{
    note(LEDGER_TRANSFERRED, ONE, "example.com", 7, 0);
    note(LEDGER_TRANSFERRED, TWO, "example.com", 7, 0);
    note(LEDGER_TRANSFERRED, TWO, "example.net", 7, 0);
    ledger_prune(ledger, is_two, NULL);
    cr_expect_eq(entries(), 1);
    cr_expect_eq(state(ONE, "example.com", 1), LEDGER_CURRENT);
    ledger_prune(ledger, is_hq, NULL);
    cr_expect_eq(entries(), 0);
}

Test(ledger, that_may_keep_nothing_keeps_nothing)
{
    fini();
    ledger = ledger_new(0);
    note(LEDGER_TRANSFERRED, ONE, "example.com", 7, 0);
    cr_expect_eq(entries(), 0);
}

/* Against a walk over what has been noted: pairs come and go in any order. */
Test(ledger, keeps_the_youngest_whatever_comes)
{
    enum { MOST = 50, STEPS = 20000 };
    static int64_t last[40][40];
    unsigned seed = 7;
    fini();
    ledger = ledger_new(MOST);
    memset(last, 0, sizeof last);
    for (int64_t i = 1; i <= STEPS; i++) {
        char zone[32];
        seed = seed * 1103515245u + 12345u;
        unsigned secondary = seed >> 16 & 31, z = seed >> 8 & 31;
        snprintf(zone, sizeof zone, "z%u.example", z);
        note(LEDGER_TRANSFERRED, secondary, zone, 7, i);
        last[secondary][z] = i;
        unsigned younger = 0;
        for (unsigned a = 0; a < 40; a++)
            for (unsigned b = 0; b < 40; b++)
                younger += i % 100 == 0 && last[a][b] > 0;
        if (i % 100 == 0)
            cr_assert_eq(entries(), younger < MOST ? younger : MOST);
    }
}

static struct ledger_told note_serial(uint32_t serial, int64_t at)
{
    struct dns_name name = support_name("example.com");
    const struct ledger_news news = {.kind = LEDGER_ANSWERED,
                                     .secondary = ONE,
                                     .primary = HQ,
                                     .zone = &name,
                                     .known = true,
                                     .has_soa = true,
                                     .soa = {serial, true, REFRESH, EXPIRE},
                                     .now = START + at};
    return ledger_note(ledger, &news);
}

Test(ledger, a_serial_is_news_when_it_is_another_or_after_an_hour)
{
    cr_expect(note_serial(7, 0).serial_is_news);
    cr_expect_not(note_serial(7, 1).serial_is_news);
    cr_expect_not(note_serial(7, LEDGER_TELL_AGAIN - 1).serial_is_news);
    cr_expect(note_serial(7, LEDGER_TELL_AGAIN).serial_is_news);
    cr_expect(note_serial(8, LEDGER_TELL_AGAIN + 1).serial_is_news);
}

Test(ledger, what_is_merely_expected_makes_nobody_go)
{
    struct dns_name name = support_name("expected.example");
    ledger_expect(ledger, ONE, HQ, &name, START);
    cr_expect_eq(state(ONE, "expected.example", 1), LEDGER_UNKNOWN);
    for (unsigned i = 0; i < 3; i++)
        note(LEDGER_TRANSFERRED, 10 + i, "example.com", 7, i);
    name = support_name("one-more.example");
    ledger_expect(ledger, ONE, HQ, &name, START + 5);
    cr_expect_eq(entries(), 4);
    cr_expect_eq(state(ONE, "expected.example", 6), LEDGER_UNKNOWN);
}

/* It never asked since the start of the proxy, though REFRESH is known from another. */
Test(ledger, who_has_never_asked_is_silent_after_refresh)
{
    struct dns_name name = support_name("example.com");
    ledger_expect(ledger, TWO, HQ, &name, START);
    note(LEDGER_TRANSFERRED, ONE, "example.com", 7, 0);
    cr_expect_eq(state(TWO, "example.com", REFRESH + SLACK), LEDGER_UNKNOWN);
    cr_expect_eq(state(TWO, "example.com", REFRESH + SLACK + 1), LEDGER_SILENT);
}

Test(ledger, a_hint_reaches_all_who_have_the_zone)
{
    struct dns_name name = support_name("example.com");
    note(LEDGER_TRANSFERRED, ONE, "example.com", 7, 0);
    ledger_hint(ledger, HQ, &name, 8, START + 10);
    struct ledger_entry e = find(ONE, "example.com", 11);
    cr_expect_eq(e.state, LEDGER_BEHIND);
    cr_expect_eq(e.behind_since, START + 10);
    ledger_hint(ledger, SPARE, &name, 9, START + 10);
    cr_expect_eq(find(ONE, "example.com", 11).newest, 8, "another primary's zone");
}

/* Anybody can send what is refused, so it says why and changes nothing else. */
Test(ledger, a_refusal_is_why_until_something_goes_well)
{
    struct dns_name name = support_name("example.com");
    struct ledger_news refused = {.kind = LEDGER_REFUSED,
                                  .secondary = ONE,
                                  .primary = HQ,
                                  .zone = &name,
                                  .result = RESULT_NO_TSIG,
                                  .now = START + 10};
    ledger_note(ledger, &refused);
    cr_expect_eq(entries(), 0);
    note(LEDGER_TRANSFERRED, ONE, "example.com", 7, 0);
    ledger_note(ledger, &refused);
    struct ledger_entry e = find(ONE, "example.com", 20);
    cr_expect_eq(e.failure, RESULT_NO_TSIG);
    cr_expect_eq(e.asked, START);
    note(LEDGER_ANSWERED, ONE, "example.com", 7, 30);
    cr_expect_eq(find(ONE, "example.com", 31).failure, RESULT_OK);
}

static size_t resident(void)
{
    size_t size = 0, pages = 0;
    FILE *in = fopen("/proc/self/statm", "r");
    cr_assert_not_null(in);
    cr_assert_eq(fscanf(in, "%zu %zu", &size, &pages), 2);
    fclose(in);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* Printed; of itself it fails only far beyond what the manual says. */
Test(ledger, a_hundred_thousand_pairs_take_little_memory, .timeout = 60)
{
    enum { PAIRS = 100000 };
    static const unsigned secondaries[] = {1, 10};
    for (size_t i = 0; i < 2; i++) {
        fini();
        size_t before = resident();
        ledger = ledger_new(PAIRS);
        for (unsigned pair = 0; pair < PAIRS; pair++) {
            char zone[64];
            snprintf(zone, sizeof zone, "zone-%06u.example.com", pair / secondaries[i]);
            note(LEDGER_TRANSFERRED, pair % secondaries[i], zone, 7, pair);
        }
        size_t octets = resident() - before;
        unsigned kept = entries();
        /* A warning of Criterion's would make the status of all tests one of failure. */
        printf("%u pairs, %u secondaries to a zone: %.1f MB, %.0f octets each\n", kept,
               secondaries[i], (double)octets / 1e6, (double)octets / kept);
        cr_expect_eq(kept, PAIRS);
        cr_expect_lt(octets / kept, 1500);
    }
}
