/* A set-associative table for each class: a subject has LIMIT_WAYS places. One that finds them all
 * taken in this very second goes without, for as long as its class has lines left. */
#include "admin/limit.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>

#include "dns/wire.h"

static struct limit_subject limit_make(enum limit_class class, unsigned type, unsigned result,
                                       unsigned number)
{
    return (struct limit_subject){.class = class, .type = type, .result = result, .number = number};
}

struct limit_subject limit_of_stranger(unsigned type, unsigned result, const struct address *host)
{
    struct limit_subject subject = limit_make(LIMIT_STRANGER, type, result, 0);
    if (host)
        memcpy(subject.source, host->octets, host->family == ADDRESS_IPV6 ? 7 : 3);
    return subject;
}

struct limit_subject limit_of_peer(unsigned type, unsigned result, unsigned number,
                                   const struct address *host)
{
    struct limit_subject subject = limit_make(LIMIT_PEER, type, result, number);
    if (host)
        memcpy(subject.source, host->octets, sizeof subject.source);
    return subject;
}

struct limit_subject limit_of_key(unsigned type, unsigned result, unsigned number)
{
    return limit_make(LIMIT_KEY, type, result, number);
}

bool limit_same(const struct limit_subject *a, const struct limit_subject *b)
{
    return a->class == b->class && a->type == b->type && a->result == b->result &&
           a->number == b->number && memcmp(a->source, b->source, sizeof a->source) == 0;
}

static size_t limit_hash(const struct limit_subject *subject)
{
    uint64_t hash = (uint64_t)subject->type << 48 ^ (uint64_t)subject->result << 32;
    return dns_wire_hash(hash ^ subject->number, subject->source, sizeof subject->source);
}

/* Seconds to come were the clock's before it was set back. */
static time_t limit_second(const struct limit_bucket *b, time_t now)
{
    return b->second > now ? 0 : b->second;
}

/* The subject's own bucket, or a free one; NULL when all are others' in this second. */
static struct limit_bucket *limit_find(struct limit_table *table,
                                       const struct limit_subject *subject, time_t now)
{
    struct limit_bucket *set = table->buckets[limit_hash(subject) % LIMIT_SETS];
    struct limit_bucket *oldest = set;
    for (size_t i = 0; i < LIMIT_WAYS; i++) {
        if (set[i].second != 0 && limit_same(&set[i].subject, subject))
            return &set[i];
        if (limit_second(&set[i], now) < limit_second(oldest, now))
            oldest = &set[i];
    }
    if (oldest->second == now)
        return NULL;
    /* What the one before has not told yet, this one tells. */
    *oldest = (struct limit_bucket){.subject = *subject, .left_out = oldest->left_out};
    return oldest;
}

/* The count is told, and begins anew. */
static int limit_tell(unsigned *left_out)
{
    int told = *left_out > INT_MAX ? INT_MAX : (int)*left_out;
    *left_out = 0;
    return told;
}

static int limit_admit_to(struct limit_table *table, unsigned most,
                          const struct limit_subject *subject, time_t now)
{
    struct limit_bucket *b = limit_find(table, subject, now);
    unsigned *left_out = b ? &b->left_out : &table->left_out;
    if (table->second != now) {
        table->second = now;
        table->count = 0;
    }
    if (b && b->second != now) {
        b->second = now;
        b->count = 0;
    }
    if ((b && b->count == LIMIT_BURST) || table->count == most) {
        ++*left_out;
        return -1;
    }
    table->count++;
    if (b)
        b->count++;
    return limit_tell(left_out);
}

int limit_admit(struct limit *limit, const struct limit_subject *subject, time_t now)
{
    unsigned most = subject->class == LIMIT_STRANGER ? LIMIT_STRANGERS_MOST : LIMIT_OTHERS_MOST;
    return limit_admit_to(&limit->tables[subject->class], most, subject, now);
}
