/* Peers are found by the address, the listener, the zone or the key, never one by one; who fits of
 * those found is a number that grows with each rule that is met, and the first in the file of the
 * highest is the one. */
#include "relay/who.h"

#include "config/holders.h"
#include "config/index.h"

#define WHO_FEW 2 /* peers with a key, whose addresses are compared rather than looked up */

static bool who_asks_within(enum peer_operation operation)
{
    return operation == PEER_QUERY || operation == PEER_SOA;
}

/* Those that have an address, in file order. Where zone indices are known they may not be meant. */
static struct lookup_list who_has_address(const struct config *config, const struct address *a)
{
    if (a->family == ADDRESS_NONE)
        return (struct lookup_list){0};
    struct lookup_key key = lookup_host(LOOKUP_ADDRESS, 0, a);
    return lookup_find(config->lookup, &key);
}

/* Peers that an address fits, list by list: the longest match first. */
struct who_near {
    unsigned count;
    size_t peers; /* in all lists */
    struct who_near_list {
        struct lookup_list list; /* in file order */
        int bits;
        bool exact; /* by address, not by a prefix */
    } lists[ADDRESS_BITS_MAX + 2];
};

static void who_add_near(struct who_near *near, struct lookup_list list, int bits, bool exact)
{
    if (list.count == 0)
        return;
    near->lists[near->count++] = (struct who_near_list){list, bits, exact};
    near->peers += list.count;
}

static void who_find_near(struct who_near *near, const struct config *config,
                          const struct address *from)
{
    struct lookup_key in_use = lookup_number(LOOKUP_LENGTHS, from->family);
    struct lookup_list lengths = lookup_find(config->lookup, &in_use);
    near->count = 0;
    near->peers = 0;
    who_add_near(near, who_has_address(config, from), from->family == ADDRESS_IPV4 ? 32 : 128,
                 true);
    for (size_t i = 0; i < lengths.count; i++) {
        struct address network = address_network(from, lengths.places[i]);
        struct lookup_key key = lookup_host(LOOKUP_PREFIX, lengths.places[i], &network);
        who_add_near(near, lookup_find(config->lookup, &key), (int)lengths.places[i], false);
    }
}

/* A zone index on both sides can tell one host from another. */
static bool who_is_near(const struct who_near_list *list, const struct peer *peer,
                        const struct address *from)
{
    return !list->exact || from->scope == 0 || peer_own_address(peer, from);
}

static void who_add_host(struct who_host *host, const struct peer *peer)
{
    bool first = !host->peer, is_signed = peer_is_signed(peer);
    if (first || (host->is_signed && !is_signed))
        host->peer = peer;
    host->is_signed = is_signed && (first || host->is_signed);
    host->updates |= peer->role == PEER_SECONDARY && (peer->allow & PEER_UPDATE);
}

struct who_host who_is_at(const struct config *config, const struct address *from)
{
    struct who_host host = {0};
    struct who_near near;
    who_find_near(&near, config, from);
    for (unsigned i = 0; i < near.count; i++) {
        const struct who_near_list *list = &near.lists[i];
        for (size_t k = 0; k < list->list.count; k++)
            if (who_is_near(list, &config->peers[list->list.places[k]], from))
                who_add_host(&host, &config->peers[list->list.places[k]]);
    }
    return host;
}

static bool who_is_mapped(const struct peer *a, const struct peer *b)
{
    return a->role == PEER_SECONDARY ? peer_has_primary(a, b) : peer_has_primary(b, a);
}

/* The first in the file with this very listener. */
static const struct peer *who_listens_at(const struct who_question *q, enum peer_role role,
                                         const struct address *listener)
{
    struct lookup_key key =
        lookup_host(LOOKUP_LISTEN, index_listening(role, listener->port), listener);
    struct lookup_list list = lookup_find(q->config->lookup, &key);
    for (size_t i = 0; i < list.count; i++)
        if (peer_listens(&q->config->peers[list.places[i]], q->to))
            return &q->config->peers[list.places[i]];
    return NULL;
}

