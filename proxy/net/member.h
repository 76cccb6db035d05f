/* A worker in a thread of its own, as the main thread sees it. All functions are the main thread's.
 *
 * Happy path: member_new; member_start begins its thread, which does what member_tell tells it:
 * member_await waits for that. When `ended` is set the thread is to be joined, and member_free
 * releases the rest.
 *
 * Failure: one that has no thread is seen off by member_dismiss. */
#ifndef NET_MEMBER_H
#define NET_MEMBER_H

#include "net/worker.h"

enum member_state {
    MEMBER_NEW,     /* has no thread */
    MEMBER_READY,   /* ... and now has, but no configuration */
    MEMBER_RUNNING, /* has one */
    MEMBER_LEAVING, /* has been told to drain */
};

enum member_order { MEMBER_NOTHING, MEMBER_COMMIT, MEMBER_DRAIN };

struct member {
    void (*on_news)(void *arg); /* by its thread: it rests, or has ended */
    void *arg;
    enum member_state state; /* the main thread's */
    uv_thread_t thread;
    uv_loop_t loop;
    uv_async_t told;
    struct worker worker;
    struct worker_change change; /* prepared by the main thread */
    _Atomic bool rests;          /* serves nothing and has nothing in motion */
    _Atomic bool ended;          /* the thread is about to return */
    _Atomic bool turned;         /* its loop, since it was asked */
    uint64_t asked;              /* ms: when that was; 0: never */
    pthread_mutex_t mutex;       /* of what follows */
    pthread_cond_t done;
    enum member_order order;
};

/* `on_news` is called by its thread. Negative errno. */
int member_new(const struct engine_sink *sink, struct memory *memory, void (*on_news)(void *arg),
               void *arg, struct member **out);
int member_start(struct member *m);

/* To commit `change`, or to drain; to drain twice is to stop at once. Each is to be awaited. */
void member_tell(struct member *m, enum member_order order);
void member_await(struct member *m);

/* NOTIFYs of one that has ended may have their turn here. */
void member_nudge(struct member *m);

/* Does its loop turn? Asks it to, and says how long (ms) it has not since it was asked before. */
uint64_t member_stands(struct member *m, uint64_t now);

void member_dismiss(struct member *m);
void member_free(struct member *m);

#endif
