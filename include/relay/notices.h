/* The NOTIFYs of primaries for their secondaries (M3): one fan-out at a time for a primary and
 * zone, and what waits for it.
 *
 *   join ─▶ QUEUED ─notices_next─▶ TOLD ─notices_answer─▶ SPENT ─notices_done─▶ IDLE ─60 s─▶ gone
 *             ▲                      └──────notices_done (nobody answered)────▶ IDLE
 *             └──────── a NOTIFY that came meanwhile, or the next one ──────────┘
 *
 * Many may wait for one fan-out: retries of the NOTIFY that it carries, or others with the same
 * hint. Each is answered by the fan-out that carries it. Any thread may call, but each waiter and
 * each teller is one thread's. */
#ifndef RELAY_NOTICES_H
#define RELAY_NOTICES_H

#include "config/peer.h"
#include "relay/notice.h"

/* Zones that are remembered at once, for 60 s after they were told: a primary of 5,000 zones that
 * is started anew, or what a forger can invent. */
#define NOTICES_MAX 8192
/* NOTIFYs that wait for one zone's fan-outs; what is more gets silence. */
#define NOTICES_WAITERS_MAX 256
/* NOTIFYs that wait at once, each with one of the 16,384 exchanges; half of them may be for zones
 * that nobody is known to want. */
#define NOTICES_ALL_WAITERS_MAX 8192
/* RFC 1996 section 3.6: a primary's retries come within this. */
#define NOTICES_KEEP_MS 60000

/* Rings for a waiter that has its answer, and for the teller of a fan-out that is overtaken. NULL:
 * no memory. */
struct notices *notices_new(void);
/* Room for primaries with numbers below `count`. DNS_EMEMORY. */
int notices_reserve(struct notices *book, unsigned count) MUST_CHECK;
/* A primary's notify-rate; 0: it is gone, and what waits of it may go. */
void notices_set_rate(struct notices *book, unsigned primary, unsigned rate);
void notices_free(struct notices *book);

/* A NOTIFY that has come from a primary, judged good; or that someone here asks for. */
struct notice_arrival {
    const struct peer *primary;
    const struct dns_message *message;
    const struct address *from;
    enum relay_transport transport;
    const struct peer *const *secondaries; /* that it is for */
    size_t secondary_count;
    unsigned only; /* see struct notice */
    bool known;    /* see struct notice */
    uint64_t now;
};

/* `waiter` waits then, or has its answer already. DNS_ESPACE: there is no place, it gets silence;
 * DNS_EMEMORY. */
int notices_join(struct notices *book, const struct notice_arrival *arrival,
                 struct notice_waiter *waiter) MUST_CHECK;
/* Of one that has joined; `*rcode` of one that is answered. */
enum notice_wait notices_look(struct notice_waiter *waiter, unsigned *rcode);
void notices_leave(struct notice_waiter *waiter); /* fine for one that has not joined */

/* The next fan-out to begin, which is TOLD then, by whose bell this is; NULL when none has its
 * turn: a primary may begin `notify_rate` a second of its unknown zones, ten times as many of the
 * known ones. */
struct notice *notices_next(struct notices *book, struct bell *bell, uint64_t now);

/* When notices_next wants to be called though nothing has happened; UINT64_MAX. */
uint64_t notices_deadline(struct notices *book);

/* When a tale of ours (relay/sleepers.h) has its turn beside what this primary sends, `now` or
 * later; UINT64_MAX while too many copies wait. Taking the turn is the caller's to say. */
uint64_t notices_turn(struct notices *book, unsigned primary, uint64_t now);
void notices_take_turn(struct notices *book, unsigned primary);

/* So many copies more, or fewer, wait for their answer, of a fan-out or of a tale of ours. */
void notices_copies(struct notices *book, int copies);

/* All that are awake have answered: so are the waiters, now. */
void notices_answer(struct notices *book, struct notice *n, unsigned rcode);
/* A secondary has answered after that: a retry hears of it. */
void notices_amend(struct notices *book, struct notice *n, unsigned rcode);
/* Something newer waits for this fan-out to end, which has nobody to answer any more; or, when
 * draining, nobody waits. */
bool notices_is_moot(struct notices *book, const struct notice *n, bool draining);
/* The fan-out is over. */
void notices_done(struct notices *book, struct notice *n);

#endif
