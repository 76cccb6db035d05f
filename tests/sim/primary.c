/* The host's side of it: what comes and goes. What it answers is made in answer.c. */
#include "primary.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "check.h"
#include "dice.h"
#include "herald.h"
#include "trace.h"

/* One connection. */
struct visit {
    struct primary *primary;
    struct pipe_end *end;
    struct frames frames;
    LIST_ENTRY(visit) entry;
};

static void primary_leave(struct visit *v)
{
    LIST_REMOVE(v, entry);
    v->primary->visit_count--;
    frames_fini(&v->frames);
    free(v);
}

static void on_fin(void *owner)
{
    struct visit *v = owner;
    pipe_close(v->end);
    primary_leave(v);
}

static void on_reset(void *owner)
{
    primary_leave(owner);
}

/* False: it has closed the connection. */
static bool primary_serve(struct visit *v, uint8_t *octets, size_t len)
{
    struct answer a;
    bool cut = answer_make(&a, v->primary, octets, len, true);
    size_t at = 0, count = 0;
    for (; at < a.len; at += 2u + paper_u16(a.octets + at), count++)
        continue;
    if (cut)
        a.len = dice_below(a.len);
    if (a.len > 0)
        pipe_write(v->end, a.octets, a.len);
    bool goes = cut || v->primary->manner.closes || count == 0;
    if (goes && cut && dice_chance(500))
        pipe_reset(v->end);
    else if (goes)
        pipe_close(v->end);
    answer_fini(&a);
    return !goes;
}

static void on_octets(void *owner, const uint8_t *octets, size_t len)
{
    struct visit *v = owner;
    uint8_t *message;
    size_t message_len;
    frames_add(&v->frames, octets, len);
    while (frames_next(&v->frames, &message, &message_len)) {
        if (primary_serve(v, message, message_len))
            continue;
        primary_leave(v);
        return;
    }
}

static const struct pipe_events primary_pipe_events = {
    .on_octets = on_octets, .on_fin = on_fin, .on_reset = on_reset};

static bool on_connection(void *owner, struct pipe_end *end)
{
    struct primary *p = owner;
    struct visit *v = calloc(1, sizeof *v);
    assert(v);
    v->primary = p;
    v->end = end;
    LIST_INSERT_HEAD(&p->visits, v, entry);
    if (++p->visit_count > p->most_visits)
        p->most_visits = p->visit_count;
    pipe_adopt(end, &primary_pipe_events, v);
    return true;
}

void primary_say(struct primary *p, const struct address *to, uint16_t port, const uint8_t *octets,
                 size_t len)
{
    struct datagram d = {.from = p->address, .to = *to, .octets = octets, .len = len};
    d.from.port = port;
    net_send(&p->host, &d);
}

static void on_datagram(void *owner, const struct datagram *d)
{
    struct primary *p = owner;
    struct answer a;
    uint8_t octets[1500];
    if (d->to.port != 53) {
        herald_hear(p, d);
        return;
    }
    if (d->len > sizeof octets)
        return;
    memcpy(octets, d->octets, d->len);
    answer_make(&a, p, octets, d->len, false);
    if (a.len > 2)
        primary_say(p, &d->from, 53, a.octets + 2, a.len - 2);
    answer_fini(&a);
}

static const struct host_events primary_host_events = {.on_datagram = on_datagram,
                                                       .on_connection = on_connection};

void primary_init(struct primary *p, unsigned place, const struct seal_key *key)
{
    *p = (struct primary){.address = net_address(NET_PRIMARY, place, 53), .key = key};
    p->host.address = net_address(NET_PRIMARY, place, 0);
    p->host.events = &primary_host_events;
    p->host.owner = p;
    p->host.place = place;
    p->manner = (struct manner){.records = 1000, .signs_every = 1};
    LIST_INIT(&p->visits);
    net_attach(&p->host);
}

void primary_own(struct primary *p, struct zone **zones, size_t count)
{
    p->zones = zones;
    p->zone_count = count;
    p->heralds = herald_new(p);
}

void primary_fail(struct primary *p, bool silent)
{
    pipe_lose_host(&p->host, silent);
    herald_lose(p);
    while (!LIST_EMPTY(&p->visits))
        primary_leave(LIST_FIRST(&p->visits));
}

void primary_fini(struct primary *p)
{
    primary_fail(p, true);
    herald_free(p);
    free(p->zones);
}
