/* One exchange in motion, as proxy/net/flow.h has it. */
#ifndef SIM_FLOW_H
#define SIM_FLOW_H

#include "instance.h"

struct flow_client {
    int (*reply)(struct flow *flow, const struct relay_packet *packet); /* 1: it is backed up */
    struct way *(*borrow)(struct flow *flow, const struct exchange_action *action);
    bool (*keep)(struct flow *flow, struct way *way);
    void (*ended)(struct flow *flow, enum exchange_end end);
};

enum flow_state { FLOW_RUNNING, FLOW_PAUSED, FLOW_YIELDING, FLOW_OVER };

struct flow {
    enum flow_state state;
    struct instance *in;
    const struct flow_client *client;
    void *owner;
    struct datagram asked; /* of a listener's: what it answers, without its octets */
    struct flight flight;
    struct way **ways; /* owned; by leg */
    bool reserved;     /* a place among the sockets */
    struct alarm alarm;
    LIST_ENTRY(flow) entry;
    struct exchange exchange;
};

/* NULL: there is no place for it. */
struct flow *flow_new(struct instance *in, const struct policy_verdict *verdict,
                      const struct relay_request *request, const struct flow_client *client,
                      void *owner);
struct flow *flow_new_telling(struct instance *in, const struct telling_order *order);
void flow_wake(void *owner);
void flow_go(struct flow *flow);
void flow_resume(struct flow *flow);
void flow_abort(struct flow *flow, enum relay_result why);
void flow_free(struct flow *flow); /* one that is over */

/* Events of its ways. */
void flow_connected(struct flow *flow, unsigned leg);
void flow_answered(struct flow *flow, unsigned leg, uint8_t *octets, size_t len);
void flow_handed(struct flow *flow);
void flow_lost(struct flow *flow, unsigned leg);

#endif
