/* The NOTIFYs of primaries for their secondaries (M3): one fan-out at a time for a primary and
 * zone, and what waits for it.
 *
 *   join ─▶ QUEUED ─notices_next─▶ TOLD ─notices_answer─▶ SPENT ─notices_done─▶ IDLE ─60 s─▶ gone
 *             ▲                      └──────notices_done (nobody answered)────▶ IDLE
 *             └──────── a NOTIFY that came meanwhile, or the next one ──────────┘
 *
 * Many may wait for one fan-out: retries of the NOTIFY that it carries, or others with the same
 * hint. Each is answered by the fan-out that carries it. */
#ifndef RELAY_NOTICES_H
#define RELAY_NOTICES_H

#include <sys/queue.h>

#include "config/peer.h"
#include "relay/acks.h"
#include "relay/notice_text.h"

/* Zones that are remembered at once, for 60 s after they were told: a primary of 5,000 zones that
 * is started anew, or what a forger can invent. */
#define NOTICES_MAX 8192
/* NOTIFYs that wait for one zone's fan-outs; what is more gets silence. */
#define NOTICES_WAITERS_MAX 256
/* NOTIFYs that wait at once, each with one of the 16,384 exchanges; half of them may be for zones
 * that nobody is known to want. */
#define NOTICES_ALL_WAITERS_MAX 8192
/* Copies that wait for their answer at once, each with a socket; fan-outs begin only below. */
#define NOTICES_COPIES_MAX 8192
/* RFC 1996 section 3.6: a primary's retries come within this. */
#define NOTICES_KEEP_MS 60000

struct notices;

LIST_HEAD(notice_waiters, notice_waiter);

enum notice_state { NOTICE_IDLE, NOTICE_QUEUED, NOTICE_TOLD, NOTICE_SPENT };

/* One zone of one primary. */
struct notice {
    enum notice_state state;
    unsigned primary; /* its number */
    bool known;       /* a secondary lists the zone by name or has asked for it */
    unsigned rcode;   /* SPENT and IDLE: what the secondaries said together */
    bool answered;    /* ... if any did */
    struct dns_name zone;
    struct notice_text now;             /* carried by the fan-out in motion, or the next to begin */
    struct notice_text next;            /* TOLD: came meanwhile */
    struct acks acks;                   /* of `now`: who gets it, gets no retry */
    struct notice_waiters waiters;      /* of `now` */
    struct notice_waiters next_waiters; /* of `next` */
    unsigned waiter_count;              /* of both */
    uint64_t until;                     /* ms; IDLE: when it is forgotten */
    void *teller; /* TOLD and SPENT: the owner's, who is to be woken when it is overtaken */
    LIST_ENTRY(notice) hash;
    TAILQ_ENTRY(notice) queue; /* QUEUED: of its primary and kind; IDLE: by age */
};

enum notice_wait {
    NOTICE_WAITS,
    NOTICE_ANSWERED,   /* with `rcode` */
    NOTICE_UNANSWERED, /* nobody said anything in time */
};

/* A NOTIFY that is to be answered. Owned by who waits; stays where it is until notices_leave. */
struct notice_waiter {
    enum notice_wait state;
    unsigned rcode;
    void *owner; /* handed to `wake` */
    struct notices *book;
    struct notice *notice; /* NULL: waits for nothing any more */
    LIST_ENTRY(notice_waiter) entry;
};

/* `wake` is called, from within the functions below, with the owner of a waiter that has its answer
 * or with the teller of a fan-out that is overtaken; it may call nothing here. NULL: no memory. */
struct notices *notices_new(void (*wake)(void *arg, void *owner), void *arg);
/* Room for primaries with numbers below `count`. DNS_EMEMORY. */
int notices_reserve(struct notices *book, unsigned count) MUST_CHECK;
/* A primary's notify-rate; 0: it is gone, and what waits of it may go. */
void notices_set_rate(struct notices *book, unsigned primary, unsigned rate);
void notices_free(struct notices *book);

/* A NOTIFY that has come from a primary, judged good. */
struct notice_arrival {
    const struct peer *primary;
    const struct dns_message *message;
    const struct address *from;
    enum relay_transport transport;
    size_t secondaries; /* that it is for */
    bool known;         /* see struct notice */
    uint64_t now;
};

/* `waiter` waits then, or has its answer already. DNS_ESPACE: there is no place, it gets silence;
 * DNS_EMEMORY. */
int notices_join(struct notices *book, const struct notice_arrival *arrival,
                 struct notice_waiter *waiter) MUST_CHECK;
void notices_leave(struct notice_waiter *waiter); /* fine for one that waits for nothing */

/* The next fan-out to begin, which is TOLD then; NULL when none has its turn: a primary may begin
 * `notify_rate` a second of its unknown zones, ten times as many of the known ones. */
struct notice *notices_next(struct notices *book, uint64_t now);

/* When notices_next wants to be called though nothing has happened; UINT64_MAX. */
uint64_t notices_deadline(const struct notices *book);

/* When a tale of ours (relay/sleepers.h) has its turn beside what this primary sends, `now` or
 * later; UINT64_MAX while too many copies wait. Taking the turn is the caller's to say. */
uint64_t notices_turn(struct notices *book, unsigned primary, uint64_t now);
void notices_take_turn(struct notices *book, unsigned primary);

/* So many copies more, or fewer, wait for their answer, of a fan-out or of a tale of ours. */
void notices_copies(struct notices *book, int copies);

/* All that are awake have answered: so are the waiters, now. */
void notices_answer(struct notices *book, struct notice *n, unsigned rcode);
/* Something newer waits for this fan-out to end, which has nobody to answer any more. */
bool notices_is_overtaken(const struct notice *n);
/* The fan-out is over. */
void notices_done(struct notices *book, struct notice *n);

#endif
