/* Transfers that never end, and those who read them slowly, in one process. The primary's side
 * sends one message over and over, as fast as it is taken, and keeps no copy of it; a reader takes
 * its octets four times a second, and the kernel's buffers before it stay full. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>

#include "load.h"
#include "net.h"
#include "sign.h"

#define TRANSFERS_MESSAGE 16384
#define TRANSFERS_GATHER  16 /* messages a write */
#define TRANSFERS_TICK    0.25
#define TRANSFERS_AT_ONCE 50 /* connections begun in a tick */
#define TRANSFERS_EVENTS  256
#define TRANSFERS_FRAME   4 /* length and ID */
#define TRANSFERS_ROOM    131072

/* One connection, at either end. */
struct transfer {
    int fd;
    bool reads;    /* a reader's, not the primary's */
    bool is_asked; /* the question is through */
    size_t len, at;
    uint64_t octets;       /* read, or written */
    uint8_t question[512]; /* with its frame */
};

struct transfers {
    struct sockaddr_in proxy;
    struct signer *signers;
    struct transfer *readers;
    size_t secondaries, wanted, begun, ended;
    int events, listener;
    size_t slice; /* octets a tick */
    /* The first message of a transfer and any other, of one length. */
    uint8_t first[TRANSFERS_MESSAGE], other[TRANSFERS_MESSAGE];
    size_t message_len;
};

static void transfers_watch(const struct transfers *all, struct transfer *t, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = t};
    if (epoll_ctl(all->events, EPOLL_CTL_MOD, t->fd, &event) < 0)
        net_must(epoll_ctl(all->events, EPOLL_CTL_ADD, t->fd, &event) == 0, "epoll_ctl");
}

/* Fills a message up with A records. Before them the first has the SOA; others have a TXT record
 * that makes them as long. */
static void transfers_make(struct transfers *all, uint8_t *octets, bool first)
{
    static const uint8_t address[] = {
        0xc0, DNS_HEADER_SIZE, 0, 1, 0, 1, 0, 0, 14, 16, 0, 4, 192, 0, 2, 1};
    static const uint8_t text[] = {
        0xc0, DNS_HEADER_SIZE, 0, 16, 0, 1, 0, 0, 14, 16, 0, 8, 7, 'f', 'i', 'l', 'l', 'i', 'n',
        'g'};
    uint16_t count = 1;
    size_t len = sign_question(octets, TRANSFERS_MESSAGE, DNS_FLAG_QR | DNS_FLAG_AA, "zone.example",
                               DNS_TYPE_AXFR);
    if (first) {
        len = sign_soa(octets, len, TRANSFERS_MESSAGE, 7);
    } else {
        memcpy(octets + len, text, sizeof text);
        len += sizeof text;
    }
    for (; len + sizeof address <= TRANSFERS_MESSAGE; len += sizeof address, count++)
        memcpy(octets + len, address, sizeof address);
    dns_wire_set_u16_at(octets + DNS_COUNTS_AT + 2, count);
    net_must(!all->message_len || all->message_len == len, "messages of one length");
    all->message_len = len;
}

/* Lists the rest of one message from `skip` on, its frame included; returns how many parts. */
static int transfers_list(const struct transfers *all, uint8_t *body, uint8_t *frame, size_t skip,
                          struct iovec parts[2])
{
    int count = 0;
    size_t from = skip < TRANSFERS_FRAME ? TRANSFERS_FRAME : skip;
    if (skip < TRANSFERS_FRAME)
        parts[count++] = (struct iovec){frame + skip, TRANSFERS_FRAME - skip};
    parts[count++] = (struct iovec){body + from - 2, all->message_len + 2 - from};
    return count;
}

/* Messages from the place in the stream that this transfer has reached, while there is room. */
static void transfers_feed(struct transfers *all, struct transfer *t)
{
    uint8_t frame[TRANSFERS_FRAME];
    const size_t framed = all->message_len + 2;
    memcpy(frame + 2, t->question + 2, 2);
    dns_wire_set_u16_at(frame, (uint16_t)all->message_len);
    for (ssize_t written = 1; written > 0; t->octets += written > 0 ? (uint64_t)written : 0) {
        struct iovec parts[2 * TRANSFERS_GATHER];
        bool first = t->octets < framed;
        int count =
            transfers_list(all, first ? all->first : all->other, frame, t->octets % framed, parts);
        for (unsigned i = 1; i < TRANSFERS_GATHER && !first; i++)
            count += transfers_list(all, all->other, frame, 0, parts + count);
        written = writev(t->fd, parts, count);
    }
}

static void transfers_close(struct transfer *t)
{
    close(t->fd);
    t->fd = -1;
}

/* The primary's side: one question, then the stream. */
static void transfers_serve(struct transfers *all, struct transfer *t)
{
    if (!t->is_asked) {
        ssize_t got = recv(t->fd, t->question + t->len, sizeof t->question - t->len, 0);
        if (got == 0 || (got < 0 && errno != EAGAIN)) {
            transfers_close(t);
            free(t);
            return;
        }
        t->len += got > 0 ? (size_t)got : 0;
        t->is_asked = t->len > 2 && t->len >= dns_wire_u16_at(t->question) + 2U;
        if (t->is_asked)
            transfers_watch(all, t, EPOLLOUT);
        return;
    }
    transfers_feed(all, t);
    if (errno != EAGAIN) {
        transfers_close(t);
        free(t);
    }
}

