/* A worker: one loop's engine with its listeners, from bind to drain. */
#ifndef NET_WORKER_H
#define NET_WORKER_H

#include "net/datagram.h"
#include "net/session.h"

struct worker_listener {
    struct engine *engine;
    struct address local;
    struct datagram udp;
    uv_tcp_t tcp;
};

enum worker_state { WORKER_RUNNING, WORKER_DRAINING, WORKER_STOPPED };

struct worker {
    enum worker_state state;
    struct engine engine;
    struct worker_listener *listeners; /* owned */
    size_t listener_count;
    uv_timer_t drain;
};

/* Serves every `listen` of the configuration. Negative errno, and `*failed` then says which address,
 * if it was one; nothing is left to release: the loop, which must be the worker's own, has then been
 * run to its end. */
int worker_init(struct worker *worker, uv_loop_t *loop, const struct engine_sink *sink,
                struct config *config, struct address *failed);

/* No new requests; what is in flight finishes, for drain-timeout at most. Then all handles are
 * closed, so that the loop runs out. A second call stops at once. */
void worker_drain(struct worker *worker);

/* Once the loop has run out. */
void worker_fini(struct worker *worker);

#endif
