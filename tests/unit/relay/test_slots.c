#include "relay/slots.h"

#include <criterion/criterion.h>

#define PRIMARY         1
#define CONNECTIONS_MAX 64

static struct slots *book;
static struct bell bell;

/* A connection, or a question that waits for one. */
struct connection {
    struct slot *slot;
    unsigned woken;
};

static struct connection all[CONNECTIONS_MAX];

static void on_ring(void *arg)
{
    (void)arg;
}

static void on_wake(void *owner)
{
    struct connection *c = owner;
    c->woken++;
}

static void init(void)
{
    bell_init(&bell, on_ring, NULL);
    book = slots_new();
    cr_assert_not_null(book);
    cr_assert_eq(slots_reserve(book, 2), 0);
}

static void fini(void)
{
    for (unsigned i = 0; i < CONNECTIONS_MAX; i++)
        slots_release(all[i].slot);
    slots_free(book);
    bell_fini(&bell);
}

TestSuite(relay_slots, .init = init, .fini = fini);

static struct caller caller_of(struct connection *c)
{
    return (struct caller){.wake = on_wake, .owner = c, .bell = &bell};
}

/* User 0: its connection cannot be idle. */
static void take_of(unsigned index, unsigned client, unsigned user, bool fresh)
{
    static char users[8];
    struct connection *c = &all[index];
    const struct slot_wish wish = {.primary = PRIMARY,
                                   .client = client,
                                   .user = user ? &users[user] : NULL,
                                   .fresh = fresh,
                                   .caller = caller_of(c)};
    cr_assert_null(c->slot);
    *c = (struct connection){.slot = slots_take(book, &wish)};
    cr_assert_not_null(c->slot);
}

static void take(unsigned index, unsigned client)
{
    take_of(index, client, 0, false);
}

static void take_many(unsigned first, unsigned count, unsigned client)
{
    for (unsigned i = 0; i < count; i++)
        take(first + i, client);
}

static bool is_held(unsigned index)
{
    return slots_is_held(all[index].slot);
}

static void expect_held(unsigned first, unsigned count, bool held)
{
    for (unsigned i = first; i < first + count; i++)
        cr_expect_eq(is_held(i), held, "%u", i);
}

static void release(unsigned index)
{
    slots_release(all[index].slot);
    all[index].slot = NULL;
}

static bool rest(unsigned index)
{
    struct caller caller = caller_of(&all[index]);
    return slots_rest(all[index].slot, &caller) != SLOTS_WANTED;
}

/* Each is woken who was rung for. */
static void wake_all(void)
{
    for (struct caller *c; (c = bell_next(&bell));)
        c->wake(c->owner);
}

static void expect_count(unsigned places, unsigned idle, unsigned waiting)
{
    struct slots_count count = slots_count(book, PRIMARY);
    cr_expect_eq(count.places, places, "%u places", count.places);
    cr_expect_eq(count.idle, idle, "%u idle", count.idle);
    cr_expect_eq(count.waiting, waiting, "%u waiting", count.waiting);
}

Test(relay_slots, M6_what_is_more_waits_in_order)
{
    slots_set_limit(book, PRIMARY, 1);
    take_many(0, 4, 1);
    expect_held(0, 1, true);
    expect_held(1, 3, false);
    expect_count(1, 0, 3);
    for (unsigned i = 0; i < 3; i++) {
        release(i);
        expect_count(1, 0, 2 - i);
        wake_all();
        cr_expect_eq(all[i + 1].woken, 1);
        cr_expect(is_held(i + 1));
    }
    release(3);
    expect_count(0, 0, 0);
}

Test(relay_slots, M6_one_that_has_its_place_at_once_is_not_rung_for)
{
    slots_set_limit(book, PRIMARY, 1);
    take(0, 1);
    wake_all();
    cr_expect_eq(all[0].woken, 0);
}

/* It has looked before the bell was heard; who it belonged to may be gone by then. */
Test(relay_slots, M6_one_that_has_seen_its_place_is_not_rung_for_any_more)
{
    slots_set_limit(book, PRIMARY, 1);
    take_many(0, 2, 1);
    release(0);
    cr_expect(is_held(1));
    wake_all();
    cr_expect_eq(all[1].woken, 0);
}

Test(relay_slots, M6_one_peer_leaves_a_quarter_for_others)
{
    static const struct {
        unsigned limit, share;
    } rows[] = {{1, 1}, {2, 1}, {3, 2}, {4, 3}, {8, 6}, {9, 6}, {40, 30}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        slots_set_limit(book, PRIMARY, rows[i].limit);
        take_many(0, 50, 1);
        cr_expect_eq(slots_count(book, PRIMARY).places, rows[i].share, "of %u", rows[i].limit);
        take_many(50, 10, 2);
        cr_expect_eq(slots_count(book, PRIMARY).places, rows[i].limit);
        for (unsigned k = 0; k < 60; k++)
            release(k);
        expect_count(0, 0, 0);
    }
}

