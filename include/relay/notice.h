/* One zone of one primary that NOTIFYs have come for, and who waits for what becomes of them. Used
 * through relay/notices.h, which has the picture. */
#ifndef RELAY_NOTICE_H
#define RELAY_NOTICE_H

#include <sys/queue.h>

#include "relay/acks.h"
#include "relay/bell.h"
#include "relay/notice_text.h"

/* Copies that wait for their answer at once, each with a socket; fan-outs begin only below. */
#define NOTICES_COPIES_MAX 8192

struct notices;

LIST_HEAD(notice_waiters, notice_waiter);

enum notice_state { NOTICE_IDLE, NOTICE_QUEUED, NOTICE_TOLD, NOTICE_SPENT };

/* One zone of one primary. */
struct notice {
    enum notice_state state;
    unsigned primary; /* its number */
    unsigned only;    /* number, plus 1, of the one secondary that it is for; 0: all */
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
    struct caller teller;               /* TOLD and SPENT: who is rung for when it is overtaken */
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
    struct caller caller; /* its bell is set by who waits */
    enum notice_wait state;
    unsigned rcode;
    struct notices *book;  /* NULL: has not joined */
    struct notice *notice; /* NULL: waits for nothing any more */
    LIST_ENTRY(notice_waiter) entry;
};

#endif
