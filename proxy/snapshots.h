/* Configurations that a reload has replaced, for as long as something in flight goes by them. */
#ifndef PROXY_SNAPSHOTS_H
#define PROXY_SNAPSHOTS_H

#include "config/config.h"

struct snapshot {
    struct snapshot *next; /* older */
    struct config *config; /* one reference */
    uint64_t replaced_at;  /* ms */
};

/* NULL: none. */
struct snapshots {
    struct snapshot *newest;
};

/* Takes the reference. */
void snapshots_add(struct snapshots *snapshots, struct config *config, uint64_t now);

/* How many are still in use, and when the oldest of them was replaced; the others are let go. */
unsigned snapshots_count(struct snapshots *snapshots, uint64_t *oldest);

void snapshots_fini(struct snapshots *snapshots);

#endif
