/* Happy path: opened by its transport's way, then messages go to and fro. Over TCP the stream
 * does it all; over UDP each datagram is a message. Failure: what cannot be opened is released
 * on the spot; what ends later is told to the owner, who closes it. */
#include "net/upstream.h"

#include <string.h>

#include "net/socket.h"

static struct shares *upstream_shares(const struct engine *engine)
{
    return engine->desk->memory->shares;
}

bool upstream_reserve(struct engine *engine, struct shares_owner holder)
{
    struct shares *shares = upstream_shares(engine);
    while (shares_take(shares, SHARES_SOCKETS, holder) != SHARES_GRANTED) {
        struct upstream *up = TAILQ_FIRST(&engine->resting);
        if (!up)
            return false;
        up->events->on_end(up->owner, up->leg);
    }
    return true;
}

void upstream_release(struct engine *engine, struct shares_owner holder)
{
    shares_give(upstream_shares(engine), SHARES_SOCKETS, holder);
    engine_made_room(engine);
}

static void upstream_free(struct upstream *up)
{
    pool_give(&up->engine->upstream_pool, up);
}

static void on_stream_connected(void *owner)
{
    struct upstream *up = owner;
    up->events->on_connected(up->owner, up->leg);
}

static void on_stream_message(void *owner, uint8_t *octets, size_t len)
{
    struct upstream *up = owner;
    up->events->on_message(up->owner, up->leg, octets, len);
}

static void on_stream_handed(void *owner)
{
    struct upstream *up = owner;
    if (up->events->on_handed)
        up->events->on_handed(up->owner, up->leg);
}

static void on_stream_end(void *owner)
{
    struct upstream *up = owner;
    up->events->on_end(up->owner, up->leg);
}

static void on_stream_closed(void *owner)
{
    upstream_free(owner);
}

static const struct stream_events upstream_stream_events = {
    .on_connected = on_stream_connected,
    .on_message = on_stream_message,
    .on_handed = on_stream_handed,
    .on_end = on_stream_end,
    .on_closed = on_stream_closed,
};

static void on_datagram(void *owner, uint8_t *octets, size_t len)
{
    struct upstream *up = owner;
    up->events->on_message(up->owner, up->leg, octets, len);
}

/* These two release what they cannot open. */

static int upstream_open_udp(struct upstream *up)
{
    bool transparent = up->engine->relay->config->proxy.transparent;
    up->user = (struct outlet_user){.on_datagram = on_datagram, .owner = up};
    int error = outlet_join(up->engine, &up->to, &up->source, transparent, &up->user);
    if (error < 0)
        upstream_free(up);
    return error;
}

static int upstream_open_tcp(struct upstream *up)
{
    int fd = socket_open_tcp(&up->to, &up->source, up->engine->relay->config->proxy.transparent);
    if (fd < 0) {
        upstream_free(up);
        return fd;
    }
    up->stream.events = &upstream_stream_events;
    up->stream.owner = up;
    up->stream.read_size = ENGINE_ROOM;
    int error = stream_connect(&up->stream, up->engine, fd, &up->to);
    if (error < 0)
        upstream_close(up);
    return error;
}

int upstream_open(struct engine *engine, enum relay_transport transport, const struct address *to,
                  const struct address *source, struct upstream **out)
{
    struct upstream *up = pool_take(&engine->upstream_pool, sizeof *up);
    if (!up)
        return UV_ENOMEM;
    memset(up, 0, transport == RELAY_UDP ? offsetof(struct upstream, stream) : sizeof *up);
    up->engine = engine;
    up->transport = transport;
    up->to = *to;
    up->source = *source;
    int error = transport == RELAY_UDP ? upstream_open_udp(up) : upstream_open_tcp(up);
    if (error == 0)
        *out = up;
    return error;
}

void upstream_adopt(struct upstream *up, const struct upstream_events *events, void *owner,
                    unsigned leg)
{
    up->events = events;
    up->owner = owner;
    up->leg = leg;
}

