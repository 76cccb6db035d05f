#include "admin/limit.h"

#include <assert.h>

/* The first buckets are those of strangers, one for each kind. */
static unsigned limit_bucket_of(unsigned kind, const struct address *host)
{
    unsigned hash = kind * 31u;
    assert(kind < LIMIT_KINDS);
    if (!host)
        return kind;
    for (size_t i = 0; i < sizeof host->octets; i++)
        hash = hash * 31u + host->octets[i];
    return LIMIT_KINDS + hash % (LIMIT_BUCKETS - LIMIT_KINDS);
}

int limit_admit(struct limit *limit, unsigned kind, const struct address *host, time_t now)
{
    struct limit_bucket *b = &limit->buckets[limit_bucket_of(kind, host)];
    int left_out = 0;
    if (b->second != now) {
        left_out = b->count > LIMIT_BURST ? (int)(b->count - LIMIT_BURST) : 0;
        *b = (struct limit_bucket){.second = now};
    }
    return ++b->count > LIMIT_BURST ? -1 : left_out;
}
