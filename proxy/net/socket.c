/* Each socket is made, given its options, bound or connected, or else closed again. */
#include "net/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

socklen_t socket_from_address(const struct address *a, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof *out);
    if (a->family == ADDRESS_IPV4) {
        struct sockaddr_in *in = (struct sockaddr_in *)out;
        in->sin_family = AF_INET;
        in->sin_port = htons(a->port);
        memcpy(&in->sin_addr, a->octets, 4);
        return sizeof *in;
    }
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(a->port);
    in6->sin6_scope_id = a->scope;
    memcpy(&in6->sin6_addr, a->octets, 16);
    return sizeof *in6;
}

struct address socket_to_address(const struct sockaddr_storage *from)
{
    if (from->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)from;
        return address_from_octets(ADDRESS_IPV4, (const uint8_t *)&in->sin_addr,
                                   ntohs(in->sin_port));
    }
    if (from->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)from;
        struct address a = address_from_octets(ADDRESS_IPV6, (const uint8_t *)&in6->sin6_addr,
                                               ntohs(in6->sin6_port));
        if (a.family == ADDRESS_IPV6)
            a.scope = in6->sin6_scope_id;
        return a;
    }
    return (struct address){.family = ADDRESS_NONE};
}

static int socket_new(enum address_family family, int type)
{
    int domain = family == ADDRESS_IPV4 ? AF_INET : AF_INET6;
    int fd = socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return fd < 0 ? -errno : fd;
}

static int socket_set(int fd, int level, int option)
{
    int on = 1;
    return setsockopt(fd, level, option, &on, sizeof on) < 0 ? -errno : 0;
}

static int socket_make_transparent(int fd, enum address_family family)
{
    int mark = SOCKET_MARK;
    int error = family == ADDRESS_IPV4 ? socket_set(fd, IPPROTO_IP, IP_TRANSPARENT)
                                       : socket_set(fd, IPPROTO_IPV6, IPV6_TRANSPARENT);
    if (error == 0 && setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark) < 0)
        error = -errno;
    return error;
}

static int socket_bind(int fd, const struct address *local)
{
    struct sockaddr_storage name;
    socklen_t len = socket_from_address(local, &name);
    return bind(fd, (const struct sockaddr *)&name, len) < 0 ? -errno : 0;
}

static int socket_fail(int fd, int error)
{
    close(fd);
    return error;
}

static int socket_make_free(int fd, enum address_family family)
{
    return family == ADDRESS_IPV4 ? socket_set(fd, IPPROTO_IP, IP_FREEBIND)
                                  : socket_set(fd, IPPROTO_IPV6, IPV6_FREEBIND);
}

static int socket_prepare_listener(int fd, const struct address *local, enum socket_kind kind,
                                   bool shared)
{
    int error = 0;
    if (kind == SOCKET_TRANSPARENT)
        error = socket_make_transparent(fd, local->family);
    else if (kind == SOCKET_FREE)
        error = socket_make_free(fd, local->family);
    /* Lets a specific address stand beside a wildcard on the same port, workers share one, and the
     * next instance have it before this one ends; of one user all of them. */
    if (error == 0 && shared)
        error = socket_set(fd, SOL_SOCKET, SO_REUSEPORT);
    if (error == 0 && local->family == ADDRESS_IPV6)
        error = socket_set(fd, IPPROTO_IPV6, IPV6_V6ONLY);
    return error == 0 ? socket_bind(fd, local) : error;
}

/* The kernel is to say where each datagram was sent to, unless there is but one address. */
static int socket_want_destination(int fd, enum address_family family, bool transparent)
{
    int error = family == ADDRESS_IPV4 ? socket_set(fd, IPPROTO_IP, IP_PKTINFO)
                                       : socket_set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO);
    if (error < 0 || !transparent)
        return error;
    return family == ADDRESS_IPV4 ? socket_set(fd, IPPROTO_IP, IP_RECVORIGDSTADDR)
                                  : socket_set(fd, IPPROTO_IPV6, IPV6_RECVORIGDSTADDR);
}

void socket_widen(int fd)
{
    int octets = SOCKET_UDP_BUFFER;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof octets) < 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof octets);
}

int socket_bind_udp(const struct address *local, enum socket_kind kind)
{
    int fd = socket_new(local->family, SOCK_DGRAM);
    if (fd < 0)
        return fd;
    socket_widen(fd);
    int error = 0;
    if (kind == SOCKET_TRANSPARENT || address_is_any(local))
        error = socket_want_destination(fd, local->family, kind == SOCKET_TRANSPARENT);
    if (error == 0)
        error = socket_prepare_listener(fd, local, kind, true);
    return error < 0 ? socket_fail(fd, error) : fd;
}

int socket_try_udp(const struct address *local, enum socket_kind kind)
{
    int fd = socket_new(local->family, SOCK_DGRAM);
    if (fd < 0)
        return fd;
    int error = socket_prepare_listener(fd, local, kind, false);
    close(fd);
    return error;
}

int socket_bind_tcp(const struct address *local, enum socket_kind kind)
{
    int fd = socket_new(local->family, SOCK_STREAM);
    if (fd < 0)
        return fd;
    /* Connections of an instance before this one may linger. Never over UDP, where it would let
     * any user have the port beside us. */
    int error = socket_set(fd, SOL_SOCKET, SO_REUSEADDR);
    if (error == 0)
        error = socket_prepare_listener(fd, local, kind, true);
    return error < 0 ? socket_fail(fd, error) : fd;
}

static int socket_bind_source(int fd, enum address_family family, const struct address *source,
                              bool transparent)
{
    int error = transparent ? socket_make_transparent(fd, family) : 0;
    if (error < 0 || source->family == ADDRESS_NONE)
        return error;
    /* The port is drawn when the destination is known, so that many connections can share one. */
    error = socket_set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
    return error == 0 ? socket_bind(fd, source) : error;
}

int socket_connect_udp(const struct address *to, const struct address *source, bool transparent)
{
    struct sockaddr_storage name;
    socklen_t len = socket_from_address(to, &name);
    int fd = socket_new(to->family, SOCK_DGRAM);
    if (fd < 0)
        return fd;
    int error = socket_bind_source(fd, to->family, source, transparent);
    if (error == 0 && connect(fd, (const struct sockaddr *)&name, len) < 0)
        error = -errno;
    return error < 0 ? socket_fail(fd, error) : fd;
}

int socket_open_tcp(const struct address *to, const struct address *source, bool transparent)
{
    int fd = socket_new(to->family, SOCK_STREAM);
    if (fd < 0)
        return fd;
    int error = socket_bind_source(fd, to->family, source, transparent);
    return error < 0 ? socket_fail(fd, error) : fd;
}

void socket_reset(int fd)
{
    struct linger at_once = {.l_onoff = 1};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
}

static struct address socket_name(int fd, int (*get)(int, struct sockaddr *, socklen_t *))
{
    struct sockaddr_storage name = {0};
    socklen_t len = sizeof name;
    if (get(fd, (struct sockaddr *)&name, &len) < 0)
        return (struct address){.family = ADDRESS_NONE};
    return socket_to_address(&name);
}

struct address socket_local(int fd)
{
    return socket_name(fd, getsockname);
}

struct address socket_remote(int fd)
{
    return socket_name(fd, getpeername);
}
