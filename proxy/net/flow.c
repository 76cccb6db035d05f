/* The loop in flow_go is the whole machine: it does what the exchange asks for, and every event
 * on a leg, the timer or the client's side only tells the exchange and calls it again. Memory
 * goes with the timer's handle, so that whoever calls may still look at a flow that has ended. */
#include "net/flow.h"

#include <assert.h>
#include <stdlib.h>

static void flow_drop(struct flow *flow, unsigned leg)
{
    berth_close(&flow->berth, flow->upstreams[leg]);
    flow->upstreams[leg] = NULL;
}

static void on_leg_connected(void *owner, unsigned leg)
{
    struct flow *flow = owner;
    exchange_connected(&flow->exchange, leg, false, engine_now(flow->engine));
    flow_go(flow);
}

/* Of a wide fan-out one secondary may be waited for long after this one has answered, at one of its
 * addresses. */
static void flow_close_settled(struct flow *flow, unsigned leg)
{
    const struct legs *legs = &flow->exchange.legs;
    unsigned end = legs_end_of(legs, leg);
    for (unsigned i = legs_first_of(legs, leg); i < end; i++) {
        struct upstream *up = flow->upstreams[i];
        if (up && up->transport == RELAY_UDP && exchange_leg_is_settled(&flow->exchange, i))
            flow_drop(flow, i);
    }
}

/* No clock is looked at for a question to one server. */
static bool flow_may_take_long(const struct flow *flow)
{
    return errand_is_transfer(&flow->exchange.errand) || flow->exchange.legs.count > FLOW_FEW;
}

/* Its work in this turn of the loop begins, unless it had some already. */
static void flow_take_turn(struct flow *flow)
{
    uint64_t turn = uv_now(flow->engine->loop);
    if (flow->turn == turn || !flow_may_take_long(flow))
        return;
    flow->turn = turn;
    flow->began = uv_hrtime();
}

/* Nanoseconds, in this turn. */
static bool flow_has_worked(const struct flow *flow, uint64_t so_long)
{
    return flow_may_take_long(flow) && uv_hrtime() - flow->began > so_long;
}

static void on_leg_message(void *owner, unsigned leg, uint8_t *octets, size_t len)
{
    struct flow *flow = owner;
    flow_take_turn(flow);
    exchange_answer(&flow->exchange, leg, octets, len, engine_now(flow->engine));
    flow_close_settled(flow, leg);
    /* There is room for copies of other fan-outs. */
    if (flow->exchange.telling.state != TELLING_NONE)
        engine_turn(flow->engine);
    flow_go(flow);
}

static void flow_lose(struct flow *flow, unsigned leg)
{
    /* Its last message may still be on the way to a slow client, piece by piece: flow_end closes
     * it. */
    if (exchange_leg_is_clean(&flow->exchange, leg))
        return;
    flow_drop(flow, leg);
    exchange_lost(&flow->exchange, leg, engine_now(flow->engine));
}

static void on_leg_end(void *owner, unsigned leg)
{
    flow_lose(owner, leg);
    flow_go(owner);
}

/* 0, or 1 when the client has no room for more, or negative when it is gone. */
static int flow_flush(struct flow *flow)
{
    return flow->client->flush ? flow->client->flush(flow) : 0;
}

static void flow_mind(struct flow *flow, int backed_up);

static void on_leg_handed(void *owner, unsigned leg)
{
    struct flow *flow = owner;
    (void)leg;
    flow_mind(flow, flow_flush(flow));
    if (exchange_keep(&flow->exchange) < 0)
        exchange_abort(&flow->exchange, RESULT_NO_MEMORY, engine_now(flow->engine));
    flow_go(flow);
}

static const struct upstream_events flow_leg_events = {
    .on_connected = on_leg_connected,
    .on_message = on_leg_message,
    .on_handed = on_leg_handed,
    .on_end = on_leg_end,
};

/* A question's leg that is over, for want of a connection, still has its socket, whose places the
 * next leg may have, or others. */
static void flow_drop_lost(struct flow *flow)
{
    const struct legs *legs = &flow->exchange.legs;
    unsigned count = flow->exchange.errand.operation == PEER_NOTIFY ? 0 : legs->count;
    for (unsigned i = 0; i < count; i++)
        if (flow->upstreams[i] && legs->items[i].state == LEG_OVER)
            flow_drop(flow, i);
}

