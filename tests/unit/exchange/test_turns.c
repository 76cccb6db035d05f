#include "exchange/turns.h"

#include <criterion/criterion.h>

#define LEGS 40

static struct leg legs[LEGS];
static unsigned order[LEGS];
static struct turns turns;

static void init(void)
{
    turns = (struct turns){.order = order};
}

TestSuite(exchange_turns, .init = init);

static uint32_t draw(uint32_t below)
{
    static uint32_t seed = 7;

    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % below;
}

/* By looking at all of them; LEGS when there is none. */
static unsigned first_of(const bool in[LEGS])
{
    unsigned first = LEGS;

    for (unsigned i = 0; i < LEGS; i++)
        if (in[i] && (first == LEGS || legs[i].wake < legs[first].wake))
            first = i;
    return first;
}

Test(exchange_turns, the_first_is_the_first_whatever_comes_and_goes)
{
    bool in[LEGS] = {false};

    for (unsigned step = 0; step < 20000; step++) {
        unsigned i = draw(LEGS);

        if (in[i])
            turns_remove(&turns, legs, i);
        legs[i].wake = draw(30); /* many are equal */
        in[i] = !in[i];
        if (in[i])
            turns_add(&turns, legs, i);
        unsigned first = first_of(in);
        const struct leg *found = turns_first(&turns, legs);
        cr_assert_eq(found, first < LEGS ? &legs[first] : NULL, "step %u", step);
    }
}

Test(exchange_turns, what_is_ready_comes_in_the_order_of_the_legs_whenever_it_was_to_wake)
{
    legs[3] = (struct leg){.state = LEG_READY, .wake = 5};
    legs[1] = (struct leg){.state = LEG_DUE, .wake = 9};
    legs[2] = (struct leg){.state = LEG_READY, .wake = 1};
    turns_add(&turns, legs, 3);
    turns_add(&turns, legs, 1);
    turns_add(&turns, legs, 2);
    for (unsigned i = 1; i <= 3; i++) {
        cr_expect_eq(turns_first(&turns, legs), &legs[i]);
        turns_remove(&turns, legs, i);
    }
    cr_expect_null(turns_first(&turns, legs));
}
