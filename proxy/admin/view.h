/* What stats have counted, read at one moment. */
#ifndef ADMIN_VIEW_H
#define ADMIN_VIEW_H

#include "admin/stats.h"

struct view {
    struct counts_item *items; /* owned; in the order of ids */
    size_t count;
};

/* Without memory it is empty. */
void view_init(struct view *view, struct counts *counts);
void view_fini(struct view *view);

/* Of a peer, or of all (STATS_NOBODY and kinds without one); 0: none. */
uint64_t view_find(const struct view *view, enum stats_kind kind, unsigned peer, unsigned key);
/* The items of a kind are these, up to `*end`. */
size_t view_begin(const struct view *view, enum stats_kind kind, size_t *end);
/* All that is counted of a kind for a peer and a key. */
uint64_t view_sum(const struct view *view, enum stats_kind kind, unsigned peer, unsigned key);

/* What is known of a peer. Times are seconds since 1970, 0: never. */
struct view_peer {
    int64_t heard;
    int64_t in_vain; /* it was tried, and has not been heard since */
    bool has_skew;
    int64_t skew;
};

struct view_peer view_peer(const struct view *view, unsigned peer);
int64_t view_key_used(const struct view *view, unsigned peer, unsigned key);

#endif
