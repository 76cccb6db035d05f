#include "relay/rate.h"

#include <string.h>

#include "dns/wire.h"

#define RATE_NETWORK_IPV4 3 /* octets */
#define RATE_NETWORK_IPV6 7

void rate_init(struct rate *rate)
{
    pthread_mutex_init(&rate->mutex, NULL);
}

void rate_fini(struct rate *rate)
{
    pthread_mutex_destroy(&rate->mutex);
}

struct address rate_key(const struct address *from, bool stranger)
{
    struct address key = {.family = from->family, .port = stranger};
    size_t octets = from->family == ADDRESS_IPV4 ? 4 : sizeof key.octets;
    if (stranger)
        octets = from->family == ADDRESS_IPV4 ? RATE_NETWORK_IPV4 : RATE_NETWORK_IPV6;
    memcpy(key.octets, from->octets, octets);
    return key;
}

static struct rate_bucket *rate_set(struct rate *rate, const struct address *key)
{
    return rate->sets[dns_wire_hash(key->port, key->octets, sizeof key->octets) % RATE_SETS];
}

/* The key's, or else the one that was longest without use. */
static struct rate_bucket *rate_find(struct rate *rate, const struct address *key)
{
    struct rate_bucket *set = rate_set(rate, key), *oldest = set;
    for (size_t i = 0; i < RATE_PLACES; i++) {
        if (address_equal(&set[i].key, key))
            return &set[i];
        if (set[i].bucket.looked < oldest->bucket.looked || set[i].key.family == ADDRESS_NONE)
            oldest = &set[i];
        if (oldest->key.family == ADDRESS_NONE)
            break;
    }
    return oldest;
}

bool rate_take(struct rate *rate, const struct address *key, unsigned per_second, uint64_t now)
{
    if (per_second == 0)
        return false;
    pthread_mutex_lock(&rate->mutex);
    struct rate_bucket *place = rate_find(rate, key);
    /* One that takes another's place has what that one had left: whoever forges many addresses
     * earns no more by it than the table is large. */
    place->key = *key;
    bool may = bucket_take(&place->bucket, per_second, now);
    pthread_mutex_unlock(&rate->mutex);
    return may;
}