static const struct peer *who_listens(const struct who_question *q, enum peer_role role)
{
    if (q->to->family == ADDRESS_NONE)
        return NULL;
    struct address any = {.family = q->to->family, .port = q->to->port};
    const struct peer *here = who_listens_at(q, role, q->to);
    const struct peer *anywhere = who_listens_at(q, role, &any);
    return !here || (anywhere && anywhere < here) ? anywhere : here;
}

/* One search for the client. */
struct who_search {
    const struct who_question *q;
    struct who *who;
    enum peer_role asks;
    struct holders holders; /* secondaries that have the zone */
    bool primary_place;     /* secondaries ask for a primary where the request came to */
    bool key;               /* a peer that holds its key may fit */
    int best;
};

/* Is there a secondary for this primary's NOTIFY? */
static bool who_notifies(const struct who_search *s, const struct peer *primary)
{
    struct lookup_key every = lookup_number(LOOKUP_EVERY_ZONE, primary->place);
    if (lookup_find(s->holders.lookup, &every).count > 0)
        return true;
    for (unsigned i = 0; i < s->holders.count; i++)
        for (size_t k = 0; k < s->holders.lists[i].count; k++)
            if (peer_has_primary(&s->q->config->peers[s->holders.lists[i].places[k]], primary))
                return true;
    return false;
}

/* M1: what has no key can be forged from wherever its address can, so it is heard where it is said
 * to be, or else not where secondaries ask for a primary. */
static bool who_is_heard(const struct who_search *s, const struct peer *peer)
{
    if (peer_is_signed(peer))
        return true;
    if (peer->heard_at.count > 0)
        return peer_is_heard_at(peer, s->q->to);
    return peer->role == PEER_SECONDARY || !s->primary_place;
}

/* Each rule outweighs all that follow it. */
static int who_fitness(bool key, bool reached, int bits, bool zone)
{
    return (key << 10) + (reached << 9) + (bits << 1) + zone;
}

/* What nobody whose match is no longer can better. */
static bool who_is_best(const struct who_search *s, int bits)
{
    return s->best == who_fitness(s->key, s->who->server, bits, true);
}

static void who_weigh(struct who_search *s, const struct peer *peer, int bits)
{
    const struct who_question *q = s->q;
    if (peer->role != s->asks)
        return;
    if (!who_is_heard(s, peer)) {
        s->who->unheard = true;
        return;
    }
    bool key = s->key && tsig_keyring_by_name(&peer->keyring, q->key_name);
    bool reached = s->who->server && who_is_mapped(peer, s->who->server);
    /* The zone can only decide between those that are equal in all else. */
    if (who_fitness(key, reached, bits, true) < s->best)
        return;
    bool zone = peer->role == PEER_SECONDARY ? holders_have(&s->holders, peer->place)
                                             : who_notifies(s, peer);
    int fitness = who_fitness(key, reached, bits, zone);
    if (fitness < s->best || (fitness == s->best && peer > s->who->client))
        return;
    s->best = fitness;
    s->who->client = peer;
    s->who->has_zone = zone;
}

static void who_weigh_holders(struct who_search *s, const struct lookup_list *holders)
{
    for (size_t i = 0; i < holders->count; i++) {
        const struct peer *peer = &s->q->config->peers[holders->places[i]];
        int bits = peer_match(peer, s->q->from);
        if (bits >= 0)
            who_weigh(s, peer, bits);
    }
}

static void who_weigh_near(struct who_search *s, const struct who_near *near)
{
    for (unsigned i = 0; i < near->count; i++) {
        const struct who_near_list *list = &near->lists[i];
        /* Of one with an address and one with a prefix of all bits, the first in the file is it. */
        if (who_is_best(s, list->bits) && (i == 0 || near->lists[i - 1].bits > list->bits))
            return;
        for (size_t k = 0; k < list->list.count; k++) {
            const struct peer *peer = &s->q->config->peers[list->list.places[k]];
            if (who_is_best(s, list->bits) && peer > s->who->client)
                break;
            if (who_is_near(list, peer, s->q->from))
                who_weigh(s, peer, list->bits);
        }
    }
}

/* A key's holders come before all others, and are mostly few, so that nothing else need be looked
 * up; but all may have one key. */
