/* The tables of the ledger: zones, by name and primary, and pairs of a secondary and such a zone.
 *
 * Each is an array with a hash of chains over it. Pairs stand in a list by age, whose oldest makes
 * room, and in one of their zone. A zone that no pair needs is free. Places are numbers plus 1, so
 * that zeroed memory is empty. */
#ifndef ADMIN_PAIRS_H
#define ADMIN_PAIRS_H

#include "dns/name.h"

struct pairs_zone {
    uint8_t *name; /* owned, in lower case as on the wire; NULL: free */
    uint8_t len;
    bool has_newest;
    bool has_timers;
    unsigned primary;
    uint32_t next;  /* in its bucket, or among the free */
    uint32_t pairs; /* the first of its list */
    uint32_t newest;
    uint32_t refresh;
    uint32_t expire;
    uint32_t hash;
};

struct pair {
    uint32_t zone; /* 0: free */
    uint32_t next;
    uint32_t older;
    uint32_t newer;
    uint32_t before; /* in the list of its zone */
    uint32_t behind;
    unsigned secondary;
    uint32_t serial;
    uint32_t interval; /* seconds between two questions, as last seen */
    uint32_t told;     /* the serial that was last told to people, and when */
    uint32_t notice;   /* the NOTIFY that no transfer has followed yet; 0: none */
    bool has_serial;
    bool supposed; /* the serial: it has asked, and not for a transfer */
    bool refused;  /* the failure: by us */
    /* enum relay_result and RCODE: of its last question, if that came to nothing; of the last
     * NOTIFY. */
    uint8_t failure;
    uint8_t failure_rcode;
    uint8_t notified_result;
    uint8_t notified_rcode;
    /* Seconds since 1970, 0: never. */
    uint32_t told_at;
    uint32_t created;
    uint32_t asked;
    uint32_t confirmed;
    uint32_t behind_since;
    uint32_t notified;
};

struct pairs {
    uint32_t most;
    uint32_t buckets;
    uint32_t pairs; /* places that were ever used */
    uint32_t zones;
    uint32_t free_pairs;
    uint32_t free_zones;
    uint32_t oldest;
    uint32_t newest;
    struct pair *pair; /* owned, as are the others */
    struct pairs_zone *zone;
    uint32_t *pair_buckets;
    uint32_t *zone_buckets;
};

/* NULL: no memory. */
struct pairs *pairs_new(unsigned most);
void pairs_free(struct pairs *l);

/* What a pair is found by; of a zone alone, without the secondary. */
struct pairs_key {
    unsigned secondary;
    unsigned primary;
    const struct dns_name *zone; /* case aside */
    uint32_t hash;               /* of that name */
};

/* Case aside. */
uint32_t pairs_hash_name(const struct dns_name *name);

/* The pair, the youngest from now on. NULL: there is none. */
struct pair *pairs_find(struct pairs *l, const struct pairs_key *key);
/* The same, but made if there is none. NULL: no memory, or none is to be kept. */
struct pair *pairs_touch(struct pairs *l, const struct pairs_key *key);
/* The zone; NULL: no pair has it. */
struct pairs_zone *pairs_zone_of(struct pairs *l, const struct pairs_key *key);
bool pairs_are_full(const struct pairs *l);
void pairs_drop(struct pairs *l, uint32_t place);

#endif
