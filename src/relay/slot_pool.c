/* Peers that wait and may have more places stand in a circle, the turns; each has its questions in
 * a queue. slot_pool_count is the one place where numbers change and peers come into the circle or
 * leave it; slot_pool_settle, called after any change, gives away what is free and wants idle
 * connections back while more wait. Nobody waits for what is free, so an idle connection is kept
 * only while its place would be nobody's. */
#include "slot_pool.h"

#include <stdlib.h>

void slot_pool_init(struct slot_pool *pool, unsigned limit)
{
    *pool = (struct slot_pool){.limit = limit};
    TAILQ_INIT(&pool->turns);
    TAILQ_INIT(&pool->idle);
}

/* The most that one peer may hold, a quarter being for others. */
static unsigned slot_pool_share(const struct slot_pool *pool)
{
    return pool->limit > 1 ? pool->limit - (pool->limit + 3) / 4 : pool->limit;
}

/* So many places and questions more, or fewer. */
static void slot_pool_count(struct slot_peer *peer, int places, int waiting)
{
    struct slot_pool *pool = peer->pool;
    if (peer->due)
        pool->due -= peer->waiting;
    peer->places += (unsigned)places;
    pool->places += (unsigned)places;
    peer->waiting += (unsigned)waiting;
    pool->waiting += (unsigned)waiting;
    bool due = peer->waiting > 0 && peer->places < slot_pool_share(pool);
    if (due && !peer->due)
        TAILQ_INSERT_TAIL(&pool->turns, peer, turn);
    if (!due && peer->due)
        TAILQ_REMOVE(&pool->turns, peer, turn);
    peer->due = due;
    if (due)
        pool->due += peer->waiting;
}

/* The first that waits of the peer whose turn it is; the next turn is another's. */
static struct slot *slot_pool_grant(struct slot_pool *pool)
{
    struct slot_peer *peer = TAILQ_FIRST(&pool->turns);
    struct slot *slot = TAILQ_FIRST(&peer->queue);
    TAILQ_REMOVE(&peer->queue, slot, entry);
    slot->state = SLOT_HELD;
    slot_pool_count(peer, 1, -1);
    if (peer->due) {
        TAILQ_REMOVE(&pool->turns, peer, turn);
        TAILQ_INSERT_TAIL(&pool->turns, peer, turn);
    }
    bell_ring(&slot->wish.caller);
    return slot;
}

static void slot_pool_start_idling(struct slot *slot)
{
    slot->state = SLOT_IDLE;
    TAILQ_INSERT_TAIL(&slot->peer->idle, slot, entry);
    TAILQ_INSERT_TAIL(&slot->peer->pool->idle, slot, rest);
    slot->peer->pool->idle_count++;
}

static void slot_pool_stop_idling(struct slot *slot)
{
    TAILQ_REMOVE(&slot->peer->idle, slot, entry);
    TAILQ_REMOVE(&slot->peer->pool->idle, slot, rest);
    slot->peer->pool->idle_count--;
}

static void slot_pool_mark(struct slot *slot)
{
    slot->state = SLOT_WANTED;
    slot->peer->wanted++;
    slot->peer->pool->wanted++;
}

static void slot_pool_want(struct slot *slot)
{
    slot_pool_mark(slot);
    bell_ring(&slot->wish.caller);
}

static void slot_pool_want_first(struct slot_list *idle)
{
    struct slot *slot = TAILQ_FIRST(idle);
    slot_pool_stop_idling(slot);
    slot_pool_want(slot);
}

/* One that has its share can have the place of its own idle ones alone. */
static void slot_pool_want_own(struct slot_peer *peer)
{
    while (!peer->due && peer->wanted < peer->waiting && !TAILQ_EMPTY(&peer->idle))
        slot_pool_want_first(&peer->idle);
}

/* `peer` may have changed. */
static void slot_pool_settle(struct slot_pool *pool, struct slot_peer *peer)
{
    while (pool->places < pool->limit && !TAILQ_EMPTY(&pool->turns))
        slot_pool_want_own(slot_pool_grant(pool)->peer);
    slot_pool_want_own(peer);
    while (pool->wanted < pool->due && !TAILQ_EMPTY(&pool->idle))
        slot_pool_want_first(&pool->idle);
}

void slot_pool_set_limit(struct slot_pool *pool, unsigned limit)
{
    struct slot_peer *peer;
    pool->limit = limit;
    for (unsigned i = 0; i < SLOT_POOL_BUCKETS; i++)
        LIST_FOREACH(peer, &pool->hash[i], hash)
    slot_pool_count(peer, 0, 0);
    for (unsigned i = 0; i < SLOT_POOL_BUCKETS; i++)
        LIST_FOREACH(peer, &pool->hash[i], hash)
    slot_pool_settle(pool, peer);
}

static struct slot_peer *slot_pool_peer(struct slot_pool *pool, unsigned client)
{
    struct slot_bucket *bucket = &pool->hash[client % SLOT_POOL_BUCKETS];
    struct slot_peer *peer;
    LIST_FOREACH(peer, bucket, hash)
    if (peer->client == client)
        return peer;
    peer = calloc(1, sizeof *peer);
    if (!peer)
        return NULL;
    peer->client = client;
    peer->pool = pool;
    TAILQ_INIT(&peer->queue);
    TAILQ_INIT(&peer->idle);
    LIST_INSERT_HEAD(bucket, peer, hash);
    return peer;
}

