/* What is to be asked of whom under one configuration, whose names it borrows: for each primary
 * that is polled a line of its zones, in the order of their octets. Names never change; the rest is
 * under the lock of relay/polls.h. */
#ifndef SRC_RELAY_POLL_PLAN_H
#define SRC_RELAY_POLL_PLAN_H

#include "config/config.h"

struct poll_item {
    const uint8_t *zone; /* borrowed from the configuration; lower case */
    uint32_t was;        /* its place among the items of the plan before, plus 1; 0: it is new */
    uint32_t serial;
    uint8_t len;
    bool has_serial;
};

struct poll_line {
    unsigned primary; /* its number */
    size_t first;     /* of the items */
    size_t count;
    size_t cursor; /* whose turn is next */
    uint64_t step; /* microseconds from one to the next */
    uint64_t next; /* ... when the next one's time comes */
    bool begun;    /* `next` is known */
};

struct poll_plan {
    struct config *config;   /* one reference */
    struct poll_line *lines; /* owned; by number of the primary */
    size_t line_count;
    struct poll_item *items; /* owned */
    size_t item_count;
};

/* NULL: no memory. */
struct poll_plan *poll_plan_new(struct config *config);
void poll_plan_free(struct poll_plan *plan); /* NULL is fine, here and as the plan before */

/* In two steps: which zones were in the plan before, by names alone; then what it knows of them,
 * and whose turn is next. */
void poll_plan_match(struct poll_plan *plan, const struct poll_plan *before);
void poll_plan_carry(struct poll_plan *plan, const struct poll_plan *before);

/* NULL: there is none. */
struct poll_item *poll_plan_find(const struct poll_plan *plan, unsigned primary,
                                 const struct dns_name *zone);

#endif
