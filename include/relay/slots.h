/* Places among the TCP connections to each primary (M6): at most `connections` at once, whatever
 * asks. What is more waits; client peers take turns, each peer's questions in the order in which
 * they came, and one peer leaves a quarter of the places to others.
 *
 *   slots_take ─▶ WAITING ─its turn─▶ HELD ─slots_rest─▶ IDLE ─others wait for it─▶ WANTED
 *        └───────there is one───────────▲                  └─▶ GIVEN ─slots_serve─▶ gone
 *   any ─slots_release─▶ gone
 *
 * A slot is one thread's, that of the bell in its caller; places are for all threads together. An
 * idle connection is for its user's next question alone; the longest idle goes first when its place
 * is wanted. */
#ifndef RELAY_SLOTS_H
#define RELAY_SLOTS_H

#include "dns/error.h"
#include "relay/slot.h"

struct slots;

/* NULL: no memory. */
struct slots *slots_new(void);
void slots_free(struct slots *book); /* once all slots are gone; NULL is fine */

/* Room for primaries with numbers below `count`. DNS_EMEMORY. */
int slots_reserve(struct slots *book, unsigned count) MUST_CHECK;
/* A primary's `connections`. When they become fewer, no place is taken back. */
void slots_set_limit(struct slots *book, unsigned primary, unsigned limit);

/* Waits, or has a place at once. NULL: no memory. */
struct slot *slots_take(struct slots *book, const struct slot_wish *wish);
/* It has one; then nobody rings for it any more. */
bool slots_is_held(struct slot *slot);

enum slots_rest {
    SLOTS_WANTED, /* others wait for its place already: it is to be closed */
    SLOTS_IDLE,   /* it is kept; `caller` is rung for when it is wanted */
    SLOTS_GIVEN,  /* likewise, and its user's next question will ask for it at once */
};

/* Its connection has nothing to do any more. */
enum slots_rest slots_rest(struct slot *slot, const struct caller *caller);
/* It is to be closed now. */
bool slots_is_wanted(struct slot *idle);
/* Is this idle connection for this question? Then it is the question's slot that stands for it from
 * now on, and its own is gone. */
bool slots_serve(struct slot *idle, struct slot *slot);

/* Its connection is about to be closed: it is nobody's, and nobody is rung for it, but the place is
 * taken until slots_release. False: its place is another's already. */
bool slots_part(struct slot *slot);

/* Its connection is closed, or it will have none. NULL is fine. */
void slots_release(struct slot *slot);

struct slots_count {
    unsigned limit;
    unsigned places; /* that are taken */
    unsigned idle;   /* of these */
    unsigned waiting;
};

struct slots_count slots_count(struct slots *book, unsigned primary);

#endif
