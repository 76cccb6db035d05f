/* Read by hand rather than through a stream, so that what follows the header stays in the kernel
 * for the session's own. Until the header is there nothing is known of the client, and the balancer
 * is no client: so a greeting holds none of the places that clients share, but one of a few of its
 * own, which strangers cannot fill. */
#include "net/greeting.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "net/session.h"
#include "net/socket.h"

/* What stands behind the addresses is thrown away. */
#define GREETING_ROOM 512

static void greeting_report(const struct engine *engine, enum relay_result why,
                            const struct address *balancer)
{
    relay_report(engine->relay, &(struct relay_event){.type = EVENT_REFUSED,
                                                      .result = why,
                                                      .address = balancer,
                                                      .transport = RELAY_TCP});
}

static bool greeting_believes(const struct engine *engine, const struct address *host)
{
    return prefix_list_contains(&engine->relay->config->proxy.proxy_from, host);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct greeting *g = handle->data;
    if (--g->handles == 0)
        free(g);
}

/* A descriptor has one watcher in a loop: this one goes before the descriptor does. */
static void greeting_stop(struct greeting *g)
{
    if (!uv_is_closing((uv_handle_t *)&g->poll))
        uv_close((uv_handle_t *)&g->poll, on_handle_closed);
    uv_timer_stop(&g->late);
}

/* The one way out, once its descriptor is somebody else's or closed. */
static void greeting_end(struct greeting *g)
{
    struct engine *engine = g->engine;
    TAILQ_REMOVE(&engine->greetings, g, entry);
    engine->greeting_count--;
    places_forget(engine, &g->waiter);
    uv_close((uv_handle_t *)&g->late, on_handle_closed);
    engine_made_room(engine);
    engine_check_idle(engine);
}

static void greeting_reset(struct greeting *g)
{
    greeting_stop(g);
    socket_reset(g->fd);
    greeting_end(g);
}

static void greeting_refuse(struct greeting *g, enum relay_result why)
{
    greeting_report(g->engine, why, &g->balancer);
    greeting_reset(g);
}

/* A loopback address is one of the balancer's own host, which may be another than this. */
static struct address greeting_source(const struct greeting *g)
{
    if (g->state == PROXIED_ITSELF)
        return g->balancer;
    struct address source = proxied_source(&g->header);
    return address_is_loopback(&source) && !address_is_loopback(&g->balancer) ? g->balancer
                                                                              : source;
}

/* All is read. A reload may have come meanwhile. */
static void greeting_hand_on(struct greeting *g)
{
    struct session_client client = {.from = greeting_source(g), .balancer = g->balancer};
    if (!greeting_believes(g->engine, &g->balancer))
        greeting_refuse(g, RESULT_NO_BALANCER);
    else if (session_accept(g->engine, g->fd, &client))
        greeting_end(g);
    else
        places_wait(g->engine, &g->waiter);
}

static void on_turn(void *owner)
{
    greeting_hand_on(owner);
}

/* False when nothing more is to be read now. */
static bool greeting_read(struct greeting *g)
{
    uint8_t octets[GREETING_ROOM];
    size_t wants = proxied_wants(&g->header);
    ssize_t len = recv(g->fd, octets, wants < sizeof octets ? wants : sizeof octets, 0);
    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (len <= 0 && g->header.len == 0) {
        greeting_reset(g);
        return false;
    }
    g->state = len > 0 ? proxied_take(&g->header, octets, (size_t)len) : PROXIED_NONE;
    if (g->state == PROXIED_MORE)
        return true;
    greeting_stop(g);
    if (g->state == PROXIED_NONE || g->state == PROXIED_MALFORMED)
        greeting_refuse(g, g->state == PROXIED_NONE ? RESULT_NO_HEADER : RESULT_BAD_HEADER);
    else
        greeting_hand_on(g);
    return false;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)status; /* recv says the same */
    (void)events;
    while (greeting_read(poll->data))
        continue;
}

static void on_late(uv_timer_t *timer)
{
    greeting_refuse(timer->data, RESULT_NO_HEADER);
}

static bool greeting_has_input(const struct greeting *g)
{
    int waiting = 0;
    return ioctl(g->fd, FIONREAD, &waiting) == 0 && waiting > 0;
}

/* Not of one that has to wait itself, nor of one that will be read next. */
static bool greeting_make_room(struct engine *engine)
{
    struct greeting *g = TAILQ_FIRST(&engine->greetings);
    while (g && (g->waiter.waits || greeting_has_input(g)))
        g = TAILQ_NEXT(g, entry);
    if (g)
        greeting_refuse(g, RESULT_NO_HEADER);
    return g;
}

static struct greeting *greeting_new(struct engine *engine, int fd, const struct address *balancer)
{
    struct greeting *g = calloc(1, sizeof *g);
    if (!g)
        return NULL;
    *g = (struct greeting){
        .engine = engine,
        .fd = fd,
        .balancer = *balancer,
        .handles = 2,
        .waiter = {.kind = SHARES_CONNECTIONS, .on_turn = on_turn, .owner = g},
    };
    if (uv_poll_init(engine->loop, &g->poll, fd) < 0) {
        free(g);
        return NULL;
    }
    uv_timer_init(engine->loop, &g->late);
    g->poll.data = g->late.data = g;
    TAILQ_INSERT_TAIL(&engine->greetings, g, entry);
    engine->greeting_count++;
    return g;
}

/* L2: all of it has a stranger's time. */
static void greeting_begin(struct greeting *g)
{
    const struct config_proxy *proxy = &g->engine->relay->config->proxy;
    if (uv_poll_start(&g->poll, UV_READABLE, on_readable) < 0)
        greeting_reset(g);
    else
        uv_timer_start(&g->late, on_late, 1000ull * proxy->answer_timeout, 0);
}

bool greeting_accept(struct engine *engine, int fd)
{
    struct address balancer = socket_remote(fd);
    if (!greeting_believes(engine, &balancer)) {
        /* Of one that has been reset already the kernel does not say who it was. */
        if (balancer.family != ADDRESS_NONE)
            greeting_report(engine, RESULT_NO_BALANCER, &balancer);
        socket_reset(fd);
        return true;
    }
    if (engine->greeting_count >= GREETINGS_MOST && !greeting_make_room(engine))
        return false;
    struct greeting *g = greeting_new(engine, fd, &balancer);
    if (g) {
        greeting_begin(g);
    } else {
        engine_report_limit(engine, RESULT_NO_MEMORY, NULL, &balancer, RELAY_TCP);
        socket_reset(fd);
    }
    return true;
}

void greeting_close_all(struct engine *engine)
{
    while (!TAILQ_EMPTY(&engine->greetings))
        greeting_reset(TAILQ_FIRST(&engine->greetings));
}
