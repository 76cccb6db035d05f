/* A NOTIFY's fan-out: the answers of several secondaries joined into one for the primary. */
#ifndef EXCHANGE_JOIN_H
#define EXCHANGE_JOIN_H

#include "exchange/legs.h"

enum join_state {
    JOIN_WAITING,  /* a secondary may still answer */
    JOIN_COMPLETE, /* every secondary has answered */
    JOIN_BROKEN,   /* none is waited for any more, and not all have answered */
};

/* Legs of one secondary stand side by side; it has answered when any of them has. */
enum join_state join_legs(const struct legs *legs);

/* The RCODE for the primary once the join is complete: NOERROR if all gave it, else the worst of
 * SERVFAIL, NOTAUTH, REFUSED, others; NOTIMP only if all gave that (RFC 1996 section 3.12: it is an
 * answer). */
unsigned join_rcode(const struct legs *legs);

/* A NOTIFY sets out: where it came from is remembered (M6), and who has acknowledged this very one
 * of late is not asked again (M3). */
void join_begin(struct legs *legs, const struct errand *errand, struct relay_time now);

/* A secondary's answer to one leg: it is remembered and reported, and no other address of that
 * secondary is asked any longer. */
void join_take(struct legs *legs, const struct errand *errand, struct leg *leg, unsigned rcode,
               struct relay_time now);

#endif
