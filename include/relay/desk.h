/* What one worker judges with for its life, whatever the configuration: the outside world, what is
 * remembered, and a place to build messages in. What is remembered of peers and keys goes by their
 * lasting numbers. Nothing here is shared between threads. */
#ifndef RELAY_DESK_H
#define RELAY_DESK_H

#include "relay/notices.h"
#include "relay/rate.h"
#include "relay/recent.h"
#include "relay/replay.h"
#include "relay/report.h"
#include "relay/sleepers.h"
#include "tsig/record.h"

/* The outside world, as parameters. */
struct relay_world {
    uint16_t (*random_id)(void *arg); /* unpredictable */
    void (*report)(void *arg, const struct relay_event *event);
    /* What waited for another has what it waited for: exchange_next is to be called for `owner`
     * (exchange_set_owner), but not from within this. */
    void (*wake)(void *arg, void *owner);
    void *arg;
};

struct desk {
    struct relay_world world;
    struct recent recent;
    struct rate refusals; /* answers over UDP to who has proven nothing */
    struct replay replay;
    struct notices *notices;   /* owned */
    struct sleepers *sleepers; /* owned */
    unsigned
        *key_turns; /* owned; by peer: number of the key that signs what we originate, plus 1 */
    bool draining;  /* the worker goes: nobody is told what no client waits for */
    unsigned peer_numbers; /* there is room for peers with lower numbers */
    uint8_t work[DNS_MESSAGE_MAX];
    uint8_t tail[TSIG_RECORD_MAX];
};

/* `zones` bounds what is remembered of sleepers. NULL: no memory. */
struct desk *desk_new(const struct relay_world *world, unsigned zones);
void desk_free(struct desk *desk);

/* Room for peers with numbers below `count`; what is remembered stays. DNS_EMEMORY. */
int desk_reserve(struct desk *desk, unsigned count) MUST_CHECK;

#endif
