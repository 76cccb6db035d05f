/* By hand, since libuv never listens again when a connection that it accepted is not taken, and
 * says nothing of those that it had no descriptor for. */
#include "net/acceptor.h"

#include <errno.h>
#include <stdbool.h>

#include "net/socket.h"

/* What is not accepted stays, and the socket readable: the loop would be busy with it. With the
 * engine's reserve it can be, and is closed. False: it could not be, which is no want of
 * descriptors of ours. */
static bool acceptor_turn_away(struct acceptor *a)
{
    engine_release_reserve(a->engine);
    int fd = accept4(a->fd, NULL, NULL, SOCK_CLOEXEC);
    bool gone = fd >= 0 || errno == EAGAIN;
    if (fd >= 0)
        socket_reset(fd);
    engine_renew_reserve(a->engine);
    return gone;
}

static void acceptor_rest(struct acceptor *a)
{
    uv_poll_stop(&a->poll);
    places_wait(a->engine, &a->waiter);
}

/* False when it has to wait, and with it whatever comes next. */
static bool acceptor_offer(struct acceptor *a, int fd)
{
    if (a->events->on_connection(a->owner, fd))
        return true;
    a->held = fd;
    acceptor_rest(a);
    return false;
}

/* False when there is nothing more to take now. */
static bool acceptor_take(struct acceptor *a)
{
    int fd = accept4(a->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0)
        return acceptor_offer(a, fd);
    if (errno == EAGAIN)
        return false;
    /* The client may have gone again; all else is ours. */
    if (errno == EINTR || errno == ECONNABORTED)
        return true;
    if (!acceptor_turn_away(a))
        acceptor_rest(a);
    engine_report_limit(a->engine, RESULT_ACCEPT_FAILED, NULL, NULL, RELAY_TCP);
    return false;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct acceptor *a = poll->data;
    (void)events;
    for (int i = 0; i < ACCEPTOR_BURST && acceptor_take(a); i++)
        continue;
    /* libuv stops watching a socket with an error on it; the listener lives on. */
    if (status < 0 && !a->waiter.waits)
        uv_poll_start(&a->poll, UV_READABLE, on_readable);
}

static void on_turn(void *owner)
{
    struct acceptor *a = owner;
    int fd = a->held;
    a->held = -1;
    if (fd < 0 || acceptor_offer(a, fd))
        uv_poll_start(&a->poll, UV_READABLE, on_readable);
}

int acceptor_open(struct acceptor *a, struct engine *engine, int fd)
{
    int error = uv_poll_init(engine->loop, &a->poll, fd);
    if (error < 0)
        return error;
    a->engine = engine;
    a->fd = fd;
    a->held = -1;
    a->waiter = (struct waiter){.kind = SHARES_CONNECTIONS, .on_turn = on_turn, .owner = a};
    a->poll.data = a;
    return uv_poll_start(&a->poll, UV_READABLE, on_readable);
}

static void on_close(uv_handle_t *handle)
{
    struct acceptor *a = handle->data;
    a->events->on_closed(a->owner);
}

void acceptor_close(struct acceptor *a)
{
    uv_poll_stop(&a->poll);
    places_forget(a->engine, &a->waiter);
    if (a->held >= 0)
        socket_reset(a->held);
    uv_close((uv_handle_t *)&a->poll, on_close);
}
