/* A hash of groups, one for each key, and one array that holds the places of all groups side by
 * side. While it is filled, places stand in the order they come in, each with its group;
 * lookup_finish sorts them. The octets are not copied: whoever owns the table owns them, too. */
#include "config/lookup.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define LOOKUP_FIRST_ROOM 64 /* a power of two */

struct lookup_group {
    const uint8_t *octets;
    uint32_t hash;
    uint32_t more;
    uint32_t next;  /* the next in its bucket, plus 1; 0: none */
    uint32_t first; /* among the places; the only place; while filling: the one added last */
    uint32_t count;
    uint8_t kind;
    uint8_t len;
};

struct lookup_pair {
    uint32_t group, place;
};

struct lookup {
    struct lookup_group *groups; /* owned */
    uint32_t *buckets;           /* owned: a group plus 1; 0: none */
    size_t group_count;
    size_t group_room;         /* of groups, and the number of buckets */
    unsigned kinds;            /* that there is any group of: bits by enum lookup_kind */
    struct lookup_pair *pairs; /* owned; only while filling */
    size_t pair_count;
    size_t pair_room;
    uint32_t *places; /* owned */
};

static uint8_t lookup_fold(uint8_t octet)
{
    return octet >= 'A' && octet <= 'Z' ? octet | 0x20 : octet;
}

/* FNV-1a. */
uint32_t lookup_hash_on(uint32_t hash, const uint8_t *octets, size_t len)
{
    while (len-- > 0)
        hash = (hash ^ lookup_fold(octets[len])) * 16777619u;
    return hash;
}

uint32_t lookup_hash(const uint8_t *octets, size_t len)
{
    return lookup_hash_on(2166136261u, octets, len);
}

struct lookup_key lookup_number(enum lookup_kind kind, size_t more)
{
    return (struct lookup_key){.kind = kind, .more = (uint32_t)more, .hash = lookup_hash(NULL, 0)};
}

struct lookup_key lookup_octets(enum lookup_kind kind, size_t more, const uint8_t *octets,
                                uint8_t len)
{
    return (struct lookup_key){
        .kind = kind,
        .more = (uint32_t)more,
        .octets = octets,
        .len = len,
        .hash = lookup_hash(octets, len),
    };
}

struct lookup_key lookup_host(enum lookup_kind kind, size_t more, const struct address *host)
{
    return lookup_octets(kind, more, host->octets, host->family == ADDRESS_IPV4 ? 4 : 16);
}

struct lookup_key lookup_name(enum lookup_kind kind, size_t more, const struct dns_name *name)
{
    return lookup_octets(kind, more, name->octets, name->len);
}

struct lookup *lookup_new(void)
{
    struct lookup *l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    l->group_room = LOOKUP_FIRST_ROOM;
    l->groups = calloc(l->group_room, sizeof *l->groups);
    l->buckets = calloc(l->group_room, sizeof *l->buckets);
    if (l->groups && l->buckets)
        return l;
    lookup_free(l);
    return NULL;
}

void lookup_free(struct lookup *l)
{
    if (!l)
        return;
    free(l->groups);
    free(l->buckets);
    free(l->pairs);
    free(l->places);
    free(l);
}

/* Kind and number are mixed in last, and the result is spread over all bits. */
static uint32_t lookup_mix(const struct lookup_key *key)
{
    uint32_t hash = key->hash ^ (key->more << 4 | key->kind) * 2654435761u;
    hash = (hash ^ hash >> 16) * 2246822519u;
    return hash ^ hash >> 13;
}

static uint32_t *lookup_bucket(const struct lookup *l, uint32_t hash)
{
    return &l->buckets[hash & (l->group_room - 1)];
}

static bool lookup_is_name(enum lookup_kind kind)
{
    return kind == LOOKUP_ZONE || kind == LOOKUP_BELOW || kind == LOOKUP_HOLDERS ||
           kind == LOOKUP_KEYS;
}

static bool lookup_same_octets(const struct lookup_group *group, const struct lookup_key *key)
{
    if (!lookup_is_name(key->kind))
        return key->len == 0 || memcmp(group->octets, key->octets, key->len) == 0;
    for (size_t i = 0; i < key->len; i++)
        if (lookup_fold(group->octets[i]) != lookup_fold(key->octets[i]))
            return false;
    return true;
}

