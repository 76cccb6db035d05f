/* One socket at every address plays thousands of secondaries: the kernel says to which of them a
 * datagram came (IP_PKTINFO), and is told from which one it leaves. */
#include "net.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NET_ROOM (8 << 20)

union net_control {
    struct cmsghdr align;
    uint8_t octets[CMSG_SPACE(sizeof(struct in_pktinfo))];
};

void net_must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "%s failed: %s\n", what, strerror(errno));
    exit(1);
}

struct sockaddr_in net_place(const char *text)
{
    struct address a;
    struct sockaddr_in place = {.sin_family = AF_INET};
    net_must(address_from_text(text, 0, &a) == 0 && a.family == ADDRESS_IPV4, text);
    memcpy(&place.sin_addr, a.octets, sizeof place.sin_addr);
    place.sin_port = htons(a.port);
    return place;
}

struct in_addr net_secondary(size_t number)
{
    return (struct in_addr){.s_addr = htonl(0x7f010000 + (uint32_t)number)};
}

static void net_widen(int fd, int force, int plain)
{
    int room = NET_ROOM;
    if (setsockopt(fd, SOL_SOCKET, force, &room, sizeof room) < 0)
        (void)setsockopt(fd, SOL_SOCKET, plain, &room, sizeof room);
}

int net_udp(const struct sockaddr_in *place)
{
    struct sockaddr_in any = {.sin_family = AF_INET};
    int on = 1, fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    net_must(fd >= 0, "socket");
    net_widen(fd, SO_RCVBUFFORCE, SO_RCVBUF);
    net_widen(fd, SO_SNDBUFFORCE, SO_SNDBUF);
    net_must(setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on) == 0, "IP_PKTINFO");
    if (!place)
        place = &any;
    net_must(bind(fd, (const struct sockaddr *)place, sizeof *place) == 0, "bind");
    return fd;
}

static void net_prepare(struct net_datagram *burst, struct mmsghdr *messages, struct iovec *parts,
                        union net_control *controls, bool sending)
{
    for (size_t i = 0; i < NET_BURST; i++) {
        parts[i] = (struct iovec){burst[i].octets, sending ? burst[i].len : NET_DATAGRAM};
        messages[i].msg_hdr = (struct msghdr){
            .msg_name = &burst[i].far,
            .msg_namelen = sizeof burst[i].far,
            .msg_iov = &parts[i],
            .msg_iovlen = 1,
            .msg_control = &controls[i],
            .msg_controllen = sizeof controls[i],
        };
    }
}

size_t net_receive(int fd, struct net_datagram *burst)
{
    static struct mmsghdr messages[NET_BURST];
    static struct iovec parts[NET_BURST];
    static union net_control controls[NET_BURST];
    net_prepare(burst, messages, parts, controls, false);
    int count = recvmmsg(fd, messages, NET_BURST, 0, NULL);
    for (int i = 0; i < count; i++) {
        struct in_pktinfo info = {0};
        const struct cmsghdr *c = CMSG_FIRSTHDR(&messages[i].msg_hdr);
        net_must(c && c->cmsg_type == IP_PKTINFO, "IP_PKTINFO of a datagram");
        memcpy(&info, CMSG_DATA(c), sizeof info);
        burst[i].local = info.ipi_addr;
        burst[i].len = messages[i].msg_len;
    }
    return count < 0 ? 0 : (size_t)count;
}

void net_send(int fd, struct net_datagram *burst, size_t count)
{
    static struct mmsghdr messages[NET_BURST];
    static struct iovec parts[NET_BURST];
    static union net_control controls[NET_BURST];
    net_prepare(burst, messages, parts, controls, true);
    for (size_t i = 0; i < count; i++) {
        struct in_pktinfo info = {.ipi_spec_dst = burst[i].local};
        struct cmsghdr *c = CMSG_FIRSTHDR(&messages[i].msg_hdr);
        *c = (struct cmsghdr){
            .cmsg_len = CMSG_LEN(sizeof info), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO};
        memcpy(CMSG_DATA(c), &info, sizeof info);
    }
    for (size_t sent = 0; sent < count;) {
        int more = sendmmsg(fd, messages + sent, (unsigned)(count - sent), 0);
        struct pollfd full = {.fd = fd, .events = POLLOUT};
        net_must(more >= 0 || errno == EAGAIN || errno == ECONNREFUSED, "sendmmsg");
        if (more < 0)
            (void)poll(&full, 1, 1000);
        else
            sent += (size_t)more;
    }
}

int net_listen(const struct sockaddr_in *place)
{
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    net_must(fd >= 0, "socket");
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    net_must(bind(fd, (const struct sockaddr *)place, sizeof *place) == 0, "bind");
    net_must(listen(fd, SOMAXCONN) == 0, "listen");
    return fd;
}

int net_connect(const struct sockaddr_in *place, const struct in_addr *local)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    net_must(fd >= 0, "socket");
    if (local) {
        struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr = *local};
        net_must(bind(fd, (const struct sockaddr *)&from, sizeof from) == 0, "bind");
    }
    net_must(connect(fd, (const struct sockaddr *)place, sizeof *place) == 0 ||
                 errno == EINPROGRESS,
             "connect");
    return fd;
}

bool net_wait(int one, int other, int ms)
{
    struct pollfd both[] = {{.fd = one, .events = POLLIN}, {.fd = other, .events = POLLIN}};
    return poll(both, 2, ms) > 0;
}

double net_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
