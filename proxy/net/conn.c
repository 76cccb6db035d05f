/* A TCP connection on libuv. Most writes are taken by the kernel at once and cost no memory; only
 * the rest of one that is not is copied, since its octets are borrowed. */
#include "net/conn.h"

#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "net/socket.h"

/* What the kernel did not take, with the request that writes it. */
struct conn_rest {
    uv_write_t request;
    size_t len;
    uint8_t octets[];
};

static void conn_end(struct conn *c)
{
    if (c->state == CONN_ENDED || c->state == CONN_CLOSED)
        return;
    c->state = CONN_ENDED;
    uv_read_stop((uv_stream_t *)&c->tcp);
    c->events->on_end(c->owner);
}

static void conn_half_close(struct conn *c)
{
    c->state = CONN_HALF_CLOSED;
    uv_read_stop((uv_stream_t *)&c->tcp);
    c->events->on_half_closed(c->owner);
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct conn *c = handle->data;
    (void)suggested;
    *buf = uv_buf_init(NULL, 0); /* libuv reports ENOBUFS, and reads again in its next turn */
    if (c->reads < CONN_READS_MAX)
        *buf = c->events->on_room(c->owner);
}

static void on_read(uv_stream_t *handle, ssize_t n, const uv_buf_t *buf)
{
    struct conn *c = handle->data;
    bool rests = n == UV_ENOBUFS && c->reads == CONN_READS_MAX;
    c->reads = n > 0 && (size_t)n == buf->len ? c->reads + 1 : 0;
    if (n == 0 || rests)
        return;
    if (n == UV_EOF && c->events->on_half_closed)
        conn_half_close(c);
    else if (n < 0 || c->state == CONN_PARTING)
        conn_end(c);
    else
        c->events->on_octets(c->owner, (size_t)n);
}

static int conn_start(struct conn *c)
{
    c->state = CONN_OPEN;
    uv_tcp_nodelay(&c->tcp, 1);
    return uv_read_start((uv_stream_t *)&c->tcp, on_room, on_read);
}

static void conn_init(struct conn *c, uv_loop_t *loop)
{
    c->state = CONN_CONNECTING;
    uv_tcp_init(loop, &c->tcp);
    c->tcp.data = c;
    c->connect.data = c;
}

/* Closes what it cannot take. */
static int conn_open(struct conn *c, uv_loop_t *loop, int fd)
{
    conn_init(c, loop);
    int error = uv_tcp_open(&c->tcp, fd);
    if (error < 0)
        close(fd);
    return error;
}

/* L5. Without it the kernel takes megabytes for a client that reads slowly. */
static void conn_bound_unsent(int fd)
{
    int octets = CONN_UNSENT_MAX;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &octets, sizeof octets);
}

int conn_accept(struct conn *c, uv_loop_t *loop, int fd)
{
    conn_bound_unsent(fd);
    int error = conn_open(c, loop, fd);
    return error < 0 ? error : conn_start(c);
}

static void on_connect(uv_connect_t *request, int status)
{
    struct conn *c = request->data;
    if (c->state == CONN_CLOSED)
        return;
    if (status < 0 || conn_start(c) < 0)
        conn_end(c);
    else
        c->events->on_connected(c->owner);
}

int conn_connect(struct conn *c, uv_loop_t *loop, int fd, const struct address *to)
{
    struct sockaddr_storage name;
    socket_from_address(to, &name);
    int error = conn_open(c, loop, fd);
    if (error < 0)
        return error;
    return uv_tcp_connect(&c->connect, &c->tcp, (const struct sockaddr *)&name, on_connect);
}

static void on_written(uv_write_t *request, int status)
{
    struct conn_rest *rest = (struct conn_rest *)request;
    struct conn *c = request->handle->data;
    c->backlog -= rest->len;
    *c->total -= rest->len;
    free(rest);
    if (c->state == CONN_CLOSED)
        return;
    if (status < 0)
        conn_end(c);
    else if (c->backlog == 0)
        c->events->on_drained(c->owner);
}

