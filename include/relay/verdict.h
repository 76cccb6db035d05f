/* A request, and what is judged of it. */
#ifndef RELAY_VERDICT_H
#define RELAY_VERDICT_H

#include "relay/client.h"

struct relay_request {
    const uint8_t *octets; /* borrowed; not altered */
    size_t len;
    struct address from;
    struct address to;
    enum relay_transport transport;
    struct relay_time now;
};

enum policy_decision { POLICY_DROP, POLICY_ANSWER, POLICY_FORWARD };

struct policy_verdict {
    enum policy_decision decision;
    struct dns_message message; /* the request without its TSIG: len, counts and start[] say so,
                                   while the octets are as they came */
    enum peer_operation operation;
    struct client client;
    struct client_answer answer; /* with POLICY_ANSWER */
    struct tsig_record record;   /* what answer.bad_record points at */
    const struct peer **servers; /* with POLICY_FORWARD: in the order to try, or all for a NOTIFY;
                                    borrowed from the relay until the next request is judged */
    size_t server_count;
    bool fanout; /* a NOTIFY for all of them, whose answers are joined (M3) */
};

#endif
