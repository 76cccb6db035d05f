/* The places of one primary, for relay/slots.h, which has the picture and the lock. */
#ifndef SRC_RELAY_SLOT_POOL_H
#define SRC_RELAY_SLOT_POOL_H

#include <sys/queue.h>

#include "relay/slot.h"

#define SLOT_POOL_BUCKETS 64

/* WANTED: its place will be free. */
enum slot_state { SLOT_WAITING, SLOT_HELD, SLOT_IDLE, SLOT_GIVEN, SLOT_WANTED };

TAILQ_HEAD(slot_list, slot);

struct slot {
    enum slot_state state;
    struct slots *book;
    struct slot_peer *peer;
    struct slot_wish wish;   /* its caller is that of who rests once it rests */
    struct slot *match;      /* HELD: the idle one that is given to it; GIVEN: to whom */
    TAILQ_ENTRY(slot) entry; /* WAITING, IDLE: of its peer */
    TAILQ_ENTRY(slot) rest;  /* IDLE: of the pool */
};

/* Of one client peer. */
struct slot_peer {
    unsigned client;
    struct slot_pool *pool;
    unsigned slots;  /* that refer to it */
    unsigned places; /* HELD, IDLE or WANTED */
    unsigned waiting;
    unsigned wanted;
    bool due; /* it waits, and may have more places: it is among the turns */
    struct slot_list queue;
    struct slot_list idle; /* the longest first */
    TAILQ_ENTRY(slot_peer) turn;
    LIST_ENTRY(slot_peer) hash;
};

struct slot_pool {
    unsigned limit;
    unsigned places;
    unsigned waiting;
    unsigned due; /* questions of the peers that are due */
    unsigned wanted;
    unsigned idle_count;
    TAILQ_HEAD(slot_turns, slot_peer) turns;
    struct slot_list idle; /* the longest first */
    LIST_HEAD(slot_bucket, slot_peer) hash[SLOT_POOL_BUCKETS];
};

void slot_pool_init(struct slot_pool *pool, unsigned limit);
void slot_pool_set_limit(struct slot_pool *pool, unsigned limit);

/* NULL: no memory. */
struct slot *slot_pool_take(struct slot_pool *pool, const struct slot_wish *wish);
bool slot_pool_rest(struct slot *slot, const struct caller *caller);
void slot_pool_serve(struct slot *idle);
void slot_pool_part(struct slot *slot);
void slot_pool_release(struct slot *slot);

#endif
