/* A primary over TCP, and what it shares with readers: one loop of descriptors. */
#ifndef SOURCE_H
#define SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "zone.h"

#define SOURCE_QUESTION 512

struct sockaddr_in;

/* Whatever has a descriptor begins with this. It is told once of each change, so it goes on until
 * nothing moves; only itself may free it. */
struct end {
    int fd;
    void (*on_ready)(struct end *end);
};

/* The loop. */
int source_loop(void);
void source_watch(int loop, struct end *end);
/* Closes its descriptor. */
void source_close(struct end *end);
void source_turn(int loop, int ms);

/* Gives the zone to whoever asks for a transfer, and its SOA to whoever asks for anything else, as
 * fast as it is taken. */
struct source {
    struct end end;
    int loop;
    struct zone *zone;
    uint32_t serial;
    /* Makes of a NOTIFY its answer; returns the length. NULL: none come. */
    size_t (*on_notify)(uint8_t *octets, size_t len);
};

void source_open(struct source *source, int loop, const struct sockaddr_in *place,
                 struct zone *zone, uint32_t serial);

/* Makes of a question its SOA answer; returns the length. */
size_t source_answer(uint8_t *octets, size_t size, uint32_t serial);

#endif
