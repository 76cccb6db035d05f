#include "relay/notices.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "support.h"

static const struct peer hq = {.number = 0}, other = {.number = 1};
static const struct peer nine = {.number = 9},
                         *secondary = &nine; /* who is told, and is the only one */
static struct notices *book;
static struct bell bell;
static unsigned rings;

static void on_ring(void *arg)
{
    (void)arg;
    rings++;
}

static void init(void)
{
    bell_init(&bell, on_ring, NULL);
    book = notices_new();
    cr_assert_not_null(book);
    cr_assert_eq(notices_reserve(book, 2), 0);
    notices_set_rate(book, 0, 2);
    notices_set_rate(book, 1, 2);
}

static void fini(void)
{
    notices_free(book);
    bell_fini(&bell);
}

TestSuite(relay_notices, .init = init, .fini = fini);

struct news {
    const char *zone;
    uint16_t id;
    int64_t serial; /* negative: no hint */
    bool known;
    unsigned primary;
    uint16_t port;
    uint64_t now;
    unsigned only;
    bool ours;
};

#define NEWS(name, number, hint, ...)                                                              \
    (struct news)                                                                                  \
    {                                                                                              \
        .zone = (name), .id = (number), .serial = (hint), __VA_ARGS__                              \
    }

static int join(struct notice_waiter *waiter, struct news news)
{
    struct support_message s;
    uint8_t host[] = {10, 0, 0, 1};
    struct address from = address_from_octets(ADDRESS_IPV4, host, news.port ? news.port : 4000);
    if (news.ours)
        from = (struct address){.family = ADDRESS_NONE};
    support_header(&s, news.id, DNS_OPCODE_NOTIFY << 11);
    support_question(&s, news.zone, DNS_TYPE_SOA);
    if (news.serial >= 0)
        support_soa(&s, DNS_ANSWER, news.zone, (uint32_t)news.serial);
    struct dns_message m = support_parse(&s);
    const struct notice_arrival arrival = {.primary = news.primary ? &other : &hq,
                                           .message = &m,
                                           .from = &from,
                                           .secondaries = &secondary,
                                           .secondary_count = 1,
                                           .only = news.only,
                                           .known = news.known,
                                           .now = news.now};
    *waiter = (struct notice_waiter){.caller = {.bell = &bell, .owner = waiter}};
    return notices_join(book, &arrival, waiter);
}

static void leave_all(struct notice_waiter **waiters, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        notices_leave(waiters[i]);
}

Test(relay_notices, M3_each_waiter_is_answered_by_the_fan_out_that_carries_it)
{
    struct notice_waiter first, same, news, newest;
    cr_assert_eq(join(&first, NEWS("a.example", 1, 7)), 0);
    struct notice *n = notices_next(book, &bell, 0);
    cr_assert_not_null(n);
    cr_expect_eq(join(&same, NEWS("A.example", 2, 7)), 0);
    cr_expect_eq(join(&news, NEWS("a.example", 3, 8)), 0);
    cr_expect_eq(join(&newest, NEWS("a.example", 4, 9)), 0);
    cr_expect_null(notices_next(book, &bell, 0), "one at a time");
    notices_answer(book, n, 5);
    cr_expect_eq(first.state, NOTICE_ANSWERED);
    cr_expect_eq(same.rcode, 5);
    cr_expect_eq(news.state, NOTICE_WAITS);
    cr_expect(notices_is_moot(book, n, false));
    notices_done(book, n);
    cr_assert_eq(notices_next(book, &bell, 0), n);
    cr_expect_eq(n->now.serial, 9, "the newest");
    notices_done(book, n);
    cr_expect_eq(news.state, NOTICE_UNANSWERED);
    cr_expect_eq(newest.state, NOTICE_UNANSWERED);
    leave_all((struct notice_waiter *[]){&first, &same, &news, &newest}, 4);
}

/* Someone here asks for it. */
Test(relay_notices, M3_what_is_for_one_secondary_is_a_fan_out_of_its_own)
{
    struct notice_waiter all, alone, again;
    cr_assert_eq(join(&all, NEWS("a.example", 1, -1)), 0);
    cr_assert_eq(join(&alone, NEWS("a.example", 2, -1, .only = 5)), 0);
    struct notice *first = notices_next(book, &bell, 0), *second = notices_next(book, &bell, 0);
    cr_assert(first && second && first != second);
    cr_expect_eq(first->only, 0);
    cr_expect_eq(second->only, 5);
    cr_assert_eq(join(&again, NEWS("a.example", 3, -1, .only = 5)), 0);
    notices_answer(book, second, 0);
    cr_expect_eq(alone.state, NOTICE_ANSWERED);
    cr_expect_eq(again.state, NOTICE_WAITS, "it is always sent");
    cr_expect_eq(all.state, NOTICE_WAITS);
    notices_done(book, first);
    notices_done(book, second);
    leave_all((struct notice_waiter *[]){&all, &alone, &again}, 3);
}

