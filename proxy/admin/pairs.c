/* Numbers instead of pointers: half the memory, of which there may be much. What changes a list
 * looks each place up anew. */
#include "admin/pairs.h"

#include <stdlib.h>
#include <string.h>

#define PAIRS_BUCKETS_LEAST 16

struct pairs *pairs_new(unsigned pairs)
{
    struct pairs *l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    l->most = pairs;
    l->buckets = pairs > PAIRS_BUCKETS_LEAST ? pairs : PAIRS_BUCKETS_LEAST;
    /* Untouched memory costs nothing. */
    l->pair = calloc((size_t)pairs + 1, sizeof *l->pair);
    l->zone = calloc((size_t)pairs + 1, sizeof *l->zone);
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

/* FNV-1a. */
static uint32_t pairs_hash(const uint8_t *octets, size_t len, uint32_t number)
{
    uint32_t hash = 2166136261u ^ number;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ octets[i]) * 16777619u;
    return (hash ^ number * 2654435761u) * 16777619u;
}

static uint32_t *pairs_zone_bucket(const struct pairs *l, const uint8_t *name, size_t len,
                                   unsigned primary)
{
    return &l->zone_buckets[pairs_hash(name, len, primary) % l->buckets];
}

static uint32_t *pairs_pair_bucket(const struct pairs *l, unsigned secondary, uint32_t zone)
{
    return &l->pair_buckets[pairs_hash((const uint8_t *)&zone, sizeof zone, secondary) %
                            l->buckets];
}

static uint32_t pairs_find_zone(const struct pairs *l, const struct dns_name *lower,
                                unsigned primary)
{
    uint32_t at = *pairs_zone_bucket(l, lower->octets, lower->len, primary);
    while (at && (l->zone[at - 1].primary != primary || l->zone[at - 1].len != lower->len ||
                  memcmp(l->zone[at - 1].name, lower->octets, lower->len) != 0))
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
    uint32_t *link = pairs_zone_bucket(l, z->name, z->len, z->primary);
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
static uint32_t pairs_add_zone(struct pairs *l, const struct dns_name *lower, unsigned primary)
{
    uint8_t *name = malloc(lower->len + 1u);
    if (!name)
        return 0;
    memcpy(name, lower->octets, lower->len);
    uint32_t place = l->free_zones;
    if (place)
        l->free_zones = l->zone[place - 1].next;
    else
        place = ++l->zones;
    uint32_t *bucket = pairs_zone_bucket(l, lower->octets, lower->len, primary);
    l->zone[place - 1] = (struct pairs_zone){
        .name = name, .len = (uint8_t)lower->len, .primary = primary, .next = *bucket};
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

static struct dns_name pairs_lower(const struct dns_name *zone)
{
    struct dns_name lower = *zone;
    dns_name_lower(&lower);
    return lower;
}

struct pairs_zone *pairs_zone_of(struct pairs *l, unsigned primary, const struct dns_name *zone)
{
    struct dns_name lower = pairs_lower(zone);
    uint32_t at = pairs_find_zone(l, &lower, primary);
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
    if (place) {
        pairs_unlink(l, place);
        pairs_link(l, place);
    }
    return place;
}

struct pair *pairs_find(struct pairs *l, unsigned secondary, unsigned primary,
                        const struct dns_name *zone)
{
    struct dns_name lower = pairs_lower(zone);
    uint32_t place = pairs_renew(l, secondary, pairs_find_zone(l, &lower, primary));
    return place ? &l->pair[place - 1] : NULL;
}

struct pair *pairs_touch(struct pairs *l, unsigned secondary, unsigned primary,
                         const struct dns_name *zone)
{
    struct dns_name lower = pairs_lower(zone);
    uint32_t at = pairs_find_zone(l, &lower, primary);
    uint32_t place = pairs_renew(l, secondary, at);
    if (place)
        return &l->pair[place - 1];
    if (l->most == 0)
        return NULL;
    if (pairs_are_full(l)) {
        pairs_drop(l, l->oldest);
        at = pairs_find_zone(l, &lower, primary);
    }
    if (!at)
        at = pairs_add_zone(l, &lower, primary);
    return at ? &l->pair[pairs_add_pair(l, secondary, at) - 1] : NULL;
}
