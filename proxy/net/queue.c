#include "net/queue.h"

#include <string.h>

#include "net/socket.h"

#define QUEUE_PREFIX 2

static uv_buf_t queue_buffer(const uint8_t *octets, size_t len)
{
    struct iovec part = socket_part(octets, len);
    return uv_buf_init(part.iov_base, (unsigned)part.iov_len);
}

void queue_flush(struct queue *q)
{
    struct conn *to = q->to;
    unsigned count = q->count;
    q->to = NULL;
    q->count = 0;
    q->used = 0;
    /* What went wrong is to be seen by the connection. */
    if (to)
        (void)conn_write(to, q->buffers, count);
}

void queue_flush_to(struct queue *q, const struct conn *to)
{
    if (q->to == to)
        queue_flush(q);
}

struct queue_room queue_enter(struct queue *q, const uint8_t *octets, size_t len)
{
    struct queue_room before = q->room;
    q->room = (struct queue_room){octets, len};
    return before;
}

void queue_leave(struct queue *q, struct queue_room before)
{
    queue_flush(q);
    q->room = before;
}

static void queue_point(struct queue *q, const uint8_t *octets, size_t len)
{
    q->buffers[q->count++] = queue_buffer(octets, len);
}

/* Side by side with the one before, it needs no buffer of its own. */
static void queue_copy(struct queue *q, const uint8_t *octets, size_t len)
{
    uint8_t *at = q->copies + q->used;
    uv_buf_t *last = q->count > 0 ? &q->buffers[q->count - 1] : NULL;
    memcpy(at, octets, len);
    q->used += len;
    if (last && (uint8_t *)last->base + last->len == at)
        last->len += len;
    else
        queue_point(q, at, len);
}

static bool queue_may_wait(const struct queue *q, const struct relay_packet *packet)
{
    return q->room.octets && packet->octets >= q->room.octets &&
           packet->octets + packet->len <= q->room.octets + q->room.len;
}

static void queue_add(struct queue *q, const uint8_t prefix[QUEUE_PREFIX],
                      const struct relay_packet *packet)
{
    queue_copy(q, prefix, QUEUE_PREFIX);
    if (packet->len <= QUEUE_COPY_MAX)
        queue_copy(q, packet->octets, packet->len);
    else
        queue_point(q, packet->octets, packet->len);
    if (packet->tail_len > 0)
        queue_copy(q, packet->tail, packet->tail_len);
}

/* One write for prefix and message (RFC 7766 section 8). */
static int queue_write(struct conn *to, const uint8_t prefix[QUEUE_PREFIX],
                       const struct relay_packet *packet)
{
    uv_buf_t bufs[] = {queue_buffer(prefix, QUEUE_PREFIX),
                       queue_buffer(packet->octets, packet->len),
                       queue_buffer(packet->tail, packet->tail_len)};
    return conn_write(to, bufs, packet->tail_len ? 3 : 2);
}

int queue_send(struct queue *q, struct conn *to, const struct relay_packet *packet)
{
    uint8_t prefix[QUEUE_PREFIX];
    dns_wire_set_u16_at(prefix, (uint16_t)(packet->len + packet->tail_len));
    bool waits = queue_may_wait(q, packet);
    size_t copied = QUEUE_PREFIX + QUEUE_COPY_MAX + packet->tail_len;
    if (q->to != to || !waits || q->count + 3 > QUEUE_BUFFERS || q->used + copied > QUEUE_COPIES)
        queue_flush(q);
    if (!waits)
        return queue_write(to, prefix, packet);
    if (conn_is_broken(to))
        return UV_ENOTCONN;
    q->to = to;
    queue_add(q, prefix, packet);
    return 0;
}
