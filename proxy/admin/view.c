#include "admin/view.h"

#include <stdlib.h>

void view_init(struct view *view, struct counts *counts)
{
    view->items = counts_read(counts, &view->count);
}

void view_fini(struct view *view)
{
    free(view->items);
    *view = (struct view){0};
}

/* The first item with this id or a higher one. */
static size_t view_seek(const struct view *view, uint64_t id)
{
    size_t low = 0, high = view->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (view->items[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint64_t view_find(const struct view *view, enum stats_kind kind, unsigned peer, unsigned key)
{
    const struct stats_item item = {.kind = kind, .peer = peer, .key = key};
    uint64_t id = stats_id(&item);
    size_t at = view_seek(view, id);
    return at < view->count && view->items[at].id == id ? view->items[at].value : 0;
}

size_t view_begin(const struct view *view, enum stats_kind kind, size_t *end)
{
    const struct stats_item first = {.kind = kind};
    size_t begin = view_seek(view, stats_id(&first));
    *end = begin;
    while (*end < view->count && stats_item_of(view->items[*end].id).kind == kind)
        ++*end;
    return begin;
}

uint64_t view_sum(const struct view *view, enum stats_kind kind, unsigned peer, unsigned key)
{
    const struct stats_item first = {.kind = kind, .peer = peer, .key = key};
    uint64_t sum = 0;
    for (size_t i = view_seek(view, stats_id(&first)); i < view->count; i++) {
        struct stats_item item = stats_item_of(view->items[i].id);
        if (item.kind != kind || item.peer != peer || item.key != key)
            break;
        sum += view->items[i].value;
    }
    return sum;
}

/* Of all the peer's keys. */
static uint64_t view_last_verified(const struct view *view, unsigned peer)
{
    const struct stats_item first = {.kind = STATS_VERIFIED, .peer = peer};
    uint64_t last = 0;
    for (size_t i = view_seek(view, stats_id(&first)); i < view->count; i++) {
        struct stats_item item = stats_item_of(view->items[i].id);
        if (item.kind != STATS_VERIFIED || item.peer != peer)
            break;
        if (view->items[i].value > last)
            last = view->items[i].value;
    }
    return last;
}

struct view_peer view_peer(const struct view *view, unsigned peer)
{
    uint64_t verified = view_last_verified(view, peer);
    uint64_t clock = view_find(view, STATS_CLOCK, peer, 0);
    int64_t in_vain = (int64_t)view_find(view, STATS_DOWN, peer, 0);
    struct view_peer out = {.heard = (int64_t)view_find(view, STATS_HEARD, peer, 0)};
    if (stats_time(verified) > out.heard)
        out.heard = stats_time(verified);
    if (in_vain > out.heard)
        out.in_vain = in_vain;
    if (clock < verified)
        clock = verified;
    out.has_skew = clock;
    out.skew = clock ? stats_skew(clock) : 0;
    return out;
}

int64_t view_key_used(const struct view *view, unsigned peer, unsigned key)
{
    return stats_time(view_find(view, STATS_VERIFIED, peer, key));
}
