#include "walk.h"

#include <string.h>

static bool pattern_matches(const struct zone_pattern *pattern, const struct dns_name *zone)
{
    if (pattern->kind == ZONE_ALL)
        return true;
    struct dns_name name = zone_pattern_name(pattern);
    return pattern->kind == ZONE_EXACT ? dns_name_equal(zone, &name) : dns_name_below(zone, &name);
}

static bool has_this_zone(const struct peer *secondary, const struct dns_name *zone)
{
    for (size_t i = 0; i < secondary->zone_count; i++)
        if (pattern_matches(&secondary->zones[i], zone))
            return true;
    return false;
}

static bool walk_has_zone(const struct peer *secondary, const struct dns_name *name,
                          enum peer_operation operation)
{
    if (operation != PEER_QUERY && operation != PEER_SOA)
        return has_this_zone(secondary, name);
    struct dns_name rest = *name;
    for (;;) {
        if (has_this_zone(secondary, &rest))
            return true;
        size_t label = (size_t)rest.octets[0] + 1;
        if (label == 1)
            return false;
        rest.len = (uint8_t)(rest.len - label);
        memmove(rest.octets, rest.octets + label, rest.len);
    }
}

bool walk_knows(const struct config *config, const struct address *from)
{
    for (size_t i = 0; i < config->peer_count; i++)
        if (peer_match(&config->peers[i], from) >= 0)
            return true;
    return false;
}

static bool walk_is_mapped(const struct peer *a, const struct peer *b)
{
    return a->role == PEER_SECONDARY ? peer_has_primary(a, b) : peer_has_primary(b, a);
}

/* Is there a secondary for this primary's NOTIFY? */
static bool walk_notifies(const struct who_question *q, const struct peer *primary)
{
    for (size_t i = 0; i < q->config->peer_count; i++) {
        const struct peer *peer = &q->config->peers[i];
        if (peer->role == PEER_SECONDARY && peer_has_primary(peer, primary) &&
            has_this_zone(peer, q->zone))
            return true;
    }
    return false;
}

static const struct peer *walk_listens(const struct who_question *q, enum peer_role role)
{
    for (size_t i = 0; i < q->config->peer_count; i++)
        if (q->config->peers[i].role == role && peer_listens(&q->config->peers[i], q->to))
            return &q->config->peers[i];
    return NULL;
}

/* M1: what has no key can be forged from wherever its address can, so it is heard where it is said
 * to be, or else not where secondaries ask for a primary. */
static bool walk_is_heard(const struct who_question *q, const struct peer *peer)
{
    if (peer_is_signed(peer))
        return true;
    if (peer->heard_at.count > 0)
        return peer_is_heard_at(peer, q->to);
    return peer->role == PEER_SECONDARY || !walk_listens(q, PEER_PRIMARY);
}

/* Each rule outweighs all that follow it. */
static int walk_fitness(const struct who_question *q, const struct who *who,
                        const struct peer *peer, bool zone)
{
    int bits = peer_match(peer, q->from);
    if (bits < 0)
        return -1;
    bool holds_key = q->key_name && tsig_keyring_by_name(&peer->keyring, q->key_name);
    bool reached = who->server && walk_is_mapped(peer, who->server);
    return (holds_key << 10) + (reached << 9) + (bits << 1) + zone;
}

/* Of several with that address the one whose port was asked, and that has the zone. */
static const struct peer *walk_owns(const struct who_question *q, enum peer_role role)
{
    const struct peer *owner = NULL;
    int best = -1;
    for (size_t i = 0; i < q->config->peer_count; i++) {
        const struct peer *peer = &q->config->peers[i];
        const struct address *own = peer->role == role ? peer_own_address(peer, q->to) : NULL;
        if (!own)
            continue;
        bool zone = role == PEER_PRIMARY || walk_has_zone(peer, q->zone, q->operation);
        int fitness = (address_equal(own, q->to) << 1) + zone;
        if (fitness > best) {
            best = fitness;
            owner = peer;
        }
    }
    return owner;
}

struct who walk_find(const struct who_question *q)
{
    bool notify = q->operation == PEER_NOTIFY;
    enum peer_role asks = notify ? PEER_PRIMARY : PEER_SECONDARY;
    enum peer_role answers = notify ? PEER_SECONDARY : PEER_PRIMARY;
    struct who who = {.server = walk_listens(q, answers)};
    int best = -1;
    if (!who.server && q->config->proxy.transparent) {
        who.server = walk_owns(q, answers);
        who.transparent = who.server;
    }
    for (size_t i = 0; i < q->config->peer_count; i++) {
        const struct peer *peer = &q->config->peers[i];
        bool zone = peer->role == PEER_SECONDARY ? walk_has_zone(peer, q->zone, q->operation)
                                                 : walk_notifies(q, peer);
        int fitness = peer->role == asks ? walk_fitness(q, &who, peer, zone) : -1;
        if (fitness >= 0 && !walk_is_heard(q, peer)) {
            who.unheard = true;
            continue;
        }
        if (fitness > best) {
            best = fitness;
            who.client = peer;
            who.has_zone = zone;
        }
    }
    return who;
}

static const struct peer *walk_is_primary_of(const struct who_question *q,
                                             const struct peer *secondary)
{
    for (size_t i = 0; i < secondary->primary_count; i++)
        if (peer_match(secondary->primary[i], q->from) >= 0)
            return secondary->primary[i];
    return NULL;
}

struct who walk_passes_by(const struct who_question *q)
{
    struct who nobody = {0};
    bool ordinary = q->operation == PEER_QUERY || q->operation == PEER_SOA;
    if (!q->config->proxy.transparent || q->key_name || !ordinary)
        return nobody;
    for (size_t i = 0; i < q->config->peer_count; i++) {
        const struct peer *secondary = &q->config->peers[i];
        const struct peer *primary = NULL;
        if (secondary->role == PEER_SECONDARY && secondary->other == PEER_PASS &&
            peer_own_address(secondary, q->to))
            primary = walk_is_primary_of(q, secondary);
        if (primary)
            return (struct who){.client = primary, .server = secondary, .transparent = true};
    }
    return nobody;
}

size_t walk_is_notified(const struct config *config, const struct peer *primary,
                        const struct dns_name *zone, const struct peer **out)
{
    size_t count = 0;
    for (size_t i = 0; i < config->peer_count; i++) {
        const struct peer *peer = &config->peers[i];
        if (peer->role != PEER_SECONDARY || !peer->notify || !(peer->allow & PEER_NOTIFY) ||
            !peer_has_primary(peer, primary) || !has_this_zone(peer, zone))
            continue;
        if (out)
            out[count] = peer;
        count++;
    }
    return count;
}