static size_t flow_unread(const struct flow *flow)
{
    return flow->client->unread ? flow->client->unread(flow) : 0;
}

/* A slow reader takes octets long before there is room for a whole message more. */
static void flow_look_at_reader(struct flow *flow)
{
    size_t unread = flow_unread(flow);
    if (unread != flow->unread)
        exchange_moved(&flow->exchange, engine_now(flow->engine));
    flow->unread = unread;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct flow *flow = handle->data;
    exchange_fini(&flow->exchange);
    flow_free(flow);
}

static bool flow_keep(struct flow *flow, struct upstream *up)
{
    return flow->client->keep && flow->client->keep(flow, up);
}

static void flow_end(struct flow *flow, enum exchange_end end)
{
    /* Whatever the end is, what was relayed before it is. */
    (void)flow_flush(flow);
    for (unsigned i = 0; i < flow->exchange.legs.count; i++) {
        struct upstream *up = flow->upstreams[i];
        bool clean = up && exchange_leg_is_clean(&flow->exchange, i) && upstream_is_quiet(up);
        if (up && !(clean && flow_keep(flow, up)))
            upstream_close(up);
    }
    berth_leave(&flow->berth);
    flight_land(&flow->flight);
    *flow->link = flow->next;
    if (flow->next)
        flow->next->link = flow->link;
    flow->engine->flow_count--;
    if (flow->client->ended)
        flow->client->ended(flow, end);
    if (flow->exchange.errand.operation == PEER_NOTIFY)
        engine_turn(flow->engine);
    engine_check_idle(flow->engine);
    uv_close((uv_handle_t *)&flow->timer, on_timer_closed);
}

static void flow_connect(struct flow *flow, const struct exchange_action *action)
{
    struct relay_time now = engine_now(flow->engine);
    struct upstream *up = NULL;
    int error = 0;
    assert(!flow->upstreams[action->leg]);
    if (action->transport == RELAY_TCP && flow->client->borrow)
        up = flow->client->borrow(flow, action);
    bool reused = up;
    flow_drop_lost(flow);
    if (!up)
        error = berth_open(&flow->berth, action, &up);
    if (error < 0)
        slots_release(action->slot);
    if (berth_is_full(error)) {
        exchange_postpone(&flow->exchange, action->leg, now);
        return;
    }
    if (error < 0) {
        exchange_no_socket(&flow->exchange, action->leg, uv_strerror(error), now);
        return;
    }
    if (reused)
        berth_leave(&flow->berth);
    up->slot = action->slot;
    upstream_adopt(up, &flow_leg_events, flow, action->leg);
    flow->upstreams[action->leg] = up;
    if (reused || action->transport == RELAY_UDP)
        exchange_connected(&flow->exchange, action->leg, reused, now);
}

static void flow_send(struct flow *flow, const struct exchange_action *action)
{
    if (upstream_send(flow->upstreams[action->leg], &action->packet) < 0)
        flow_lose(flow, action->leg);
}

static void flow_hold_back(struct flow *flow, enum flow_state state)
{
    flow->state = state;
    for (unsigned i = 0; i < flow->exchange.legs.count; i++)
        if (flow->upstreams[i])
            upstream_pause(flow->upstreams[i]);
}

static void flow_pause(struct flow *flow)
{
    flow->unread = flow_unread(flow);
    flow_hold_back(flow, FLOW_PAUSED);
}

/* What the client's side said of replies. */
static void flow_mind(struct flow *flow, int backed_up)
{
    if (backed_up < 0)
        exchange_abort(&flow->exchange, RESULT_CLIENT_GONE, engine_now(flow->engine));
    else if (backed_up > 0)
        flow_pause(flow);
}

static void flow_reply(struct flow *flow, const struct exchange_action *action)
{
    flow_mind(flow, flow->client->reply(flow, &action->packet));
}

