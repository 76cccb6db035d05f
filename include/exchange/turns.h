/* Legs in the order in which something is to be done about them: a heap, in which each leg knows
 * its place.
 *
 * Those that want a socket or to send come before all others, the first leg first; the others by
 * their `wake`. A leg whose state or `wake` has changed is removed before others come or
 * go. */
#ifndef EXCHANGE_TURNS_H
#define EXCHANGE_TURNS_H

#include "exchange/leg.h"

struct turns {
    unsigned *order; /* indices of legs; room for all, the owner's */
    unsigned count;
};

void turns_add(struct turns *t, struct leg *legs, unsigned index);
void turns_remove(struct turns *t, struct leg *legs, unsigned index);

/* NULL when there is none. */
static inline const struct leg *turns_first(const struct turns *t, const struct leg *legs)
{
    return t->count > 0 ? &legs[*t->order] : NULL;
}

#endif
