/* Fan-outs and polls that have their turn, as proxy/net/teller.c and poller.c have them. */
#include "flow.h"
#include "trace.h"

#define TELLER_BURST    64
#define TELLER_PAUSE_MS 10 /* of polls: what is due sooner waits for more */

/* M3: one fan-out at a time for a primary and zone. */
static void teller_check(struct instance *in, const struct flow *new)
{
    const struct flow *flow;
    unsigned copies = 0;
    LIST_FOREACH(flow, &in->flows, entry)
    {
        const struct telling *t = &flow->exchange.telling;
        copies += t->state != TELLING_NONE ? flow->exchange.legs.unsettled : 0;
        TRACE_CHECK(flow == new || !t->notice || t->notice != new->exchange.telling.notice,
                    "two fan-outs of one zone at once");
    }
    if (copies > in->most_copies)
        in->most_copies = copies;
    /* Below that bound one more may begin, which has one for each secondary. */
    TRACE_CHECK(copies <= NOTICES_COPIES_MAX + in->relay->config->peer_count,
                "%u copies wait for their answer", copies);
}

static void on_turn(void *owner)
{
    struct instance *in = owner;
    struct telling_order order;
    if (in->desk->draining && in->flow_count == 0)
        return;
    for (unsigned i = 0; i < TELLER_BURST && telling_next(in->relay, instance_now(in), &order);
         i++) {
        struct flow *flow = flow_new_telling(in, &order);
        if (!flow)
            continue;
        if (in->flow_count < 64)
            teller_check(in, flow);
        trace_note("tells", in->host.place, flow->exchange.legs.count, order.tries);
        flow_go(flow);
    }
    uint64_t deadline = telling_deadline(in->relay, instance_now(in));
    uint64_t now = instance_now(in).ms;
    if (deadline != LEG_NEVER)
        alarm_in(&in->turn, deadline > now ? deadline - now : 1);
}

static int teller_hear(struct flow *flow, const struct relay_packet *packet)
{
    (void)flow;
    (void)packet;
    return 0;
}

static const struct flow_client teller_told = {.reply = teller_hear};

static void teller_arm(struct instance *in)
{
    uint64_t now = instance_now(in).ms, deadline = polling_deadline(in->relay, instance_now(in));
    if (in->desk->draining || deadline == LEG_NEVER)
        alarm_stop(&in->polling);
    else
        alarm_in(&in->polling, deadline > now + TELLER_PAUSE_MS ? deadline - now : TELLER_PAUSE_MS);
}

static int teller_take(struct flow *flow, const struct relay_packet *packet);

static void teller_ended(struct flow *flow, enum exchange_end end)
{
    (void)end;
    polling_ended(flow->in->relay, flow->exchange.errand.client.peer->number);
    teller_arm(flow->in);
}

static const struct flow_client teller_asks = {.reply = teller_take, .ended = teller_ended};

static void teller_begin(struct instance *in, const struct polling *p)
{
    bool notify = p->verdict.fanout;
    struct flow *flow =
        flow_new(in, &p->verdict, &p->request, notify ? &teller_told : &teller_asks, NULL);
    if (flow && notify)
        polling_told(in->relay, p);
    if (flow)
        flow_go(flow);
    else if (!notify)
        polling_ended(in->relay, p->verdict.client.peer->number);
}

static int teller_take(struct flow *flow, const struct relay_packet *packet)
{
    struct polling next;
    if (!flow->in->desk->draining &&
        polling_take(flow->in->relay, &flow->exchange, packet, instance_now(flow->in), &next))
        teller_begin(flow->in, &next);
    return 0;
}

static void on_poll(void *owner)
{
    struct instance *in = owner;
    struct polling next;
    for (unsigned i = 0; i < TELLER_BURST && polling_next(in->relay, instance_now(in), &next); i++)
        teller_begin(in, &next);
    teller_arm(in);
}

void teller_init(struct instance *in)
{
    in->turn.on_time = on_turn;
    in->polling.on_time = on_poll;
    in->turn.owner = in->polling.owner = in;
    teller_arm(in);
}