/* Two without a hint may stand for two versions. */
Test(relay_notices, M3_without_a_hint_what_comes_later_is_told_later)
{
    struct notice_waiter first, later;
    cr_assert_eq(join(&first, NEWS("a.example", 1, -1)), 0);
    struct notice *n = notices_next(book, &bell, 0);
    notices_answer(book, n, 0);
    cr_assert_eq(join(&later, NEWS("a.example", 2, -1, .now = 3000)), 0);
    cr_expect_eq(later.state, NOTICE_WAITS);
    notices_done(book, n);
    cr_expect_eq(notices_next(book, &bell, 3000), n);
    notices_leave(&later);
}

/* A retry of an old one, or a forger's. */
Test(relay_notices, M3_an_older_hint_takes_no_place_of_a_newer_one)
{
    struct notice_waiter waiters[5];
    cr_assert_eq(join(&waiters[0], NEWS("a.example", 1, 7)), 0);
    cr_assert_eq(join(&waiters[1], NEWS("a.example", 2, 6)), 0);
    struct notice *n = notices_next(book, &bell, 0);
    cr_expect_eq(n->now.serial, 7, "of those that wait for their turn");
    cr_assert_eq(join(&waiters[2], NEWS("a.example", 3, 8)), 0);
    cr_assert_eq(join(&waiters[3], NEWS("a.example", 4, 9)), 0);
    cr_assert_eq(join(&waiters[4], NEWS("a.example", 3, 8)), 0);
    notices_done(book, n);
    cr_assert_eq(notices_next(book, &bell, 0), n);
    cr_expect_eq(n->now.serial, 9, "of those that come meanwhile");
    notices_done(book, n);
}

/* BIND says an old one once more after 15 s without an answer; a secondary that has that version heeds
 * it as little as a primary's that has been set back. */
Test(relay_notices, M3_after_a_newer_hint_an_older_one_is_told_as_that_one_for_a_minute)
{
    struct notice_waiter waiters[4];
    cr_assert_eq(join(&waiters[0], NEWS("a.example", 1, 9)), 0);
    struct notice *n = notices_next(book, &bell, 0);
    cr_assert_eq(acks_add(&n->acks, 9, 0), 0);
    notices_answer(book, n, 0);
    cr_assert_eq(join(&waiters[1], NEWS("a.example", 2, 8, .now = 1000)), 0);
    cr_expect_eq(waiters[1].state, NOTICE_WAITS, "it is told to all all the same");
    notices_done(book, n);
    cr_assert_eq(notices_next(book, &bell, 1000), n);
    cr_expect_eq(n->now.serial, 9, "meanwhile");
    cr_expect_eq(n->acks.count, 0);
    notices_done(book, n);
    cr_assert_eq(join(&waiters[2], NEWS("a.example", 2, 8, .now = 59999)), 0);
    cr_assert_eq(notices_next(book, &bell, 59999), n);
    cr_expect_eq(n->now.serial, 9, "later");
    notices_done(book, n);
    cr_assert_eq(join(&waiters[3], NEWS("a.example", 2, 8, .now = 60000)), 0);
    cr_assert_eq(notices_next(book, &bell, 60000), n);
    cr_expect_eq(n->now.serial, 8, "it was set back");
    leave_all((struct notice_waiter *[]){&waiters[0], &waiters[1], &waiters[2], &waiters[3]}, 4);
}

Test(relay_notices, M3_primaries_take_turns_and_what_nobody_is_known_to_want_comes_last)
{
    struct notice_waiter waiters[4];
    const struct notice *told;
    cr_assert_eq(join(&waiters[0], NEWS("unknown.example", 1, 7)), 0);
    cr_assert_eq(join(&waiters[1], NEWS("a.example", 1, 7, .known = true)), 0);
    cr_assert_eq(join(&waiters[2], NEWS("b.example", 1, 7, .known = true)), 0);
    cr_assert_eq(join(&waiters[3], NEWS("c.example", 1, 7, .known = true, .primary = 1)), 0);
    const struct {
        unsigned primary;
        bool known;
    } turns[] = {{0, true}, {1, true}, {0, true}, {0, false}};
    for (size_t i = 0; i < sizeof turns / sizeof *turns; i++) {
        cr_assert_not_null(told = notices_next(book, &bell, 0), "%zu", i);
        cr_expect_eq(told->primary, turns[i].primary, "%zu", i);
        cr_expect_eq(told->known, turns[i].known, "%zu", i);
    }
    for (unsigned i = 0; i < 4; i++)
        notices_leave(&waiters[i]);
}

