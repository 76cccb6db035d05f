/* Between a connection, which knows octets, and its owner, who knows messages. Clients and servers
 * differ in one event: what a server's end of file means. */
#include "net/stream.h"

/* A message's owner may pause, resume or close the stream from within: none of that comes back in
 * here. What was replied leaves in the end, and what is left over is kept. */
static void stream_pump(struct stream *s)
{
    struct queue *queue = s->engine->queue;
    uint8_t *octets;
    size_t len;
    if (s->pumping)
        return;
    s->pumping = true;
    struct queue_room before = queue_enter(queue, s->frame.octets, s->frame.end);
    while (s->conn.state == CONN_OPEN && dns_frame_next(&s->frame, &octets, &len))
        s->events->on_message(s->owner, octets, len);
    if (s->conn.state != CONN_CLOSED && s->events->on_handed)
        s->events->on_handed(s->owner);
    queue_leave(queue, before);
    s->pumping = false;
    if (dns_frame_keep(&s->frame) < 0)
        conn_lose(&s->conn);
}

static void on_connected(void *owner)
{
    struct stream *s = owner;
    s->events->on_connected(s->owner);
}

static uv_buf_t on_room(void *owner)
{
    struct stream *s = owner;
    uint8_t *at = NULL;
    size_t len = 0, want = s->read_size;
    if (s->engine->backlog > ENGINE_BACKLOG_MAX && want > STREAM_READ_LEAST)
        want = STREAM_READ_LEAST;
    if (dns_frame_lend(&s->frame, s->engine->room, want, &at, &len) < 0)
        len = 0;
    return uv_buf_init((char *)at, (unsigned)len);
}

static void on_octets(void *owner, size_t len)
{
    struct stream *s = owner;
    dns_frame_filled(&s->frame, s->engine->room, len);
    stream_pump(s);
}

static void on_drained(void *owner)
{
    struct stream *s = owner;
    if (s->events->on_drained)
        s->events->on_drained(s->owner);
}

static void on_half_closed(void *owner)
{
    struct stream *s = owner;
    s->events->on_half_closed(s->owner);
}

static void on_end(void *owner)
{
    struct stream *s = owner;
    s->events->on_end(s->owner);
}

static void on_closed(void *owner)
{
    struct stream *s = owner;
    dns_frame_fini(&s->frame);
    s->events->on_closed(s->owner);
}

static const struct conn_events stream_client_events = {
    .on_room = on_room,
    .on_octets = on_octets,
    .on_drained = on_drained,
    .on_half_closed = on_half_closed,
    .on_end = on_end,
    .on_closed = on_closed,
};

static const struct conn_events stream_server_events = {
    .on_connected = on_connected,
    .on_room = on_room,
    .on_octets = on_octets,
    .on_drained = on_drained,
    .on_end = on_end,
    .on_closed = on_closed,
};

static void stream_init(struct stream *s, struct engine *engine)
{
    s->engine = engine;
    s->conn.owner = s;
    s->conn.total = &engine->backlog;
}

int stream_accept(struct stream *s, struct engine *engine, int fd)
{
    stream_init(s, engine);
    s->conn.events = &stream_client_events;
    return conn_accept(&s->conn, engine->loop, fd);
}

int stream_connect(struct stream *s, struct engine *engine, int fd, const struct address *to)
{
    stream_init(s, engine);
    s->conn.events = &stream_server_events;
    return conn_connect(&s->conn, engine->loop, fd, to);
}

int stream_send(struct stream *s, const struct relay_packet *packet)
{
    return queue_send(s->engine->queue, &s->conn, packet);
}

void stream_flush(struct stream *s)
{
    queue_flush_to(s->engine->queue, &s->conn);
}

bool stream_is_broken(const struct stream *s)
{
    return conn_is_broken(&s->conn);
}

bool stream_is_backed_up(const struct stream *s)
{
    return conn_is_backed_up(&s->conn);
}

size_t stream_unread(const struct stream *s)
{
    return conn_unread(&s->conn);
}

bool stream_is_quiet(const struct stream *s)
{
    return s->conn.state == CONN_OPEN && dns_frame_is_empty(&s->frame);
}

void stream_pause(struct stream *s)
{
    conn_pause(&s->conn);
}

/* What has been read already comes first. */
void stream_resume(struct stream *s)
{
    if (s->conn.state != CONN_PAUSED)
        return;
    conn_resume(&s->conn);
    stream_pump(s);
}

bool stream_part(struct stream *s)
{
    stream_flush(s);
    return conn_part(&s->conn);
}

void stream_put_back(struct stream *s, size_t len)
{
    dns_frame_put_back(&s->frame, len);
    conn_pause(&s->conn);
}

bool stream_has_input(const struct stream *s)
{
    return conn_has_input(&s->conn);
}

void stream_close(struct stream *s, bool reset)
{
    stream_flush(s);
    conn_close(&s->conn, reset);
}
