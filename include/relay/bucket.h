/* A bucket of tokens: so many a second, one second's worth at the most. */
#ifndef RELAY_BUCKET_H
#define RELAY_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

/* Zeroed is full. */
struct bucket {
    uint64_t spent;  /* thousandths of a token: `rate` of them come back in a millisecond */
    uint64_t looked; /* ms: when `spent` was true */
};

/* Takes a token; false when there is none. `rate` is above 0; `now` may be a little behind:
 * clocks of several threads are read one after another. */
bool bucket_take(struct bucket *b, unsigned rate, uint64_t now);

/* Milliseconds until there is one; 0: now. */
uint64_t bucket_wait(const struct bucket *b, unsigned rate, uint64_t now);

#endif
