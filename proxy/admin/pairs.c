/* Numbers instead of pointers: half the memory, of which there may be much. What changes a list
 * looks each place up anew. */
#include "admin/pairs.h"

#include <stdlib.h>
#include <string.h>

#define PAIRS_BUCKETS_LEAST 16

struct pairs *pairs_new(unsigned most)
{
    struct pairs *l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    l->most = most;
    l->buckets = most > PAIRS_BUCKETS_LEAST ? most : PAIRS_BUCKETS_LEAST;
    /* Untouched memory costs nothing. */
    l->pair = calloc((size_t)most + 1, sizeof *l->pair);
    l->zone = calloc((size_t)most + 1, sizeof *l->zone);
    l->pair_buckets = calloc(l->buckets, sizeof *l->pair_buckets);
    l->zone_buckets = calloc(l->buckets, sizeof *l->zone_buckets);
    if (l->pair && l->zone && l->pair_buckets && l->zone_buckets)
        return l;
    pairs_free(l);
    return NULL;
}

void pairs_free(struct pairs *l)
{
    if (!l)
        return;
    for (uint32_t i = 0; l->zone && i < l->zones; i++)
        free(l->zone[i].name);
    free(l->pair);
    free(l->zone);
    free(l->pair_buckets);
    free(l->zone_buckets);
    free(l);
}

static uint64_t pairs_mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

uint32_t pairs_hash_name(const struct dns_name *name)
{
    static const uint64_t small = UINT64_C(0x2020202020202020); /* as are letters with this bit */
    uint64_t hash = name->len, word;
    size_t at = 0;
    for (; at + sizeof word <= name->len; at += sizeof word) {
        memcpy(&word, name->octets + at, sizeof word);
        hash = pairs_mix(hash, word | small);
    }
    word = 0;
    memcpy(&word, name->octets + at, name->len - at);
    return (uint32_t)(pairs_mix(hash, word | small) >> 16);
}

/* The first is in lower case; so are lengths. */
static bool pairs_is_named(const struct pairs_zone *z, const struct dns_name *name)
{
    if (z->len != name->len)
        return false;
    if (memcmp(z->name, name->octets, name->len) == 0)
        return true;
    for (size_t i = 0; i < name->len; i++) {
        uint8_t octet = name->octets[i];
        if (z->name[i] != (octet >= 'A' && octet <= 'Z' ? octet | 0x20 : octet))
            return false;
    }
    return true;
}

static uint32_t *pairs_zone_bucket(const struct pairs *l, uint32_t hash, unsigned primary)
{
    return &l->zone_buckets[(uint32_t)(pairs_mix(hash, primary) >> 32) % l->buckets];
}

static uint32_t *pairs_pair_bucket(const struct pairs *l, unsigned secondary, uint32_t zone)
{
    return &l->pair_buckets[(uint32_t)(pairs_mix(zone, secondary) >> 32) % l->buckets];
}

static uint32_t pairs_find_zone(const struct pairs *l, const struct pairs_key *key)
{
    uint32_t at = *pairs_zone_bucket(l, key->hash, key->primary);
    while (at && (l->zone[at - 1].primary != key->primary || l->zone[at - 1].hash != key->hash ||
                  !pairs_is_named(&l->zone[at - 1], key->zone)))
        at = l->zone[at - 1].next;
    return at;
}

static uint32_t pairs_find_pair(const struct pairs *l, unsigned secondary, uint32_t zone)
{
    uint32_t at = *pairs_pair_bucket(l, secondary, zone);
    while (at && (l->pair[at - 1].secondary != secondary || l->pair[at - 1].zone != zone))
        at = l->pair[at - 1].next;
    return at;
}

static void pairs_drop_zone(struct pairs *l, uint32_t place)
{
    struct pairs_zone *z = &l->zone[place - 1];
    uint32_t *link = pairs_zone_bucket(l, z->hash, z->primary);
    while (*link != place)
        link = &l->zone[*link - 1].next;
    *link = z->next;
    free(z->name);
    *z = (struct pairs_zone){.next = l->free_zones};
    l->free_zones = place;
}

static void pairs_unlink(struct pairs *l, uint32_t place)
{
    const struct pair *p = &l->pair[place - 1];
    *(p->older ? &l->pair[p->older - 1].newer : &l->oldest) = p->newer;
    *(p->newer ? &l->pair[p->newer - 1].older : &l->newest) = p->older;
}

