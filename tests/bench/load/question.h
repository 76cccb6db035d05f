/* Questions for SOA records, made ahead of time, and who answers them. */
#ifndef QUESTION_H
#define QUESTION_H

#include "net.h"

struct question {
    struct in_addr from;
    uint16_t len;
    uint8_t octets[256];
};

/* Every secondary asks for its own zone, or the only one for each of `zones`. Without secondaries
 * one asks that has no key. Names have a label of 1 to `padding` octets more, unless that is 0. */
struct question_mix {
    size_t secondaries, zones, padding;
};

/* So many, with IDs from 0 on; to be freed. */
struct question *question_make(const struct question_mix *mix, size_t count);

/* Answers what has come. */
void question_serve(int primary);

/* One record without error, and a TSIG if it was to be signed. */
bool question_is_answered(const struct net_datagram *answer, bool is_signed);

#endif