static void who_find_client(struct who_search *s)
{
    struct lookup_list holders = {0};
    if (s->q->key_name) {
        struct lookup_key key = lookup_name(LOOKUP_HOLDERS, 0, s->q->key_name);
        holders = lookup_find(s->q->config->lookup, &key);
    }
    if (holders.count <= WHO_FEW)
        who_weigh_holders(s, &holders);
    if (s->who->client)
        return;
    struct who_near near;
    who_find_near(&near, s->q->config, s->q->from);
    s->key = holders.count > near.peers;
    if (holders.count > WHO_FEW && !s->key)
        who_weigh_holders(s, &holders);
    if (!s->who->client)
        who_weigh_near(s, &near);
}

/* Of several with that address the one whose port was asked, and that has the zone. */
static const struct peer *who_owns(const struct who_search *s, enum peer_role role)
{
    struct lookup_list list = who_has_address(s->q->config, s->q->to);
    const struct peer *owner = NULL;
    int best = -1;
    for (size_t i = 0; i < list.count && best < 3; i++) {
        const struct peer *peer = &s->q->config->peers[list.places[i]];
        const struct address *own = peer->role == role ? peer_own_address(peer, s->q->to) : NULL;
        if (!own)
            continue;
        bool zone = role == PEER_PRIMARY || holders_have(&s->holders, peer->place);
        int fitness = (address_equal(own, s->q->to) << 1) + zone;
        if (fitness > best) {
            best = fitness;
            owner = peer;
        }
    }
    return owner;
}

struct who who_find(const struct who_question *q)
{
    bool notify = q->operation == PEER_NOTIFY;
    enum peer_role answers = notify ? PEER_SECONDARY : PEER_PRIMARY;
    struct who who = {.server = who_listens(q, answers)};
    struct who_search s = {
        .q = q, .who = &who, .asks = notify ? PEER_PRIMARY : PEER_SECONDARY, .best = -1};
    holders_find(&s.holders, q->config->lookup, q->zone, who_asks_within(q->operation));
    s.primary_place = notify ? who_listens(q, PEER_PRIMARY) : who.server;
    if (!who.server && q->config->proxy.transparent) {
        who.server = who_owns(&s, answers);
        who.transparent = who.server;
    }
    who_find_client(&s);
    return who;
}

static const struct peer *who_is_primary_of(const struct who_question *q,
                                            const struct peer *secondary)
{
    for (size_t i = 0; i < secondary->primary_count; i++)
        if (peer_match(secondary->primary[i], q->from) >= 0)
            return secondary->primary[i];
    return NULL;
}

struct who who_passes_by(const struct who_question *q)
{
    struct who nobody = {0};
    if (!q->config->proxy.transparent || q->key_name || !who_asks_within(q->operation))
        return nobody;
    struct lookup_list list = who_has_address(q->config, q->to);
    for (size_t i = 0; i < list.count; i++) {
        const struct peer *secondary = &q->config->peers[list.places[i]];
        const struct peer *primary = NULL;
        if (secondary->role == PEER_SECONDARY && secondary->other == PEER_PASS &&
            peer_own_address(secondary, q->to))
            primary = who_is_primary_of(q, secondary);
        if (primary)
            return (struct who){.client = primary, .server = secondary, .transparent = true};
    }
    return nobody;
}

size_t who_is_notified(const struct config *config, const struct peer *primary,
                       const struct dns_name *zone, const struct peer **out)
{
    struct holders holders;
    size_t place, count = 0;
    holders_find(&holders, config->lookup, zone, false);
    holders_add_every(&holders, primary->place);
    while (holders_next(&holders, &place)) {
        const struct peer *peer = &config->peers[place];
        if (!peer->notify || !(peer->allow & PEER_NOTIFY) || !peer_has_primary(peer, primary))
            continue;
        if (out)
            out[count] = peer;
        count++;
    }
    return count;
}

bool who_declines(const struct config *config, const struct peer *primary,
                  const struct dns_name *zone, const struct peer *named)
{
    for (size_t i = 0; i < config->peer_count; i++) {
        const struct peer *peer = &config->peers[i];
        if (peer->role == PEER_SECONDARY && !peer->notify && (!named || peer == named) &&
            peer_has_primary(peer, primary) && peer_has_zone(peer, zone))
            return true;
    }
    return false;
}