Test(relay_slots, M6_peers_take_turns)
{
    slots_set_limit(book, PRIMARY, 4);
    take_many(0, 3, 1);
    take_many(3, 1, 2);
    take_many(10, 10, 1);
    take_many(20, 3, 2);
    take_many(30, 3, 3);
    expect_count(4, 0, 16);
    /* The first peer has its share until one of its own goes. */
    release(3);
    expect_held(20, 1, true);
    release(20);
    expect_held(30, 1, true);
    release(30);
    expect_held(21, 1, true);
    release(0);
    expect_held(31, 1, true);
    release(31);
    expect_held(22, 1, true);
    release(21);
    expect_held(10, 1, true);
    expect_held(11, 9, false);
    expect_held(32, 1, false);
}

Test(relay_slots, M6_one_with_much_to_ask_does_not_starve_one_with_little)
{
    slots_set_limit(book, PRIMARY, 4);
    take_many(0, 50, 1);
    take(50, 2);
    cr_expect(is_held(50), "the quarter");
    take(51, 2);
    release(0);
    cr_expect(is_held(51), "its turn comes before 47 others");
}

Test(relay_slots, M6_a_client_that_leaves_leaves_the_queue)
{
    slots_set_limit(book, PRIMARY, 1);
    take_many(0, 4, 1);
    release(1);
    release(3);
    expect_count(1, 0, 1);
    release(0);
    cr_expect(is_held(2));
    release(2);
    expect_count(0, 0, 0);
}

Test(relay_slots, M6_one_that_leaves_unheard_is_not_woken)
{
    slots_set_limit(book, PRIMARY, 1);
    take_many(0, 3, 1);
    release(0);
    release(1);
    wake_all();
    cr_expect_eq(all[1].woken, 0);
    cr_expect(is_held(2));
}

Test(relay_slots, X9b_an_idle_connection_serves_its_user_first)
{
    slots_set_limit(book, PRIMARY, 4);
    take_of(0, 1, 1, false);
    cr_assert(rest(0));
    take_of(1, 1, 2, false);
    cr_expect_not(slots_serve(all[0].slot, all[1].slot), "another user");
    take_of(2, 1, 1, true);
    cr_expect_not(slots_serve(all[0].slot, all[2].slot), "a fresh one");
    expect_count(3, 1, 0);
    take_of(3, 1, 1, false);
    expect_held(3, 1, true);
    expect_count(3, 0, 0);
    cr_assert(slots_serve(all[0].slot, all[3].slot));
    all[0].slot = NULL;
    expect_count(3, 0, 0);
}

Test(relay_slots, X9b_an_idle_connection_closed_before_it_serves_leaves_its_place)
{
    slots_set_limit(book, PRIMARY, 1);
    take_of(0, 1, 1, false);
    cr_assert(rest(0));
    take_of(1, 1, 1, false);
    release(0);
    expect_count(1, 0, 0);
    expect_held(1, 1, true);
}

Test(relay_slots, X9b_a_question_that_goes_gives_its_idle_connection_back)
{
    slots_set_limit(book, PRIMARY, 1);
    take_of(0, 1, 1, false);
    cr_assert(rest(0));
    take_of(1, 1, 1, false);
    release(1);
    expect_count(1, 1, 0);
    take_of(2, 1, 1, false);
    take_of(3, 2, 2, false);
    release(2);
    wake_all();
    cr_expect(slots_is_wanted(all[0].slot), "others wait");
    cr_expect_eq(all[0].woken, 1);
    release(0);
    expect_held(3, 1, true);
    expect_count(1, 0, 0);
}

Test(relay_slots, M6_the_longest_idle_is_closed_for_who_waits)
{
    slots_set_limit(book, PRIMARY, 4);
    for (unsigned i = 0; i < 4; i++)
        take_of(i, i < 2 ? 1 : 2, 1 + i, false);
    cr_assert(rest(2) && rest(0) && rest(1) && rest(3));
    expect_count(4, 4, 0);
    take(4, 3);
    wake_all();
    cr_expect(slots_is_wanted(all[2].slot));
    cr_expect_eq(all[2].woken, 1);
    cr_expect_eq(all[0].woken + all[1].woken + all[3].woken, 0, "one for one");
    cr_expect_not(is_held(4), "it is not closed yet");
    release(2);
    wake_all();
    cr_expect_eq(all[4].woken, 1);
    expect_count(4, 3, 0);
}

/* The place of another's would be of no use to it. */
Test(relay_slots, M6_who_has_its_share_waits_for_its_own_idle_ones)
{
    slots_set_limit(book, PRIMARY, 4);
    take_of(0, 2, 1, false);
    cr_assert(rest(0));
    for (unsigned i = 1; i < 4; i++)
        take_of(i, 1, 2, false);
    cr_assert(rest(2));
    take_of(4, 1, 3, false);
    wake_all();
    cr_expect_eq(all[0].woken, 0);
    cr_expect_eq(all[2].woken, 1);
    release(2);
    cr_expect(is_held(4));
}

Test(relay_slots, M6_a_connection_is_not_kept_while_others_wait)
{
    slots_set_limit(book, PRIMARY, 1);
    take_of(0, 1, 1, false);
    take_of(1, 1, 2, false);
    cr_expect_not(rest(0));
    cr_expect_not(slots_is_wanted(all[0].slot));
    release(0);
    cr_expect(is_held(1));
}

