/* flow_go is the whole machine: it does what the exchange asks for, until that waits or ends. Now
 * and then, by chance, others have their turn in between. */
#include "flow.h"

#include <assert.h>
#include <stdlib.h>

#include "dice.h"
#include "mutant.h"
#include "trace.h"
#include "way.h"

#define FLOW_YIELDS 20 /* in a thousand actions */

static struct shares *flow_shares(const struct flow *flow)
{
    return flow->in->memory->shares;
}

static struct shares_owner flow_holder(const struct flow *flow)
{
    return (struct shares_owner){SHARES_PEER, flow->exchange.errand.client.peer->number};
}

static void flow_drop(struct flow *flow, unsigned leg)
{
    way_close(flow->ways[leg]);
    flow->ways[leg] = NULL;
}

void flow_connected(struct flow *flow, unsigned leg)
{
    exchange_connected(&flow->exchange, leg, false, instance_now(flow->in));
    flow_go(flow);
}

static void flow_close_settled(struct flow *flow, unsigned leg)
{
    const struct legs *legs = &flow->exchange.legs;
    unsigned end = legs_end_of(legs, leg);
    for (unsigned i = legs_first_of(legs, leg); i < end; i++)
        if (flow->ways[i] && flow->ways[i]->transport == RELAY_UDP &&
            exchange_leg_is_settled(&flow->exchange, i))
            flow_drop(flow, i);
}

void flow_answered(struct flow *flow, unsigned leg, uint8_t *octets, size_t len)
{
    exchange_answer(&flow->exchange, leg, octets, len, instance_now(flow->in));
    flow_close_settled(flow, leg);
    if (flow->exchange.telling.state != TELLING_NONE)
        instance_turn(flow->in);
    flow_go(flow);
}

void flow_handed(struct flow *flow)
{
    if (exchange_keep(&flow->exchange) < 0)
        exchange_abort(&flow->exchange, RESULT_NO_MEMORY, instance_now(flow->in));
    flow_go(flow);
}

static void flow_lose(struct flow *flow, unsigned leg)
{
    if (exchange_leg_is_clean(&flow->exchange, leg))
        return;
    flow_drop(flow, leg);
    exchange_lost(&flow->exchange, leg, instance_now(flow->in));
}

void flow_lost(struct flow *flow, unsigned leg)
{
    flow_lose(flow, leg);
    flow_go(flow);
}

static void flow_drop_lost(struct flow *flow)
{
    const struct legs *legs = &flow->exchange.legs;
    unsigned count = flow->exchange.errand.operation == PEER_NOTIFY ? 0 : legs->count;
    for (unsigned i = 0; i < count; i++)
        if (flow->ways[i] && legs->items[i].state == LEG_OVER)
            flow_drop(flow, i);
}

void flow_free(struct flow *flow)
{
    LIST_REMOVE(flow, entry);
    alarm_stop(&flow->alarm);
    exchange_fini(&flow->exchange);
    free(flow->ways);
    free(flow);
}

static void flow_leave_place(struct flow *flow)
{
    if (flow->reserved)
        shares_give(flow_shares(flow), SHARES_SOCKETS, flow_holder(flow));
    flow->reserved = false;
}

static void flow_end(struct flow *flow, enum exchange_end end)
{
    for (unsigned i = 0; i < flow->exchange.legs.count; i++) {
        struct way *way = flow->ways[i];
        bool clean = way && exchange_leg_is_clean(&flow->exchange, i) && way_is_quiet(way);
        if (way && !(clean && flow->client->keep && flow->client->keep(flow, way)))
            way_close(way);
        flow->ways[i] = NULL;
    }
    flow_leave_place(flow);
    flight_land(&flow->flight);
    LIST_REMOVE(flow, entry);
    LIST_INSERT_HEAD(&flow->in->over, flow, entry);
    flow->in->flow_count--;
    flow->state = FLOW_OVER;
    trace_note("ends", flow->in->host.place, flow->exchange.errand.operation, end);
    if (flow->client->ended)
        flow->client->ended(flow, end);
    if (flow->exchange.errand.operation == PEER_NOTIFY)
        instance_turn(flow->in);
    alarm_in(&flow->alarm, 0); /* its memory */
}

