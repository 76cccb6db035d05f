#include "config/index.h"

static int index_add_addresses(struct lookup *l, const struct peer *peer)
{
    int error = 0;
    for (size_t i = 0; i < peer->address.count && error == 0; i++) {
        struct lookup_key key = lookup_host(LOOKUP_ADDRESS, 0, &peer->address.items[i]);
        error = lookup_add(l, &key, peer->place);
    }
    for (size_t i = 0; i < peer->listen.count && error == 0; i++) {
        const struct address *listener = &peer->listen.items[i];
        struct lookup_key key =
            lookup_host(LOOKUP_LISTEN, index_listening(peer->role, listener->port), listener);
        error = lookup_add(l, &key, peer->place);
    }
    for (size_t i = 0; i < peer->from_count && error == 0; i++) {
        struct lookup_key key =
            lookup_host(LOOKUP_PREFIX, peer->from[i].length, &peer->from[i].address);
        error = lookup_add(l, &key, peer->place);
    }
    return error;
}

static int index_add_lengths(struct lookup *l, const struct config *config,
                             enum address_family family)
{
    bool used[ADDRESS_BITS_MAX + 1] = {false};
    struct lookup_key key = lookup_number(LOOKUP_LENGTHS, family);
    int error = 0;
    for (size_t i = 0; i < config->peer_count; i++)
        for (size_t k = 0; k < config->peers[i].from_count; k++)
            if (config->peers[i].from[k].address.family == family)
                used[config->peers[i].from[k].length] = true;
    for (size_t length = sizeof used; length-- > 0 && error == 0;)
        if (used[length])
            error = lookup_add(l, &key, length);
    return error;
}

static int index_add_every_zone(struct lookup *l, const struct peer *secondary)
{
    struct lookup_key key = lookup_number(LOOKUP_EVERY_ZONE, secondary->place);
    int error = lookup_add(l, &key, secondary->place);
    for (size_t i = 0; i < secondary->primary_count && error == 0; i++) {
        key = lookup_number(LOOKUP_EVERY_ZONE, secondary->primary[i]->place);
        error = lookup_add(l, &key, secondary->place);
    }
    return error;
}

static int index_add_zones(struct lookup *l, const struct peer *secondary)
{
    int error = 0;
    for (size_t i = 0; i < secondary->zone_count && error == 0; i++) {
        const struct zone_pattern *pattern = &secondary->zones[i];
        if (pattern->kind == ZONE_ALL) {
            error = index_add_every_zone(l, secondary);
            continue;
        }
        enum lookup_kind kind = pattern->kind == ZONE_EXACT ? LOOKUP_ZONE : LOOKUP_BELOW;
        struct lookup_key key = lookup_octets(kind, 0, pattern->octets, pattern->len);
        error = lookup_add(l, &key, secondary->place);
    }
    return error;
}

static int index_add_peer(struct lookup *l, const struct peer *peer)
{
    int error = index_add_addresses(l, peer);
    for (size_t i = 0; i < peer->keyring.count && error == 0; i++) {
        struct lookup_key key = lookup_name(LOOKUP_HOLDERS, 0, &peer->keyring.keys[i]->name);
        error = lookup_add(l, &key, peer->place);
    }
    return error == 0 ? index_add_zones(l, peer) : error;
}

static int index_fill(struct lookup *l, const struct config *config)
{
    int error = 0;
    for (size_t i = 0; i < config->peer_count && error == 0; i++)
        error = index_add_peer(l, &config->peers[i]);
    for (size_t i = 0; i < config->key_count && error == 0; i++) {
        const struct tsig_key *k = &config->keys[i];
        struct lookup_key key =
            lookup_name(LOOKUP_KEYS, index_algorithm(&k->algorithm_name), &k->name);
        error = lookup_add(l, &key, i);
    }
    if (error == 0)
        error = index_add_lengths(l, config, ADDRESS_IPV4);
    if (error == 0)
        error = index_add_lengths(l, config, ADDRESS_IPV6);
    return error == 0 ? lookup_finish(l) : error;
}

int config_index(struct config *config)
{
    lookup_free(config->lookup);
    config->lookup = lookup_new();
    if (!config->lookup)
        return DNS_EMEMORY;
    for (size_t i = 0; i < config->peer_count; i++) {
        config->peers[i].place = i;
        config->peers[i].lookup = config->lookup;
    }
    return index_fill(config->lookup, config);
}
