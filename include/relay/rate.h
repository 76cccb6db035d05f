/* How often something may happen for each of many addresses, in bounded memory: a bucket that holds
 * one second's worth for each, as long as there is room. */
#ifndef RELAY_RATE_H
#define RELAY_RATE_H

#include <pthread.h>

#include "config/address.h"
#include "relay/bucket.h"

/* Together 160 KiB. An address may stand in one of a set's places. */
#define RATE_SETS   1024
#define RATE_PLACES 4

struct rate_bucket {
    struct address key; /* family ADDRESS_NONE: free */
    struct bucket bucket;
};

/* All times are milliseconds of one monotonic clock. */
struct rate {
    pthread_mutex_t mutex;
    struct rate_bucket sets[RATE_SETS][RATE_PLACES];
};

void rate_init(struct rate *rate); /* of a zeroed one */
void rate_fini(struct rate *rate);

/* What answers to this address count for: of a stranger, who may have many, its network (/24 or
 * /56), else itself. */
struct address rate_key(const struct address *from, bool stranger);

/* By any thread. May it happen now? Then it is counted. `per_second` of 0: never. */
bool rate_take(struct rate *rate, const struct address *key, unsigned per_second, uint64_t now);

#endif