static bool flow_reserve(struct flow *flow)
{
    flow->reserved = flow->reserved || shares_take(flow_shares(flow), SHARES_SOCKETS,
                                                   flow_holder(flow)) == SHARES_GRANTED;
    return flow->reserved;
}

static void flow_connect(struct flow *flow, const struct exchange_action *action)
{
    struct relay_time now = instance_now(flow->in);
    struct way *way = NULL;
    assert(!flow->ways[action->leg]);
    if (action->transport == RELAY_TCP && flow->client->borrow)
        way = flow->client->borrow(flow, action);
    bool reused = way;
    flow_drop_lost(flow);
    if (!way && !flow_reserve(flow)) {
        slots_release(action->slot);
        exchange_postpone(&flow->exchange, action->leg, now);
        return;
    }
    if (!way) {
        way = way_open(flow->in, action);
        way->holder = flow_holder(flow);
        flow->reserved = false;
    }
    if (reused)
        flow_leave_place(flow);
    way_adopt(way, flow, action);
    flow->ways[action->leg] = way;
    if (reused || action->transport == RELAY_UDP)
        exchange_connected(&flow->exchange, action->leg, reused, now);
}

static void flow_hold_back(struct flow *flow, enum flow_state state)
{
    flow->state = state;
    for (unsigned i = 0; i < flow->exchange.legs.count; i++)
        if (flow->ways[i])
            way_pause(flow->ways[i]);
}

static void flow_reply(struct flow *flow, const struct exchange_action *action)
{
    struct flow *whose = mutant_is(CONFUSES_CLIENTS) ? LIST_FIRST(&flow->in->flows) : flow;
    bool same = whose->client == flow->client;
    int backed_up = flow->client->reply(same ? whose : flow, &action->packet);
    if (backed_up < 0)
        exchange_abort(&flow->exchange, RESULT_CLIENT_GONE, instance_now(flow->in));
    else if (backed_up > 0)
        flow_hold_back(flow, FLOW_PAUSED);
}

static void flow_continue(struct flow *flow)
{
    flow->state = FLOW_RUNNING;
    flow_go(flow);
    bool follows = flow->exchange.state == EXCHANGE_FOLLOWING;
    for (unsigned i = 0; follows && i < flow->exchange.legs.count; i++)
        if (flow->state == FLOW_RUNNING && flow->ways[i])
            way_resume(flow->ways[i]);
}

static void on_alarm(void *owner)
{
    struct flow *flow = owner;
    if (flow->state == FLOW_OVER) {
        flow_free(flow);
        return;
    }
    if (flow->state == FLOW_YIELDING) {
        flow_continue(flow);
        return;
    }
    exchange_tick(&flow->exchange, instance_now(flow->in));
    flow_go(flow);
}

static void flow_arm(struct flow *flow)
{
    if (flow->state == FLOW_YIELDING)
        return;
    uint64_t deadline = exchange_deadline(&flow->exchange);
    if (deadline == LEG_NEVER)
        alarm_stop(&flow->alarm);
    else
        alarm_set(&flow->alarm, instance_when(flow->in, deadline));
}

/* Others have their turn. */
static bool flow_yields(struct flow *flow)
{
    bool more = flow->exchange.state == EXCHANGE_ASKING ||
                (flow->exchange.state == EXCHANGE_RELAYING && flow->state == FLOW_RUNNING &&
                 errand_is_transfer(&flow->exchange.errand));
    if (!more || !dice_chance(FLOW_YIELDS))
        return false;
    if (flow->exchange.state != EXCHANGE_ASKING)
        flow_hold_back(flow, FLOW_YIELDING);
    alarm_in(&flow->alarm, 1);
    return true;
}

