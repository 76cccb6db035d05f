#include "relay/sleepers.h"

#include <criterion/criterion.h>

#include "support.h"

static struct sleepers *sleepers;
static struct sleeper_tale told;
static const uint8_t octets[] = "a NOTIFY";
static uint8_t room[DNS_NOTIFY_MAX];
static const struct sleeper_hint none;

static void init(void)
{
    sleepers = sleepers_new(4);
    cr_assert_not_null(sleepers);
    cr_assert_eq(sleepers_reserve(sleepers, 3), 0);
}

static void fini(void)
{
    sleepers_free(sleepers);
}

TestSuite(relay_sleepers, .init = init, .fini = fini);

static void tell(unsigned peer, const char *zone, uint64_t now)
{
    const struct sleeper_tale tale = {
        .peer = peer, .primary = 2, .octets = octets, .len = sizeof octets};
    struct dns_name name = support_name(zone);
    cr_assert_eq(sleepers_tell(sleepers, &tale, &name, now), 0);
}

static void tell_version(uint32_t serial, uint64_t now)
{
    const struct sleeper_tale tale = {
        .peer = 1, .primary = 2, .octets = octets, .len = sizeof octets, .hint = {true, serial}};
    struct dns_name name = support_name("example.com");
    cr_assert_eq(sleepers_tell(sleepers, &tale, &name, now), 0);
}

static uint64_t deadline(void)
{
    unsigned primary;
    return sleepers_deadline(sleepers, &primary);
}

Test(relay_sleepers, M3_it_is_told_five_times_with_growing_patience)
{
    static const uint64_t at[] = {15000, 45000, 105000, 225000, 465000};
    tell(1, "example.com", 0);
    for (unsigned i = 0; i < 5; i++) {
        cr_expect_eq(deadline(), at[i]);
        cr_expect_not(sleepers_next(sleepers, at[i] - 1, &told, room));
        cr_assert(sleepers_next(sleepers, at[i], &told, room));
        cr_expect_eq(told.peer, 1);
        cr_expect_eq(told.primary, 2);
        cr_expect_eq(told.tries, i + 1);
        cr_expect_arr_eq(told.octets, octets, sizeof octets);
    }
    cr_expect_eq(deadline(), UINT64_MAX);
}

Test(relay_sleepers, M3_news_begin_anew)
{
    tell(1, "example.com", 0);
    cr_assert(sleepers_next(sleepers, 15000, &told, room));
    tell(1, "EXAMPLE.com", 20000);
    cr_expect_eq(deadline(), 35000);
    cr_assert(sleepers_next(sleepers, 35000, &told, room));
    cr_expect_eq(told.tries, 1);
}

Test(relay_sleepers, M3_an_answer_or_a_question_for_the_zone_ends_it)
{
    struct dns_name zone = support_name("example.com"), other = support_name("example.net");
    tell(1, "example.com", 0);
    sleepers_asked(sleepers, 1, &other, 0);
    sleepers_told(sleepers, 0, &zone, none);
    cr_expect_eq(deadline(), 15000, "of another zone, or another secondary");
    sleepers_asked(sleepers, 1, &zone, 0);
    cr_expect_eq(deadline(), UINT64_MAX);
    tell(1, "example.com", 0);
    sleepers_told(sleepers, 1, &zone, none);
    cr_expect_eq(deadline(), UINT64_MAX);
}

Test(relay_sleepers, M3_an_older_version_takes_nothing_away)
{
    struct dns_name zone = support_name("example.com");
    tell_version(1, 0);
    sleepers_told(sleepers, 1, &zone, (struct sleeper_hint){true, UINT32_MAX});
    cr_expect_eq(deadline(), 15000, "what it was told now is from before");
    tell_version(UINT32_MAX, 10000);
    cr_expect_eq(deadline(), 15000, "likewise");
    tell_version(2, 10000);
    cr_expect_eq(deadline(), 25000, "news begin anew");
    sleepers_told(sleepers, 1, &zone, (struct sleeper_hint){true, 2});
    cr_expect_eq(deadline(), UINT64_MAX);
    tell_version(1, 0);
    tell(1, "example.com", 10000);
    tell_version(2, 20000);
    sleepers_told(sleepers, 1, &zone, (struct sleeper_hint){true, 2});
    cr_expect_eq(deadline(), 25000, "who hears of no version asks");
    sleepers_told(sleepers, 1, &zone, none);
    cr_expect_eq(deadline(), UINT64_MAX);
}

Test(relay_sleepers, a_zone_that_was_asked_for_is_known)
{
    struct dns_name zone = support_name("Example.com"), same = support_name("example.COM");
    cr_expect_not(sleepers_has_asked(sleepers, 1, &zone));
    tell(1, "example.com", 0);
    cr_expect_not(sleepers_has_asked(sleepers, 1, &zone));
    sleepers_asked(sleepers, 1, &zone, 0);
    cr_expect(sleepers_has_asked(sleepers, 1, &same));
    cr_expect_not(sleepers_has_asked(sleepers, 0, &zone));
}

Test(relay_sleepers, the_oldest_makes_room)
{
    struct dns_name first = support_name("a.example");
    tell(0, "a.example", 0);
    tell(0, "b.example", 1);
    tell(0, "c.example", 2);
    tell(0, "d.example", 3);
    sleepers_asked(sleepers, 0, &first, 0); /* the youngest now */
    tell(1, "a.example", 4);
    cr_expect(sleepers_has_asked(sleepers, 0, &first));
    cr_expect_eq(deadline(), 15002, "b.example is forgotten");
}

Test(relay_sleepers, M3_a_sleeper_is_worth_one_copy_until_it_stirs)
{
    struct dns_name zone = support_name("example.com");
    cr_expect_eq(sleepers_copies(sleepers, 1), 3);
    cr_expect(sleepers_fall_asleep(sleepers, 1, 0));
    cr_expect_not(sleepers_fall_asleep(sleepers, 1, 0), "it slept already");
    cr_expect_eq(sleepers_copies(sleepers, 1), 1);
    sleepers_asked(sleepers, 1, &zone, 0);
    cr_expect(sleepers_is_asleep(sleepers, 1));
    cr_expect_eq(sleepers_copies(sleepers, 1), 3);
    sleepers_wake(sleepers, 1);
    cr_expect_not(sleepers_is_asleep(sleepers, 1));
}

Test(relay_sleepers, M3_what_it_asked_since_it_was_told_is_remembered)
{
    struct dns_name zone = support_name("example.com");
    sleepers_asked(sleepers, 1, &zone, 1000);
    cr_expect(sleepers_has_asked_since(sleepers, 1, &zone, 1000));
    cr_expect_not(sleepers_has_asked_since(sleepers, 1, &zone, 1001));
    sleepers_fall_asleep(sleepers, 1, 900);
    cr_expect_eq(sleepers_copies(sleepers, 1), 3, "it has asked since");
    sleepers_fall_asleep(sleepers, 1, 1001);
    cr_expect_eq(sleepers_copies(sleepers, 1), 1);
}

Test(relay_sleepers, without_places_nothing_is_kept)
{
    struct sleepers *empty = sleepers_new(0);
    cr_assert_eq(sleepers_reserve(empty, 1), 0);
    struct dns_name zone = support_name("example.com");
    const struct sleeper_tale tale = {.octets = octets, .len = sizeof octets};
    cr_expect_eq(sleepers_tell(empty, &tale, &zone, 0), DNS_EMEMORY);
    sleepers_asked(empty, 0, &zone, 0);
    cr_expect_not(sleepers_has_asked(empty, 0, &zone));
    sleepers_free(empty);
}
