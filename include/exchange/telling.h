/* A fan-out (M3): one NOTIFY told to secondaries, by an exchange of its own that answers nobody.
 * Who waits for it, waits in the relay's notices.
 *
 *   AWAITING ─all that are awake have answered─▶ ANSWERED ─┐
 *      └──────────────every copy is settled────────────────┴─▶ over
 *
 * After a second whoever has said nothing is asleep, and not waited for. */
#ifndef EXCHANGE_TELLING_H
#define EXCHANGE_TELLING_H

#include "exchange/legs.h"

enum telling_state { TELLING_NONE, TELLING_AWAITING, TELLING_ANSWERED };

/* Zeroed: an exchange that tells nothing. */
struct telling {
    enum telling_state state;
    struct notice *notice; /* borrowed from the relay's notices; NULL: told by ourselves */
    unsigned tries;        /* of ours, this one included; 0 with a notice */
    unsigned copies;       /* that wait for their answer */
    uint64_t sleep_at;     /* ms: who has not answered is asleep then; LEG_NEVER: has been */
};

/* What is to be told now. Its pointers are borrowed until the next call of telling_next. */
struct telling_order {
    const struct peer *primary; /* NULL: gone since */
    struct notice *notice;      /* NULL: told by ourselves, to `secondary` alone */
    /* The only one it is for; NULL: all, or gone since */
    const struct peer *secondary;
    unsigned tries;
    const uint8_t *octets;
    size_t len;
    struct address from;
    enum relay_transport transport;
};

/* The next that has its turn; false when there is none. It must then be begun, with
 * exchange_init_telling. */
bool telling_next(struct relay *relay, struct relay_time now, struct telling_order *out);
/* When telling_next is to be called though nothing has happened; LEG_NEVER. */
uint64_t telling_deadline(struct relay *relay, struct relay_time now);

/* It cannot be begun. */
void telling_refuse(struct relay *relay, const struct telling_order *order);

/* Begins: errand and legs of the order. DNS_EMEMORY, and the order is over. */
int telling_init(struct telling *t, struct errand *errand, struct legs *legs, struct relay *relay,
                 const struct telling_order *order, struct relay_time now) MUST_CHECK;

/* A secondary has answered on this leg: a retry is not sent to it again. */
void telling_take(const struct telling *t, const struct legs *legs, const struct errand *errand,
                  const struct leg *leg);

/* After anything has happened to a leg, or the time has come: puts to sleep, answers who waits, and
 * is true when it is over. */
bool telling_weigh(struct telling *t, struct legs *legs, const struct errand *errand,
                   struct relay_time now);

/* Over or broken off: who has not answered will be told again. Once; of a zeroed struct too. */
void telling_end(struct telling *t, const struct legs *legs, const struct errand *errand,
                 struct relay_time now);

#endif
