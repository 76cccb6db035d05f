/* Messages are sent from the zone where they lie, many a write; each connection has frames and IDs
 * of its own before them. */
#include "source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "net.h"
#include "sign.h"

#define SOURCE_GATHER 32 /* messages a write */
#define SOURCE_EVENTS 256
#define SOURCE_FRAME  4 /* length and ID */

struct source_client {
    struct end end;
    struct source *source;
    size_t len; /* of what was asked */
    uint8_t question[2 + SOURCE_QUESTION];
    bool sends;
    bool is_alone; /* one message, made of the question */
    size_t message, at;
};

int source_loop(void)
{
    int loop = epoll_create1(EPOLL_CLOEXEC);
    net_must(loop >= 0, "epoll_create1");
    return loop;
}

void source_watch(int loop, struct end *end)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = end};
    net_must(epoll_ctl(loop, EPOLL_CTL_ADD, end->fd, &event) == 0, "epoll_ctl");
}

void source_close(struct end *end)
{
    close(end->fd);
    end->fd = -1;
}

void source_turn(int loop, int ms)
{
    struct epoll_event events[SOURCE_EVENTS];
    int count = epoll_wait(loop, events, SOURCE_EVENTS, ms);
    for (int i = 0; i < count; i++) {
        struct end *end = events[i].data.ptr;
        end->on_ready(end);
    }
}

/* Where the question's type stands in each message of the zone. */
static size_t source_type_at(const uint8_t *octets)
{
    size_t at = DNS_HEADER_SIZE;
    while (octets[at])
        at += octets[at] + 1U;
    return at + 1;
}

size_t source_answer(uint8_t *octets, size_t size, uint32_t serial)
{
    size_t len = source_type_at(octets) + 4;
    dns_wire_set_u16_at(octets + DNS_FLAGS_AT, DNS_FLAG_QR | DNS_FLAG_AA);
    for (size_t at = DNS_COUNTS_AT + 2; at < DNS_HEADER_SIZE; at += 2)
        dns_wire_set_u16_at(octets + at, 0);
    return sign_soa(octets, len, size, serial);
}

static bool source_is_notify(const uint8_t *octets)
{
    return (dns_wire_u16_at(octets + DNS_FLAGS_AT) & DNS_MASK_OPCODE) == DNS_OPCODE_NOTIFY << 11;
}

/* Whether a whole question has come: what becomes of it. */
static bool source_begin(struct source_client *c)
{
    uint8_t *octets = c->question + 2;
    if (c->len < 2 || c->len < dns_wire_u16_at(c->question) + 2U)
        return false;
    const uint8_t *type = octets + source_type_at(octets);
    uint16_t number = dns_wire_u16_at(type);
    c->is_alone = number != DNS_TYPE_AXFR && number != DNS_TYPE_IXFR;
    if (c->is_alone) {
        size_t len = source_is_notify(octets) && c->source->on_notify
                         ? c->source->on_notify(octets, dns_wire_u16_at(c->question))
                         : source_answer(octets, SOURCE_QUESTION, c->source->serial);
        dns_wire_set_u16_at(c->question, (uint16_t)len);
    } else {
        memcpy(c->source->zone->octets + source_type_at(octets), type, 2);
    }
    c->message = c->at = 0;
    c->sends = true;
    return true;
}

/* The rest of the message that is under way, and some more; returns how many parts. */
static int source_list(struct source_client *c, struct iovec *parts, uint8_t (*frames)[4])
{
    const struct zone *zone = c->source->zone;
    size_t skip = c->at;
    int count = 0;
    if (c->is_alone) {
        parts[0] = (struct iovec){c->question + skip, dns_wire_u16_at(c->question) + 2U - skip};
        return 1;
    }
    for (size_t i = 0; i < SOURCE_GATHER && c->message + i < zone->count; i++, skip = 0) {
        const struct zone_message *m = &zone->messages[c->message + i];
        size_t from = skip < SOURCE_FRAME ? SOURCE_FRAME : skip;
        dns_wire_set_u16_at(frames[i], (uint16_t)m->len);
        memcpy(frames[i] + 2, c->question + 2, 2);
        if (skip < SOURCE_FRAME)
            parts[count++] = (struct iovec){frames[i] + skip, SOURCE_FRAME - skip};
        parts[count++] = (struct iovec){m->octets + from - 2, m->len + 2 - from};
    }
    return count;
}

static void source_advance(struct source_client *c, size_t written)
{
    const struct zone *zone = c->source->zone;
    size_t count = c->is_alone ? 1 : zone->count;
    for (c->at += written; c->message < count; c->message++) {
        size_t len = c->is_alone ? dns_wire_u16_at(c->question) : zone->messages[c->message].len;
        if (c->at < len + 2)
            return;
        c->at -= len + 2;
    }
    c->sends = false;
    c->len = 0; /* nobody here asks again before the answer is whole */
}

static void on_client(struct end *end)
{
    struct source_client *c = (struct source_client *)end;
    for (ssize_t moved = 1; moved > 0;) {
        if (c->sends) {
            struct iovec parts[2 * SOURCE_GATHER];
            uint8_t frames[SOURCE_GATHER][SOURCE_FRAME];
            moved = writev(end->fd, parts, source_list(c, parts, frames));
            if (moved > 0)
                source_advance(c, (size_t)moved);
        } else {
            moved = recv(end->fd, c->question + c->len, sizeof c->question - c->len, 0);
            c->len += moved > 0 ? (size_t)moved : 0;
            if (moved > 0)
                (void)source_begin(c);
        }
        if (moved == 0 || (moved < 0 && errno != EAGAIN)) {
            source_close(end);
            free(c);
            return;
        }
    }
}

static void on_accept(struct end *end)
{
    struct source *source = (struct source *)end;
    for (int fd; (fd = accept4(end->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
        struct source_client *c = calloc(1, sizeof *c);
        net_must(c, "calloc");
        c->end = (struct end){fd, on_client};
        c->source = source;
        source_watch(source->loop, &c->end);
    }
}

void source_open(struct source *source, int loop, const struct sockaddr_in *place,
                 struct zone *zone, uint32_t serial)
{
    *source = (struct source){{net_listen(place), on_accept}, loop, zone, serial, NULL};
    source_watch(loop, &source->end);
}
