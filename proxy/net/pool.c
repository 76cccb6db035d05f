#include "net/pool.h"

#include <stdlib.h>

/* What is kept is nobody's, and the sanitizer is to say so of whoever still uses it. */
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, size)   ((void)(at), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#endif

struct pool_item {
    struct pool_item *next;
};

void *pool_take(struct pool *p, size_t size)
{
    struct pool_item *item = p->items;
    p->size = size;
    if (!item)
        return malloc(size);
    ASAN_UNPOISON_MEMORY_REGION(item, p->size);
    p->items = item->next;
    p->count--;
    return item;
}

void pool_give(struct pool *p, void *memory)
{
    struct pool_item *item = memory;
    if (p->count == POOL_SPARE) {
        free(memory);
        return;
    }
    item->next = p->items;
    p->items = item;
    p->count++;
    ASAN_POISON_MEMORY_REGION(memory, p->size);
}

void pool_fini(struct pool *p)
{
    while (p->count > 0)
        free(pool_take(p, p->size));
}