static bool flow_rests(const struct flow *flow)
{
    return flow->state != FLOW_RUNNING && flow->exchange.state == EXCHANGE_RELAYING;
}

void flow_go(struct flow *flow)
{
    while (!flow_rests(flow)) {
        struct exchange_action action;
        exchange_next(&flow->exchange, instance_now(flow->in), &action);
        switch (action.type) {
        case ACTION_WAIT:
            flow_drop_lost(flow);
            flow_arm(flow);
            return;
        case ACTION_CONNECT:
            flow_connect(flow, &action);
            break;
        case ACTION_SEND:
            if (way_send(flow->ways[action.leg], &action.packet) < 0)
                flow_lose(flow, action.leg);
            break;
        case ACTION_REPLY:
            flow_reply(flow, &action);
            break;
        case ACTION_END:
            flow_end(flow, action.end);
            return;
        }
        if (flow_yields(flow))
            return;
    }
    flow_arm(flow);
}

void flow_wake(void *owner)
{
    struct flow *flow = owner;
    if (flow->state != FLOW_OVER)
        alarm_in(&flow->alarm, 0);
}

void flow_resume(struct flow *flow)
{
    if (flow->state != FLOW_PAUSED)
        return;
    exchange_moved(&flow->exchange, instance_now(flow->in));
    flow_continue(flow);
}

void flow_abort(struct flow *flow, enum relay_result why)
{
    exchange_abort(&flow->exchange, why, instance_now(flow->in));
    flow_go(flow);
}

/* Its exchange has begun. */
static struct flow *flow_adopt(struct flow *flow, const struct flow_client *client, void *owner)
{
    struct instance *in = flow->in;
    flow->ways = calloc(flow->exchange.legs.count + 1, sizeof(struct way *));
    assert(flow->ways);
    flow->client = client;
    flow->owner = owner;
    flow->alarm.on_time = on_alarm;
    flow->alarm.owner = flow;
    exchange_set_owner(&flow->exchange, flow_wake, flow, owner);
    LIST_INSERT_HEAD(&in->flows, flow, entry);
    if (++in->flow_count > in->most_flows)
        in->most_flows = in->flow_count;
    if (flow->exchange.errand.operation == PEER_NOTIFY)
        instance_turn(in);
    return flow;
}

struct flow *flow_new(struct instance *in, const struct policy_verdict *verdict,
                      const struct relay_request *request, const struct flow_client *client,
                      void *owner)
{
    struct flow *flow = calloc(1, sizeof *flow);
    struct shares_owner holder = {SHARES_PEER, verdict->client.peer->number};
    assert(flow);
    flow->in = in;
    if (!verdict->fanout &&
        shares_take(in->memory->shares, SHARES_SOCKETS, holder) != SHARES_GRANTED) {
        free(flow);
        return NULL;
    }
    flow->reserved = !verdict->fanout;
    if (exchange_init(&flow->exchange, in->relay, verdict, request) < 0) {
        if (flow->reserved)
            shares_give(in->memory->shares, SHARES_SOCKETS, holder);
        free(flow);
        return NULL;
    }
    flow_adopt(flow, client, owner);
    if (request->transport != RELAY_UDP)
        return flow;
    flow->flight = (struct flight){.from = request->from,
                                   .to = request->to,
                                   .octets = flow->exchange.errand.octets,
                                   .len = flow->exchange.errand.len,
                                   .verified = verdict->client.key};
    flights_take_off(&in->desk->flights, &flow->flight);
    return flow;
}

struct flow *flow_new_telling(struct instance *in, const struct telling_order *order)
{
    static const struct flow_client nobody;
    struct flow *flow = order->primary ? calloc(1, sizeof *flow) : NULL;
    if (!flow) {
        telling_refuse(in->relay, order);
        return NULL;
    }
    flow->in = in;
    if (exchange_init_telling(&flow->exchange, in->relay, order, instance_now(in)) < 0) {
        free(flow);
        return NULL;
    }
    return flow_adopt(flow, &nobody, NULL);
}
