#include "relay/acks.h"

#include <stdlib.h>

void acks_fini(struct acks *acks)
{
    free(acks->items);
    *acks = (struct acks){0};
}

int acks_add(struct acks *acks, unsigned peer, unsigned rcode)
{
    struct ack *more = reallocarray(acks->items, acks->count + 1, sizeof *more);
    if (!more)
        return DNS_EMEMORY;
    more[acks->count++] = (struct ack){.peer = peer, .rcode = rcode};
    acks->items = more;
    return 0;
}

int acks_find(const struct acks *acks, unsigned peer)
{
    for (size_t i = 0; i < acks->count; i++)
        if (acks->items[i].peer == peer)
            return (int)acks->items[i].rcode;
    return -1;
}