static struct lookup_group *lookup_group(const struct lookup *l, const struct lookup_key *key)
{
    uint32_t hash = lookup_mix(key);
    for (uint32_t at = *lookup_bucket(l, hash); at; at = l->groups[at - 1].next) {
        struct lookup_group *group = &l->groups[at - 1];
        if (group->hash == hash && group->kind == key->kind && group->more == key->more &&
            group->len == key->len && lookup_same_octets(group, key))
            return group;
    }
    return NULL;
}

static void lookup_chain(struct lookup *l, size_t group)
{
    uint32_t *bucket = lookup_bucket(l, l->groups[group].hash);
    l->groups[group].next = *bucket;
    *bucket = (uint32_t)group + 1;
}

static int lookup_grow_groups(struct lookup *l)
{
    size_t room = 2 * l->group_room;
    struct lookup_group *groups = reallocarray(l->groups, room, sizeof *groups);
    if (!groups)
        return DNS_EMEMORY;
    l->groups = groups;
    uint32_t *buckets = calloc(room, sizeof *buckets);
    if (!buckets)
        return DNS_EMEMORY;
    free(l->buckets);
    l->buckets = buckets;
    l->group_room = room;
    for (size_t i = 0; i < l->group_count; i++)
        lookup_chain(l, i);
    return 0;
}

/* NULL: no memory. */
static struct lookup_group *lookup_add_group(struct lookup *l, const struct lookup_key *key)
{
    if (l->group_count == l->group_room && lookup_grow_groups(l) < 0)
        return NULL;
    struct lookup_group *group = &l->groups[l->group_count];
    *group = (struct lookup_group){
        .octets = key->octets,
        .hash = lookup_mix(key),
        .more = key->more,
        .kind = (uint8_t)key->kind,
        .len = key->len,
    };
    lookup_chain(l, l->group_count++);
    l->kinds |= 1U << key->kind;
    return group;
}

int lookup_add(struct lookup *l, const struct lookup_key *key, size_t place)
{
    assert(!l->places);
    struct lookup_group *group = lookup_group(l, key);
    if (group && group->first == place)
        return 0;
    if (l->pair_count == l->pair_room) {
        size_t room = l->pair_room ? 2 * l->pair_room : LOOKUP_FIRST_ROOM;
        struct lookup_pair *pairs = reallocarray(l->pairs, room, sizeof *pairs);
        if (!pairs)
            return DNS_EMEMORY;
        l->pairs = pairs;
        l->pair_room = room;
    }
    if (!group)
        group = lookup_add_group(l, key);
    if (!group)
        return DNS_EMEMORY;
    l->pairs[l->pair_count++] =
        (struct lookup_pair){(uint32_t)(group - l->groups), (uint32_t)place};
    group->first = (uint32_t)place;
    group->count++;
    return 0;
}

int lookup_finish(struct lookup *l)
{
    l->places = calloc(l->pair_count + 1, sizeof *l->places);
    if (!l->places)
        return DNS_EMEMORY;
    uint32_t first = 0;
    for (size_t i = 0; i < l->group_count; i++) {
        l->groups[i].first = first;
        first += l->groups[i].count;
        l->groups[i].count = 0;
    }
    for (size_t i = 0; i < l->pair_count; i++) {
        struct lookup_group *group = &l->groups[l->pairs[i].group];
        l->places[group->first + group->count++] = l->pairs[i].place;
    }
    for (size_t i = 0; i < l->group_count; i++)
        if (l->groups[i].count == 1)
            l->groups[i].first = l->places[l->groups[i].first];
    free(l->pairs);
    l->pairs = NULL;
    return 0;
}

struct lookup_list lookup_find(const struct lookup *l, const struct lookup_key *key)
{
    assert(l->places);
    const struct lookup_group *group = l->kinds & 1U << key->kind ? lookup_group(l, key) : NULL;
    if (!group)
        return (struct lookup_list){0};
    return (struct lookup_list){group->count == 1 ? &group->first : l->places + group->first,
                                group->count};
}

bool lookup_has(const struct lookup_list *list, size_t place)
{
    size_t low = 0;
    for (size_t high = list->count; low < high;) {
        size_t middle = low + (high - low) / 2;
        if (list->places[middle] < place)
            low = middle + 1;
        else
            high = middle;
    }
    return low < list->count && list->places[low] == place;
}
