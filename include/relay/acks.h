/* Who of the secondaries has acknowledged a NOTIFY, and with what. */
#ifndef RELAY_ACKS_H
#define RELAY_ACKS_H

#include <stddef.h>

#include "config/peer.h"

struct ack {
    unsigned peer; /* lasting number of the secondary */
    unsigned rcode;
};

/* Zeroed: nobody has. */
struct acks {
    struct ack *items; /* owned; by rising number */
    size_t count;
};

void acks_fini(struct acks *acks);

/* Of one who has not yet. DNS_EMEMORY. */
int acks_add(struct acks *acks, unsigned peer, unsigned rcode) MUST_CHECK;

/* The RCODE that this secondary acknowledged it with; -1: it has not. */
int acks_find(const struct acks *acks, unsigned peer);

/* All of these have. */
bool acks_have(const struct acks *acks, const struct peer *const *peers, size_t count);

#endif