static void pairs_link(struct pairs *l, uint32_t place)
{
    struct pair *p = &l->pair[place - 1];
    p->older = l->newest;
    p->newer = 0;
    *(l->newest ? &l->pair[l->newest - 1].newer : &l->oldest) = place;
    l->newest = place;
}

static void pairs_join_zone(struct pairs *l, uint32_t place)
{
    struct pair *p = &l->pair[place - 1];
    struct pairs_zone *z = &l->zone[p->zone - 1];
    p->behind = z->pairs;
    if (z->pairs)
        l->pair[z->pairs - 1].before = place;
    z->pairs = place;
}

static void pairs_leave_zone(struct pairs *l, uint32_t place)
{
    const struct pair *p = &l->pair[place - 1];
    *(p->before ? &l->pair[p->before - 1].behind : &l->zone[p->zone - 1].pairs) = p->behind;
    if (p->behind)
        l->pair[p->behind - 1].before = p->before;
}

void pairs_drop(struct pairs *l, uint32_t place)
{
    struct pair *p = &l->pair[place - 1];
    uint32_t zone = p->zone;
    uint32_t *link = pairs_pair_bucket(l, p->secondary, zone);
    while (*link != place)
        link = &l->pair[*link - 1].next;
    *link = p->next;
    pairs_unlink(l, place);
    pairs_leave_zone(l, place);
    *p = (struct pair){.next = l->free_pairs};
    l->free_pairs = place;
    if (!l->zone[zone - 1].pairs)
        pairs_drop_zone(l, zone);
}

/* There are as many places for zones as for pairs, so one is free where a pair is. 0: no memory. */
static uint32_t pairs_add_zone(struct pairs *l, const struct pairs_key *key)
{
    struct dns_name lower = *key->zone;
    uint8_t *name = malloc(lower.len + 1u);
    if (!name)
        return 0;
    dns_name_lower(&lower);
    memcpy(name, lower.octets, lower.len);
    uint32_t place = l->free_zones;
    if (place)
        l->free_zones = l->zone[place - 1].next;
    else
        place = ++l->zones;
    uint32_t *bucket = pairs_zone_bucket(l, key->hash, key->primary);
    l->zone[place - 1] = (struct pairs_zone){.name = name,
                                             .len = (uint8_t)lower.len,
                                             .primary = key->primary,
                                             .hash = key->hash,
                                             .next = *bucket};
    *bucket = place;
    return place;
}

static uint32_t pairs_add_pair(struct pairs *l, unsigned secondary, uint32_t zone)
{
    uint32_t place = l->free_pairs;
    if (place)
        l->free_pairs = l->pair[place - 1].next;
    else
        place = ++l->pairs;
    uint32_t *bucket = pairs_pair_bucket(l, secondary, zone);
    l->pair[place - 1] = (struct pair){.zone = zone, .secondary = secondary, .next = *bucket};
    *bucket = place;
    pairs_join_zone(l, place);
    pairs_link(l, place);
    return place;
}

struct pairs_zone *pairs_zone_of(struct pairs *l, const struct pairs_key *key)
{
    uint32_t at = pairs_find_zone(l, key);
    return at ? &l->zone[at - 1] : NULL;
}

bool pairs_are_full(const struct pairs *l)
{
    return !l->free_pairs && l->pairs == l->most;
}

/* Its place, the youngest from now on; 0: there is none. */
static uint32_t pairs_renew(struct pairs *l, unsigned secondary, uint32_t zone)
{
    uint32_t place = zone ? pairs_find_pair(l, secondary, zone) : 0;
    if (place && place != l->newest) {
        pairs_unlink(l, place);
        pairs_link(l, place);
    }
    return place;
}

struct pair *pairs_find(struct pairs *l, const struct pairs_key *key)
{
    uint32_t place = pairs_renew(l, key->secondary, pairs_find_zone(l, key));
    return place ? &l->pair[place - 1] : NULL;
}

struct pair *pairs_touch(struct pairs *l, const struct pairs_key *key)
{
    uint32_t zone = pairs_find_zone(l, key);
    uint32_t place = pairs_renew(l, key->secondary, zone);
    if (place)
        return &l->pair[place - 1];
    if (l->most == 0)
        return NULL;
    if (pairs_are_full(l)) {
        pairs_drop(l, l->oldest);
        zone = pairs_find_zone(l, key);
    }
    if (!zone)
        zone = pairs_add_zone(l, key);
    return zone ? &l->pair[pairs_add_pair(l, key->secondary, zone) - 1] : NULL;
}
