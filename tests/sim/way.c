/* A UDP way is a port of its own, which hears its server alone; a TCP way is a connection, which
 * may rest with the session that used it, and parts from its primary before its place is free. */
#include "way.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "dice.h"
#include "flow.h"
#include "trace.h"

#define WAY_PARTING_MS 1000
#define WAY_KEPT_MAX   8

static void on_connected(void *owner)
{
    struct way *way = owner;
    flow_connected(way->flow, way->leg);
}

static void way_unkeep(struct way *way)
{
    LIST_REMOVE(way, kept_entry);
    way->kept = NULL;
}

static void on_message(void *owner, uint8_t *octets, size_t len)
{
    struct way *way = owner;
    if (way->flow)
        flow_answered(way->flow, way->leg, octets, len);
    else if (way->kept)
        way_close(way); /* nothing was asked */
}

static void on_handed(void *owner)
{
    struct way *way = owner;
    if (way->flow)
        flow_handed(way->flow);
}

static void way_drop(struct way *way);

static void on_end(void *owner)
{
    struct way *way = owner;
    trace_note("way.ends", way->in->host.place, way->local.port, way->to.octets[3]);
    if (way->flow)
        flow_lost(way->flow, way->leg);
    else if (way->kept)
        way_close(way);
    else
        way_drop(way);
}

static const struct tube_events way_tube_events = {.on_connected = on_connected,
                                                   .on_message = on_message,
                                                   .on_handed = on_handed,
                                                   .on_end = on_end};

static void on_alarm(void *owner)
{
    struct way *way = owner;
    if (way->over)
        free(way);
    else
        way_drop(way); /* it has parted long enough */
}

static struct way *way_find(struct instance *in, uint16_t port)
{
    struct way *way = LIST_FIRST(&in->ways[port % INSTANCE_WAYS]);
    while (way && way->local.port != port)
        way = LIST_NEXT(way, entry);
    return way;
}

static void way_open_udp(struct way *way)
{
    struct instance *in = way->in;
    do
        way->local.port = (uint16_t)dice_between(32768, 60999);
    while (way_find(in, way->local.port));
    LIST_INSERT_HEAD(&in->ways[way->local.port % INSTANCE_WAYS], way, entry);
}

static unsigned way_primary(const struct instance *in, const struct address *to)
{
    for (size_t i = 0; i < in->relay->config->peer_count; i++) {
        const struct peer *peer = &in->relay->config->peers[i];
        if (peer->role == PEER_PRIMARY && address_list_has(&peer->address, to))
            return peer->number + 1;
    }
    return 0;
}

/* M6: the connections that there are, whatever the slots say. */
static void way_count(struct way *way)
{
    struct instance *in = way->in;
    way->primary = way->slot ? way_primary(in, &way->to) : 0;
    if (way->primary == 0)
        return;
    const struct peer *peer = relay_peer(in->relay, way->primary - 1);
    unsigned open = ++in->open[way->primary - 1];
    TRACE_CHECK(open <= peer->connections, "%u connections to a primary that may have %u", open,
                peer->connections);
}

struct way *way_open(struct instance *in, const struct exchange_action *action)
{
    struct way *way = calloc(1, sizeof *way);
    assert(way);
    *way = (struct way){.in = in,
                        .transport = action->transport,
                        .to = action->to,
                        .source = action->source,
                        .local = action->source.family ? action->source : in->address,
                        .slot = action->slot};
    TRACE_CHECK(++in->way_count <= in->places, "%u sockets of %u", in->way_count, in->places);
    way->alarm.on_time = on_alarm;
    way->alarm.owner = way;
    if (action->transport == RELAY_UDP) {
        way_open_udp(way);
        return way;
    }
    way->local.port = (uint16_t)dice_between(1024, 65535);
    way->tube.events = &way_tube_events;
    way->tube.owner = way;
    LIST_INSERT_HEAD(&in->tcp_ways, way, entry);
    way_count(way);
    trace_note("way.opens", in->host.place, way->local.port, way->to.octets[3]);
    tube_connect(&way->tube, &in->host, &way->local, &way->to);
    return way;
}

void way_adopt(struct way *way, struct flow *flow, const struct exchange_action *action)
{
    way->flow = flow;
    way->leg = action->leg;
    way->slot = action->slot;
}

