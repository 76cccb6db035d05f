/* A flow begins: what can fail comes first, and it joins the engine's flows last. */
#include "net/flow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void flow_new_link(struct flow *flow)
{
    struct engine *engine = flow->engine;
    flow->next = engine->flows;
    flow->link = &engine->flows;
    if (flow->next)
        flow->next->link = &flow->next;
    engine->flows = flow;
    engine->flow_count++;
}

static struct flow *flow_new_alloc(struct engine *engine, const struct peer *client)
{
    struct flow *flow = pool_take(&engine->flow_pool, sizeof *flow);
    if (!flow)
        return NULL;
    memset(flow, 0, offsetof(struct flow, exchange));
    flow->engine = engine;
    flow->berth.engine = engine;
    flow->berth.holder = (struct shares_owner){SHARES_PEER, client->number};
    return flow;
}

void flow_free(struct flow *flow)
{
    if (flow->upstreams != flow->few)
        free(flow->upstreams);
    pool_give(&flow->engine->flow_pool, flow);
}

static struct flow *flow_new_discard(struct flow *flow)
{
    berth_leave(&flow->berth);
    flow_free(flow);
    return NULL;
}

/* Its exchange has begun: it joins the engine's flows, or goes. */
static struct flow *flow_new_adopt(struct flow *flow, const struct flow_client *client, void *owner)
{
    unsigned count = flow->exchange.legs.count;
    flow->upstreams = count <= FLOW_FEW ? flow->few : calloc(count, sizeof(struct upstream *));
    if (!flow->upstreams) {
        exchange_abort(&flow->exchange, RESULT_NO_MEMORY, engine_now(flow->engine));
        exchange_fini(&flow->exchange);
        return flow_new_discard(flow);
    }
    flow->client = client;
    flow->owner = owner;
    uv_timer_init(flow->engine->loop, &flow->timer);
    flow->timer.data = flow;
    exchange_set_owner(&flow->exchange, flow_wake, flow, owner);
    flow_new_link(flow);
    if (flow->exchange.errand.operation == PEER_NOTIFY)
        engine_turn(flow->engine);
    return flow;
}

static void flow_new_take_off(struct flow *flow, const struct relay_request *request,
                              const struct tsig_key *verified)
{
    flow->flight = (struct flight){.from = request->from,
                                   .to = request->to,
                                   .octets = flow->exchange.errand.octets,
                                   .len = flow->exchange.errand.len,
                                   .verified = verified};
    flights_take_off(&flow->engine->desk->flights, &flow->flight);
}

int flow_new(struct engine *engine, const struct policy_verdict *verdict,
             const struct relay_request *request, const struct flow_client *client, void *owner,
             struct flow **out)
{
    const struct peer *peer = verdict->client.peer;
    struct flow *flow = flow_new_alloc(engine, peer);
    /* A NOTIFY that waits for a fan-out needs no socket of its own. */
    if (flow && !verdict->fanout && !berth_reserve(&flow->berth)) {
        engine_report_limit(engine, RESULT_TOO_MANY_EXCHANGES, peer, &request->from,
                            request->transport);
        flow_new_discard(flow);
        return -EAGAIN;
    }
    if (flow && exchange_init(&flow->exchange, engine->relay, verdict, request) < 0)
        flow = flow_new_discard(flow);
    flow = flow ? flow_new_adopt(flow, client, owner) : NULL;
    if (!flow)
        return -ENOMEM;
    if (request->transport == RELAY_UDP)
        flow_new_take_off(flow, request, verdict->client.key);
    *out = flow;
    return 0;
}

struct flow *flow_new_telling(struct engine *engine, const struct telling_order *order)
{
    static const struct flow_client nobody;
    struct flow *flow = order->primary ? flow_new_alloc(engine, order->primary) : NULL;
    if (!flow) {
        telling_refuse(engine->relay, order);
        return NULL;
    }
    if (exchange_init_telling(&flow->exchange, engine->relay, order, engine_now(engine)) < 0) {
        flow_free(flow);
        return NULL;
    }
    return flow_new_adopt(flow, &nobody, NULL);
}
