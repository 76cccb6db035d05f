/* Every address is a leg, in the order in which they are to be tried; what is skipped at first is
 * no leg at all. In transparent mode there is one, between the two ends' own addresses. */
#include "exchange/route.h"

#include <assert.h>

/* P29: what can be forged on a plain leg goes over TCP. */
static enum relay_transport route_transport(const struct policy_verdict *v,
                                            enum peer_operation operation, const struct peer *peer)
{
    if (v->client.passed)
        return v->client.transport;
    if (operation == PEER_AXFR || peer->transport == PEER_TRANSPORT_TCP)
        return RELAY_TCP;
    bool guarded = operation != PEER_SOA && operation != PEER_NOTIFY;
    if (peer->transport == PEER_TRANSPORT_AUTO && guarded && !peer_is_signed(peer))
        return RELAY_TCP;
    return v->client.transport;
}

/* M3, M6: copies over UDP when no answer comes. What stands for one peer is its primary's to send
 * again, and an UPDATE that was written may have been done. */
static unsigned route_copies(const struct policy_verdict *v)
{
    return v->operation == PEER_UPDATE || v->operation == PEER_NOTIFY ? 1 : 2;
}

enum route_way route_way(const struct policy_verdict *v)
{
    bool unproven = v->client.transport == RELAY_UDP && !v->client.key && !v->client.passed;
    if (!unproven || v->operation == PEER_SOA || v->operation == PEER_NOTIFY)
        return ROUTE_AS_ASKED;
    for (size_t i = 0; i < v->server_count; i++)
        if (route_transport(v, v->operation, v->servers[i]) == RELAY_TCP)
            return v->operation == PEER_IXFR ? ROUTE_SOA : ROUTE_BACK;
    return ROUTE_AS_ASKED;
}

/* The first listen address of a family that names one host. */
static const struct address *route_listen(const struct peer *peer, enum address_family family)
{
    for (size_t i = 0; i < peer->listen.count; i++)
        if (peer->listen.items[i].family == family && !address_is_any(&peer->listen.items[i]))
            return &peer->listen.items[i];
    return NULL;
}

static struct address route_source(const struct policy_verdict *v, const struct peer *peer,
                                   enum address_family family)
{
    struct address none = {.family = ADDRESS_NONE};
    const struct address *source = peer_source(peer, family);
    /* A secondary expects a NOTIFY from the address that stands for its primary. */
    if (!source && v->operation == PEER_NOTIFY)
        source = route_listen(v->client.peer, family);
    if (!source)
        return none;
    struct address from = *source;
    from.port = 0;
    return from;
}

static size_t route_count(const struct policy_verdict *v)
{
    size_t count = 0;
    for (size_t i = 0; i < v->server_count; i++)
        count += v->servers[i]->address.count;
    return count;
}

struct route {
    struct relay *relay;
    const struct policy_verdict *verdict;
    enum peer_operation operation; /* what the servers are asked */
    struct address notifier;       /* where the zone's last NOTIFY came from; or ADDRESS_NONE */
    uint64_t now;
    struct leg *legs;
    unsigned count;
};

enum route_pass { ROUTE_NOTIFIER, ROUTE_GOOD, ROUTE_ANY };

static bool route_takes(const struct route *r, const struct address *to, enum route_pass pass)
{
    bool notifier = address_same_host(&r->notifier, to);
    bool bad = recent_address_is_bad(&r->relay->desk->memory->recent, to, r->now);
    switch (pass) {
    case ROUTE_NOTIFIER:
        return notifier && !bad;
    case ROUTE_GOOD:
        return !notifier && !bad;
    case ROUTE_ANY:
        break;
    }
    return true;
}

static void route_add(struct route *r, enum route_pass pass)
{
    for (size_t i = 0; i < r->verdict->server_count; i++) {
        const struct peer *peer = r->verdict->servers[i];
        for (size_t k = 0; k < peer->address.count; k++) {
            const struct address *to = &peer->address.items[k];
            if (!route_takes(r, to, pass))
                continue;
            r->legs[r->count++] = (struct leg){
                .peer = peer,
                .to = *to,
                .source = route_source(r->verdict, peer, to->family),
                .transport = route_transport(r->verdict, r->operation, peer),
                .copies = route_copies(r->verdict),
                /* A kept connection may be dead already, and an UPDATE is not tried twice. */
                .fresh = r->verdict->operation == PEER_UPDATE,
                .wake = LEG_NEVER,
                .expire = LEG_NEVER,
            };
        }
    }
}

/* Both ends keep their addresses: one leg, from the client's to the one it spoke to. */
static void route_add_transparent(struct route *r)
{
    const struct client *client = &r->verdict->client;
    const struct peer *server = r->verdict->servers[0];
    struct leg *leg = &r->legs[r->count++];
    *leg = (struct leg){
        .peer = server,
        .to = *peer_own_address(server, &client->to),
        .source = client->from,
        .transport = route_transport(r->verdict, r->operation, server),
        .copies = route_copies(r->verdict),
        .fresh = r->verdict->operation == PEER_UPDATE,
        .wake = r->now,
        .expire = LEG_NEVER,
    };
    leg->source.port = 0;
}

static uint64_t route_patience_ms(const struct relay *relay, const struct policy_verdict *v)
{
    const struct config_proxy *proxy = &relay->config->proxy;
    bool transfer = v->operation == PEER_AXFR || v->operation == PEER_IXFR;
    /* A zone may take its time to load; over UDP the client is gone by then. */
    bool patient = transfer && v->client.transport == RELAY_TCP;
    return 1000ull * (patient ? proxy->progress_timeout : proxy->answer_timeout);
}

int route_legs(struct relay *relay, const struct policy_verdict *verdict, struct relay_time now,
               struct legs *out)
{
    struct route r = {.relay = relay, .verdict = verdict, .now = now.ms};
    r.operation = route_way(verdict) == ROUTE_SOA ? PEER_SOA : verdict->operation;
    size_t count = route_count(verdict);
    assert(count > 0); /* a verdict to forward has a server, and each peer an address */
    r.legs = legs_new(count);
    if (!r.legs)
        return DNS_EMEMORY;
    if (verdict->client.transparent) {
        route_add_transparent(&r);
    } else if (verdict->operation == PEER_NOTIFY) {
        route_add(&r, ROUTE_ANY);
        for (unsigned i = 0; i < r.count; i++)
            r.legs[i].wake = now.ms;
    } else {
        r.notifier = recent_notifier(&relay->desk->memory->recent, &verdict->message.qname, now.ms);
        route_add(&r, ROUTE_NOTIFIER);
        route_add(&r, ROUTE_GOOD);
        if (r.count == 0)
            route_add(&r, ROUTE_ANY);
        r.legs[0].wake = now.ms;
    }
    out->items = r.legs;
    out->count = r.count;
    out->answer_ms = route_patience_ms(relay, verdict);
    legs_begin(out);
    return 0;
}
