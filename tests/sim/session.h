/* One TCP client of a proxy, as proxy/net/session.h has it. */
#ifndef SIM_SESSION_H
#define SIM_SESSION_H

#include "way.h"

#define SESSION_FLOWS_MAX 64

enum session_state { SESSION_OPEN, SESSION_DRAINING, SESSION_CLOSED };

struct session {
    enum session_state state;
    struct instance *in;
    struct address from;
    struct address to;
    struct tube tube;
    struct flow *flows[SESSION_FLOWS_MAX];
    unsigned flow_count;
    unsigned resumed;
    bool waits; /* for a place for what it asks */
    struct kept_ways kept;
    struct alarm alarm; /* idle, or a look for a place, or the end of its memory */
    LIST_ENTRY(session) entry;
};

void session_accept(struct instance *in, struct pipe_end *end);
void session_abort(struct session *session);

#endif
