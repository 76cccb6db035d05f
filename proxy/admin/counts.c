/* A part is a table of slots, found by a hash and the next ones behind it. Its thread alone puts
 * ids there and changes values; others see an id once its slot is whole. A table that is half full
 * is replaced by one of twice the size, and stays readable, until the end, to whom was reading. */
#include "admin/counts.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#define COUNTS_SLOTS_FIRST 256

struct counts_slot {
    _Atomic uint64_t id; /* 0: free */
    _Atomic uint64_t value;
};

struct counts_table {
    struct counts_table *replaced; /* owned */
    size_t size;                   /* a power of 2 */
    size_t used;
    struct counts_slot slots[];
};

struct counts_part {
    struct counts_part *next;
    atomic_bool taken;
    struct counts_table *_Atomic table; /* owned */
};

struct counts {
    pthread_key_t mine;
    struct counts_part *_Atomic parts; /* owned */
};

/* Its thread has ended. */
static void on_thread_end(void *part)
{
    atomic_store_explicit(&((struct counts_part *)part)->taken, false, memory_order_release);
}

struct counts *counts_new(void)
{
    struct counts *c = calloc(1, sizeof *c);
    if (c && pthread_key_create(&c->mine, on_thread_end) != 0) {
        free(c);
        return NULL;
    }
    return c;
}

static void counts_free_table(struct counts_table *table)
{
    while (table) {
        struct counts_table *replaced = table->replaced;
        free(table);
        table = replaced;
    }
}

void counts_free(struct counts *c)
{
    if (!c)
        return;
    pthread_key_delete(c->mine);
    for (struct counts_part *part = c->parts, *next; part; part = next) {
        next = part->next;
        counts_free_table(part->table);
        free(part);
    }
    free(c);
}

static struct counts_table *counts_new_table(size_t size)
{
    struct counts_table *table = calloc(1, sizeof *table + size * sizeof *table->slots);
    if (table)
        table->size = size;
    return table;
}

static struct counts_part *counts_claim(struct counts *c)
{
    for (struct counts_part *part = atomic_load(&c->parts); part; part = part->next) {
        bool taken = false;
        if (atomic_compare_exchange_strong(&part->taken, &taken, true))
            return part;
    }
    struct counts_part *part = calloc(1, sizeof *part);
    struct counts_table *table = part ? counts_new_table(COUNTS_SLOTS_FIRST) : NULL;
    if (!table) {
        free(part);
        return NULL;
    }
    atomic_store(&part->table, table);
    atomic_store(&part->taken, true);
    part->next = atomic_load(&c->parts);
    while (!atomic_compare_exchange_weak(&c->parts, &part->next, part))
        continue;
    return part;
}

/* This thread's; NULL: no memory. */
static struct counts_part *counts_mine(struct counts *c)
{
    struct counts_part *part = pthread_getspecific(c->mine);
    if (part)
        return part;
    part = counts_claim(c);
    if (part && pthread_setspecific(c->mine, part) != 0) {
        on_thread_end(part);
        return NULL;
    }
    return part;
}

/* The id's slot, or the free one that it would have. */
static struct counts_slot *counts_seek(struct counts_table *table, uint64_t id)
{
    uint64_t at = id * UINT64_C(0x9e3779b97f4a7c15);
    at ^= at >> 32;
    for (;; at++) {
        struct counts_slot *slot = &table->slots[at & (table->size - 1)];
        uint64_t there = atomic_load_explicit(&slot->id, memory_order_relaxed);
        if (there == id || there == 0)
            return slot;
    }
}

static void counts_put(struct counts_table *table, struct counts_slot *slot, uint64_t id,
                       uint64_t value)
{
    atomic_store_explicit(&slot->value, value, memory_order_relaxed);
    atomic_store_explicit(&slot->id, id, memory_order_release);
    table->used++;
}

