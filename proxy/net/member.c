/* What the main thread wants of a member stands in the member under its lock, and an async handle
 * tells its loop. */
#include "net/member.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

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

static bool member_commits(struct member *m)
{
    pthread_mutex_lock(&m->mutex);
    bool commits = m->commits;
    pthread_mutex_unlock(&m->mutex);
    return commits;
}

static void member_commit(struct member *m)
{
    m->rests = false;
    worker_commit(&m->worker, &m->change);
    pthread_mutex_lock(&m->mutex);
    m->commits = false;
    pthread_cond_signal(&m->done);
    pthread_mutex_unlock(&m->mutex);
}

static unsigned member_drains(struct member *m)
{
    pthread_mutex_lock(&m->mutex);
    unsigned drains = m->drains;
    m->drains = 0;
    pthread_mutex_unlock(&m->mutex);
    return drains;
}

static void on_told(uv_async_t *told)
{
    struct member *m = told->data;
    if (member_commits(m))
        member_commit(m);
    /* One that has ended may have left NOTIFYs whose turn comes. */
    if (m->worker.engine.relay)
        engine_turn(&m->worker.engine);
    for (unsigned drains = member_drains(m); drains > 0; drains--)
        worker_drain(&m->worker);
}

static void member_run(void *arg)
{
    struct member *m = arg;
    uv_run(&m->loop, UV_RUN_DEFAULT);
    m->ended = true;
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

/* Signals are the main thread's. */
int member_start(struct member *m)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = uv_thread_create(&m->thread, member_run, m);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error == 0)
        m->state = MEMBER_READY;
    return error;
}

void member_drain(struct member *m)
{
    pthread_mutex_lock(&m->mutex);
    m->drains++;
    pthread_mutex_unlock(&m->mutex);
    m->state = MEMBER_LEAVING;
    uv_async_send(&m->told);
}

void member_post(struct member *m)
{
    pthread_mutex_lock(&m->mutex);
    m->commits = true;
    pthread_mutex_unlock(&m->mutex);
    m->state = MEMBER_RUNNING;
    uv_async_send(&m->told);
}

void member_await(struct member *m)
{
    pthread_mutex_lock(&m->mutex);
    while (m->commits)
        pthread_cond_wait(&m->done, &m->mutex);
    pthread_mutex_unlock(&m->mutex);
}

void member_nudge(struct member *m)
{
    uv_async_send(&m->told);
}

void member_dismiss(struct member *m)
{
    worker_drain(&m->worker);
    uv_run(&m->loop, UV_RUN_DEFAULT);
    member_free(m);
}
