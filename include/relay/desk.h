/* What one worker judges with for its life, whatever the configuration: the outside world, what it
 * remembers by itself and with others, and a place to build messages in. One thread's, but for the
 * memory and the bell. */
#ifndef RELAY_DESK_H
#define RELAY_DESK_H

#include "relay/bell.h"
#include "relay/flights.h"
#include "relay/memory.h"
#include "relay/report.h"
#include "tsig/record.h"

/* The outside world, as parameters. */
struct relay_world {
    uint16_t (*random_id)(void *arg); /* unpredictable */
    void (*report)(void *arg, const struct relay_event *event);
    /* By any thread: the worker is to call bell_next, and to wake whom it gives. */
    void (*ring)(void *arg);
    void *arg;
};

struct desk {
    struct relay_world world;
    struct memory *memory; /* borrowed; outlives this */
    struct bell bell;
    struct flights flights;
    bool draining; /* the worker goes: nobody is told what no client waits for */
    uint8_t work[DNS_MESSAGE_MAX];
    uint8_t tail[TSIG_RECORD_MAX];
};

/* NULL: no memory. */
struct desk *desk_new(const struct relay_world *world, struct memory *memory);
void desk_free(struct desk *desk);

#endif
