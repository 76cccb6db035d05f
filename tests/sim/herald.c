/* Over UDP an answer is told by its port and ID; over TCP by its connection. */
#include "herald.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "dice.h"
#include "trace.h"

#define HERALD_PORTS 1024 /* NOTIFYs leave from here on */
#define HERALD_TRIES 5
#define HERALD_WAIT  4000 /* ms for an answer; twice as long each time */

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
    struct pipe_end *end; /* over TCP; NULL: no connection */
    struct paper *page;   /* owned: what goes over it; NULL: nothing yet */
};

static void herald_hang_up(struct herald *h)
{
    if (h->end)
        pipe_close(h->end);
    h->end = NULL;
}

static void on_connected(void *owner)
{
    struct herald *h = owner;
    frames_write(h->end, h->page->octets, h->page->len);
}

static void herald_answered(struct herald *h, unsigned rcode)
{
    trace_note("notify.answered", h->primary->host.place, h->zone->number, rcode);
    alarm_stop(&h->alarm);
    h->tries = HERALD_TRIES;
}

static void on_octets(void *owner, const uint8_t *octets, size_t len)
{
    struct herald *h = owner;
    /* Its header comes in one piece mostly; if it does not, it is told once more. */
    if (len >= 14 && paper_u16(octets + 2) == h->id) {
        if ((octets[5] & 15) != 2)
            herald_answered(h, octets[5] & 15);
        herald_hang_up(h);
    }
}

static void on_fin(void *owner)
{
    herald_hang_up(owner);
}

static void on_reset(void *owner)
{
    struct herald *h = owner;
    h->end = NULL;
}

static const struct pipe_events herald_events = {
    .on_connected = on_connected, .on_octets = on_octets, .on_fin = on_fin, .on_reset = on_reset};

static void herald_call(struct herald *h, const struct paper *page)
{
    struct primary *p = h->primary;
    struct address from = p->address;
    herald_hang_up(h);
    if (!h->page)
        h->page = malloc(sizeof *h->page);
    assert(h->page);
    memcpy(h->page->octets, page->octets, page->len);
    h->page->len = page->len;
    from.port = (uint16_t)dice_between(1024, 65535);
    h->end = pipe_connect(&p->host, &from, &p->targets[h->target], &herald_events, h);
}

static void herald_tell(struct herald *h)
{
    struct primary *p = h->primary;
    size_t index = (size_t)(h - p->heralds);
    static struct paper page;
    paper_begin(&page, h->id, 4 << 11 | 1 << 10);
    paper_question(&page, &h->zone->name, PAPER_SOA);
    truth_put_soa(&page, 1, h->zone, truth_newest(h->zone)->serial);
    seal_fini(&h->seal);
    h->seal = (struct seal){.key = p->key};
    if (p->key)
        page.len = seal_sign(&h->seal, net_seconds(&p->host), page.octets, page.len);
    if (p->manner.notifies_tcp)
        herald_call(h, &page);
    else
        primary_say(p, &p->targets[h->target], (uint16_t)(HERALD_PORTS + index % 60000),
                    page.octets, page.len);
    alarm_in(&h->alarm, (uint64_t)HERALD_WAIT << h->tries);
    h->tries++;
}

static void on_alarm(void *owner)
{
    struct herald *h = owner;
    /* The first may be silence, when all sleep; it wakes them. */
    TRACE_CHECK(h->tries < 2 || !check_is_quiet(h->since),
                "primary %u gets no answer to its NOTIFYs of %s", h->primary->host.place,
                h->zone->text);
    if (h->tries < HERALD_TRIES)
        herald_tell(h);
}

void herald_hear(struct primary *p, const struct datagram *d)
{
    size_t count = p->zone_count * p->target_count;
    for (size_t i = (size_t)(d->to.port - HERALD_PORTS); i < count; i += 60000) {
        struct herald *h = &p->heralds[i];
        if (d->len >= 12 && paper_u16(d->octets) == h->id && h->tries > 0 &&
            address_equal(&d->from, &p->targets[h->target]))
            herald_answered(h, d->octets[3] & 15);
    }
}

void primary_changed(struct primary *p, const struct zone *z)
{
    size_t first = (z->number - p->zones[0]->number) * p->target_count;
    for (size_t i = first; i < first + p->target_count && !p->silent; i++) {
        struct herald *h = &p->heralds[i];
        h->tries = 0;
        h->id = (uint16_t)dice_draw();
        h->since = clock_now();
        herald_tell(h);
    }
}

struct herald *herald_new(struct primary *p)
{
    size_t count = p->zone_count * p->target_count;
    struct herald *heralds = calloc(count + 1, sizeof *heralds);
    assert(heralds);
    for (size_t i = 0; i < count; i++) {
        struct herald *h = &heralds[i];
        h->primary = p;
        h->zone = p->zones[i / p->target_count];
        h->target = (unsigned)(i % p->target_count);
        h->alarm.on_time = on_alarm;
        h->alarm.owner = h;
    }
    return heralds;
}

void herald_lose(struct primary *p)
{
    for (size_t i = 0; p->heralds && i < p->zone_count * p->target_count; i++)
        p->heralds[i].end = NULL;
}

void herald_free(struct primary *p)
{
    for (size_t i = 0; p->heralds && i < p->zone_count * p->target_count; i++) {
        alarm_stop(&p->heralds[i].alarm);
        seal_fini(&p->heralds[i].seal);
        free(p->heralds[i].page);
    }
    free(p->heralds);
}
