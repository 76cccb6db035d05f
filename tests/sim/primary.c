/* The host's side of it: what comes and goes. What it answers is made in answer.c. */
#include "primary.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "check.h"
#include "dice.h"
#include "trace.h"

#define PRIMARY_PORTS 1024 /* NOTIFYs leave from here on */
#define PRIMARY_TRIES 5
#define PRIMARY_WAIT  4000 /* ms for an answer to a NOTIFY; twice as long each time */

/* One zone's NOTIFY to one target. */
struct herald {
    struct primary *primary;
    const struct zone *zone;
    unsigned target;
    unsigned tries;
    uint16_t id;
    uint64_t since; /* ms */
    struct seal seal;
    struct alarm alarm;
};

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

static void primary_say(struct primary *p, const struct address *to, uint16_t port,
                        const uint8_t *octets, size_t len)
{
    struct datagram d = {.from = p->address, .to = *to, .octets = octets, .len = len};
    d.from.port = port;
    net_send(&p->host, &d);
}

static void primary_tell(struct herald *h)
{
    struct primary *p = h->primary;
    size_t index = (size_t)(h - p->heralds);
    static struct paper note;
    paper_begin(&note, h->id, 4 << 11 | 1 << 10);
    paper_question(&note, &h->zone->name, PAPER_SOA);
    truth_put_soa(&note, 1, h->zone, truth_newest(h->zone)->serial);
    seal_fini(&h->seal);
    h->seal = (struct seal){.key = p->key};
    if (p->key)
        note.len = seal_sign(&h->seal, net_seconds(&p->host), note.octets, note.len);
    primary_say(p, &p->targets[h->target], (uint16_t)(PRIMARY_PORTS + index % 60000), note.octets,
                note.len);
    alarm_in(&h->alarm, (uint64_t)PRIMARY_WAIT << h->tries);
    h->tries++;
}

static void on_herald(void *owner)
{
    struct herald *h = owner;
    /* The first may be silence, when all sleep; it wakes them. */
    TRACE_CHECK(h->tries < 2 || !check_is_quiet(h->since),
                "primary %u gets no answer to its NOTIFYs of %s", h->primary->host.place,
                h->zone->text);
    if (h->tries < PRIMARY_TRIES)
        primary_tell(h);
}

static void primary_heard(struct primary *p, const struct datagram *d)
{
    size_t count = p->zone_count * p->target_count;
    for (size_t i = (size_t)(d->to.port - PRIMARY_PORTS); i < count; i += 60000) {
        struct herald *h = &p->heralds[i];
        bool fits = d->len >= 12 && paper_u16(d->octets) == h->id && h->tries > 0 &&
                    address_equal(&d->from, &p->targets[h->target]);
        if (!fits)
            continue;
        trace_note("notify.answered", p->host.place, h->zone->number, d->octets[3] & 15);
        alarm_stop(&h->alarm);
    }
}

static void on_datagram(void *owner, const struct datagram *d)
{
    struct primary *p = owner;
    struct answer a;
    uint8_t octets[1500];
    if (d->to.port != 53) {
        primary_heard(p, d);
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
    p->heralds = calloc(count * p->target_count + 1, sizeof *p->heralds);
    assert(p->heralds);
    for (size_t i = 0; i < count * p->target_count; i++) {
        struct herald *h = &p->heralds[i];
        h->primary = p;
        h->zone = zones[i / p->target_count];
        h->target = (unsigned)(i % p->target_count);
        h->alarm.on_time = on_herald;
        h->alarm.owner = h;
    }
}

void primary_changed(struct primary *p, const struct zone *z)
{
    for (size_t i = 0; i < p->zone_count && !p->silent; i++) {
        if (p->zones[i] != z)
            continue;
        for (size_t t = 0; t < p->target_count; t++) {
            struct herald *h = &p->heralds[i * p->target_count + t];
            h->tries = 0;
            h->id = (uint16_t)dice_draw();
            h->since = clock_now();
            primary_tell(h);
        }
    }
}

void primary_fail(struct primary *p, bool silent)
{
    pipe_lose_host(&p->host, silent);
    while (!LIST_EMPTY(&p->visits))
        primary_leave(LIST_FIRST(&p->visits));
}

void primary_fini(struct primary *p)
{
    primary_fail(p, true);
    for (size_t i = 0; p->heralds && i < p->zone_count * p->target_count; i++) {
        alarm_stop(&p->heralds[i].alarm);
        seal_fini(&p->heralds[i].seal);
    }
    free(p->heralds);
    free(p->zones);
}
