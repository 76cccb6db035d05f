#include "net/worker.h"

#include <errno.h>
#include <stdlib.h>

#include "net/socket.h"

static void on_connection(uv_stream_t *listener, int status)
{
    struct worker_listener *l = listener->data;
    if (status == 0)
        session_accept(l->engine, listener);
}

static int worker_listen_tcp(struct worker_listener *l)
{
    int fd = socket_bind_tcp(&l->local, l->engine->relay->config->proxy.transparent);
    if (fd < 0)
        return fd;
    uv_tcp_init(l->engine->loop, &l->tcp);
    l->tcp.data = l;
    int error = uv_tcp_open(&l->tcp, fd);
    if (error == 0)
        error = uv_listen((uv_stream_t *)&l->tcp, SOMAXCONN, on_connection);
    if (error < 0)
        uv_close((uv_handle_t *)&l->tcp, NULL);
    return error;
}

static int worker_listen(struct worker *worker, const struct address *local)
{
    for (size_t i = 0; i < worker->listener_count; i++)
        if (address_equal(&worker->listeners[i].local, local))
            return 0;
    struct worker_listener *l = &worker->listeners[worker->listener_count];
    *l = (struct worker_listener){.engine = &worker->engine, .local = *local};
    int error = datagram_open(&l->udp, &worker->engine, local);
    if (error < 0)
        return error;
    error = worker_listen_tcp(l);
    if (error < 0)
        datagram_close(&l->udp);
    else
        worker->listener_count++;
    return error;
}

static int worker_listen_all(struct worker *worker, const struct address_list *list,
                             struct address *failed)
{
    for (size_t i = 0; i < list->count; i++) {
        int error = worker_listen(worker, &list->items[i]);
        if (error < 0) {
            *failed = list->items[i];
            return error;
        }
    }
    return 0;
}

static void worker_close_listeners(struct worker *worker)
{
    for (size_t i = 0; i < worker->listener_count; i++) {
        datagram_close(&worker->listeners[i].udp);
        if (!uv_is_closing((uv_handle_t *)&worker->listeners[i].tcp))
            uv_close((uv_handle_t *)&worker->listeners[i].tcp, NULL);
    }
}

/* What is still in motion is broken off. */
static void worker_stop(struct worker *worker)
{
    if (worker->state == WORKER_STOPPED)
        return;
    worker->state = WORKER_STOPPED;
    while (worker->engine.sessions)
        session_abort(worker->engine.sessions);
    while (worker->engine.flows)
        flow_abort(worker->engine.flows, "stopped");
    worker_close_listeners(worker);
    uv_close((uv_handle_t *)&worker->drain, NULL);
}

static void on_drain_over(uv_timer_t *timer)
{
    worker_stop(timer->data);
}

/* Called from the middle of a flow's or session's end, so the rest is left to the loop's next turn.
 */
static void on_idle(void *arg)
{
    struct worker *worker = arg;
    if (worker->state == WORKER_DRAINING)
        uv_timer_start(&worker->drain, on_drain_over, 0, 0);
}

static size_t worker_count_listeners(const struct config *config)
{
    size_t count = config->proxy.listen.count;
    for (size_t i = 0; i < config->peer_count; i++)
        count += config->peers[i].listen.count;
    return count;
}

static int worker_bind(struct worker *worker, const struct config *config, struct address *failed)
{
    worker->listeners = calloc(worker_count_listeners(config), sizeof *worker->listeners);
    if (!worker->listeners)
        return -ENOMEM;
    int error = worker_listen_all(worker, &config->proxy.listen, failed);
    for (size_t i = 0; i < config->peer_count && error == 0; i++)
        error = worker_listen_all(worker, &config->peers[i].listen, failed);
    return error;
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
    uv_timer_init(loop, &worker->drain);
    worker->drain.data = worker;
    error = worker_bind(worker, config, failed);
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
    for (size_t i = 0; i < worker->listener_count; i++) {
        datagram_drain(&worker->listeners[i].udp);
        uv_close((uv_handle_t *)&worker->listeners[i].tcp, NULL);
    }
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
    free(worker->listeners);
    engine_fini(&worker->engine);
}