int upstream_send(struct upstream *up, const struct relay_packet *packet)
{
    if (up->transport == RELAY_TCP)
        return stream_send(&up->stream, packet);
    outlet_send(&up->user, packet);
    return 0;
}

void upstream_pause(struct upstream *up)
{
    if (up->transport == RELAY_TCP)
        stream_pause(&up->stream);
}

void upstream_resume(struct upstream *up)
{
    if (up->transport == RELAY_TCP)
        stream_resume(&up->stream);
}

bool upstream_is_quiet(const struct upstream *up)
{
    return up->transport == RELAY_TCP && stream_is_quiet(&up->stream);
}

bool upstream_may_rest(const struct upstream *up)
{
    return shares_are_ample(upstream_shares(up->engine), SHARES_SOCKETS);
}

void upstream_set_resting(struct upstream *up, bool rests)
{
    if (rests == up->rests)
        return;
    up->rests = rests;
    if (rests)
        TAILQ_INSERT_TAIL(&up->engine->resting, up, entry);
    else
        TAILQ_REMOVE(&up->engine->resting, up, entry);
}

static void upstream_leave(struct upstream *up)
{
    upstream_set_resting(up, false);
    if (up->placed)
        upstream_release(up->engine, up->holder);
    up->placed = false;
    slots_release(up->slot);
    up->slot = NULL;
}

static void upstream_drop(struct upstream *up)
{
    stream_close(&up->stream, false);
    upstream_leave(up);
}

/* It has closed as well, or speaks where nothing was asked; or its place among the sockets is
 * wanted. */
static void on_parted(void *owner, unsigned leg)
{
    struct upstream *up = owner;
    (void)leg;
    TAILQ_REMOVE(&up->engine->parting, up, parting);
    upstream_drop(up);
}

static const struct upstream_events upstream_parting_events = {.on_end = on_parted};

static void on_parting_over(uv_timer_t *timer)
{
    struct engine *engine = timer->data;
    struct upstream *up;
    uint64_t now = uv_now(engine->loop);
    while ((up = TAILQ_FIRST(&engine->parting)) && now >= up->parted + UPSTREAM_PARTING_MS)
        on_parted(up, 0);
    if (up)
        uv_timer_start(timer, on_parting_over, up->parted + UPSTREAM_PARTING_MS - now, 0);
}

static bool upstream_may_part(const struct upstream *up)
{
    return up->slot && up->placed && upstream_is_quiet(up) && upstream_may_rest(up) &&
           !uv_is_closing((const uv_handle_t *)&up->engine->parting_timer);
}

static bool upstream_part(struct upstream *up)
{
    struct engine *engine = up->engine;
    if (!upstream_may_part(up) || !slots_part(up->slot) || !stream_part(&up->stream))
        return false;
    if (TAILQ_EMPTY(&engine->parting))
        uv_timer_start(&engine->parting_timer, on_parting_over, UPSTREAM_PARTING_MS, 0);
    up->parted = uv_now(engine->loop);
    TAILQ_INSERT_TAIL(&engine->parting, up, parting);
    upstream_adopt(up, &upstream_parting_events, up, 0);
    upstream_set_resting(up, true);
    return true;
}

void upstream_close(struct upstream *up)
{
    upstream_set_resting(up, false);
    if (up->transport == RELAY_TCP) {
        if (!upstream_part(up))
            upstream_drop(up);
        return;
    }
    upstream_leave(up);
    outlet_leave(&up->user);
    upstream_free(up);
}

void upstream_init_parting(struct engine *engine)
{
    TAILQ_INIT(&engine->parting);
    uv_timer_init(engine->loop, &engine->parting_timer);
    engine->parting_timer.data = engine;
}

void upstream_close_parting(struct engine *engine)
{
    while (!TAILQ_EMPTY(&engine->parting))
        on_parted(TAILQ_FIRST(&engine->parting), 0);
    uv_close((uv_handle_t *)&engine->parting_timer, NULL);
}