Test(relay_notices, M3_a_retry_is_the_same_source_port_id_and_hint_within_a_minute)
{
    const struct {
        struct news news;
        bool retry;
    } cases[] = {
        {NEWS("a.example", 1, 7, .now = 59999), true},
        {NEWS("a.example", 1, 7, .now = 60000), false},
        {NEWS("a.example", 2, 7, .now = 1000), false},
        {NEWS("a.example", 1, 8, .now = 1000), false},
        {NEWS("a.example", 1, 7, .port = 1), false},
        {NEWS("b.example", 1, 7), false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct notice_waiter waiter;
        fini();
        init();
        cr_assert_eq(join(&waiter, NEWS("a.example", 1, 7)), 0);
        struct notice *n = notices_next(book, &bell, 0);
        cr_assert_eq(acks_add(&n->acks, 9, 0), 0);
        notices_answer(book, n, 0);
        notices_done(book, n);
        cr_assert_eq(join(&waiter, cases[i].news), 0);
        cr_expect_eq(waiter.state == NOTICE_ANSWERED, cases[i].retry, "%zu", i);
        notices_leave(&waiter);
    }
}

Test(relay_notices, M3_a_retry_that_not_all_have_acknowledged_is_told_again_to_the_rest)
{
    struct notice_waiter waiter;
    cr_assert_eq(join(&waiter, NEWS("a.example", 1, 7)), 0);
    struct notice *n = notices_next(book, &bell, 0);
    notices_done(book, n);
    cr_assert_eq(join(&waiter, NEWS("a.example", 1, 7, .now = 5000)), 0);
    cr_expect_eq(waiter.state, NOTICE_WAITS);
    cr_assert_eq(notices_next(book, &bell, 5000), n);
    cr_expect_eq(acks_find(&n->acks, 9), -1);
    notices_leave(&waiter);
}

/* Also when its ID, which is drawn, is that of the one before. */
Test(relay_notices, M3_what_someone_here_asks_for_is_always_sent)
{
    struct notice_waiter first, meanwhile, later;
    const struct news news = NEWS("a.example", 1, -1, .ours = true);
    cr_assert_eq(join(&first, news), 0);
    struct notice *n = notices_next(book, &bell, 0);
    cr_assert_eq(acks_add(&n->acks, 9, 0), 0);
    notices_answer(book, n, 0);
    cr_assert_eq(join(&meanwhile, news), 0);
    cr_expect_eq(meanwhile.state, NOTICE_WAITS);
    notices_done(book, n);
    cr_assert_eq(notices_next(book, &bell, 0), n);
    cr_assert_eq(acks_add(&n->acks, 9, 0), 0);
    notices_answer(book, n, 0);
    notices_done(book, n);
    cr_assert_eq(join(&later, news), 0);
    cr_expect_eq(later.state, NOTICE_WAITS);
    leave_all((struct notice_waiter *[]){&first, &meanwhile, &later}, 3);
}

Test(relay_notices, M3_a_retry_after_a_reload_goes_to_who_is_new)
{
    static const struct peer ten = {.number = 10};
    struct notice_waiter waiter;
    cr_assert_eq(join(&waiter, NEWS("a.example", 1, 7)), 0);
    struct notice *n = notices_next(book, &bell, 0);
    cr_assert_eq(acks_add(&n->acks, 9, 0), 0);
    notices_answer(book, n, 0);
    notices_done(book, n);
    secondary = &ten;
    cr_assert_eq(join(&waiter, NEWS("a.example", 1, 7, .now = 1000)), 0);
    cr_expect_eq(waiter.state, NOTICE_WAITS);
    notices_leave(&waiter);
}

/* In whatever order they come. */
Test(relay_notices, M3_who_has_acknowledged_is_found_by_number)
{
    const unsigned numbers[] = {5, 1, 9, 3, 0, 8};
    struct acks acks = {0};
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++)
        cr_assert_eq(acks_add(&acks, numbers[i], numbers[i] + 1), 0);
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++)
        cr_expect_eq(acks_find(&acks, numbers[i]), (int)numbers[i] + 1, "%u", numbers[i]);
    cr_expect_eq(acks_find(&acks, 4), -1);
    cr_expect_eq(acks_find(&acks, 10), -1);
    acks_fini(&acks);
}

Test(relay_notices, L4_unknown_zones_have_notify_rate_and_known_ones_ten_times_that)
{
    struct notice_waiter waiters[40];
    char zone[32];
    for (unsigned i = 0; i < 40; i++) {
        snprintf(zone, sizeof zone, "z%u.example", i);
        cr_assert_eq(join(&waiters[i], NEWS(zone, 1, 7, .known = i % 2)), 0);
    }
    unsigned known = 0, unknown = 0;
    for (struct notice *n; (n = notices_next(book, &bell, 0));)
        *(n->known ? &known : &unknown) += 1;
    cr_expect_eq(known, 20);
    cr_expect_eq(unknown, 2);
    cr_expect_eq(notices_deadline(book), 500);
    cr_expect_null(notices_next(book, &bell, 499));
    cr_expect_not_null(notices_next(book, &bell, 500));
    for (unsigned i = 0; i < 40; i++)
        notices_leave(&waiters[i]);
}

