#include "net/stream.h"

#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "net/socket.h"

/* Reads of input that is thrown away at the end. */
#define STREAM_DISCARD_MAX 16

/* What the kernel did not take, with the request that writes it. */
struct stream_rest {
    uv_write_t request;
    size_t len;
    uint8_t octets[];
};

static void stream_end(struct stream *s)
{
    if (s->state == STREAM_ENDED || s->state == STREAM_CLOSED)
        return;
    s->state = STREAM_ENDED;
    uv_read_stop((uv_stream_t *)&s->tcp);
    s->events->on_end(s->owner);
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf);
static void on_read(uv_stream_t *handle, ssize_t n, const uv_buf_t *buf);

/* Reads, or not, as the state says. */
static void stream_watch(struct stream *s)
{
    if (s->state == STREAM_PAUSED)
        uv_read_stop((uv_stream_t *)&s->tcp);
    if (s->state != STREAM_OPEN)
        return;
    int error = uv_read_start((uv_stream_t *)&s->tcp, on_room, on_read);
    if (error < 0 && error != UV_EALREADY)
        stream_end(s);
}

/* A message's owner may pause, resume or close the stream from within: none of that comes back in here. */
static void stream_pump(struct stream *s)
{
    uint8_t *octets;
    size_t len;
    if (s->pumping)
        return;
    s->pumping = true;
    while (s->state == STREAM_OPEN && dns_frame_next(&s->frame, &octets, &len))
        s->events->on_message(s->owner, octets, len);
    s->pumping = false;
    stream_watch(s);
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct stream *s = handle->data;
    uint8_t *room = NULL;
    size_t len = 0;
    (void)suggested;
    if (dns_frame_room(&s->frame, s->first_size, &room, &len) < 0)
        len = 0; /* libuv reports ENOBUFS */
    *buf = uv_buf_init((char *)room, (unsigned)len);
}

static void on_read(uv_stream_t *handle, ssize_t n, const uv_buf_t *buf)
{
    struct stream *s = handle->data;
    (void)buf;
    if (n < 0) {
        stream_end(s);
        return;
    }
    dns_frame_filled(&s->frame, (size_t)n);
    stream_pump(s);
}

static int stream_start(struct stream *s)
{
    s->state = STREAM_OPEN;
    uv_tcp_nodelay(&s->tcp, 1);
    return uv_read_start((uv_stream_t *)&s->tcp, on_room, on_read);
}

int stream_accept(struct stream *s, struct engine *engine, uv_stream_t *listener)
{
    s->state = STREAM_CONNECTING;
    uv_tcp_init(engine->loop, &s->tcp);
    s->tcp.data = s;
    int error = uv_accept(listener, (uv_stream_t *)&s->tcp);
    return error < 0 ? error : stream_start(s);
}

static void on_connect(uv_connect_t *request, int status)
{
    struct stream *s = request->data;
    if (s->state == STREAM_CLOSED)
        return;
    if (status < 0 || stream_start(s) < 0)
        stream_end(s);
    else
        s->events->on_connected(s->owner);
}

int stream_connect(struct stream *s, struct engine *engine, int fd, const struct address *to)
{
    struct sockaddr_storage name;
    socket_from_address(to, &name);
    s->state = STREAM_CONNECTING;
    uv_tcp_init(engine->loop, &s->tcp);
    s->tcp.data = s;
    s->connect.data = s;
    int error = uv_tcp_open(&s->tcp, fd);
    if (error < 0) {
        close(fd);
        return error;
    }
    return uv_tcp_connect(&s->connect, &s->tcp, (const struct sockaddr *)&name, on_connect);
}

static void on_written(uv_write_t *request, int status)
{
    struct stream_rest *rest = (struct stream_rest *)request;
    struct stream *s = request->handle->data;
    s->backlog -= rest->len;
    free(rest);
    if (s->state == STREAM_CLOSED)
        return;
    if (status < 0)
        stream_end(s);
    else if (s->backlog == 0)
        s->events->on_drained(s->owner);
}

