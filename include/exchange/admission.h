/* An exchange's turn among the TCP connections to a primary (M6). At most one leg at a time wants
 * one: each wakes the next when it has been asked over UDP, or is over. */
#ifndef EXCHANGE_ADMISSION_H
#define EXCHANGE_ADMISSION_H

#include "exchange/legs.h"

/* Zeroed: waits for nothing. */
struct admission {
    struct caller caller; /* whom to wake when the turn has come */
    const void *user;     /* whose idle connections may be used; NULL: nobody's */
    struct slot *slot;    /* owned; NULL: neither waits nor has its turn */
    unsigned leg;         /* of the slot */
    bool in_vain;         /* a leg has waited too long */
};

/* May this leg, which is DUE, have its socket? It is QUEUED, or lost, when not. */
bool admission_pass(struct admission *a, struct legs *legs, const struct errand *errand,
                    unsigned index, struct relay_time now);
/* The place of this leg, which may; whoever opens the connection owns it. NULL: it needs none. */
struct slot *admission_give(struct admission *a, unsigned index);

/* Has the turn come, or the time run out? True when the leg was lost. */
bool admission_look(struct admission *a, struct legs *legs, const struct errand *errand,
                    struct relay_time now);

void admission_leave(struct admission *a); /* fine for one that is not in it */

#endif
