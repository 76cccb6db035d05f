/* Between a connection, which knows octets, and its owner, who knows messages. Clients and servers
 * differ in one event: what a server's end of file means. */
#include "net/stream.h"

#include "net/socket.h"

/* A message's owner may pause, resume or close the stream from within: none of that comes back in
 * here. */
static void stream_pump(struct stream *s)
{
    uint8_t *octets;
    size_t len;
    if (s->pumping)
        return;
    s->pumping = true;
    while (s->conn.state == CONN_OPEN && dns_frame_next(&s->frame, &octets, &len))
        s->events->on_message(s->owner, octets, len);
    s->pumping = false;
}

static void on_connected(void *owner)
{
    struct stream *s = owner;
    s->events->on_connected(s->owner);
}

static uv_buf_t on_room(void *owner)
{
    struct stream *s = owner;
    uint8_t *room = NULL;
    size_t len = 0;
    if (dns_frame_room(&s->frame, s->first_size, &room, &len) < 0)
        len = 0;
    return uv_buf_init((char *)room, (unsigned)len);
}

static void on_octets(void *owner, size_t len)
{
    struct stream *s = owner;
    dns_frame_filled(&s->frame, len);
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

int stream_accept(struct stream *s, uv_loop_t *loop, int fd)
{
    s->conn.events = &stream_client_events;
    s->conn.owner = s;
    return conn_accept(&s->conn, loop, fd);
}

int stream_connect(struct stream *s, uv_loop_t *loop, int fd, const struct address *to)
{
    s->conn.events = &stream_server_events;
    s->conn.owner = s;
    return conn_connect(&s->conn, loop, fd, to);
}

static uv_buf_t stream_buf(const uint8_t *octets, size_t len)
{
    struct iovec part = socket_part(octets, len);
    return uv_buf_init(part.iov_base, (unsigned)part.iov_len);
}

int stream_send(struct stream *s, const struct relay_packet *packet)
{
    uint8_t prefix[2];
    dns_wire_set_u16_at(prefix, (uint16_t)(packet->len + packet->tail_len));
    /* One write for prefix and message (RFC 7766 section 8). */
    uv_buf_t bufs[] = {stream_buf(prefix, sizeof prefix), stream_buf(packet->octets, packet->len),
                       stream_buf(packet->tail, packet->tail_len)};
    return conn_write(&s->conn, bufs, packet->tail_len ? 3 : 2);
}

bool stream_is_broken(const struct stream *s)
{
    return s->conn.state == CONN_ENDED;
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

void stream_close(struct stream *s, bool reset)
{
    conn_close(&s->conn, reset);
}
