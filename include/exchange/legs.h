/* All legs of one exchange in time: whose turn it is, when a copy is sent again, when one is given
 * up.
 *
 * A NOTIFY's legs run side by side, all others one after another: over UDP the next address is
 * asked when one has been silent for two seconds, over TCP when one cannot be connected to. */
#ifndef EXCHANGE_LEGS_H
#define EXCHANGE_LEGS_H

#include "exchange/turns.h"

struct legs {
    struct leg *items; /* owned; of legs_new */
    unsigned count;
    uint64_t answer_ms; /* how long an answer is waited for */
    /* What the legs' states and times come to, kept as they change: a NOTIFY may have thousands. */
    struct turns ready;   /* DUE or READY */
    struct turns waiting; /* IDLE, QUEUED, OPENING or ASKED */
    unsigned unsettled;
    unsigned open;     /* peers that have not answered and still may */
    unsigned answered; /* peers that have */
    unsigned rcode;    /* join.h: what the answers come to */
    unsigned witness;  /* join.h: a leg of a peer that was awaited when last looked for */
};

/* Zeroed items, so many at most, in one piece with room for their turns; NULL: no memory. */
struct leg *legs_new(size_t count);
/* `items` and `count` are there, and what the legs come to is counted. */
void legs_begin(struct legs *legs);
void legs_fini(struct legs *legs);

/* Moves one leg, as leg_move does; its `wake` may have changed before. */
void legs_move(struct legs *legs, unsigned index, enum leg_state state);

/* Legs of one peer stand side by side in a NOTIFY: its first, and the first of the next peer. */
unsigned legs_first_of(const struct legs *legs, unsigned index);
unsigned legs_end_of(const struct legs *legs, unsigned index);

/* Turns come, copies are due again, legs run out of time. True when one was lost. */
bool legs_tick(struct legs *legs, const struct errand *errand, struct relay_time now);

/* A leg that is DUE or READY; count when there is none. */
unsigned legs_pick(const struct legs *legs);

/* What became of the leg that was picked, or of one that was asked. */
void legs_opening(struct legs *legs, const struct errand *errand, unsigned index,
                  struct relay_time now);
void legs_sent(struct legs *legs, const struct errand *errand, unsigned index,
               struct relay_time now);
void legs_no_socket(struct legs *legs, const struct errand *errand, unsigned index, const char *why,
                    struct relay_time now);
/* There is no place for a socket as yet: its turn comes again. A NOTIFY, and what came over UDP,
 * waits no longer than for its answer. True when it was lost for that. */
bool legs_postpone(struct legs *legs, const struct errand *errand, unsigned index,
                   struct relay_time now);
void legs_refused(struct legs *legs, const struct errand *errand, unsigned index,
                  struct relay_time now);
/* It will have no answer, for this reason; reported. */
void legs_lose(struct legs *legs, const struct errand *errand, unsigned index,
               enum relay_result why, struct relay_time now);

/* A leg may still be answered. */
bool legs_have_hope(const struct legs *legs);

/* When legs_tick wants to be called; LEG_NEVER. */
uint64_t legs_deadline(const struct legs *legs);

#endif
