#include "net/poller.h"

#include "exchange/polling.h"

/* Questions of one turn: others wait for the loop. */
#define POLLER_BURST 32
/* What is due sooner than this waits for more, so that the loop does other things meanwhile. */
#define POLLER_PAUSE_MS 10

static void on_due(uv_timer_t *timer);

/* Never for later than it is set for, so that what ends all the time does not keep it from
 * striking. */
static void poller_arm(struct engine *engine)
{
    uv_timer_t *timer = &engine->polling;
    if (!engine->polls || engine->desk->draining || uv_is_closing((uv_handle_t *)timer))
        return;
    uint64_t deadline = polling_deadline(engine->relay, engine_now(engine));
    uint64_t now = uv_now(engine->loop);
    uint64_t wait = deadline > now + POLLER_PAUSE_MS ? deadline - now : POLLER_PAUSE_MS;
    if (deadline == LEG_NEVER)
        uv_timer_stop(timer);
    else if (!uv_is_active((uv_handle_t *)timer) || uv_timer_get_due_in(timer) > wait)
        uv_timer_start(timer, on_due, wait, 0);
}

/* The secondaries have answered a NOTIFY of ours: there is nobody to say so to. */
static int poller_hear(struct flow *flow, const struct relay_packet *packet)
{
    (void)flow;
    (void)packet;
    return 0;
}

static const struct flow_client poller_teller = {.reply = poller_hear};

static int poller_take(struct flow *flow, const struct relay_packet *packet);

static void poller_ended(struct flow *flow, enum exchange_end end)
{
    (void)end;
    polling_ended(flow->engine->relay, flow->exchange.errand.client.peer->number);
    poller_arm(flow->engine);
}

static const struct flow_client poller_asker = {.reply = poller_take, .ended = poller_ended};

static void poller_begin(struct engine *engine, const struct polling *p)
{
    bool notify = p->verdict.fanout;
    struct flow *flow;
    int error = flow_new(engine, &p->verdict, &p->request, notify ? &poller_teller : &poller_asker,
                         NULL, &flow);
    if (error == 0 && notify)
        polling_told(engine->relay, p);
    if (error == 0)
        flow_go(flow);
    else if (!notify)
        polling_ended(engine->relay, p->verdict.client.peer->number);
}

static int poller_take(struct flow *flow, const struct relay_packet *packet)
{
    struct engine *engine = flow->engine;
    struct polling next;
    if (!engine->desk->draining &&
        polling_take(engine->relay, &flow->exchange, packet, engine_now(engine), &next))
        poller_begin(engine, &next);
    return 0;
}

static void on_due(uv_timer_t *timer)
{
    struct engine *engine = timer->data;
    struct polling next;
    outbox_open(engine->outbox);
    for (int i = 0; i < POLLER_BURST && polling_next(engine->relay, engine_now(engine), &next); i++)
        poller_begin(engine, &next);
    outbox_shut(engine->outbox);
    poller_arm(engine);
}

void poller_init(struct engine *engine)
{
    uv_timer_init(engine->loop, &engine->polling);
    engine->polling.data = engine;
    uv_unref((uv_handle_t *)&engine->polling);
}

void poller_set(struct engine *engine, bool serves)
{
    engine->polls = serves;
    uv_timer_stop(&engine->polling);
    poller_arm(engine);
}

static struct flow *poller_find(const struct engine *engine)
{
    struct flow *flow = engine->flows;
    while (flow && flow->client != &poller_asker)
        flow = flow->next;
    return flow;
}

void poller_drain(struct engine *engine)
{
    uv_timer_stop(&engine->polling);
    for (struct flow *flow; (flow = poller_find(engine));)
        flow_abort(flow, RESULT_STOPPED);
}

void poller_close(struct engine *engine)
{
    uv_close((uv_handle_t *)&engine->polling, NULL);
}
