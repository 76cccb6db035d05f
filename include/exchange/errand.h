/* src/exchange: one exchange as a state machine, from the request that was judged good to the last
 * octet of its answer.
 *
 * An errand is what one exchange is about: the request, who asked it and when. It is set once and
 * borrowed by the legs; only the client's chain of MACs moves on as answers are signed. It may be
 * moved in memory. */
#ifndef EXCHANGE_ERRAND_H
#define EXCHANGE_ERRAND_H

#include "relay/policy.h"

struct errand {
    struct relay *relay;        /* one reference */
    uint8_t *octets;            /* owned: the request as it came */
    size_t len;                 /* of the octets */
    struct dns_message request; /* parse of `octets`, its TSIG left out */
    enum peer_operation operation;
    struct client client;
    bool soa_instead; /* P29: the servers are asked for the SOA in place of the IXFR */
    uint64_t began;   /* ms */
    uint64_t ticket;  /* an UPDATE's, by which its answer is remembered; 0: none */
};

/* From a verdict that says POLICY_FORWARD, and the request it judged. Copies what it keeps.
 * A signed UPDATE is remembered from now on. DNS_EMEMORY. */
int errand_init(struct errand *e, struct relay *relay, const struct policy_verdict *verdict,
                const struct relay_request *request) MUST_CHECK;
void errand_fini(struct errand *e); /* of a zeroed struct too */

/* Nobody has sent it: a question of ours. */
static inline bool errand_is_ours(const struct errand *e)
{
    return e->client.from.family == ADDRESS_NONE;
}

/* An AXFR or IXFR: its answer may be many messages. */
bool errand_is_transfer(const struct errand *e);

/* Has this answer the question that the servers are asked? */
bool errand_is_asked(const struct errand *e, const struct dns_message *answer);

/* Of a NOTIFY: the version that it tells of. */
struct sleeper_hint errand_hint(const struct errand *e);

/* Completes the event with what the errand is about, and reports it. It is about the client unless
 * its `peer` is set already. */
void errand_report(const struct errand *e, struct relay_event event, struct relay_time now);

/* It is a NOTIFY, and is on its way. */
void errand_report_notified(const struct errand *e, struct relay_time now);

#endif
