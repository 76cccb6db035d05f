/* Who may have one more, and who has to make room. */
#include "relay/shares.h"

#include <criterion/criterion.h>

#define PEERS 12u

static struct shares *shares;

/* A hundred places, twenty-five for each peer. */
static void init(void)
{
    shares = shares_new();
    cr_assert_eq(shares_reserve(shares, PEERS), 0);
    for (unsigned i = 0; i < PEERS; i++)
        shares_set_percent(shares, i, 25);
    shares_set_places(shares, SHARES_CONNECTIONS, 100);
    shares_set_places(shares, SHARES_SOCKETS, 100);
}

static void fini(void)
{
    shares_free(shares);
}

TestSuite(relay_shares, .init = init, .fini = fini);

static const struct shares_owner strangers = {SHARES_STRANGER, 0};

static struct shares_owner peer(unsigned number)
{
    return (struct shares_owner){SHARES_PEER, number};
}

static struct shares_owner unproven(unsigned number)
{
    return (struct shares_owner){SHARES_UNPROVEN, number};
}

/* How many of so many it gets. */
static unsigned takes(struct shares_owner owner, unsigned wanted)
{
    unsigned got = 0;
    while (got < wanted && shares_take(shares, SHARES_CONNECTIONS, owner) == SHARES_GRANTED)
        got++;
    return got;
}

static enum shares_verdict look(struct shares_owner owner)
{
    return shares_look(shares, SHARES_CONNECTIONS, owner);
}

static struct shares_owner debtor(unsigned number)
{
    struct shares_owner out;
    cr_assert(shares_find_debtor(shares, SHARES_CONNECTIONS, &number, &out));
    return out;
}

static bool has_no_debtor(unsigned number)
{
    struct shares_owner out;
    return !shares_find_debtor(shares, SHARES_CONNECTIONS, &number, &out);
}

Test(relay_shares, L1_one_peer_may_hold_what_nobody_wants_but_the_last_tenth)
{
    cr_expect_eq(takes(peer(0), 200), 90);
    cr_expect_eq(look(peer(0)), SHARES_OVER);
    cr_expect_eq(takes(peer(1), 200), 10, "who is below his share has the last tenth");
    cr_expect_eq(look(peer(1)), SHARES_NONE);
    shares_give(shares, SHARES_CONNECTIONS, peer(0));
    cr_expect_eq(look(peer(0)), SHARES_OVER, "it is for others now");
    cr_expect_eq(look(peer(1)), SHARES_GRANTED);
}

Test(relay_shares, L1_strangers_hold_an_eighth_together_and_nothing_of_the_last_tenth)
{
    cr_expect_eq(takes(strangers, 200), 12);
    cr_expect_eq(takes(peer(0), 200), 78);
    shares_give(shares, SHARES_CONNECTIONS, strangers);
    shares_give(shares, SHARES_CONNECTIONS, strangers);
    cr_expect_eq(takes(peer(0), 200), 2);
    cr_expect_eq(look(strangers), SHARES_OVER);
}

Test(relay_shares, L1_who_is_most_above_its_share_makes_room)
{
    takes(peer(0), 40);
    takes(peer(1), 35);
    takes(peer(2), 15);
    cr_expect(shares_same(debtor(3), peer(0)));
    cr_expect(shares_same(debtor(2), peer(0)));
    cr_expect_eq(shares_lacking(shares, SHARES_CONNECTIONS), 0);
    cr_expect_eq(takes(peer(3), 4), 4);
    cr_expect_eq(shares_lacking(shares, SHARES_CONNECTIONS), 4);
    shares_set_percent(shares, 0, 50);
    cr_expect(shares_same(debtor(3), peer(1)), "it has a larger share now");
}

Test(relay_shares, L1_where_nobody_is_above_who_holds_most_makes_room_until_all_hold_the_same)
{
    for (unsigned i = 0; i < 4; i++)
        takes(peer(i), 25);
    cr_expect(shares_same(debtor(5), peer(0)));
    for (unsigned i = 0; i < 4; i++)
        for (unsigned k = 0; k < 12; k++)
            shares_give(shares, SHARES_CONNECTIONS, peer(i));
    takes(peer(5), 12);
    cr_expect(has_no_debtor(5), "it would have as many then");
    cr_expect_not(has_no_debtor(6));
}

Test(relay_shares, L1_strangers_make_room_too)
{
    takes(strangers, 12);
    takes(peer(0), 30);
    cr_expect(shares_same(debtor(1), strangers));
    struct shares_owner out;
    cr_expect(shares_find_debtor(shares, SHARES_CONNECTIONS, NULL, &out));
    cr_expect(shares_same(out, strangers));
}

Test(relay_shares, L1_that_nobody_is_above_his_share_is_no_reason_to_close_anything)
{
    struct shares_owner out;
    takes(peer(0), 25);
    cr_expect_not(shares_find_debtor(shares, SHARES_CONNECTIONS, NULL, &out));
}