/* What thousands of these held otherwise is more than the kernel grants to all of TCP, and the
 * proxy would be measured while it is short. */
static void transfers_accept(const struct transfers *all)
{
    const int room = TRANSFERS_ROOM;
    for (int fd; (fd = accept4(all->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
        struct transfer *t = calloc(1, sizeof *t);
        net_must(t, "calloc");
        t->fd = fd;
        net_must(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room) == 0, "SO_SNDBUF");
        transfers_watch(all, t, EPOLLIN);
    }
}

static void transfers_begin(struct transfers *all, size_t number)
{
    struct transfer *t = &all->readers[number];
    size_t who = number % all->secondaries;
    const struct in_addr local = net_secondary(who);
    struct tsig_chain chain = tsig_chain_request();
    uint8_t *octets = t->question + 2;
    size_t room = sizeof t->question - 2;
    size_t len = sign_question(octets, room, 0, "zone.example", DNS_TYPE_AXFR);
    dns_wire_set_u16_at(octets, (uint16_t)number);
    len = sign(&all->signers[who], &chain, octets, len, room);
    dns_wire_set_u16_at(t->question, (uint16_t)len);
    t->len = len + 2;
    t->reads = true;
    t->fd = net_connect(&all->proxy, &local);
    transfers_watch(all, t, EPOLLOUT);
}

static void transfers_ask(const struct transfers *all, struct transfer *t)
{
    ssize_t sent = send(t->fd, t->question + t->at, t->len - t->at, 0);
    t->at += sent > 0 ? (size_t)sent : 0;
    t->is_asked = t->at == t->len;
    if (t->is_asked)
        transfers_watch(all, t, 0); /* it reads when it pleases */
}

/* A slice of each reader's octets. What is no good answer ends it, as the end of the stream
 * does. */
static void transfers_read(struct transfers *all)
{
    static uint8_t room[1 << 20];
    for (size_t i = 0; i < all->begun; i++) {
        struct transfer *t = &all->readers[i];
        if (t->fd < 0 || !t->is_asked)
            continue;
        ssize_t got = recv(t->fd, room, all->slice, 0);
        bool over = got == 0 || (got < 0 && errno != EAGAIN);
        if (got > 5 && t->octets == 0 && (room[5] & DNS_MASK_RCODE))
            over = true;
        t->octets += got > 0 ? (uint64_t)got : 0;
        if (over) {
            transfers_close(t);
            all->ended++;
        }
    }
}

static void transfers_say(const struct transfers *all)
{
    size_t reading = 0;
    uint64_t octets = 0;
    for (size_t i = 0; i < all->begun; i++) {
        reading += all->readers[i].fd >= 0 && all->readers[i].octets > 0;
        octets += all->readers[i].octets;
    }
    printf("begun=%zu reading=%zu ended=%zu octets=%llu\n", all->begun, reading, all->ended,
           (unsigned long long)octets);
}

static void transfers_turn(struct transfers *all, int ms)
{
    struct epoll_event events[TRANSFERS_EVENTS];
    int count = epoll_wait(all->events, events, TRANSFERS_EVENTS, ms);
    for (int i = 0; i < count; i++) {
        struct transfer *t = events[i].data.ptr;
        if (!t)
            transfers_accept(all);
        else if (!t->reads)
            transfers_serve(all, t);
        else if (t->is_asked)
            transfers_watch(all, t, EPOLLET); /* broken; transfers_read will see it */
        else
            transfers_ask(all, t);
    }
}

static void transfers_open(struct transfers *all, char **arguments)
{
    const struct sockaddr_in primary = net_place(arguments[1]);
    struct epoll_event event = {.events = EPOLLIN};
    all->proxy = net_place(arguments[0]);
    all->secondaries = load_number(arguments[2]);
    all->wanted = load_number(arguments[3]);
    all->slice = (size_t)((double)load_number(arguments[4]) * TRANSFERS_TICK);
    all->signers = sign_keys(all->secondaries);
    all->readers = calloc(all->wanted, sizeof *all->readers);
    all->events = epoll_create1(EPOLL_CLOEXEC);
    all->listener = net_listen(&primary);
    net_must(all->readers && all->events >= 0, "epoll_create1");
    net_must(epoll_ctl(all->events, EPOLL_CTL_ADD, all->listener, &event) == 0, "epoll_ctl");
    transfers_make(all, all->first, true);
    transfers_make(all, all->other, false);
}

int load_transfers(char **arguments)
{
    static struct transfers all;
    transfers_open(&all, arguments);
    double began = net_clock(), tick = began;
    for (unsigned ticks = 0; net_clock() < began + (double)load_number(arguments[5]);) {
        double left = tick - net_clock();
        if (left > 0) {
            transfers_turn(&all, (int)(left * 1000) + 1);
            continue;
        }
        tick += TRANSFERS_TICK;
        for (size_t i = 0; i < TRANSFERS_AT_ONCE && all.begun < all.wanted; i++)
            transfers_begin(&all, all.begun++);
        transfers_read(&all);
        if (++ticks % 4 == 0)
            transfers_say(&all);
    }
    return 0;
}
