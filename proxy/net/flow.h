/* One exchange in motion: its legs' sockets, its timer, and the client's side behind three
 * functions.
 *
 * Happy path: flow_go runs the exchange's actions: a leg is opened, the request sent; each message
 * that comes is handed to the exchange and its replies go to the client; the last one ends the
 * flow. Work that takes long, a message cut in many or legs by the hundred, goes on in the loop's
 * next turns. Back-pressure: while the client's side is backed up, the legs are paused; flow_resume
 * goes on. There is one way out, flow_end in flow.c, taken for ACTION_END alone. flow_abort makes
 * the exchange say so. */
#ifndef NET_FLOW_H
#define NET_FLOW_H

#include "exchange/exchange.h"
#include "net/berth.h"

/* All but `reply` may be NULL: nothing waits, all is read at once, nothing is kept, nobody wants to
 * know. */
struct flow_client {
    /* Sends a reply. 0, or 1 when the client is backed up, or negative when it is gone. */
    int (*reply)(struct flow *flow, const struct relay_packet *packet);
    /* Replies that wait for others leave. As reply. */
    int (*flush)(struct flow *flow);
    /* Octets of replies that the client has not acknowledged yet. */
    size_t (*unread)(const struct flow *flow);
    /* A kept connection to this server, or NULL. */
    struct upstream *(*borrow)(struct flow *flow, const struct exchange_action *action);
    /* Keeps a connection whose answer came whole; false: does not want it. */
    bool (*keep)(struct flow *flow, struct upstream *up);
    /* The flow is over and about to be released. */
    void (*ended)(struct flow *flow, enum exchange_end end);
};

/* Nanoseconds of work after which a flow lets others have their turn. One action more may come on
 * top, of some hundred microseconds. */
#define FLOW_TURN_NS 1000000

/* The same with messages that have been received, of which a turn may bring megabytes
 * (CONN_READS_MAX): less than that takes longer only where it is meant to. L10 allows 5 ms. */
#define FLOW_READ_NS 3000000

/* Legs of most flows. */
#define FLOW_FEW 4

enum flow_state {
    FLOW_RUNNING,
    FLOW_PAUSED,  /* the client has no room */
    FLOW_YIELDING /* others have their turn */
};

struct flow {
    enum flow_state state;
    struct engine *engine;
    const struct flow_client *client;
    void *owner;       /* the client's side: a session, or a listener that this holds */
    struct flow *next; /* in the engine's list */
    struct flow **link;
    struct flight flight;
    struct upstream **upstreams; /* by leg: `few`, or owned */
    struct upstream *few[FLOW_FEW];
    struct berth berth;
    uv_timer_t timer;
    uint64_t turn;            /* the loop's time when this last had work */
    uint64_t began;           /* when that began, in nanoseconds */
    size_t unread;            /* by the client when this was last looked at */
    struct exchange exchange; /* last: what begins it sets all of it */
};

/* From a verdict that says POLICY_FORWARD. -EAGAIN: there is no place for its socket, which is
 * reported; -ENOMEM: no memory, or a request that cannot be followed. */
int flow_new(struct engine *engine, const struct policy_verdict *verdict,
             const struct relay_request *request, const struct flow_client *client, void *owner,
             struct flow **out);

/* A fan-out that telling_next gave; it answers nobody. NULL: no memory, and it is over. */
struct flow *flow_new_telling(struct engine *engine, const struct telling_order *order);

/* Something that it waited for has come about elsewhere: goes on in the loop's next turn. */
void flow_wake(void *owner);

/* What is left of it once it has ended: memory. */
void flow_free(struct flow *flow);

/* Starts it. It may be over, and `ended` have been called, when this returns. */
void flow_go(struct flow *flow);

void flow_resume(struct flow *flow);
void flow_abort(struct flow *flow, enum relay_result why);

#endif
