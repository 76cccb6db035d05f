#include "exchange/turns.h"

static bool turns_is_before(const struct leg *legs, unsigned a, unsigned b)
{
    uint64_t x = leg_is_ready(&legs[a]) ? 0 : legs[a].wake;
    uint64_t y = leg_is_ready(&legs[b]) ? 0 : legs[b].wake;
    return x < y || (x == y && a < b);
}

static void turns_put(struct turns *t, struct leg *legs, unsigned at, unsigned index)
{
    t->order[at] = index;
    legs[index].turn = at;
}

static void turns_rise(struct turns *t, struct leg *legs, unsigned at)
{
    unsigned index = t->order[at];
    while (at > 0 && turns_is_before(legs, index, t->order[(at - 1) / 2])) {
        turns_put(t, legs, at, t->order[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    turns_put(t, legs, at, index);
}

static void turns_sink(struct turns *t, struct leg *legs, unsigned at)
{
    unsigned index = t->order[at];
    for (unsigned child = 2 * at + 1; child < t->count; child = 2 * at + 1) {
        if (child + 1 < t->count && turns_is_before(legs, t->order[child + 1], t->order[child]))
            child++;
        if (!turns_is_before(legs, t->order[child], index))
            break;
        turns_put(t, legs, at, t->order[child]);
        at = child;
    }
    turns_put(t, legs, at, index);
}

void turns_add(struct turns *t, struct leg *legs, unsigned index)
{
    t->order[t->count] = index;
    turns_rise(t, legs, t->count++);
}

void turns_remove(struct turns *t, struct leg *legs, unsigned index)
{
    unsigned at = legs[index].turn;
    unsigned last = t->order[--t->count];
    if (last == index)
        return;
    turns_put(t, legs, at, last);
    turns_rise(t, legs, at);
    turns_sink(t, legs, legs[last].turn);
}
