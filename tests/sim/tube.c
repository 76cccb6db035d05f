/* What one piece brings is handed over until the owner pauses it; the rest is kept. */
#include "tube.h"

#include <assert.h>
#include <string.h>

#include "trace.h"

/* Nothing is left in it between two pieces. */
static uint8_t tube_room[2 * DNS_FRAME_MAX];

static void tube_pump(struct tube *t)
{
    uint8_t *octets;
    size_t len;
    if (t->pumping)
        return;
    t->pumping = true;
    while (t->end && !t->paused && dns_frame_next(&t->frame, &octets, &len))
        t->events->on_message(t->owner, octets, len);
    if (!t->closed && t->events->on_handed)
        t->events->on_handed(t->owner);
    t->pumping = false;
    int error = dns_frame_keep(&t->frame);
    assert(error == 0);
    (void)error;
    if (t->closed)
        dns_frame_fini(&t->frame);
}

static void on_connected(void *owner)
{
    struct tube *t = owner;
    t->open = true;
    if (t->events->on_connected)
        t->events->on_connected(t->owner);
}

static void on_octets(void *owner, const uint8_t *octets, size_t len)
{
    struct tube *t = owner;
    uint8_t *at;
    size_t room;
    if (dns_frame_lend(&t->frame, tube_room, sizeof tube_room, &at, &room) < 0 || room < len) {
        pipe_reset(t->end);
        t->end = NULL;
        t->events->on_end(t->owner);
        return;
    }
    memcpy(at, octets, len);
    dns_frame_filled(&t->frame, tube_room, len);
    tube_pump(t);
}

static void on_drained(void *owner)
{
    struct tube *t = owner;
    if (t->events->on_drained)
        t->events->on_drained(t->owner);
}

static void on_fin(void *owner)
{
    struct tube *t = owner;
    if (t->events->on_half_closed)
        t->events->on_half_closed(t->owner);
    else
        t->events->on_end(t->owner);
}

static void on_reset(void *owner)
{
    struct tube *t = owner;
    t->end = NULL;
    t->events->on_end(t->owner);
}

static const struct pipe_events tube_pipe_events = {.on_connected = on_connected,
                                                    .on_octets = on_octets,
                                                    .on_drained = on_drained,
                                                    .on_fin = on_fin,
                                                    .on_reset = on_reset};

void tube_accept(struct tube *t, struct pipe_end *end)
{
    t->end = end;
    t->open = true;
    pipe_adopt(end, &tube_pipe_events, t);
}

void tube_connect(struct tube *t, struct host *host, const struct address *from,
                  const struct address *to)
{
    t->end = pipe_connect(host, from, to, &tube_pipe_events, t);
}

int tube_send(struct tube *t, const struct relay_packet *packet)
{
    uint8_t prefix[2];
    size_t len = packet->len + packet->tail_len;
    if (!t->end)
        return -1;
    TRACE_CHECK(len <= DNS_MESSAGE_MAX, "a message of %zu octets was to be sent", len);
    dns_wire_set_u16_at(prefix, (uint16_t)len);
    pipe_write(t->end, prefix, sizeof prefix);
    pipe_write(t->end, packet->octets, packet->len);
    if (packet->tail_len > 0)
        pipe_write(t->end, packet->tail, packet->tail_len);
    return 0;
}

bool tube_is_backed_up(const struct tube *t)
{
    return t->end && pipe_is_backed_up(t->end);
}

bool tube_is_quiet(const struct tube *t)
{
    return t->end && t->open && dns_frame_is_empty(&t->frame);
}

void tube_pause(struct tube *t)
{
    t->paused = true;
    if (t->end)
        pipe_pause(t->end);
}

void tube_resume(struct tube *t)
{
    if (!t->paused)
        return;
    t->paused = false;
    if (t->end)
        pipe_resume(t->end);
    tube_pump(t);
}

void tube_put_back(struct tube *t, size_t len)
{
    dns_frame_put_back(&t->frame, len);
    tube_pause(t);
}

void tube_fin(struct tube *t)
{
    if (t->end)
        pipe_fin(t->end);
}

void tube_close(struct tube *t, bool reset)
{
    if (t->end && reset)
        pipe_reset(t->end);
    else if (t->end)
        pipe_close(t->end);
    t->end = NULL;
    t->closed = true;
    if (!t->pumping)
        dns_frame_fini(&t->frame);
}
