#include "net/retired.h"

#define RETIRED_LOOK_MS 1000

/* Has the exchange lost what it began with? */
static bool retired_is_gone(const struct engine *engine, const struct exchange *x)
{
    const struct client *client = &x->errand.client;
    if (!relay_knows_peer(engine->relay, client->peer) ||
        !relay_knows_key(engine->relay, client->key))
        return true;
    for (unsigned i = 0; i < x->legs.count; i++)
        if (!relay_knows_peer(engine->relay, x->legs.items[i].peer) ||
            !relay_knows_key(engine->relay, x->legs.items[i].key))
            return true;
    return false;
}

/* The end of one flow may be that of others, so each is looked for anew. */
static struct flow *retired_find(const struct engine *engine, const struct relay *relay, bool all)
{
    struct flow *flow = engine->flows;
    while (flow && (flow->exchange.errand.relay != relay ||
                    !(all || retired_is_gone(engine, &flow->exchange))))
        flow = flow->next;
    return flow;
}

static void retired_break_off(const struct engine *engine, const struct relay *relay, bool all)
{
    for (struct flow *flow; (flow = retired_find(engine, relay, all));)
        flow_abort(flow, RESULT_RELOADED);
}

/* The newest first, so that the place of each among those in use is its age. */
static void on_look(uv_timer_t *timer)
{
    struct engine *engine = timer->data;
    uint64_t patience = 1000ull * engine->relay->config->proxy.drain_timeout;
    struct relay **link = &engine->retired;
    for (unsigned place = 0; *link;) {
        struct relay *relay = *link;
        if (relay->refs > 1 && uv_now(engine->loop) - relay->retired_at >= patience)
            retired_break_off(engine, relay, place >= RETIRED_MOST);
        if (relay->refs > 1) {
            link = &relay->retired_before;
            place++;
            continue;
        }
        *link = relay->retired_before;
        relay_unref(relay);
    }
    if (!engine->retired)
        uv_timer_stop(timer);
}

void retired_init(struct engine *engine)
{
    uv_timer_init(engine->loop, &engine->retiring);
    engine->retiring.data = engine;
    uv_unref((uv_handle_t *)&engine->retiring);
}

void retired_close(struct engine *engine)
{
    uv_close((uv_handle_t *)&engine->retiring, NULL);
}

void retired_add(struct engine *engine, struct relay *relay)
{
    if (relay->refs == 1) {
        relay_unref(relay);
        return;
    }
    relay->retired_before = engine->retired;
    relay->retired_at = uv_now(engine->loop);
    engine->retired = relay;
    /* Begun anew each time, it would never end while reloads follow one another. */
    if (!uv_is_active((uv_handle_t *)&engine->retiring))
        uv_timer_start(&engine->retiring, on_look, RETIRED_LOOK_MS, RETIRED_LOOK_MS);
}
