/* One request judged: forward it to these, answer it with that, or drop it.
 *
 * The order of judgement: junk, TSIG's form, address, key, MAC, time, truncation, operation, zone.
 * Refusals and TSIG failures are reported as events here. */
#ifndef RELAY_POLICY_H
#define RELAY_POLICY_H

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
};

void policy_judge(struct relay *relay, const struct relay_request *request,
                  struct policy_verdict *out);

#endif
