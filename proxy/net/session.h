/* One TCP client: its connection, the flows it has in motion, and the server connections kept for
 * its next query (an upstream connection serves one client connection only).
 *
 * Happy path: each message is judged and becomes an answer or a flow; replies are written as they
 * come, in any order (RFC 7766). With nothing in motion for idle-timeout, or when others want its
 * place, the session closes. A request for whose exchange there is no place waits, and all behind
 * it. A client that shuts down its sending side still gets its answers.
 *
 * Failure: a client that is gone aborts its flows; a flow that was aborted resets the
 * connection. */
#ifndef NET_SESSION_H
#define NET_SESSION_H

#include "net/flow.h"
#include "net/kept.h"
#include "net/places.h"

/* Queries one connection may have in motion: more than a resolver or a secondary sends at once, and
 * few enough to look through for an ID. */
#define SESSION_FLOWS_MAX 64

enum session_state { SESSION_OPEN, SESSION_DRAINING, SESSION_CLOSED };

/* Who is on the other side. */
struct session_client {
    struct address from;
    struct address balancer; /* that said so; family ADDRESS_NONE: nobody did */
};

struct session {
    enum session_state state;
    struct engine *engine;
    struct stream stream;
    struct session_client client;
    struct address to;
    struct flow *flows[SESSION_FLOWS_MAX]; /* NULL: free */
    unsigned flow_count;
    struct kept kept;
    unsigned resumed; /* the flow that had room first when the client last took octets */
    uv_timer_t idle;
    struct place place;
    struct waiter waiter; /* for a place for what it asks, which the stream still has */
    size_t idle_unread;   /* stream_unread when the idle timer was set */
    unsigned handles;     /* still to be closed by libuv */
    struct session *next; /* in the engine's list */
    struct session **link;
};

/* Takes over a client's connection; without memory, or when its owner holds too many, it is reset,
 * and that reported. False: there is no place for it as yet, and it was not taken. */
bool session_accept(struct engine *engine, int fd, const struct session_client *client);

/* Another configuration is in force: is its host a stranger now, or who named it believed no more?
 * May end it. */
void session_judge_host(struct session *session);

/* No new request; closes when what is in motion has ended. */
void session_drain(struct session *session);

/* At once, with all its flows, which is told of with this result. */
void session_abort(struct session *session, enum relay_result why);

#endif
