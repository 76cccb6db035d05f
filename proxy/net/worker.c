/* The addresses of a configuration are served by one listener each. A reload keeps those that stay,
 * with the connections that wait to be accepted. */
#include "net/worker.h"

#include <errno.h>

#include "net/retired.h"
#include "net/teller.h"

static struct listener *worker_find(struct listener *list, const struct address *local)
{
    while (list && !address_equal(&list->local, local))
        list = list->next;
    return list;
}

/* Opens what is served neither by `kept` nor by `*added` yet, at whose end it goes. */
static int worker_open(struct worker *worker, const struct address *local, bool transparent,
                       struct listener **added)
{
    if (worker_find(worker->listeners, local))
        return 0;
    for (; *added; added = &(*added)->next)
        if (address_equal(&(*added)->local, local))
            return 0;
    return listener_open(&worker->engine, local, transparent, added);
}

static int worker_open_list(struct worker *worker, const struct address_list *list,
                            bool transparent, struct listener **added, struct address *failed)
{
    for (size_t i = 0; i < list->count; i++) {
        int error = worker_open(worker, &list->items[i], transparent, added);
        if (error < 0) {
            *failed = list->items[i];
            return error;
        }
    }
    return 0;
}

static int worker_open_all(struct worker *worker, const struct config *config,
                           struct listener **added, struct address *failed)
{
    bool transparent = config->proxy.transparent;
    int error = worker_open_list(worker, &config->proxy.listen, transparent, added, failed);
    for (size_t i = 0; i < config->peer_count && error == 0; i++)
        error = worker_open_list(worker, &config->peers[i].listen, transparent, added, failed);
    return error;
}

static void worker_close_list(struct listener **list)
{
    while (*list) {
        struct listener *l = *list;
        *list = l->next;
        listener_close(l);
    }
}

/* What is still in motion is broken off. */
static void worker_stop(struct worker *worker)
{
    if (worker->state == WORKER_STOPPED)
        return;
    worker->state = WORKER_STOPPED;
    worker_close_list(&worker->listeners);
    while (worker->engine.sessions)
        session_abort(worker->engine.sessions, RESULT_STOPPED);
    while (worker->engine.flows)
        flow_abort(worker->engine.flows, RESULT_STOPPED);
    teller_close(&worker->engine);
    retired_close(&worker->engine);
    uv_close((uv_handle_t *)&worker->drain, NULL);
}

static void on_drain_over(uv_timer_t *timer)
{
    worker_stop(timer->data);
}

/* Called from the middle of a flow's or session's end, so the rest is left to the loop's next
 * turn. */
static void on_idle(void *arg)
{
    struct worker *worker = arg;
    if (worker->state == WORKER_DRAINING)
        uv_timer_start(&worker->drain, on_drain_over, 0, 0);
}

static int worker_start(struct worker *worker, struct address *failed)
{
    for (struct listener *l = worker->listeners; l; l = l->next) {
        int error = listener_start(l);
        if (error < 0) {
            *failed = l->local;
            return error;
        }
    }
    return 0;
}

int worker_init(struct worker *worker, uv_loop_t *loop, const struct engine_sink *sink,
                struct config *config, struct address *failed)
{
    *worker = (struct worker){.state = WORKER_RUNNING};
    int error = engine_init(&worker->engine, loop, sink, config);
    if (error < 0)
        return error;
    worker->engine.on_idle = on_idle;
    worker->engine.idle_arg = worker;
    teller_init(&worker->engine);
    retired_init(&worker->engine);
    uv_timer_init(loop, &worker->drain);
    worker->drain.data = worker;
    error = worker_open_all(worker, config, &worker->listeners, failed);
    if (error == 0)
        error = worker_start(worker, failed);
    if (error < 0) {
        worker_stop(worker);
        uv_run(loop, UV_RUN_DEFAULT);
        worker_fini(worker);
    }
    return error;
}

int worker_prepare(struct worker *worker, struct config *config, struct worker_change *change,
                   struct address *failed)
{
    *change = (struct worker_change){.relay = relay_new(config, worker->engine.desk)};
    int error = change->relay ? worker_open_all(worker, config, &change->added, failed) : -ENOMEM;
    if (error < 0) {
        worker_close_list(&change->added);
        relay_unref(change->relay);
    }
    return error;
}

static bool worker_wants(const struct config *config, const struct address *local)
{
    bool wanted = address_list_has(&config->proxy.listen, local);
    for (size_t i = 0; i < config->peer_count && !wanted; i++)
        wanted = address_list_has(&config->peers[i].listen, local);
    return wanted;
}

/* Listeners that are no longer wanted go, those that are new come behind the others. */
static void worker_exchange_listeners(struct worker *worker, const struct config *config,
                                      struct listener *added)
{
    struct listener **link = &worker->listeners;
    while (*link) {
        struct listener *l = *link;
        if (worker_wants(config, &l->local)) {
            link = &l->next;
            continue;
        }
        *link = l->next;
        listener_close(l);
    }
    *link = added;
    /* They are bound, and the kernel has nothing against hearing them. */
    for (struct listener *l = added; l; l = l->next)
        if (listener_start(l) < 0)
            engine_report_limit(&worker->engine, RESULT_NO_SOCKET, NULL, &l->local, RELAY_TCP);
}

void worker_commit(struct worker *worker, struct worker_change *change)
{
    struct engine *engine = &worker->engine;
    retired_add(engine, engine->relay);
    engine->relay = change->relay;
    relay_take_over(engine->relay);
    worker_exchange_listeners(worker, engine->relay->config, change->added);
    for (struct session *s = engine->sessions; s; s = s->next)
        session_judge_host(s);
    engine_turn(engine);
}

void worker_drain(struct worker *worker)
{
    if (worker->state != WORKER_RUNNING) {
        worker_stop(worker);
        return;
    }
    worker->state = WORKER_DRAINING;
    worker_close_list(&worker->listeners);
    teller_drain(&worker->engine);
    for (struct session *s = worker->engine.sessions, *next; s; s = next) {
        next = s->next;
        session_drain(s);
    }
    uint64_t timeout = 1000ull * worker->engine.relay->config->proxy.drain_timeout;
    uv_timer_start(&worker->drain, on_drain_over, timeout, 0);
    engine_check_idle(&worker->engine);
}

void worker_fini(struct worker *worker)
{
    engine_fini(&worker->engine);
}