static int stream_keep(struct stream *s, const uv_buf_t *bufs, unsigned count, size_t skip)
{
    size_t len = 0;
    for (unsigned i = 0; i < count; i++)
        len += bufs[i].len;
    struct stream_rest *rest = malloc(sizeof *rest + len - skip);
    if (!rest)
        return UV_ENOMEM;
    rest->len = 0;
    for (unsigned i = 0; i < count; i++) {
        size_t from = skip < bufs[i].len ? skip : bufs[i].len;
        memcpy(rest->octets + rest->len, bufs[i].base + from, bufs[i].len - from);
        rest->len += bufs[i].len - from;
        skip -= from;
    }
    uv_buf_t buf = uv_buf_init((char *)rest->octets, (unsigned)rest->len);
    int error = uv_write(&rest->request, (uv_stream_t *)&s->tcp, &buf, 1, on_written);
    if (error < 0)
        free(rest);
    else
        s->backlog += rest->len;
    return error;
}

static uv_buf_t stream_buf(const uint8_t *octets, size_t len)
{
    struct iovec part = socket_part(octets, len);
    return uv_buf_init(part.iov_base, (unsigned)part.iov_len);
}

int stream_send(struct stream *s, const struct relay_packet *packet)
{
    uint8_t prefix[2];
    size_t len = packet->len + packet->tail_len;
    if (s->state != STREAM_OPEN && s->state != STREAM_PAUSED)
        return UV_ENOTCONN;
    dns_wire_set_u16_at(prefix, (uint16_t)len);
    /* One write for prefix and message (RFC 7766 section 8). */
    uv_buf_t bufs[] = {stream_buf(prefix, sizeof prefix), stream_buf(packet->octets, packet->len),
                       stream_buf(packet->tail, packet->tail_len)};
    unsigned count = packet->tail_len ? 3 : 2;
    int sent = s->backlog ? UV_EAGAIN : uv_try_write((uv_stream_t *)&s->tcp, bufs, count);
    if (sent == UV_EAGAIN)
        sent = 0;
    if (sent < 0)
        return sent;
    if ((size_t)sent == len + sizeof prefix)
        return 0;
    int error = stream_keep(s, bufs, count, (size_t)sent);
    /* Half a message is out, and nothing can follow it. */
    if (error < 0) {
        s->state = STREAM_ENDED;
        uv_read_stop((uv_stream_t *)&s->tcp);
    }
    return error;
}

bool stream_is_broken(const struct stream *s)
{
    return s->state == STREAM_ENDED;
}

bool stream_is_backed_up(const struct stream *s)
{
    return s->backlog > 0;
}

size_t stream_unread(const struct stream *s)
{
    uv_os_fd_t fd;
    int in_kernel = 0;
    if (uv_fileno((const uv_handle_t *)&s->tcp, &fd) < 0 || ioctl(fd, SIOCOUTQ, &in_kernel) < 0)
        return 0;
    return (size_t)in_kernel + uv_stream_get_write_queue_size((const uv_stream_t *)&s->tcp);
}

void stream_pause(struct stream *s)
{
    if (s->state != STREAM_OPEN)
        return;
    s->state = STREAM_PAUSED;
    stream_watch(s);
}

void stream_resume(struct stream *s)
{
    if (s->state != STREAM_PAUSED)
        return;
    s->state = STREAM_OPEN;
    stream_pump(s);
}

/* A socket that is closed with input unread resets the connection, and what the peer has not read yet of our
 * last answer is lost. */
static void stream_discard_input(struct stream *s)
{
    uint8_t rest[4096];
    uv_os_fd_t fd;
    if (uv_fileno((uv_handle_t *)&s->tcp, &fd) < 0)
        return;
    for (int i = 0; i < STREAM_DISCARD_MAX && recv(fd, rest, sizeof rest, MSG_DONTWAIT) > 0; i++)
        continue;
}

static void on_close(uv_handle_t *handle)
{
    struct stream *s = handle->data;
    dns_frame_fini(&s->frame);
    s->events->on_closed(s->owner);
}

void stream_close(struct stream *s, bool reset)
{
    if (s->state == STREAM_CLOSED)
        return;
    bool connected = s->state != STREAM_CONNECTING;
    s->state = STREAM_CLOSED;
    if (!reset && connected)
        stream_discard_input(s);
    if (!reset || !connected || uv_tcp_close_reset(&s->tcp, on_close) < 0)
        uv_close((uv_handle_t *)&s->tcp, on_close);
}
