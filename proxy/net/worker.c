#include "net/worker.h"

#include "net/teller.h"

static int worker_open(struct worker *worker, const struct address *local, bool transparent)
{
    struct listener **end = &worker->listeners;
    for (; *end; end = &(*end)->next)
        if (address_equal(&(*end)->local, local))
            return 0;
    return listener_open(&worker->engine, local, transparent, end);
}

static int worker_open_all(struct worker *worker, const struct address_list *list, bool transparent,
                           struct address *failed)
{
    for (size_t i = 0; i < list->count; i++) {
        int error = worker_open(worker, &list->items[i], transparent);
        if (error < 0) {
            *failed = list->items[i];
            return error;
        }
    }
    return 0;
}

static void worker_close_listeners(struct worker *worker)
{
    while (worker->listeners) {
        struct listener *l = worker->listeners;
        worker->listeners = l->next;
        listener_close(l);
    }
}

/* What is still in motion is broken off. */
static void worker_stop(struct worker *worker)
{
    if (worker->state == WORKER_STOPPED)
        return;
    worker->state = WORKER_STOPPED;
    worker_close_listeners(worker);
    while (worker->engine.sessions)
        session_abort(worker->engine.sessions, RESULT_STOPPED);
    while (worker->engine.flows)
        flow_abort(worker->engine.flows, RESULT_STOPPED);
    teller_close(&worker->engine);
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

static int worker_bind(struct worker *worker, const struct config *config, struct address *failed)
{
    bool transparent = config->proxy.transparent;
    int error = worker_open_all(worker, &config->proxy.listen, transparent, failed);
    for (size_t i = 0; i < config->peer_count && error == 0; i++)
        error = worker_open_all(worker, &config->peers[i].listen, transparent, failed);
    return error;
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
    uv_timer_init(loop, &worker->drain);
    worker->drain.data = worker;
    error = worker_bind(worker, config, failed);
    if (error == 0)
        error = worker_start(worker, failed);
    if (error < 0) {
        worker_stop(worker);
        uv_run(loop, UV_RUN_DEFAULT);
        worker_fini(worker);
    }
    return error;
}

void worker_drain(struct worker *worker)
{
    if (worker->state != WORKER_RUNNING) {
        worker_stop(worker);
        return;
    }
    worker->state = WORKER_DRAINING;
    worker_close_listeners(worker);
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
