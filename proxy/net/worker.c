/* An endpoint is served by one listener. A change brings a new one for each that is wanted; where
 * this worker serves the endpoint already, the old one stays. */
#include "net/worker.h"

#include <errno.h>
#include <stdlib.h>

#include "net/greeting.h"
#include "net/poller.h"
#include "net/retired.h"
#include "net/teller.h"

static void worker_close_list(struct listener **list)
{
    while (*list) {
        struct listener *l = *list;
        *list = l->next;
        listener_close(l);
    }
}

/* Nobody serves what this worker served. */
static void worker_leave(struct worker *worker)
{
    for (struct listener *l = worker->listeners; l; l = l->next)
        l->endpoint->gone = true;
    worker_close_list(&worker->listeners);
}

/* What is still in motion is broken off. */
static void worker_stop(struct worker *worker)
{
    if (worker->state == WORKER_STOPPED)
        return;
    worker->state = WORKER_STOPPED;
    worker_leave(worker);
    greeting_close_all(&worker->engine);
    while (worker->engine.sessions)
        session_abort(worker->engine.sessions, RESULT_STOPPED);
    while (worker->engine.flows)
        flow_abort(worker->engine.flows, RESULT_STOPPED);
    teller_close(&worker->engine);
    poller_close(&worker->engine);
    retired_close(&worker->engine);
    upstream_close_parting(&worker->engine);
    places_close(&worker->engine);
    engine_close(&worker->engine);
    uv_close((uv_handle_t *)&worker->drain, NULL);
    worker->events.on_stopped(worker->events.arg);
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
    else if (worker->state == WORKER_RUNNING && !worker->listeners)
        worker->events.on_rest(worker->events.arg);
}

int worker_init(struct worker *worker, uv_loop_t *loop, const struct engine_sink *sink,
                struct memory *memory, const struct worker_events *events)
{
    *worker = (struct worker){.state = WORKER_RUNNING, .events = *events};
    int error = engine_init(&worker->engine, loop, sink, memory);
    if (error < 0)
        return error;
    worker->engine.on_idle = on_idle;
    worker->engine.idle_arg = worker;
    teller_init(&worker->engine);
    poller_init(&worker->engine);
    retired_init(&worker->engine);
    upstream_init_parting(&worker->engine);
    places_init(&worker->places, &worker->engine);
    uv_timer_init(loop, &worker->drain);
    worker->drain.data = worker;
    return 0;
}

int worker_prepare(struct worker *worker, struct config *config, struct endpoint *const *endpoints,
                   unsigned count, struct worker_change *change)
{
    *change = (struct worker_change){.relay = relay_new(config, worker->engine.desk)};
    change->listeners = calloc(count + 1, sizeof(struct listener *));
    while (change->relay && change->listeners && change->count < count) {
        struct listener *l = listener_new(&worker->engine, endpoints[change->count]);
        if (!l)
            break;
        change->listeners[change->count++] = l;
    }
    if (change->relay && change->listeners && change->count == count)
        return 0;
    worker_abandon(change);
    return -ENOMEM;
}

void worker_abandon(struct worker_change *change)
{
    for (unsigned i = 0; change->listeners && i < change->count; i++)
        listener_close(change->listeners[i]);
    free(change->listeners);
    relay_unref(change->relay);
    *change = (struct worker_change){0};
}

/* The one that serves the endpoint leaves the list; NULL: none does. */
static struct listener *worker_take(struct listener **list, const struct endpoint *endpoint)
{
    while (*list && (*list)->endpoint != endpoint)
        list = &(*list)->next;
    struct listener *l = *list;
    if (l)
        *list = l->next;
    return l;
}

static void worker_start(struct worker *worker, struct listener *l)
{
    if (listener_start(l) < 0)
        engine_report_limit(&worker->engine, RESULT_NO_SOCKET, NULL, &l->endpoint->local,
                            RELAY_TCP);
}

static void worker_exchange_listeners(struct worker *worker, struct worker_change *change)
{
    struct listener *before = worker->listeners, **end = &worker->listeners;
    worker->listeners = NULL;
    for (unsigned i = 0; i < change->count; i++) {
        struct listener *next = change->listeners[i];
        struct listener *l = worker_take(&before, next->endpoint);
        if (l)
            listener_close(next);
        else
            worker_start(worker, next);
        *end = l ? l : next;
        end = &(*end)->next;
        *end = NULL;
    }
    worker_close_list(&before);
    free(change->listeners);
}

void worker_commit(struct worker *worker, struct worker_change *change)
{
    struct engine *engine = &worker->engine;
    if (engine->relay)
        retired_add(engine, engine->relay);
    engine->relay = change->relay;
    worker_exchange_listeners(worker, change);
    *change = (struct worker_change){0};
    for (struct session *s = engine->sessions, *next; s; s = next) {
        next = s->next;
        session_judge_host(s);
    }
    engine_turn(engine);
    poller_set(engine, worker->listeners);
    engine_check_idle(engine);
}

void worker_drain(struct worker *worker)
{
    /* Without a configuration there is nothing to drain. */
    if (worker->state != WORKER_RUNNING || !worker->engine.relay) {
        worker_stop(worker);
        return;
    }
    worker->state = WORKER_DRAINING;
    worker_leave(worker);
    greeting_close_all(&worker->engine);
    teller_drain(&worker->engine);
    poller_drain(&worker->engine);
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
