/* The primaries by number, and the one lock for all of them; what is done under it, and why, is in
 * slot_pool.c. A primary's pool is made when it is first asked, and stays. */
#include "relay/slots.h"

#include <stdlib.h>
#include <string.h>

#include "slot_pool.h"

struct slots_primary {
    unsigned limit;
    struct slot_pool *pool; /* owned; NULL: nobody has asked it yet */
};

struct slots {
    pthread_mutex_t mutex;
    struct slots_primary *primaries; /* owned; by number */
    unsigned count;
};

struct slots *slots_new(void)
{
    struct slots *book = calloc(1, sizeof *book);
    if (book)
        pthread_mutex_init(&book->mutex, NULL);
    return book;
}

void slots_free(struct slots *book)
{
    if (!book)
        return;
    for (unsigned i = 0; i < book->count; i++)
        free(book->primaries[i].pool);
    free(book->primaries);
    pthread_mutex_destroy(&book->mutex);
    free(book);
}

static int slots_grow(struct slots *book, unsigned count)
{
    if (count <= book->count)
        return 0;
    struct slots_primary *more = reallocarray(book->primaries, count, sizeof *more);
    if (!more)
        return DNS_EMEMORY;
    memset(more + book->count, 0, (count - book->count) * sizeof *more);
    book->primaries = more;
    book->count = count;
    return 0;
}

int slots_reserve(struct slots *book, unsigned count)
{
    pthread_mutex_lock(&book->mutex);
    int error = slots_grow(book, count);
    pthread_mutex_unlock(&book->mutex);
    return error;
}

void slots_set_limit(struct slots *book, unsigned primary, unsigned limit)
{
    pthread_mutex_lock(&book->mutex);
    struct slots_primary *p = &book->primaries[primary];
    p->limit = limit;
    if (p->pool && p->pool->limit != limit)
        slot_pool_set_limit(p->pool, limit);
    pthread_mutex_unlock(&book->mutex);
}

static struct slot_pool *slots_pool(struct slots *book, unsigned primary)
{
    struct slots_primary *p = &book->primaries[primary];
    if (!p->pool && (p->pool = malloc(sizeof *p->pool)))
        slot_pool_init(p->pool, p->limit);
    return p->pool;
}

struct slot *slots_take(struct slots *book, const struct slot_wish *wish)
{
    pthread_mutex_lock(&book->mutex);
    struct slot_pool *pool = slots_pool(book, wish->primary);
    struct slot *slot = pool ? slot_pool_take(pool, wish) : NULL;
    if (slot)
        slot->book = book;
    pthread_mutex_unlock(&book->mutex);
    return slot;
}

bool slots_is_held(struct slot *slot)
{
    pthread_mutex_lock(&slot->book->mutex);
    bool held = slot->state == SLOT_HELD;
    if (held)
        bell_leave(&slot->wish.caller);
    pthread_mutex_unlock(&slot->book->mutex);
    return held;
}

enum slots_rest slots_rest(struct slot *slot, const struct caller *caller)
{
    enum slots_rest rest = SLOTS_WANTED;
    pthread_mutex_lock(&slot->book->mutex);
    if (slot_pool_rest(slot, caller))
        rest = slot->state == SLOT_GIVEN ? SLOTS_GIVEN : SLOTS_IDLE;
    pthread_mutex_unlock(&slot->book->mutex);
    return rest;
}

bool slots_is_wanted(struct slot *idle)
{
    pthread_mutex_lock(&idle->book->mutex);
    bool wanted = idle->state == SLOT_WANTED;
    pthread_mutex_unlock(&idle->book->mutex);
    return wanted;
}

bool slots_serve(struct slot *idle, struct slot *slot)
{
    struct slots *book = idle->book;
    pthread_mutex_lock(&book->mutex);
    bool serves = idle->state == SLOT_GIVEN && idle->match == slot;
    if (serves)
        slot_pool_serve(idle);
    pthread_mutex_unlock(&book->mutex);
    return serves;
}

bool slots_part(struct slot *slot)
{
    pthread_mutex_lock(&slot->book->mutex);
    bool parts = slot->state != SLOT_GIVEN;
    if (parts)
        slot_pool_part(slot);
    pthread_mutex_unlock(&slot->book->mutex);
    return parts;
}

void slots_release(struct slot *slot)
{
    if (!slot)
        return;
    struct slots *book = slot->book;
    pthread_mutex_lock(&book->mutex);
    slot_pool_release(slot);
    pthread_mutex_unlock(&book->mutex);
}

struct slots_count slots_count(struct slots *book, unsigned primary)
{
    pthread_mutex_lock(&book->mutex);
    const struct slots_primary *p = &book->primaries[primary];
    struct slots_count count = {.limit = p->limit};
    if (p->pool) {
        count.places = p->pool->places;
        count.idle = p->pool->idle_count;
        count.waiting = p->pool->waiting;
    }
    pthread_mutex_unlock(&book->mutex);
    return count;
}
