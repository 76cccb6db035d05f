/* A worker: one loop's engine with its listeners, from bind to drain.
 *
 * Happy path: worker_init binds every address and only then starts to serve them; worker_drain
 * closes the listeners and lets what is in flight finish; the loop runs out; worker_fini.
 *
 * Failure: an address that cannot be served leaves none served. What has not finished when
 * drain-timeout is over, or at a second worker_drain, is broken off. */
#ifndef NET_WORKER_H
#define NET_WORKER_H

#include "net/listener.h"
#include "net/session.h"

enum worker_state { WORKER_RUNNING, WORKER_DRAINING, WORKER_STOPPED };

struct worker {
    enum worker_state state;
    struct engine engine;
    struct listener *listeners; /* one reference each, in the order of the configuration */
    uv_timer_t drain;
};

/* Serves every `listen` of the configuration. Negative errno, and `*failed` then says which
 * address, if it was one; nothing is left to release: the loop, which must be the worker's own,
 * has then been run to its end. */
int worker_init(struct worker *worker, uv_loop_t *loop, const struct engine_sink *sink,
                struct config *config, struct address *failed);

/* A reload in two phases. What worker_prepare has made is either committed or given up; until then
 * nothing has changed. */
struct worker_change {
    struct relay *relay;
    struct listener *added; /* bound, and not yet heard */
};

/* Everything that can fail. Negative errno, and `*failed` then says which address, if it was one;
 * nothing is left. */
int worker_prepare(struct worker *worker, struct config *config, struct worker_change *change,
                   struct address *failed);
void worker_commit(struct worker *worker, struct worker_change *change);

/* No new requests; what is in flight finishes, for drain-timeout at most. Then all handles are
 * closed, so that the loop runs out. A second call stops at once. */
void worker_drain(struct worker *worker);

/* Once the loop has run out. */
void worker_fini(struct worker *worker);

#endif
