/* What a primary says to one request. */
#ifndef SIM_ANSWER_H
#define SIM_ANSWER_H

#include "primary.h"

struct answer {
    uint8_t *octets; /* owned: messages, each behind its length */
    size_t len;
    size_t room;
    size_t count;
};

/* None for what it cannot read. True: it is to be cut off somewhere. `octets` are altered. */
bool answer_make(struct answer *a, struct primary *p, uint8_t *octets, size_t len, bool tcp);
void answer_fini(struct answer *a);

#endif
