#include "snapshots.h"

#include <stdlib.h>

void snapshots_add(struct snapshots *snapshots, struct config *config, uint64_t now)
{
    struct snapshot *s = malloc(sizeof *s);
    /* Without memory for it, it is in use and not counted. */
    if (!s) {
        config_unref(config);
        return;
    }
    *s = (struct snapshot){.next = snapshots->newest, .config = config, .replaced_at = now};
    snapshots->newest = s;
}

static void snapshots_drop(struct snapshot **link)
{
    struct snapshot *s = *link;
    *link = s->next;
    config_unref(s->config);
    free(s);
}

unsigned snapshots_count(struct snapshots *snapshots, uint64_t *oldest)
{
    unsigned count = 0;
    for (struct snapshot **link = &snapshots->newest; *link;) {
        if (!config_is_shared((*link)->config)) {
            snapshots_drop(link);
            continue;
        }
        count++;
        *oldest = (*link)->replaced_at;
        link = &(*link)->next;
    }
    return count;
}

void snapshots_fini(struct snapshots *snapshots)
{
    while (snapshots->newest)
        snapshots_drop(&snapshots->newest);
}