Test(relay_slots, X9b_a_connection_goes_to_its_users_question_when_that_is_next)
{
    slots_set_limit(book, PRIMARY, 1);
    take_of(0, 1, 1, false);
    take_of(1, 1, 1, false);
    take_of(2, 1, 2, false);
    cr_expect(rest(0));
    wake_all();
    cr_expect_eq(all[1].woken, 1);
    cr_expect(is_held(1));
    cr_expect(slots_serve(all[0].slot, all[1].slot));
    all[0].slot = NULL;
    expect_count(1, 0, 1);
    cr_expect_not(rest(1), "the next is another's");
}

Test(relay_slots, M6_a_reload_gives_more_at_once)
{
    slots_set_limit(book, PRIMARY, 2);
    take_many(0, 5, 1);
    take_many(5, 5, 2);
    expect_count(2, 0, 8);
    slots_set_limit(book, PRIMARY, 8);
    wake_all();
    expect_count(8, 0, 2);
    expect_held(0, 4, true);
    expect_held(5, 4, true);
    cr_expect_eq(all[1].woken + all[5].woken, 1, "one of them was there before");
}

Test(relay_slots, M6_a_reload_to_fewer_breaks_nothing_off)
{
    slots_set_limit(book, PRIMARY, 8);
    for (unsigned i = 0; i < 6; i++)
        take_of(i, 1, 1, false);
    cr_assert(rest(0));
    slots_set_limit(book, PRIMARY, 2);
    take(6, 2);
    wake_all();
    cr_expect(slots_is_wanted(all[0].slot));
    cr_expect_not(rest(1), "there are too many");
    for (unsigned i = 0; i < 4; i++) {
        release(i);
        cr_expect_not(is_held(6));
    }
    release(4);
    cr_expect(is_held(6));
    expect_count(2, 0, 0);
}

Test(relay_slots, primaries_have_places_of_their_own)
{
    slots_set_limit(book, PRIMARY, 1);
    slots_set_limit(book, 0, 1);
    take(0, 1);
    const struct slot_wish wish = {.primary = 0, .client = 1};
    all[1].slot = slots_take(book, &wish);
    cr_expect(is_held(1));
    cr_expect_eq(slots_count(book, 0).places, 1);
    cr_expect_eq(slots_count(book, 0).limit, 1);
}

Test(relay_slots, M6_who_has_more_than_its_share_since_a_reload_keeps_nothing_while_it_waits)
{
    slots_set_limit(book, PRIMARY, 8);
    for (unsigned i = 0; i < 8; i++)
        take_of(i, 1, 1 + i % 2, false);
    expect_count(6, 0, 2);
    slots_set_limit(book, PRIMARY, 4);
    for (unsigned i = 0; i < 3; i++) {
        cr_expect_not(rest(i), "%u", i);
        release(i);
    }
    expect_count(3, 0, 2);
    cr_expect(rest(4), "its user's question is next");
    cr_expect(is_held(6));
}

static bool resting[CONNECTIONS_MAX];

/* It has what it was given. */
static void connect_one(unsigned index)
{
    for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
        if (!resting[i] || !slots_serve(all[i].slot, all[index].slot))
            continue;
        resting[i] = false;
        all[i].slot = NULL;
    }
}

static void close_wanted(void)
{
    for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
        if (!resting[i] || !slots_is_wanted(all[i].slot))
            continue;
        release(i);
        resting[i] = false;
        close_wanted();
    }
}

static void do_something(unsigned i, uint32_t random)
{
    unsigned what = random >> 16 & 15;
    if (!all[i].slot) {
        take_of(i, random >> 13 & 3, random >> 20 & 3, (random >> 22 & 3) == 0);
    } else if (what == 15) {
        slots_set_limit(book, PRIMARY, 1 + (random >> 24 & 15));
    } else if (what < 4 || !is_held(i)) {
        release(i);
        resting[i] = false;
    } else {
        connect_one(i);
        resting[i] = rest(i);
    }
}

/* All that are connected have their answers, and are closed when they are not kept. */
static void finish_all(void)
{
    for (unsigned i = 0; i < 32; i++) {
        if (!all[i].slot || resting[i] || !is_held(i))
            continue;
        connect_one(i);
        resting[i] = rest(i);
        if (!resting[i])
            release(i);
        close_wanted();
    }
}

/* Whatever happens, in an order of nobody's choice: once all that is wanted is closed, who waits
 * waits for one that is busy. */
Test(relay_slots, M6_nobody_waits_for_what_is_idle)
{
    uint32_t random = 1;
    slots_set_limit(book, PRIMARY, 4);
    for (unsigned step = 0; step < 200000; step++) {
        random = random * 1664525 + 1013904223;
        do_something(random >> 8 & 31, random);
        close_wanted();
        if (step % 64 == 0)
            finish_all();
        struct slots_count now = slots_count(book, PRIMARY);
        cr_assert(now.waiting == 0 || now.places > now.idle, "in step %u", step);
    }
}