Test(relay_notices, L4_what_waits_for_one_zone_is_bounded)
{
    static struct notice_waiter waiters[NOTICES_WAITERS_MAX + 1];
    for (uint16_t i = 0; i < NOTICES_WAITERS_MAX; i++)
        cr_assert_eq(join(&waiters[i], NEWS("a.example", i, i)), 0);
    cr_expect_eq(join(&waiters[NOTICES_WAITERS_MAX], NEWS("a.example", 1, 1)), DNS_ESPACE);
    struct notice *n = notices_next(book, &bell, 0);
    cr_expect_eq(n->now.serial, NOTICES_WAITERS_MAX - 1);
    cr_expect_null(notices_next(book, &bell, 0), "they are one fan-out");
    notices_done(book, n);
}

Test(relay_notices, L4_zones_are_bounded_and_the_oldest_that_is_over_makes_room)
{
    static struct notice_waiter waiters[NOTICES_MAX + 1];
    char zone[32];
    for (unsigned i = 0; i < NOTICES_MAX; i++) {
        snprintf(zone, sizeof zone, "z%u.example", i);
        cr_assert_eq(join(&waiters[i], NEWS(zone, 1, 7, .known = true)), 0);
    }
    cr_expect_eq(join(&waiters[NOTICES_MAX], NEWS("new.example", 1, 7, .known = true)), DNS_ESPACE);
    notices_done(book, notices_next(book, &bell, 0));
    cr_expect_eq(join(&waiters[NOTICES_MAX], NEWS("new.example", 1, 7, .known = true)), 0);
    for (unsigned i = 0; i <= NOTICES_MAX; i++)
        notices_leave(&waiters[i]);
}

Test(relay_notices, L4_zones_that_anyone_can_invent_take_half_the_places)
{
    static struct notice_waiter waiters[NOTICES_MAX];
    char zone[32];
    for (unsigned i = 0; i < NOTICES_MAX; i++) {
        snprintf(zone, sizeof zone, "z%u.example", i);
        bool known = i >= NOTICES_MAX / 2;
        if (i == NOTICES_MAX / 2)
            cr_expect_eq(join(&waiters[i], NEWS(zone, 1, 7)), DNS_ESPACE);
        cr_assert_eq(join(&waiters[i], NEWS(zone, 1, 7, .known = known)), 0, "%u", i);
    }
    for (unsigned i = 0; i < NOTICES_MAX; i++)
        notices_leave(&waiters[i]);
}

Test(relay_notices, L4_those_who_wait_are_bounded_and_half_the_places_are_for_known_zones)
{
    static struct notice_waiter waiters[NOTICES_ALL_WAITERS_MAX + 1];
    char zone[32];
    for (unsigned i = 0; i <= NOTICES_ALL_WAITERS_MAX; i++) {
        bool known = i >= NOTICES_ALL_WAITERS_MAX / 2;
        snprintf(zone, sizeof zone, "%s%u.example", known ? "k" : "z", i / NOTICES_WAITERS_MAX);
        if (i == NOTICES_ALL_WAITERS_MAX / 2)
            cr_expect_eq(join(&waiters[i], NEWS("more.example", 1, 7)), DNS_ESPACE);
        cr_expect_eq(join(&waiters[i], NEWS(zone, 1, 7, .known = known)),
                     i < NOTICES_ALL_WAITERS_MAX ? 0 : DNS_ESPACE, "%u", i);
    }
    notices_leave(&waiters[0]);
    cr_expect_eq(join(&waiters[NOTICES_ALL_WAITERS_MAX], NEWS("more.example", 1, 7, .known = true)),
                 0);
    for (unsigned i = 1; i <= NOTICES_ALL_WAITERS_MAX; i++)
        notices_leave(&waiters[i]);
}

Test(relay_notices, L4_no_fan_out_begins_while_too_many_copies_wait)
{
    struct notice_waiter a, b;
    cr_assert_eq(join(&a, NEWS("a.example", 1, 7)), 0);
    cr_assert_not_null(notices_next(book, &bell, 0));
    notices_copies(book, NOTICES_COPIES_MAX);
    cr_assert_eq(join(&b, NEWS("b.example", 1, 7)), 0);
    cr_expect_null(notices_next(book, &bell, 0));
    cr_expect_eq(notices_deadline(book), UINT64_MAX);
    cr_expect_eq(notices_turn(book, 0, 0), UINT64_MAX);
    notices_copies(book, -1);
    cr_expect_not_null(notices_next(book, &bell, 0));
    notices_leave(&a);
    notices_leave(&b);
}
