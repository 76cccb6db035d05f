/* Items of all lines stand in one array, in the order of a line's zones, so that two plans are held
 * against each other in one walk, and a zone is found by halves. */
#include "poll_plan.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void poll_plan_free(struct poll_plan *plan)
{
    if (!plan)
        return;
    free(plan->lines);
    free(plan->items);
    config_unref(plan->config);
    free(plan);
}

static int poll_plan_compare(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
    if (a_len != b_len)
        return a_len < b_len ? -1 : 1;
    return memcmp(a, b, a_len);
}

static int poll_plan_compare_items(const void *a, const void *b)
{
    const struct poll_item *x = a, *y = b;
    return poll_plan_compare(x->zone, x->len, y->zone, y->len);
}

static int poll_plan_compare_lines(const void *a, const void *b)
{
    const struct poll_line *x = a, *y = b;
    return x->primary < y->primary ? -1 : x->primary > y->primary;
}

/* The zones that secondaries of this primary list by name are written behind the items that are
 * there, unless `items` is NULL; returns their number, each as often as it is listed. */
static size_t poll_plan_gather(const struct config *config, const struct peer *primary,
                               struct poll_item *items)
{
    size_t count = 0;
    for (size_t i = 0; i < config->peer_count; i++) {
        const struct peer *secondary = &config->peers[i];
        if (secondary->role != PEER_SECONDARY || !peer_has_primary(secondary, primary))
            continue;
        for (size_t k = 0; k < secondary->zone_count; k++) {
            const struct zone_pattern *pattern = &secondary->zones[k];
            if (pattern->kind != ZONE_EXACT)
                continue;
            if (items)
                items[count] = (struct poll_item){.zone = pattern->octets, .len = pattern->len};
            count++;
        }
    }
    return count;
}

static void poll_plan_add(struct poll_plan *plan, const struct peer *primary)
{
    struct poll_item *items = plan->items + plan->item_count;
    size_t listed = poll_plan_gather(plan->config, primary, items), count = 0;
    if (listed == 0)
        return;
    qsort(items, listed, sizeof *items, poll_plan_compare_items);
    for (size_t i = 0; i < listed; i++)
        if (i == 0 || poll_plan_compare_items(&items[i - 1], &items[i]) != 0)
            items[count++] = items[i];
    plan->lines[plan->line_count++] = (struct poll_line){
        .primary = primary->number,
        .first = plan->item_count,
        .count = count,
        .step = (UINT64_C(1000000) * primary->poll + count - 1) / count,
    };
    plan->item_count += count;
}

struct poll_plan *poll_plan_new(struct config *config)
{
    struct poll_plan *plan = calloc(1, sizeof *plan);
    size_t items = 0;
    if (!plan)
        return NULL;
    plan->config = config_ref(config);
    for (size_t i = 0; i < config->peer_count; i++)
        if (config->peers[i].poll > 0)
            items += poll_plan_gather(config, &config->peers[i], NULL);
    plan->lines = calloc(config->peer_count + 1, sizeof *plan->lines);
    plan->items = calloc(items + 1, sizeof *plan->items);
    if (!plan->lines || !plan->items) {
        poll_plan_free(plan);
        return NULL;
    }
    for (size_t i = 0; i < config->peer_count; i++)
        if (config->peers[i].poll > 0)
            poll_plan_add(plan, &config->peers[i]);
    qsort(plan->lines, plan->line_count, sizeof *plan->lines, poll_plan_compare_lines);
    return plan;
}

static struct poll_line *poll_plan_find_line(const struct poll_plan *plan, unsigned primary)
{
    const struct poll_line key = {.primary = primary};
    if (!plan)
        return NULL;
    return bsearch(&key, plan->lines, plan->line_count, sizeof key, poll_plan_compare_lines);
}

/* Both are in one order. */
static void poll_plan_match_line(const struct poll_plan *from, const struct poll_line *old,
                                 struct poll_plan *to, struct poll_line *line)
{
    size_t k = old->first, end = old->first + old->count;
    for (size_t i = line->first; i < line->first + line->count; i++) {
        while (k < end && poll_plan_compare_items(&from->items[k], &to->items[i]) < 0)
            k++;
        if (k < end && poll_plan_compare_items(&from->items[k], &to->items[i]) == 0)
            to->items[i].was = (uint32_t)k + 1;
    }
}

/* The first that is not before this one. */
static size_t poll_plan_place(const struct poll_item *items, size_t count,
                              const struct poll_item *item)
{
    size_t from = 0;
    while (from < count) {
        size_t middle = from + (count - from) / 2;
        if (poll_plan_compare_items(&items[middle], item) < 0)
            from = middle + 1;
        else
            count = middle;
    }
    return from;
}

/* What the old line knows of its zones, and whose turn it is. */
static void poll_plan_carry_line(const struct poll_plan *from, const struct poll_line *old,
                                 struct poll_plan *to, struct poll_line *line)
{
    struct poll_item *items = to->items + line->first;
    assert(line->count > 0); /* there is no line without zones */
    for (size_t i = 0; i < line->count; i++) {
        if (items[i].was == 0)
            continue;
        items[i].has_serial = from->items[items[i].was - 1].has_serial;
        items[i].serial = from->items[items[i].was - 1].serial;
    }
    line->cursor =
        poll_plan_place(items, line->count, &from->items[old->first + old->cursor]) % line->count;
    line->next = old->next;
    line->begun = old->begun;
}

/* For each line that has one before it. */
static void poll_plan_inherit(struct poll_plan *plan, const struct poll_plan *before,
                              void (*inherit)(const struct poll_plan *, const struct poll_line *,
                                              struct poll_plan *, struct poll_line *))
{
    for (size_t i = 0; i < plan->line_count; i++) {
        const struct poll_line *old = poll_plan_find_line(before, plan->lines[i].primary);
        if (old)
            inherit(before, old, plan, &plan->lines[i]);
    }
}

void poll_plan_match(struct poll_plan *plan, const struct poll_plan *before)
{
    poll_plan_inherit(plan, before, poll_plan_match_line);
}

void poll_plan_carry(struct poll_plan *plan, const struct poll_plan *before)
{
    poll_plan_inherit(plan, before, poll_plan_carry_line);
}

struct poll_item *poll_plan_find(const struct poll_plan *plan, unsigned primary,
                                 const struct dns_name *zone)
{
    const struct poll_line *line = poll_plan_find_line(plan, primary);
    struct dns_name lower = *zone;
    dns_name_lower(&lower);
    const struct poll_item key = {.zone = lower.octets, .len = lower.len};
    if (!line)
        return NULL;
    return bsearch(&key, plan->items + line->first, line->count, sizeof key,
                   poll_plan_compare_items);
}
