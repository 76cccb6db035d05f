/* Memory of one size that comes and goes with each request: what is given back is kept for the next
 * one, the last first, since caches still have it. One thread's. */
#ifndef NET_POOL_H
#define NET_POOL_H

#include <stddef.h>

struct pool_item;

/* So many are kept: as many as are in motion under load. */
#define POOL_SPARE 1024

/* Zeroed is empty. */
struct pool {
    size_t size;
    unsigned count;
    struct pool_item *items;
};

/* With anything in it; NULL: no memory. The size is always the same. */
void *pool_take(struct pool *p, size_t size);
void pool_give(struct pool *p, void *memory);
void pool_fini(struct pool *p);

#endif
