/* A NOTIFY's fan-out: the answers of several secondaries joined into one for the primary. */
#ifndef EXCHANGE_JOIN_H
#define EXCHANGE_JOIN_H

#include "exchange/legs.h"

enum join_state {
    JOIN_WAITING,  /* a secondary may still answer, and it is worth the wait */
    JOIN_COMPLETE, /* every secondary that is awake has answered, or will never */
    JOIN_BROKEN,   /* none has answered, and none will */
};

/* Legs of one secondary stand side by side; it has answered when any of them has. One that is
 * asleep is not waited for, unless an answer came with a wrong MAC. `sleepers` NULL: none
 * sleeps. */
enum join_state join_legs(struct legs *legs, struct sleepers *sleepers);

/* The secondary of this leg has said so: no other address of it is asked any longer. Once the join
 * is complete, legs->rcode is for the primary: NOERROR if all gave it, else the worst of SERVFAIL,
 * NOTAUTH, REFUSED, others; NOTIMP only if all gave that (RFC 1996 section 3.12: it is an
 * answer). */
void join_settle(struct legs *legs, unsigned index, unsigned rcode);

/* M3: a copy has been sent on this leg, as one is to each address. If its peer has answered at
 * another meanwhile, that is all. */
void join_told(struct legs *legs, unsigned index);

/* An answer has come on this leg: its secondary is awake, and that is reported. */
void join_take(struct legs *legs, const struct errand *errand, unsigned index, unsigned rcode,
               struct relay_time now);

#endif
