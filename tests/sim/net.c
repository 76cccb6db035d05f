/* A datagram is an alarm that rings where it arrives, once, twice or never. */
#include "net.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "dice.h"
#include "trace.h"

struct net_flight {
    struct alarm alarm;
    struct host *host; /* who sent it */
    struct datagram datagram;
    LIST_ENTRY(net_flight) entry;
    uint8_t octets[];
};

static struct {
    struct host **at[NET_ROLES]; /* owned */
    unsigned room[NET_ROLES];
    LIST_HEAD(net_flights, net_flight) flights;
    void (*tap)(const struct datagram *d);
} net;

void net_begin(void)
{
    LIST_INIT(&net.flights);
    net.tap = NULL;
}

static void net_forget(struct net_flight *f)
{
    alarm_stop(&f->alarm);
    LIST_REMOVE(f, entry);
    free(f);
}

void net_end(void)
{
    while (!LIST_EMPTY(&net.flights))
        net_forget(LIST_FIRST(&net.flights));
    for (unsigned i = 0; i < NET_ROLES; i++) {
        free(net.at[i]);
        net.at[i] = NULL;
        net.room[i] = 0;
    }
}

void net_set_tap(void (*tap)(const struct datagram *d))
{
    net.tap = tap;
}

struct address net_address(enum net_role role, unsigned number, uint16_t port)
{
    const uint8_t octets[] = {10, (uint8_t)role, (uint8_t)(number >> 8), (uint8_t)number};
    return address_from_octets(ADDRESS_IPV4, octets, port);
}

static unsigned net_number(const struct address *a)
{
    return (unsigned)a->octets[2] << 8 | a->octets[3];
}

void net_claim(const struct address *address, struct host *host)
{
    unsigned role = address->octets[1], number = net_number(address);
    assert(role < NET_ROLES);
    if (number >= net.room[role]) {
        unsigned room = number + 1 > 2 * net.room[role] ? number + 1 : 2 * net.room[role];
        net.at[role] = realloc(net.at[role], room * sizeof(struct host *));
        assert(net.at[role]);
        memset(net.at[role] + net.room[role], 0, (room - net.room[role]) * sizeof(struct host *));
        net.room[role] = room;
    }
    net.at[role][number] = host;
}

struct host *net_find(const struct address *address)
{
    unsigned role = address->octets[1], number = net_number(address);
    bool known = address->octets[0] == 10 && role < NET_ROLES && number < net.room[role];
    return known ? net.at[role][number] : NULL;
}

void net_attach(struct host *host)
{
    host->up = true;
    host->side = ~0u;
    LIST_INIT(&host->ends);
    net_claim(&host->address, host);
}

uint64_t net_seconds(const struct host *host)
{
    int64_t now = (int64_t)clock_now();
    int64_t ms = now + now * host->drift / 1000000 + host->skew;
    return (uint64_t)(NET_SECONDS + ms / 1000);
}

bool net_owns(const struct host *host, const struct address *a)
{
    return a->octets[1] != NET_MOVING || net_find(a) == host;
}

bool net_reaches(const struct host *a, const struct host *b)
{
    return a && b && a->up && b->up && (a->side & b->side);
}

uint64_t net_delay(const struct host *a, const struct host *b)
{
    unsigned delay = a->weather.delay + (b ? b->weather.delay : 0);
    unsigned spread = a->weather.spread + (b ? b->weather.spread : 0);
    return delay + dice_below(spread + 1);
}

static void on_arrival(void *owner)
{
    struct net_flight *f = owner;
    struct host *to = net_find(&f->datagram.to);
    if (net_reaches(f->host, to)) {
        tally.messages++;
        trace_octets(f->octets, f->datagram.len);
        trace_note("datagram", f->host->place, to->place, f->datagram.len);
        to->events->on_datagram(to->owner, &f->datagram);
    }
    net_forget(f);
}

static void net_fly(struct host *host, const struct host *to, const struct datagram *d,
                    bool corrupt)
{
    struct net_flight *f = calloc(1, sizeof *f + d->len);
    assert(f);
    f->alarm.on_time = on_arrival;
    f->alarm.owner = f;
    f->host = host;
    f->datagram = *d;
    f->datagram.octets = f->octets;
    memcpy(f->octets, d->octets, d->len);
    /* Behind the ID, which no MAC covers, and never the case of a letter, which names of keys do
     * not have. */
    if (corrupt && d->len > 2) {
        f->octets[dice_between(2, d->len - 1)] ^= (uint8_t)(1u << dice_below(5));
        f->datagram.tainted = true;
    }
    LIST_INSERT_HEAD(&net.flights, f, entry);
    alarm_in(&f->alarm, net_delay(host, to));
}

static bool net_befalls(unsigned a, unsigned b)
{
    bool befalls = dice_chance(a + b);
    tally.faults += befalls;
    return befalls;
}

void net_send(struct host *host, const struct datagram *d)
{
    const struct host *to = net_find(&d->to);
    if (net.tap && !d->tainted)
        net.tap(d);
    if (!host->up || !to ||
        (!d->tainted && d->from.octets[1] == NET_MOVING && !net_owns(host, &d->from)))
        return;
    const struct weather *a = &host->weather, *b = &to->weather;
    if (!net_befalls(a->loss, b->loss))
        net_fly(host, to, d, net_befalls(a->corrupt, b->corrupt));
    if (net_befalls(a->twice, b->twice))
        net_fly(host, to, d, false);
}
