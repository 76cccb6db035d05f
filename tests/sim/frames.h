/* Messages behind their length in two octets, as servers and secondaries of a play take them. */
#ifndef SIM_FRAMES_H
#define SIM_FRAMES_H

#include "pipe.h"

/* Zeroed is empty. */
struct frames {
    uint8_t *octets; /* owned */
    size_t start, end, room;
};

void frames_fini(struct frames *f);
void frames_add(struct frames *f, const uint8_t *octets, size_t len);
/* The next whole message, which may be altered until frames_add. */
bool frames_next(struct frames *f, uint8_t **octets, size_t *len);

void frames_write(struct pipe_end *end, const uint8_t *octets, size_t len);

#endif
