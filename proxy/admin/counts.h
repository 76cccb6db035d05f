/* Numbers by id, which any thread changes and any thread reads, without a lock that they would meet
 * at: each thread has a part of its own, in which it alone writes, and whoever reads takes all
 * parts together.
 *
 * A number is a count, and the parts are summed; or the latest of its kind, which is the highest
 * when it begins with its time.
 *
 * Bounded: a part has at most COUNTS_MOST numbers; what would be one more is not kept. A thread's
 * part goes to another thread when it has ended. */
#ifndef ADMIN_COUNTS_H
#define ADMIN_COUNTS_H

#include <stddef.h>
#include <stdint.h>

#define COUNTS_MOST (1u << 20)

/* This bit in an id: the latest, not a count. */
#define COUNTS_LATEST (UINT64_C(1) << 63)

struct counts;

struct counts_item {
    uint64_t id; /* not 0 */
    uint64_t value;
};

/* NULL: no memory. */
struct counts *counts_new(void);
void counts_free(struct counts *c); /* once no other thread uses it */

void counts_add(struct counts *c, uint64_t id, uint64_t more);
/* With COUNTS_LATEST. */
void counts_set(struct counts *c, uint64_t id, uint64_t value);

/* All that are not 0, in the order of their ids, each once; owned by the caller. NULL: no memory,
 * or none (`*count` 0). */
struct counts_item *counts_read(struct counts *c, size_t *count);

#endif
