/* How one thread tells another that what it waited for has come about.
 *
 * Who waits embeds a struct caller, and puts it where others find it under a lock of theirs. Who
 * has news rings for it under that lock. The bell's own thread then calls bell_next until nobody is
 * left, and wakes each. A caller leaves first where it is found and then the bell, so no ring is
 * for one that is gone. */
#ifndef RELAY_BELL_H
#define RELAY_BELL_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/queue.h>

/* Zeroed: rings nowhere. */
struct caller {
    void (*wake)(void *owner); /* by the bell's own thread, as the owner is */
    void *owner;
    struct bell *bell;
    bool rung;
    TAILQ_ENTRY(caller) entry;
};

struct bell {
    pthread_mutex_t mutex;
    void (*ring)(void *arg); /* by any thread: the bell's own is to call bell_next, later */
    void *arg;
    TAILQ_HEAD(callers, caller) rung;
};

void bell_init(struct bell *bell, void (*ring)(void *arg), void *arg);
void bell_fini(struct bell *bell); /* once nobody is left */

/* By any thread. Twice is once. */
void bell_ring(struct caller *caller);

/* By the bell's own thread: one that was rung for, or NULL. */
struct caller *bell_next(struct bell *bell);
void bell_leave(struct caller *caller); /* fine for one that was not rung for */

#endif