Test(relay_shares, L2_unproven_connections_have_an_eighth_of_the_share)
{
    shares_set_places(shares, SHARES_CONNECTIONS, 400);
    cr_expect_eq(takes(unproven(0), 200), 12);
    cr_expect_eq(look(unproven(0)), SHARES_OVER);
    cr_expect_eq(shares_held(shares, SHARES_CONNECTIONS, peer(0)), 0, "not of the peer's own");
    cr_expect_eq(takes(peer(0), 400), 348);
    cr_expect_eq(look(unproven(1)), SHARES_GRANTED);
}

Test(relay_shares, L2_unproven_connections_have_four_places_where_there_are_few)
{
    cr_expect_eq(takes(unproven(0), 200), SHARES_UNPROVEN_LEAST);
    cr_expect(shares_take_any(shares, SHARES_CONNECTIONS, unproven(0)));
    cr_expect_eq(takes(peer(1), 200), 85);
}

Test(relay_shares, L2_what_has_verified_counts_for_its_peer)
{
    takes(unproven(0), 1);
    cr_expect_eq(shares_move(shares, SHARES_CONNECTIONS, unproven(0), peer(0)), SHARES_GRANTED);
    cr_expect_eq(shares_held(shares, SHARES_CONNECTIONS, peer(0)), 1);
    cr_expect_eq(shares_held(shares, SHARES_CONNECTIONS, unproven(0)), 0);
}

Test(relay_shares, L2_a_peer_has_no_more_by_having_it_unproven_first)
{
    takes(peer(0), 90);
    takes(unproven(0), 4);
    cr_expect_eq(shares_move(shares, SHARES_CONNECTIONS, unproven(0), peer(0)), SHARES_OVER);
    cr_expect_eq(shares_held(shares, SHARES_CONNECTIONS, unproven(0)), 4);
    takes(unproven(1), 4);
    takes(peer(1), 2);
    cr_expect_eq(look(peer(1)), SHARES_NONE);
    cr_expect_eq(shares_move(shares, SHARES_CONNECTIONS, unproven(1), peer(1)), SHARES_GRANTED,
                 "it is below its share");
}

Test(relay_shares, kinds_are_counted_apart)
{
    takes(peer(0), 200);
    cr_expect_eq(shares_take(shares, SHARES_SOCKETS, peer(0)), SHARES_GRANTED);
    cr_expect(shares_are_ample(shares, SHARES_SOCKETS));
    cr_expect_not(shares_are_ample(shares, SHARES_CONNECTIONS));
}

Test(relay_shares, a_reload_with_fewer_places_takes_nothing_away)
{
    takes(peer(0), 90);
    shares_set_places(shares, SHARES_CONNECTIONS, 40);
    cr_expect_eq(look(peer(1)), SHARES_NONE);
    cr_expect_eq(shares_held(shares, SHARES_CONNECTIONS, peer(0)), 90);
    cr_expect_eq(shares_reserve(shares, 2 * PEERS), 0);
    cr_expect_eq(shares_held(shares, SHARES_CONNECTIONS, peer(0)), 90);
    for (unsigned i = 0; i < 90; i++)
        shares_give(shares, SHARES_CONNECTIONS, peer(0));
    cr_expect_eq(takes(peer(0), 200), 36);
}

Test(relay_shares, a_share_is_one_place_at_least)
{
    shares_set_percent(shares, 0, 1);
    shares_set_percent(shares, 1, 0);
    shares_set_places(shares, SHARES_CONNECTIONS, 8);
    takes(peer(2), 7);
    cr_expect_eq(takes(peer(0), 200), 1);
    shares_give(shares, SHARES_CONNECTIONS, peer(0));
    cr_expect_eq(takes(peer(1), 200), 1, "its peer is gone");
}

struct crowd {
    pthread_t thread;
    unsigned number;
    unsigned got;
};

static void *crowd_run(void *arg)
{
    struct crowd *crowd = arg;
    for (unsigned i = 0; i < 20000; i++) {
        if (shares_take(shares, SHARES_CONNECTIONS, peer(crowd->number)) != SHARES_GRANTED)
            continue;
        crowd->got++;
        shares_give(shares, SHARES_CONNECTIONS, peer(crowd->number));
    }
    return NULL;
}

Test(relay_shares, several_threads_lose_nothing)
{
    struct crowd crowds[4];
    for (unsigned i = 0; i < 4; i++) {
        crowds[i] = (struct crowd){.number = i % 2};
        cr_assert_eq(pthread_create(&crowds[i].thread, NULL, crowd_run, &crowds[i]), 0);
    }
    for (unsigned i = 0; i < 4; i++) {
        pthread_join(crowds[i].thread, NULL);
        cr_expect_eq(crowds[i].got, 20000);
    }
    cr_expect_eq(shares_held(shares, SHARES_CONNECTIONS, peer(0)), 0);
    cr_expect_eq(takes(peer(0), 200), 90);
}
