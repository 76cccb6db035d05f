#include "net/teller.h"

static void on_turn(uv_timer_t *timer)
{
    struct engine *engine = timer->data;
    struct telling_order order;
    uint64_t began = uv_hrtime();
    /* It would end in the middle of a fan-out that others wait for, who see to it themselves. */
    if (engine->desk->draining && engine->flow_count == 0)
        return;
    outbox_open(engine->outbox);
    /* Hundreds may have their turn at once, and others wait for the loop. */
    while (uv_hrtime() - began < FLOW_TURN_NS &&
           telling_next(engine->relay, engine_now(engine), &order)) {
        struct flow *flow = flow_new_telling(engine, &order);
        if (flow)
            flow_go(flow);
    }
    outbox_shut(engine->outbox);
    uint64_t deadline = telling_deadline(engine->relay, engine_now(engine));
    uint64_t now = uv_now(engine->loop);
    if (deadline != LEG_NEVER)
        uv_timer_start(timer, on_turn, deadline > now ? deadline - now : 1, 0);
}

void teller_init(struct engine *engine)
{
    engine->on_turn = on_turn;
    uv_timer_init(engine->loop, &engine->turn);
    engine->turn.data = engine;
    /* What secondaries will be told some day keeps no program from its end. */
    uv_unref((uv_handle_t *)&engine->turn);
}

void teller_drain(struct engine *engine)
{
    engine->desk->draining = true;
    for (struct flow *f = engine->flows; f; f = f->next)
        if (f->exchange.telling.state != TELLING_NONE)
            flow_wake(f);
    engine_turn(engine);
}

void teller_close(struct engine *engine)
{
    uv_close((uv_handle_t *)&engine->turn, NULL);
}
