#include "relay/bell.h"

#include <stddef.h>

void bell_init(struct bell *bell, void (*ring)(void *arg), void *arg)
{
    pthread_mutex_init(&bell->mutex, NULL);
    bell->ring = ring;
    bell->arg = arg;
    TAILQ_INIT(&bell->rung);
}

void bell_fini(struct bell *bell)
{
    pthread_mutex_destroy(&bell->mutex);
}

void bell_ring(struct caller *caller)
{
    struct bell *bell = caller->bell;
    if (!bell)
        return;
    pthread_mutex_lock(&bell->mutex);
    if (!caller->rung) {
        TAILQ_INSERT_TAIL(&bell->rung, caller, entry);
        caller->rung = true;
        /* Under the lock, so that nobody leaves, and takes the bell away, before it has rung. */
        bell->ring(bell->arg);
    }
    pthread_mutex_unlock(&bell->mutex);
}

static void bell_remove(struct bell *bell, struct caller *caller)
{
    TAILQ_REMOVE(&bell->rung, caller, entry);
    caller->rung = false;
}

struct caller *bell_next(struct bell *bell)
{
    pthread_mutex_lock(&bell->mutex);
    struct caller *caller = TAILQ_FIRST(&bell->rung);
    if (caller)
        bell_remove(bell, caller);
    pthread_mutex_unlock(&bell->mutex);
    return caller;
}

void bell_leave(struct caller *caller)
{
    struct bell *bell = caller->bell;
    if (!bell)
        return;
    pthread_mutex_lock(&bell->mutex);
    if (caller->rung)
        bell_remove(bell, caller);
    pthread_mutex_unlock(&bell->mutex);
}
