/* Octets to the places of those that have them: filled once, then only read.
 *
 * A place is a peer's among the configuration's peers, unless its kind says something else. */
#ifndef CONFIG_LOOKUP_H
#define CONFIG_LOOKUP_H

#include "config/address.h"
#include "dns/name.h"

enum lookup_kind {
    LOOKUP_ADDRESS,    /* hosts in `address` */
    LOOKUP_PREFIX,     /* `from`; more: the length */
    LOOKUP_LENGTHS,    /* lengths of such prefixes, the longest first; more: the family */
    LOOKUP_LISTEN,     /* hosts in `listen`, or 0 for any; more: role and port */
    LOOKUP_ZONE,       /* `zones` that are a name */
    LOOKUP_BELOW,      /* `zones` that are what lies below a name */
    LOOKUP_EVERY_ZONE, /* `zones` that are all; more: the place of the secondary or its primary */
    LOOKUP_HOLDERS,    /* names of keys that peers have */
    LOOKUP_KEYS,       /* places among the keys, by name; more: a hash of the algorithm's */
};

struct lookup_key {
    enum lookup_kind kind;
    uint32_t more;         /* what else must be the same */
    const uint8_t *octets; /* borrowed; of a name, in any case */
    uint8_t len;
    uint32_t hash; /* of the octets */
};

struct lookup_key lookup_number(enum lookup_kind kind, size_t more);
struct lookup_key lookup_host(enum lookup_kind kind, size_t more, const struct address *host);
struct lookup_key lookup_octets(enum lookup_kind kind, size_t more, const uint8_t *octets,
                                uint8_t len);
struct lookup_key lookup_name(enum lookup_kind kind, size_t more, const struct dns_name *name);

/* The same for all cases of letters. From the end to the beginning, so that the hash of a name goes
 * on from its parent's. */
uint32_t lookup_hash(const uint8_t *octets, size_t len);
uint32_t lookup_hash_on(uint32_t hash, const uint8_t *octets, size_t len);

/* In the order in which they were added; borrowed. */
struct lookup_list {
    const uint32_t *places;
    size_t count;
};

struct lookup;

/* NULL: no memory. */
struct lookup *lookup_new(void);
void lookup_free(struct lookup *l);

/* One more place for this key, whose octets must stay; does nothing if it was the last one added
 * for it. DNS_EMEMORY. */
int lookup_add(struct lookup *l, const struct lookup_key *key, size_t place) MUST_CHECK;

/* All are there: before this nothing is found, after it nothing may be added. DNS_EMEMORY. */
int lookup_finish(struct lookup *l) MUST_CHECK;

struct lookup_list lookup_find(const struct lookup *l, const struct lookup_key *key);

/* Of a list that was added in rising order. */
bool lookup_has(const struct lookup_list *list, size_t place);

#endif