static int conn_keep(struct conn *c, const uv_buf_t *bufs, unsigned count, size_t skip)
{
    size_t len = 0;
    for (unsigned i = 0; i < count; i++)
        len += bufs[i].len;
    struct conn_rest *rest = malloc(sizeof *rest + len - skip);
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
    int error = uv_write(&rest->request, (uv_stream_t *)&c->tcp, &buf, 1, on_written);
    if (error < 0)
        free(rest);
    else {
        c->backlog += rest->len;
        *c->total += rest->len;
    }
    return error;
}

static int conn_try_write(struct conn *c, const uv_buf_t *bufs, unsigned count)
{
    size_t len = 0;
    for (unsigned i = 0; i < count; i++)
        len += bufs[i].len;
    int sent = c->backlog ? UV_EAGAIN : uv_try_write((uv_stream_t *)&c->tcp, bufs, count);
    if (sent == UV_EAGAIN)
        sent = 0;
    if (sent < 0 || (size_t)sent == len)
        return sent;
    return conn_keep(c, bufs, count, (size_t)sent);
}

int conn_write(struct conn *c, const uv_buf_t *bufs, unsigned count)
{
    if (c->state != CONN_OPEN && c->state != CONN_PAUSED && c->state != CONN_HALF_CLOSED)
        return UV_ENOTCONN;
    int error = conn_try_write(c, bufs, count);
    if (error >= 0)
        return 0;
    /* A part may be out, and nothing can follow it. */
    c->state = CONN_ENDED;
    uv_read_stop((uv_stream_t *)&c->tcp);
    return error;
}

bool conn_is_broken(const struct conn *c)
{
    return c->state == CONN_ENDED;
}

void conn_lose(struct conn *c)
{
    conn_end(c);
}

bool conn_is_backed_up(const struct conn *c)
{
    return c->backlog > 0;
}

size_t conn_unread(const struct conn *c)
{
    uv_os_fd_t fd;
    int in_kernel = 0;
    if (uv_fileno((const uv_handle_t *)&c->tcp, &fd) < 0 || ioctl(fd, SIOCOUTQ, &in_kernel) < 0)
        return 0;
    return (size_t)in_kernel + uv_stream_get_write_queue_size((const uv_stream_t *)&c->tcp);
}

bool conn_has_input(const struct conn *c)
{
    uv_os_fd_t fd;
    int waiting = 0;
    return uv_fileno((const uv_handle_t *)&c->tcp, &fd) == 0 &&
           ioctl(fd, FIONREAD, &waiting) == 0 && waiting > 0;
}

void conn_pause(struct conn *c)
{
    if (c->state != CONN_OPEN)
        return;
    c->state = CONN_PAUSED;
    uv_read_stop((uv_stream_t *)&c->tcp);
}

void conn_resume(struct conn *c)
{
    if (c->state != CONN_PAUSED)
        return;
    c->state = CONN_OPEN;
    if (uv_read_start((uv_stream_t *)&c->tcp, on_room, on_read) < 0)
        conn_end(c);
}

/* A socket that is closed with input unread resets the connection, and what the peer has not read
 * yet of our last answer is lost. */
static void conn_discard_input(struct conn *c)
{
    uint8_t rest[4096];
    uv_os_fd_t fd;
    if (uv_fileno((uv_handle_t *)&c->tcp, &fd) < 0)
        return;
    for (int i = 0; i < CONN_DISCARD_MAX && recv(fd, rest, sizeof rest, MSG_DONTWAIT) > 0; i++)
        continue;
}

static void on_close(uv_handle_t *handle)
{
    struct conn *c = handle->data;
    c->events->on_closed(c->owner);
}

bool conn_part(struct conn *c)
{
    uv_os_fd_t fd;
    if (c->state != CONN_OPEN || c->backlog > 0 ||
        uv_fileno((const uv_handle_t *)&c->tcp, &fd) < 0 || shutdown(fd, SHUT_WR) < 0)
        return false;
    c->state = CONN_PARTING;
    return true;
}

void conn_close(struct conn *c, bool reset)
{
    if (c->state == CONN_CLOSED)
        return;
    bool connected = c->state != CONN_CONNECTING;
    c->state = CONN_CLOSED;
    if (!reset && connected)
        conn_discard_input(c);
    if (!reset || !connected || uv_tcp_close_reset(&c->tcp, on_close) < 0)
        uv_close((uv_handle_t *)&c->tcp, on_close);
}