static void slot_pool_forget(struct slot_peer *peer)
{
    if (peer->slots > 0)
        return;
    LIST_REMOVE(peer, hash);
    free(peer);
}

static bool slot_pool_fits(const struct slot *idle, const struct slot_wish *wish)
{
    return wish->user && !wish->fresh && idle->wish.user == wish->user &&
           address_equal(&idle->wish.to, &wish->to) &&
           address_equal(&idle->wish.source, &wish->source);
}

/* The place of `idle` is `slot`'s. */
static void slot_pool_give(struct slot *idle, struct slot *slot)
{
    idle->state = SLOT_GIVEN;
    idle->match = slot;
    slot->state = SLOT_HELD;
    slot->match = idle;
}

static void slot_pool_enter(struct slot *slot)
{
    struct slot_peer *peer = slot->peer;
    struct slot *idle;
    TAILQ_FOREACH_REVERSE(idle, &peer->idle, slot_list, entry)
    {
        if (!slot_pool_fits(idle, &slot->wish))
            continue;
        slot_pool_stop_idling(idle);
        slot_pool_give(idle, slot);
        return;
    }
    slot->state = SLOT_WAITING;
    TAILQ_INSERT_TAIL(&peer->queue, slot, entry);
    slot_pool_count(peer, 0, 1);
    slot_pool_settle(peer->pool, peer);
    if (slot->state == SLOT_HELD)
        bell_leave(&slot->wish.caller);
}

struct slot *slot_pool_take(struct slot_pool *pool, const struct slot_wish *wish)
{
    struct slot_peer *peer = slot_pool_peer(pool, wish->client);
    if (!peer)
        return NULL;
    struct slot *slot = calloc(1, sizeof *slot);
    if (!slot) {
        slot_pool_forget(peer);
        return NULL;
    }
    slot->peer = peer;
    slot->wish = *wish;
    peer->slots++;
    slot_pool_enter(slot);
    return slot;
}

/* Once its place is free: whose would it be? NULL: nobody's. */
static struct slot *slot_pool_heir(const struct slot_pool *pool)
{
    const struct slot_peer *peer = TAILQ_FIRST(&pool->turns);
    return peer && pool->places < pool->limit ? TAILQ_FIRST(&peer->queue) : NULL;
}

/* One that is HELD, or was. */
static bool slot_pool_keep(struct slot *slot)
{
    struct slot_peer *peer = slot->peer;
    struct slot_pool *pool = peer->pool;
    slot_pool_count(peer, -1, 0);
    struct slot *heir = slot_pool_heir(pool);
    if (heir && slot_pool_fits(slot, &heir->wish)) {
        slot_pool_give(slot, slot_pool_grant(pool));
        return true;
    }
    /* One with more than its share, since a reload, waits until it has less. */
    bool kept = !heir && pool->places < pool->limit && peer->waiting == 0;
    slot_pool_count(peer, 1, 0);
    if (kept)
        slot_pool_start_idling(slot);
    return kept;
}

bool slot_pool_rest(struct slot *slot, const struct caller *caller)
{
    slot->wish.caller = *caller;
    return slot_pool_keep(slot);
}

static void slot_pool_drop(struct slot *slot)
{
    struct slot_peer *peer = slot->peer;
    bell_leave(&slot->wish.caller);
    free(slot);
    peer->slots--;
    slot_pool_forget(peer);
}

void slot_pool_serve(struct slot *idle)
{
    idle->match->match = NULL;
    slot_pool_drop(idle);
}

/* A question goes without the connection that it was given, which has its place back. */
static void slot_pool_give_back(struct slot *idle)
{
    idle->match = NULL;
    idle->state = SLOT_HELD;
    slot_pool_count(idle->peer, 1, 0);
    if (!slot_pool_keep(idle))
        slot_pool_want(idle);
}

void slot_pool_part(struct slot *slot)
{
    if (slot->state == SLOT_IDLE)
        slot_pool_stop_idling(slot);
    if (slot->state != SLOT_WANTED)
        slot_pool_mark(slot);
    bell_leave(&slot->wish.caller);
}

void slot_pool_release(struct slot *slot)
{
    struct slot_peer *peer = slot->peer;
    struct slot_pool *pool = peer->pool;
    switch (slot->state) {
    case SLOT_WAITING:
        TAILQ_REMOVE(&peer->queue, slot, entry);
        slot_pool_count(peer, 0, -1);
        break;
    case SLOT_IDLE:
        slot_pool_stop_idling(slot);
        slot_pool_count(peer, -1, 0);
        break;
    case SLOT_WANTED:
        peer->wanted--;
        pool->wanted--;
        slot_pool_count(peer, -1, 0);
        break;
    case SLOT_HELD:
        slot_pool_count(peer, -1, 0);
        if (slot->match)
            slot_pool_give_back(slot->match);
        break;
    case SLOT_GIVEN:
        slot->match->match = NULL;
        break;
    }
    slot_pool_settle(pool, peer);
    slot_pool_drop(slot);
}
