/* Items are gathered over all messages; after each it is looked at whether they are a whole
 * transfer (RFC 5936 section 2.2, RFC 1995 section 4). */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "secondary.h"
#include "trace.h"

uint32_t take_soa(struct copy *c, struct paper_reader *r)
{
    struct paper_record record;
    struct truth_item item;
    uint32_t serial = 0;
    bool found = false;
    check_question(c->zone, PAPER_SOA, r);
    while (paper_next(r, &record)) {
        check_mark(&record);
        if (record.section != 1)
            continue;
        found = truth_read(c->zone, &record, &item) && item.soa;
        serial = item.value;
        TRACE_CHECK(found, "an answer about %s has another record", c->zone->text);
    }
    TRACE_CHECK(found && !r->failed, "an answer about %s has no SOA", c->zone->text);
    check_fresh(c->zone, serial, c->since);
    return serial;
}

static void take_item(struct copy *c, const struct truth_item *item)
{
    if (c->count == c->room) {
        c->room = 2 * c->room + 64;
        c->items = realloc(c->items, c->room * sizeof *c->items);
        assert(c->items);
    }
    c->items[c->count++] = *item;
}

/* A version that is all there. */
static enum take take_full(struct copy *c)
{
    const struct truth_item *first = c->items, *last = &c->items[c->count - 1];
    if (c->count < 2 || !last->soa)
        return TAKE_MORE;
    TRACE_CHECK(last->value == first->value, "an AXFR of %s ends as another version",
                c->zone->text);
    memset(c->values, 0, c->zone->records * sizeof *c->values);
    for (size_t i = 1; i + 1 < c->count; i++)
        c->values[c->items[i].index] = c->items[i].value;
    return TAKE_WHOLE;
}

/* Differences one after another, each from the version before. */
static enum take take_steps(struct copy *c, uint32_t *values)
{
    uint32_t newest = c->items->value, at = c->serial;
    bool adds = true;
    for (size_t i = 1; i < c->count; i++) {
        const struct truth_item *item = &c->items[i];
        if (item->soa && adds && i + 1 == c->count && item->value == newest && at == newest)
            return TAKE_WHOLE;
        if (item->soa && adds) {
            TRACE_CHECK(item->value == at, "an IXFR of %s leaves out a version", c->zone->text);
            adds = false;
        } else if (item->soa) {
            at = item->value;
            adds = true;
        } else if (adds) {
            values[item->index] = item->value;
        } else {
            TRACE_CHECK(values[item->index] == item->value,
                        "an IXFR of %s takes away what is not there", c->zone->text);
            values[item->index] = 0;
        }
    }
    return TAKE_MORE;
}

static enum take take_increment(struct copy *c)
{
    uint32_t *values = calloc(c->zone->records, sizeof *values);
    assert(values);
    memcpy(values, c->values, c->zone->records * sizeof *values);
    enum take taken = c->items[c->count - 1].soa ? take_steps(c, values) : TAKE_MORE;
    if (taken == TAKE_WHOLE)
        memcpy(c->values, values, c->zone->records * sizeof *values);
    free(values);
    return taken;
}

static enum take take_look(struct copy *c)
{
    const struct truth_item *items = c->items;
    if (c->count == 0)
        return TAKE_MORE;
    if (!items->soa)
        return TAKE_BROKEN;
    if (c->qtype == PAPER_IXFR && c->count == 1)
        return truth_is_newer(items->value, c->serial) ? TAKE_MORE : TAKE_CURRENT;
    bool steps = c->qtype == PAPER_IXFR && items[1].soa && items[1].value == c->serial;
    return steps ? take_increment(c) : take_full(c);
}

enum take take_message(struct copy *c, struct paper_reader *r)
{
    struct paper_record record;
    struct truth_item item;
    if (paper_rcode(r) != 0)
        return TAKE_BROKEN;
    if (r->qname.len > 0)
        check_question(c->zone, c->qtype, r);
    TRACE_CHECK(c->count > 0 || r->qname.len > 0, "a transfer of %s begins without its question",
                c->zone->text);
    while (paper_next(r, &record)) {
        check_mark(&record);
        if (record.section != 1)
            continue;
        TRACE_CHECK(truth_read(c->zone, &record, &item),
                    "a transfer of %s has a record that no primary wrote", c->zone->text);
        check_record(c->zone, &item);
        take_item(c, &item);
    }
    enum take taken = take_look(c);
    if (taken == TAKE_WHOLE) {
        tally.versions += c->serial != c->items->value;
        c->serial = c->items->value;
        c->has = true;
        check_copy(c->zone, c->serial, c->values, c->since);
    } else if (taken == TAKE_CURRENT) {
        check_fresh(c->zone, c->items->value, c->since);
    }
    return taken;
}
