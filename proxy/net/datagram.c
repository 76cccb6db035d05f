/* Happy path: up to BURST_SIZE requests with one call, each handed over where it lies; answers wait
 * in the outbox. Failure: whatever happens on the socket, it is watched again. */
#include "net/datagram.h"

#include "net/ancillary.h"
#include "net/socket.h"

#define DATAGRAM_DISCARD_PORT 9 /* RFC 863: never answers */

void datagram_send(const struct datagram *d, const struct client *client, uint16_t id,
                   const struct relay_packet *packet)
{
    struct sockaddr_storage to;
    union ancillary control;
    uint8_t start[sizeof id];
    dns_wire_set_u16_at(start, id);
    struct iovec parts[] = {socket_part(start, sizeof start),
                            socket_part(packet->octets + sizeof start, packet->len - sizeof start),
                            socket_part(packet->tail, packet->tail_len)};
    struct msghdr message = {.msg_name = &to, .msg_iov = parts, .msg_iovlen = 3};
    message.msg_namelen = socket_from_address(&client->from, &to);
    /* The kernel knows by itself which address a socket is bound to. */
    if (!address_equal(&client->to, &d->local))
        ancillary_set_source(&message, &control, &client->to);
    outbox_send(d->engine->outbox, d->fd, &message);
}

/* Returns how many came; less than a burst: that was all. */
static int datagram_receive(struct datagram *d)
{
    struct burst *burst = d->engine->burst;
    int count = burst_receive(burst, d->fd);
    struct relay_time now = engine_now(d->engine);
    outbox_open(d->engine->outbox);
    for (int i = 0; i < count; i++) {
        struct relay_request request = {
            .octets = burst->octets[i],
            .len = burst->messages[i].msg_len,
            .from = socket_to_address(&burst->from[i]),
            .to = ancillary_destination(&burst->messages[i].msg_hdr, &d->local),
            .transport = RELAY_UDP,
            .now = now,
        };
        d->events->on_request(d->owner, &request);
    }
    outbox_shut(d->engine->outbox);
    return count;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct datagram *d = poll->data;
    (void)events;
    datagram_receive(d);
    /* libuv stops watching a socket with an error on it; the listener lives on. */
    if (status < 0)
        uv_poll_start(&d->poll, UV_READABLE, on_readable);
}

int datagram_open(struct datagram *d, struct engine *engine, const struct address *local, int fd)
{
    int error = uv_poll_init(engine->loop, &d->poll, fd);
    if (error < 0)
        return error;
    d->engine = engine;
    d->local = *local;
    d->fd = fd;
    d->poll.data = d;
    return uv_poll_start(&d->poll, UV_READABLE, on_readable);
}

/* A socket that is connected gets nothing from anyone else, so that requests go to the next
 * instance, or in transparent mode on their way; what it sends goes where it is told to all the
 * same. */
static void datagram_turn_away(const struct datagram *d)
{
    static const uint8_t loopback4[] = {127, 0, 0, 1}, loopback6[16] = {[15] = 1};
    struct sockaddr_storage name;
    struct address nobody = d->local;
    if (address_is_any(&d->local))
        nobody = address_from_octets(d->local.family,
                                     d->local.family == ADDRESS_IPV4 ? loopback4 : loopback6, 0);
    nobody.port = DATAGRAM_DISCARD_PORT;
    socklen_t len = socket_from_address(&nobody, &name);
    (void)connect(d->fd, (const struct sockaddr *)&name, len);
}

void datagram_drain(struct datagram *d)
{
    uv_poll_stop(&d->poll);
    datagram_turn_away(d);
    /* What had come before that is ours. */
    for (int i = 0; i < DATAGRAM_LAST_BURSTS && datagram_receive(d) == BURST_SIZE; i++)
        continue;
}

static void on_close(uv_handle_t *handle)
{
    struct datagram *d = handle->data;
    d->events->on_closed(d->owner);
}

void datagram_close(struct datagram *d)
{
    uv_close((uv_handle_t *)&d->poll, on_close);
}
