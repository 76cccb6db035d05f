/* What the main thread wants of a member stands in the member under its lock, and an async handle
 * tells its loop. */
#include "net/member.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "net/watched.h"

/* In the member's own thread. */

static void on_rest(void *arg)
{
    struct member *m = arg;
    m->rests = true;
    m->on_news(m->arg);
}

static void on_stopped(void *arg)
{
    struct member *m = arg;
    uv_close((uv_handle_t *)&m->told, NULL);
}

static enum member_order member_look(struct member *m)
{
    pthread_mutex_lock(&m->mutex);
    enum member_order order = m->order;
    pthread_mutex_unlock(&m->mutex);
    return order;
}

static void member_done(struct member *m)
{
    pthread_mutex_lock(&m->mutex);
    m->order = MEMBER_NOTHING;
    pthread_cond_signal(&m->done);
    pthread_mutex_unlock(&m->mutex);
}

static void on_told(uv_async_t *told)
{
    struct member *m = told->data;
    m->turned = true;
    switch (member_look(m)) {
    case MEMBER_NOTHING:
        /* One that has ended may have left NOTIFYs whose turn comes. */
        if (m->worker.engine.relay)
            engine_turn(&m->worker.engine);
        return;
    case MEMBER_COMMIT:
        m->rests = false;
        worker_commit(&m->worker, &m->change);
        break;
    case MEMBER_DRAIN:
        worker_drain(&m->worker);
        break;
    }
    member_done(m);
}

static void member_run(void *arg)
{
    struct member *m = arg;
    uv_run(&m->loop, UV_RUN_DEFAULT);
    m->ended = true;
    member_done(m);
    m->on_news(m->arg);
}

/* In the main thread. */

void member_free(struct member *m)
{
    worker_fini(&m->worker);
    uv_loop_close(&m->loop);
    pthread_cond_destroy(&m->done);
    pthread_mutex_destroy(&m->mutex);
    free(m);
}

int member_new(const struct engine_sink *sink, struct memory *memory, void (*on_news)(void *arg),
               void *arg, struct member **out)
{
    struct member *m = calloc(1, sizeof *m);
    if (!m)
        return -ENOMEM;
    const struct worker_events events = {on_rest, on_stopped, m};
    m->on_news = on_news;
    m->arg = arg;
    int error = uv_loop_init(&m->loop);
    if (error < 0) {
        free(m);
        return error;
    }
    error = watched_reserve(&m->loop);
    if (error == 0)
        error = uv_async_init(&m->loop, &m->told, on_told);
    if (error == 0) {
        error = worker_init(&m->worker, &m->loop, sink, memory, &events);
        if (error < 0)
            uv_close((uv_handle_t *)&m->told, NULL);
    }
    if (error < 0) {
        uv_run(&m->loop, UV_RUN_DEFAULT);
        uv_loop_close(&m->loop);
        free(m);
        return error;
    }
    m->told.data = m;
    pthread_mutex_init(&m->mutex, NULL);
    pthread_cond_init(&m->done, NULL);
    *out = m;
    return 0;
}

/* Signals are the main thread's, but for what the kernel says of a thread's own forbidden call. */
int member_start(struct member *m)
{
    sigset_t all, before;
    sigfillset(&all);
    sigdelset(&all, SIGSYS);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = uv_thread_create(&m->thread, member_run, m);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error == 0)
        m->state = MEMBER_READY;
    return error;
}

void member_tell(struct member *m, enum member_order order)
{
    m->state = order == MEMBER_COMMIT ? MEMBER_RUNNING : MEMBER_LEAVING;
    pthread_mutex_lock(&m->mutex);
    m->order = order;
    pthread_mutex_unlock(&m->mutex);
    uv_async_send(&m->told);
}

void member_await(struct member *m)
{
    pthread_mutex_lock(&m->mutex);
    while (m->order != MEMBER_NOTHING && !m->ended)
        pthread_cond_wait(&m->done, &m->mutex);
    pthread_mutex_unlock(&m->mutex);
}

void member_nudge(struct member *m)
{
    uv_async_send(&m->told);
}

uint64_t member_stands(struct member *m, uint64_t now)
{
    if (m->asked > 0 && !m->turned)
        return now - m->asked;
    m->asked = now;
    m->turned = false;
    member_nudge(m);
    return 0;
}

void member_dismiss(struct member *m)
{
    worker_drain(&m->worker);
    uv_run(&m->loop, UV_RUN_DEFAULT);
    member_free(m);
}
