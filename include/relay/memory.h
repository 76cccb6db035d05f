/* What all workers remember together, whatever the configuration. A copy, a retry or a recording
 * may come to any of them. Peers and keys go by their lasting numbers. Each part may be used by any
 * thread, and has its own lock; none is taken while another is held, but a bell's. */
#ifndef RELAY_MEMORY_H
#define RELAY_MEMORY_H

#include "relay/notices.h"
#include "relay/polls.h"
#include "relay/rate.h"
#include "relay/recent.h"
#include "relay/replay.h"
#include "relay/shares.h"
#include "relay/sleepers.h"
#include "relay/slots.h"

struct memory {
    struct recent recent;
    struct rate refusals; /* answers over UDP to who has proven nothing */
    struct replay replay;
    struct notices *notices;   /* owned */
    struct sleepers *sleepers; /* owned */
    struct polls *polls;       /* owned */
    struct shares *shares;     /* owned */
    struct slots *slots;       /* owned */
    pthread_mutex_t mutex;     /* of what follows */
    unsigned peer_numbers;     /* there is room for peers with lower numbers */
    /* Owned; by peer: number of the key that signs what we originate, plus 1. */
    unsigned *key_turns;
};

/* `zones` bounds what is remembered of sleepers. NULL: no memory. */
struct memory *memory_new(unsigned zones);
void memory_free(struct memory *m);

/* Room for peers with numbers below `count`; what is remembered stays. DNS_EMEMORY. */
int memory_reserve(struct memory *m, unsigned count) MUST_CHECK;

unsigned memory_key_turn(struct memory *m, unsigned peer);
/* From one turn to the next; false when another has been faster. */
bool memory_turn_key(struct memory *m, unsigned peer, unsigned from, unsigned to);

#endif