/* Goes on from a pause or a rest. */
static void flow_continue(struct flow *flow)
{
    flow->state = FLOW_RUNNING;
    flow_go(flow);
    /* That may have ended the flow, or paused it again. Its memory stays until the loop's next
     * turn. */
    bool follows = flow->exchange.state == EXCHANGE_FOLLOWING;
    for (unsigned i = 0; follows && i < flow->exchange.legs.count; i++)
        if (flow->state == FLOW_RUNNING && flow->upstreams[i])
            upstream_resume(flow->upstreams[i]);
}

static void on_timer(uv_timer_t *timer)
{
    struct flow *flow = timer->data;
    if (flow->state == FLOW_YIELDING) {
        flow_continue(flow);
        return;
    }
    if (flow->state == FLOW_PAUSED)
        flow_look_at_reader(flow);
    exchange_tick(&flow->exchange, engine_now(flow->engine));
    flow_go(flow);
}

static void flow_arm(struct flow *flow)
{
    if (flow->state == FLOW_YIELDING)
        return;
    uint64_t deadline = exchange_deadline(&flow->exchange);
    uint64_t now = uv_now(flow->engine->loop);
    if (deadline == LEG_NEVER)
        uv_timer_stop(&flow->timer);
    else
        uv_timer_start(&flow->timer, on_timer, deadline > now ? deadline - now : 0, 0);
}

/* Is there more to do, or nearly always, while others should have their turn? Asked behind an
 * action, so that what came over UDP, whose room is shared, has been replied. */
static bool flow_has_had_its_turn(struct flow *flow)
{
    bool more = flow->exchange.state == EXCHANGE_ASKING ||
                (flow->exchange.state == EXCHANGE_RELAYING && flow->state == FLOW_RUNNING);
    return more && flow_has_worked(flow, FLOW_TURN_NS);
}

/* The same when it waits for the next message, which may have been received already. */
static bool flow_has_had_its_read(struct flow *flow)
{
    return flow->exchange.state == EXCHANGE_FOLLOWING && flow->state == FLOW_RUNNING &&
           flow_has_worked(flow, FLOW_READ_NS);
}

/* Others have their turn. The next replies are made from what a leg has received, so no leg
 * receives more; while servers are asked, answers may come. */
static void flow_yield(struct flow *flow)
{
    if (flow->exchange.state != EXCHANGE_ASKING)
        flow_hold_back(flow, FLOW_YIELDING);
    /* A timer of no time at all would be called before any socket is looked at. */
    uv_timer_start(&flow->timer, on_timer, 1, 0);
}

/* Between two replies: the client has no room for the next, or others have their turn. */
static bool flow_rests(const struct flow *flow)
{
    return flow->state != FLOW_RUNNING && flow->exchange.state == EXCHANGE_RELAYING;
}

/* Carries out what the exchange asks for until it waits, rests, or has ended. */
void flow_go(struct flow *flow)
{
    flow_take_turn(flow);
    while (!flow_rests(flow)) {
        struct exchange_action action;
        exchange_next(&flow->exchange, engine_now(flow->engine), &action);
        switch (action.type) {
        case ACTION_WAIT:
            flow_drop_lost(flow);
            if (flow_has_had_its_read(flow))
                flow_yield(flow);
            else
                flow_arm(flow);
            return;
        case ACTION_CONNECT:
            flow_connect(flow, &action);
            break;
        case ACTION_SEND:
            flow_send(flow, &action);
            break;
        case ACTION_REPLY:
            flow_reply(flow, &action);
            break;
        case ACTION_END:
            flow_end(flow, action.end);
            return;
        }
        if (flow_has_had_its_turn(flow)) {
            flow_yield(flow);
            return;
        }
    }
    flow_arm(flow);
}

void flow_wake(void *owner)
{
    struct flow *flow = owner;
    if (!uv_is_closing((uv_handle_t *)&flow->timer))
        uv_timer_start(&flow->timer, on_timer, 0, 0);
}

void flow_resume(struct flow *flow)
{
    if (flow->state != FLOW_PAUSED)
        return;
    exchange_moved(&flow->exchange, engine_now(flow->engine));
    flow_continue(flow);
}

void flow_abort(struct flow *flow, enum relay_result why)
{
    exchange_abort(&flow->exchange, why, engine_now(flow->engine));
    flow_go(flow);
}
