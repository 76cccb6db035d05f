#include "relay/acks.h"

#include <stdlib.h>
#include <string.h>

void acks_fini(struct acks *acks)
{
    free(acks->items);
    *acks = (struct acks){0};
}

/* The first whose number is not below this one. */
static size_t acks_place(const struct acks *acks, unsigned peer)
{
    size_t low = 0;
    for (size_t high = acks->count; low < high;) {
        size_t middle = low + (high - low) / 2;
        if (acks->items[middle].peer < peer)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int acks_add(struct acks *acks, unsigned peer, unsigned rcode)
{
    size_t at = acks_place(acks, peer);
    struct ack *more = reallocarray(acks->items, acks->count + 1, sizeof *more);
    if (!more)
        return DNS_EMEMORY;
    memmove(more + at + 1, more + at, (acks->count - at) * sizeof *more);
    more[at] = (struct ack){.peer = peer, .rcode = rcode};
    acks->items = more;
    acks->count++;
    return 0;
}

int acks_find(const struct acks *acks, unsigned peer)
{
    size_t at = acks_place(acks, peer);
    bool found = at < acks->count && acks->items[at].peer == peer;
    return found ? (int)acks->items[at].rcode : -1;
}

bool acks_have(const struct acks *acks, const struct peer *const *peers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (acks_find(acks, peers[i]->number) < 0)
            return false;
    return true;
}