/* Twice the room; false: there is none. */
static bool counts_grow(struct counts_part *part)
{
    struct counts_table *old = atomic_load_explicit(&part->table, memory_order_relaxed);
    if (old->size >= 2 * (size_t)COUNTS_MOST)
        return false;
    struct counts_table *table = counts_new_table(2 * old->size);
    if (!table)
        return false;
    for (size_t i = 0; i < old->size; i++) {
        uint64_t id = atomic_load_explicit(&old->slots[i].id, memory_order_relaxed);
        uint64_t value = atomic_load_explicit(&old->slots[i].value, memory_order_relaxed);
        if (id)
            counts_put(table, counts_seek(table, id), id, value);
    }
    table->replaced = old;
    atomic_store_explicit(&part->table, table, memory_order_release);
    return true;
}

/* The id's, with value 0 if it is new; NULL: no room. */
static struct counts_slot *counts_slot(struct counts *c, uint64_t id)
{
    struct counts_part *part = counts_mine(c);
    if (!part)
        return NULL;
    struct counts_table *table = atomic_load_explicit(&part->table, memory_order_relaxed);
    struct counts_slot *slot = counts_seek(table, id);
    if (atomic_load_explicit(&slot->id, memory_order_relaxed))
        return slot;
    if (2 * table->used >= table->size) {
        if (!counts_grow(part))
            return NULL;
        table = atomic_load_explicit(&part->table, memory_order_relaxed);
        slot = counts_seek(table, id);
    }
    counts_put(table, slot, id, 0);
    return slot;
}

void counts_add(struct counts *c, uint64_t id, uint64_t more)
{
    struct counts_slot *slot = counts_slot(c, id);
    if (!slot)
        return;
    uint64_t value = atomic_load_explicit(&slot->value, memory_order_relaxed);
    atomic_store_explicit(&slot->value, value + more, memory_order_relaxed);
}

void counts_set(struct counts *c, uint64_t id, uint64_t value)
{
    struct counts_slot *slot = counts_slot(c, id);
    if (slot)
        atomic_store_explicit(&slot->value, value, memory_order_relaxed);
}

/* Reading. */

static int counts_compare(const void *a, const void *b)
{
    const struct counts_item *x = a;
    const struct counts_item *y = b;
    return x->id < y->id ? -1 : x->id > y->id;
}

static size_t counts_merge(struct counts_item *items, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct counts_item *last = kept > 0 ? &items[kept - 1] : NULL;
        if (!last || last->id != items[i].id)
            items[kept++] = items[i];
        else if (!(last->id & COUNTS_LATEST))
            last->value += items[i].value;
        else if (items[i].value > last->value)
            last->value = items[i].value;
    }
    return kept;
}

/* Appends what is in the table; returns how many there are then, or SIZE_MAX: no memory. */
static size_t counts_collect(const struct counts_table *table, struct counts_item **items,
                             size_t count)
{
    struct counts_item *more = reallocarray(*items, count + table->size, sizeof *more);
    if (!more)
        return SIZE_MAX;
    *items = more;
    for (size_t i = 0; i < table->size; i++) {
        const struct counts_slot *slot = &table->slots[i];
        uint64_t id = atomic_load_explicit(&slot->id, memory_order_acquire);
        uint64_t value = atomic_load_explicit(&slot->value, memory_order_relaxed);
        if (id && value)
            more[count++] = (struct counts_item){id, value};
    }
    return count;
}

struct counts_item *counts_read(struct counts *c, size_t *count)
{
    struct counts_item *items = NULL;
    size_t found = 0;
    *count = 0;
    for (struct counts_part *part = atomic_load(&c->parts); part; part = part->next) {
        found =
            counts_collect(atomic_load_explicit(&part->table, memory_order_acquire), &items, found);
        if (found == SIZE_MAX) {
            free(items);
            return NULL;
        }
    }
    if (found > 0)
        qsort(items, found, sizeof *items, counts_compare);
    *count = counts_merge(items, found);
    return items;
}