int way_send(struct way *way, const struct relay_packet *packet)
{
    static uint8_t octets[DNS_MESSAGE_MAX];
    if (way->transport == RELAY_TCP)
        return tube_send(&way->tube, packet);
    TRACE_CHECK(packet->len + packet->tail_len <= 4096, "a datagram of %zu octets to a server",
                packet->len + packet->tail_len);
    memcpy(octets, packet->octets, packet->len);
    if (packet->tail_len > 0)
        memcpy(octets + packet->len, packet->tail, packet->tail_len);
    net_send(&way->in->host, &(struct datagram){.from = way->local,
                                                .to = way->to,
                                                .octets = octets,
                                                .len = packet->len + packet->tail_len});
    return 0;
}

void way_pause(struct way *way)
{
    if (way->transport == RELAY_TCP)
        tube_pause(&way->tube);
}

void way_resume(struct way *way)
{
    if (way->transport == RELAY_TCP)
        tube_resume(&way->tube);
}

bool way_is_quiet(const struct way *way)
{
    return way->transport == RELAY_TCP && tube_is_quiet(&way->tube);
}

static void way_leave(struct way *way)
{
    shares_give(way->in->memory->shares, SHARES_SOCKETS, way->holder);
    slots_release(way->slot);
    way->slot = NULL;
    if (way->primary > 0)
        way->in->open[way->primary - 1]--;
    way->primary = 0;
    way->in->way_count--;
    way->flow = NULL;
    way->over = true;
    LIST_REMOVE(way, entry);
    alarm_in(&way->alarm, 0);
}

static void way_drop(struct way *way)
{
    tube_close(&way->tube, false);
    way_leave(way);
}

void way_close(struct way *way)
{
    if (way->kept)
        way_unkeep(way);
    if (way->transport == RELAY_UDP) {
        way_leave(way);
        return;
    }
    way->flow = NULL;
    if (!way->slot || !way_is_quiet(way) || !slots_part(way->slot)) {
        way_drop(way);
        return;
    }
    tube_fin(&way->tube);
    alarm_in(&way->alarm, WAY_PARTING_MS);
}

void way_take(struct instance *in, const struct datagram *d)
{
    struct way *way = way_find(in, d->to.port);
    uint8_t octets[4096];
    if (!way || d->len > sizeof octets || !way->flow || !address_equal(&way->to, &d->from))
        return;
    memcpy(octets, d->octets, d->len);
    flow_answered(way->flow, way->leg, octets, d->len);
}

/* Its place is wanted. */
static void on_wanted(void *owner)
{
    struct way *way = owner;
    if (way->kept && slots_is_wanted(way->slot))
        way_close(way);
}

bool way_keep(struct kept_ways *kept, struct session *session, struct way *way)
{
    const struct caller caller = {.wake = on_wanted, .owner = way, .bell = &way->in->desk->bell};
    const struct way *other;
    unsigned count = 0;
    LIST_FOREACH(other, kept, kept_entry)
    count++;
    enum slots_rest rest = way->slot ? slots_rest(way->slot, &caller) : SLOTS_IDLE;
    if (rest == SLOTS_WANTED || (rest == SLOTS_IDLE && count >= WAY_KEPT_MAX))
        return false;
    way->flow = NULL;
    way->kept = session;
    LIST_INSERT_HEAD(kept, way, kept_entry);
    way_resume(way);
    return true;
}

static bool way_fits(const struct way *way, const struct exchange_action *action)
{
    if (way->slot && action->slot)
        return slots_serve(way->slot, action->slot);
    return !way->slot && !action->slot && !action->fresh && address_equal(&way->to, &action->to) &&
           address_equal(&way->source, &action->source);
}

struct way *way_borrow(struct kept_ways *kept, const struct exchange_action *action)
{
    struct way *way, *next;
    for (way = LIST_FIRST(kept); way; way = next) {
        next = LIST_NEXT(way, kept_entry);
        if (!way_fits(way, action))
            continue;
        way_unkeep(way);
        way->slot = action->slot;
        if (way_is_quiet(way))
            return way;
        way->slot = NULL;
        way_close(way);
    }
    return NULL;
}

void way_close_kept(struct kept_ways *kept)
{
    while (!LIST_EMPTY(kept))
        way_close(LIST_FIRST(kept));
}

void way_lose_all(struct instance *in)
{
    struct way *way;
    while ((way = LIST_FIRST(&in->tcp_ways)))
        way_drop(way);
    for (unsigned i = 0; i < INSTANCE_WAYS; i++)
        while ((way = LIST_FIRST(&in->ways[i])))
            way_close(way);
}
