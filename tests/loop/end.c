#include "end.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "net/socket.h"

static bool is_ready(int fd, short events)
{
    struct pollfd p = {.fd = fd, .events = events};
    return poll(&p, 1, 0) > 0;
}

static int new_socket(const struct address *a, int type)
{
    int domain = a->family == ADDRESS_IPV4 ? AF_INET : AF_INET6;
    return fixture_own(socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

static bool bind_to(int fd, const struct address *a)
{
    struct sockaddr_storage name;
    socklen_t len = socket_from_address(a, &name);
    return bind(fd, (const struct sockaddr *)&name, len) == 0;
}

void end_connect(struct end *e, const struct address *to, int receive_buffer)
{
    struct sockaddr_storage name;
    socklen_t len = socket_from_address(to, &name);
    int error = 0;
    socklen_t error_len = sizeof error;
    e->len = 0;
    e->fd = new_socket(to, SOCK_STREAM);
    if (receive_buffer)
        setsockopt(e->fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    if (connect(e->fd, (const struct sockaddr *)&name, len) < 0)
        cr_assert_eq(errno, EINPROGRESS, "cannot connect: %s", strerror(errno));
    UNTIL(is_ready(e->fd, POLLOUT));
    getsockopt(e->fd, SOL_SOCKET, SO_ERROR, &error, &error_len);
    cr_assert_eq(error, 0, "cannot connect: %s", strerror(error));
}

bool end_is_refused(const struct address *to)
{
    struct sockaddr_storage name;
    socklen_t len = socket_from_address(to, &name);
    int fd = socket(name.ss_family, SOCK_STREAM, 0);
    int status = connect(fd, (const struct sockaddr *)&name, len);
    int error = errno;
    close(fd);
    return status < 0 && error == ECONNREFUSED;
}

void end_close(struct end *e)
{
    fixture_drop(e->fd);
    e->fd = -1;
}

void end_reset(struct end *e)
{
    struct linger at_once = {.l_onoff = 1};
    setsockopt(e->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    end_close(e);
}

void end_shut_down(struct end *e)
{
    cr_assert_eq(shutdown(e->fd, SHUT_WR), 0);
}

size_t end_push(struct end *e, const void *octets, size_t len)
{
    ssize_t n = send(e->fd, octets, len, MSG_NOSIGNAL);
    return n < 0 ? 0 : (size_t)n;
}

void end_send_octets(struct end *e, const void *octets, size_t len)
{
    const uint8_t *at = octets;
    size_t sent = 0;
    UNTIL((sent += end_push(e, at + sent, len - sent)) == len);
}

void end_send(struct end *e, const struct support_message *m)
{
    uint8_t prefix[2];
    dns_wire_set_u16_at(prefix, (uint16_t)m->len);
    end_send_octets(e, prefix, sizeof prefix);
    end_send_octets(e, m->octets, m->len);
}

int end_pull(struct end *e, size_t most)
{
    size_t room = sizeof e->in - e->len;
    ssize_t n = recv(e->fd, e->in + e->len, most < room ? most : room, 0);
    if (n < 0)
        return errno == EAGAIN ? 0 : -errno;
    if (n == 0 && room > 0 && most > 0)
        return -EPIPE;
    e->len += (size_t)n;
    return (int)n;
}

bool end_take(struct end *e, struct support_message *out)
{
    if (e->len < 2 || e->len - 2 < dns_wire_u16_at(e->in))
        return false;
    out->len = dns_wire_u16_at(e->in);
    memcpy(out->octets, e->in + 2, out->len);
    e->len -= 2 + out->len;
    memmove(e->in, e->in + 2 + out->len, e->len);
    return true;
}

bool end_take_slowly(struct end *e, struct support_message *out, size_t most)
{
    if (end_take(e, out))
        return true;
    int n = end_pull(e, most);
    cr_assert_geq(n, 0, "closed while a message was awaited: %s",
                  n == -EPIPE ? "end of file" : strerror(-n));
    return end_take(e, out);
}

void end_receive(struct end *e, struct support_message *out)
{
    UNTIL(end_take_slowly(e, out, sizeof e->in));
}

int end_await_close(struct end *e)
{
    int n = 0;
    UNTIL((e->len = 0, n = end_pull(e, sizeof e->in)) < 0);
    return n == -EPIPE ? 0 : -n;
}

void server_open(struct server *s)
{
    server_open_on(s, "127.0.0.1");
}

void server_open_on(struct server *s, const char *host)
{
    for (int tries = 0; tries < 20; tries++) {
        s->at = fixture_address(host, 0);
        s->tcp = new_socket(&s->at, SOCK_STREAM);
        cr_assert(bind_to(s->tcp, &s->at));
        cr_assert_eq(listen(s->tcp, 128), 0);
        s->at = socket_local(s->tcp);
        s->udp = new_socket(&s->at, SOCK_DGRAM);
        if (bind_to(s->udp, &s->at))
            return;
        fixture_drop(s->tcp);
        fixture_drop(s->udp);
    }
    cr_assert_fail("no free port");
}

bool server_is_called(const struct server *s)
{
    return is_ready(s->tcp, POLLIN);
}

void server_accept(struct server *s, struct end *e)
{
    UNTIL(server_is_called(s));
    e->len = 0;
    e->fd = fixture_own(accept4(s->tcp, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC));
}

int udp_open(const struct address *local)
{
    int fd = new_socket(local, SOCK_DGRAM);
    cr_assert(bind_to(fd, local), "cannot bind: %s", strerror(errno));
    return fd;
}

void udp_send(int fd, const struct address *to, const struct support_message *m)
{
    struct sockaddr_storage name;
    socklen_t len = socket_from_address(to, &name);
    cr_assert_eq(sendto(fd, m->octets, m->len, 0, (const struct sockaddr *)&name, len),
                 (ssize_t)m->len);
}

bool udp_take(int fd, struct support_message *out, struct address *from)
{
    struct sockaddr_storage name;
    socklen_t len = sizeof name;
    ssize_t n = recvfrom(fd, out->octets, sizeof out->octets, 0, (struct sockaddr *)&name, &len);
    if (n < 0)
        return false;
    out->len = (size_t)n;
    *from = socket_to_address(&name);
    return true;
}

void query_make(struct support_message *out, uint16_t id, uint16_t type)
{
    support_header(out, id, 0);
    support_question(out, "example.", type);
    if (type == DNS_TYPE_IXFR)
        support_soa(out, DNS_AUTHORITY, "example.", 1);
}

void answer_make(struct support_message *out, const struct support_message *query)
{
    struct dns_message m = support_parse(query);
    char name[DNS_NAME_TEXT_SIZE];
    support_header(out, m.id, DNS_FLAG_QR | DNS_FLAG_AA | (m.flags & DNS_MASK_OPCODE));
    support_question(out, dns_name_to_text(&m.qname, name), m.qtype);
}

uint8_t answer_octet(unsigned seed, unsigned at)
{
    return (uint8_t)((seed * 31 + at) * 2654435761u >> 24);
}

void answer_fill(struct support_message *out, unsigned seed, uint16_t len)
{
    static uint8_t data[60000];
    cr_assert_leq(len, sizeof data);
    for (uint16_t i = 0; i < len; i++)
        data[i] = answer_octet(seed, i);
    support_add(out, &(struct support_record){.section = DNS_ANSWER,
                                              .name = "example.",
                                              .type = 65280, /* private use: opaque */
                                              .ttl = 60,
                                              .rdata = data,
                                              .rdata_len = len});
}

bool answer_is_for(const struct support_message *answer, const struct support_message *query)
{
    struct dns_message a = support_parse(answer);
    struct dns_message q = support_parse(query);
    return a.id == q.id && (a.flags & DNS_FLAG_QR) && dns_message_same_question(&a, &q);
}
