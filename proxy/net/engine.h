/* proxy/net: sockets and loops, which carry what the library decides and never parse a record.
 *
 * This is what all network code of one worker shares: its loop, its relay, its clocks, and how much
 * is going on. */
#ifndef NET_ENGINE_H
#define NET_ENGINE_H

#include <uv.h>

#include "net/burst.h"
#include "net/outbox.h"
#include "net/pool.h"
#include "net/queue.h"
#include "relay/relay.h"

/* Octets that are read from a connection at once: for a transfer so many that calls cost little. */
#define ENGINE_ROOM 524288
/* While a worker keeps so many octets for clients that read slowly, its reads are small: each may
 * have to be kept in its turn. A thousand such clients of two workers then cost some 50 MB. */
#define ENGINE_BACKLOG_MAX (4 << 20)

/* Buckets of servers that are asked over UDP. */
#define ENGINE_WAYS 256

struct flow;
struct greeting;
struct outlet_way;
struct places;
struct session;
struct upstream;

LIST_HEAD(outlet_ways, outlet_way);

/* Where events go. */
struct engine_sink {
    void (*report)(void *arg, const struct relay_event *event);
    void *arg;
};

struct engine {
    uv_loop_t *loop;     /* borrowed */
    struct desk *desk;   /* owned */
    uv_async_t ring;     /* of the desk's bell */
    struct relay *relay; /* one reference: of the configuration in force; NULL before the first */
    struct flow *flows;  /* all that run */
    size_t flow_count;
    struct pool flow_pool;     /* of net/flow.h */
    struct pool upstream_pool; /* of net/upstream.h */
    struct session *sessions;  /* all TCP clients */
    size_t session_count;
    TAILQ_HEAD(greetings, greeting) greetings; /* of net/greeting.h: the oldest first */
    unsigned greeting_count;
    void (*on_idle)(void *arg); /* the last flow or session is gone */
    void *idle_arg;
    struct engine_sink sink;
    struct relay *retired; /* of net/retired.h: one reference each, the newest first */
    uv_timer_t retiring;
    TAILQ_HEAD(engine_parting, upstream) parting; /* of net/upstream.h, as the timer */
    uv_timer_t parting_timer;
    uv_timer_t turn; /* of net/teller.h, which sets these two */
    uv_timer_cb on_turn;
    uv_timer_t polling; /* of net/poller.h */
    bool polls;
    struct places *places; /* borrowed: net/places.h, which sets these four */
    unsigned waiting;      /* for a place */
    uv_timer_t freed;
    uv_timer_cb on_freed;
    TAILQ_HEAD(resting, upstream) resting; /* of net/upstream.h: the longest first */
    struct burst *burst;                   /* owned: what is received over UDP, for one callback */
    uint8_t *room;         /* owned; ENGINE_ROOM octets: where TCP is read, likewise */
    struct queue *queue;   /* owned */
    size_t backlog;        /* octets that connections keep */
    int reserve;           /* a descriptor to accept with when there is no other; -1: none */
    struct outbox *outbox; /* owned */
    struct outlet_ways ways[ENGINE_WAYS];
    uint8_t random[256]; /* as many as getentropy gives at once */
    size_t random_left;
};

/* `memory` outlives the engine. Negative errno. Whoever wants to know of idleness says so
 * afterwards. */
int engine_init(struct engine *engine, uv_loop_t *loop, const struct engine_sink *sink,
                struct memory *memory);
void engine_close(struct engine *engine); /* its handle: nobody waits for anything any more */
void engine_fini(struct engine *engine);  /* once the loop has run out */

/* Makes room for one descriptor, and takes it again. */
void engine_release_reserve(struct engine *engine);
void engine_renew_reserve(struct engine *engine);

/* Unpredictable. */
uint16_t engine_random(struct engine *engine);

struct relay_time engine_now(const struct engine *engine);

/* Something was left undone for want of room; `peer` and `address` may be NULL. */
void engine_report_limit(const struct engine *engine, enum relay_result limit,
                         const struct peer *peer, const struct address *address,
                         enum relay_transport transport);

/* A NOTIFY has come, or a fan-out has ended: others may have their turn, in the loop's next one. */
void engine_turn(struct engine *engine);

/* A place was given back: who waits for one may have his turn, in the loop's next one. */
void engine_made_room(struct engine *engine);

/* To be called when a flow, a session or a greeting has gone. */
void engine_check_idle(struct engine *engine);

#endif
