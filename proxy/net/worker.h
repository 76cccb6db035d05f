/* A worker: one loop's engine with its listeners. Everything but worker_prepare and worker_abandon
 * is for the loop's own thread.
 *
 * Happy path: worker_init; a configuration comes in two phases, the first one as any later one:
 * worker_prepare does what can fail, worker_commit serves it. worker_drain closes the listeners and
 * lets what is in flight finish; the loop runs out; worker_fini.
 *
 * Failure: what has not finished when drain-timeout is over, or at a second worker_drain, is broken
 * off. */
#ifndef NET_WORKER_H
#define NET_WORKER_H

#include "net/listener.h"
#include "net/session.h"

enum worker_state { WORKER_RUNNING, WORKER_DRAINING, WORKER_STOPPED };

/* Whoever drives the loop wants to know. */
struct worker_events {
    void (*on_rest)(void *arg); /* serves no address, and nothing is in motion; may come often */
    void (*on_stopped)(void *arg);
    void *arg;
};

struct worker {
    enum worker_state state;
    struct engine engine;
    struct worker_events events;
    struct listener *listeners; /* one reference each */
    uv_timer_t drain;
    struct places places;
};

/* Negative errno. `memory` outlives the worker. */
int worker_init(struct worker *worker, uv_loop_t *loop, const struct engine_sink *sink,
                struct memory *memory, const struct worker_events *events);

/* A configuration, and the endpoints that this worker is to serve under it. */
struct worker_change {
    struct relay *relay;
    struct listener **listeners; /* owned; for each endpoint a new one, not yet heard */
    unsigned count;
};

/* By any thread; nothing changes. -ENOMEM. What it has made is either committed or abandoned. */
int worker_prepare(struct worker *worker, struct config *config, struct endpoint *const *endpoints,
                   unsigned count, struct worker_change *change);
void worker_abandon(struct worker_change *change);
void worker_commit(struct worker *worker, struct worker_change *change);

/* No new requests; what is in flight finishes, for drain-timeout at most. Then all handles are
 * closed, so that the loop runs out. A second call stops at once. */
void worker_drain(struct worker *worker);

/* Once the loop has run out. */
void worker_fini(struct worker *worker);

#endif
