/* One TCP client: its connection, the flows it has in motion, and the server connections kept for
 * its next query (an upstream connection serves one client connection only).
 *
 * Happy path: each message is judged and becomes an answer or a flow; replies are written as they
 * come, in any order (RFC 7766). With nothing in motion for idle-timeout the session closes. A
 * client that shuts down its sending side still gets its answers.
 *
 * Failure: a client that is gone aborts its flows; a flow that was aborted resets the
 * connection. */
#ifndef NET_SESSION_H
#define NET_SESSION_H

#include "net/flow.h"
#include "net/kept.h"

/* Queries one connection may have in motion: more than a resolver or a secondary sends at once, and
 * few enough to look through for an ID. */
#define SESSION_FLOWS_MAX 64

/* Who is no peer gets one answer to one small question, soon, and half of the places at most. */
#define SESSION_STRANGERS_MAX (ENGINE_SESSIONS_MAX / 2)
/* Octets of a request: a question, its options and a TSIG. */
#define SESSION_STRANGER_LIMIT 1024

enum session_state { SESSION_OPEN, SESSION_DRAINING, SESSION_CLOSED };

struct session {
    enum session_state state;
    bool stranger; /* no peer has its address */
    struct engine *engine;
    struct stream stream;
    struct address from;
    struct address to;
    struct flow *flows[SESSION_FLOWS_MAX]; /* NULL: free */
    unsigned flow_count;
    struct kept kept;
    unsigned resumed; /* the flow that had room first when the client last took octets */
    uv_timer_t idle;
    size_t idle_unread;   /* stream_unread when the idle timer was set */
    unsigned handles;     /* still to be closed by libuv */
    struct session *next; /* in the engine's list */
    struct session **link;
};

/* Takes over a client's connection; without memory or a place it is reset, and that reported. */
void session_accept(struct engine *engine, int fd);

/* Another configuration is in force: is its host a stranger now? */
void session_judge_host(struct session *session);

/* No new request; closes when what is in motion has ended. */
void session_drain(struct session *session);

/* At once, with all its flows, which is told of with this result. */
void session_abort(struct session *session, enum relay_result why);

#endif
