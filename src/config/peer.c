#include "config/peer.h"

#include <stdlib.h>
#include <string.h>

#include "config/holders.h"

bool address_list_has(const struct address_list *list, const struct address *a)
{
    for (size_t i = 0; i < list->count; i++)
        if (address_equal(&list->items[i], a))
            return true;
    return false;
}

void peer_fini(struct peer *peer)
{
    free(peer->address.items);
    free(peer->listen.items);
    free(peer->heard_at.items);
    free(peer->source.items);
    free(peer->from);
    free(peer->zones);
    free(peer->zone_octets);
    free(peer->keyring.keys);
    free(peer->primary);
}

struct dns_name zone_pattern_name(const struct zone_pattern *pattern)
{
    struct dns_name name = {.len = pattern->len};
    memcpy(name.octets, pattern->octets, pattern->len);
    return name;
}

bool peer_has_zone(const struct peer *secondary, const struct dns_name *zone)
{
    struct holders holders;
    holders_find(&holders, secondary->lookup, zone, false);
    return holders_have(&holders, secondary->place);
}

bool peer_lists_zone(const struct peer *secondary, const struct dns_name *zone)
{
    struct lookup_key key = lookup_name(LOOKUP_ZONE, 0, zone);
    struct lookup_list list = lookup_find(secondary->lookup, &key);
    return lookup_has(&list, secondary->place);
}

bool peer_has_primary(const struct peer *secondary, const struct peer *primary)
{
    for (size_t i = 0; i < secondary->primary_count; i++)
        if (secondary->primary[i] == primary)
            return true;
    return false;
}

const struct address *peer_own_address(const struct peer *peer, const struct address *a)
{
    for (size_t i = 0; i < peer->address.count; i++)
        if (address_equal(&peer->address.items[i], a))
            return &peer->address.items[i];
    for (size_t i = 0; i < peer->address.count; i++)
        if (address_same_host(&peer->address.items[i], a))
            return &peer->address.items[i];
    return NULL;
}

int peer_match(const struct peer *peer, const struct address *from)
{
    int longest = -1;
    if (peer_own_address(peer, from))
        return from->family == ADDRESS_IPV4 ? 32 : 128;
    for (size_t i = 0; i < peer->from_count; i++)
        if (prefix_contains(&peer->from[i], from) && peer->from[i].length > longest)
            longest = peer->from[i].length;
    return longest;
}

bool peer_listens(const struct peer *peer, const struct address *local)
{
    for (size_t i = 0; i < peer->listen.count; i++)
        if (address_covers(&peer->listen.items[i], local))
            return true;
    return false;
}

bool peer_is_heard_at(const struct peer *peer, const struct address *local)
{
    for (size_t i = 0; i < peer->heard_at.count; i++)
        if (address_same_host(&peer->heard_at.items[i], local))
            return true;
    return false;
}

const struct address *peer_source(const struct peer *peer, enum address_family family)
{
    for (size_t i = 0; i < peer->source.count; i++)
        if (peer->source.items[i].family == family)
            return &peer->source.items[i];
    return NULL;
}

bool peer_speaks(const struct peer *peer, enum address_family family)
{
    for (size_t i = 0; i < peer->address.count; i++)
        if (peer->address.items[i].family == family)
            return true;
    for (size_t i = 0; i < peer->from_count; i++)
        if (peer->from[i].address.family == family)
            return true;
    return false;
}
