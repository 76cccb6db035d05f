/* What a walk forward through a message knows of the names behind it. A pointer that was good is
 * good wherever the walk stands later, since it may lead to anything before (RFC 1035 section
 * 4.1.4): so one comparison validates the owner of most records. */
#ifndef DNS_MEMO_H
#define DNS_MEMO_H

#include "dns/wire.h"

#define MEMO_LABEL_MAX 63
#define MEMO_NAME_MAX  255
#define MEMO_POINTER   0xc000
#define MEMO_REACH     0x3fff /* no pointer leads farther */
#define MEMO_TARGETS   16
#define MEMO_OWNER_MAX (1 + MEMO_LABEL_MAX + 2)

/* A name has at most 127 labels, so an honest one needs no more pointers; without a bound, chains
 * of pointers to pointers would make each owner in a message cost thousands of steps. */
#define MEMO_POINTERS_MAX 127

/* One that a pointer may lead to. */
struct memo_name {
    uint16_t pointer; /* to its place, as messages write it; 0: no name */
    uint8_t len;      /* uncompressed */
    uint8_t pointers; /* in it; fewer than MEMO_POINTERS_MAX, for one leads here */
};

struct memo {
    struct memo_name targets[MEMO_TARGETS]; /* each in the slot that its place gives */
    struct memo_name owner;                 /* the last that was more than a pointer */
};

static inline struct memo_name *memo_slot(struct memo *memo, unsigned pointer)
{
    return &memo->targets[(pointer ^ pointer >> 4) % MEMO_TARGETS];
}

static inline void memo_note(struct memo_name *out, size_t at, size_t len, unsigned pointers)
{
    if (at <= MEMO_REACH && pointers < MEMO_POINTERS_MAX)
        *out = (struct memo_name){
            .pointer = (uint16_t)(MEMO_POINTER | at),
            .len = (uint8_t)len,
            .pointers = (uint8_t)pointers,
        };
}

static inline void memo_note_target(struct memo *memo, size_t at, size_t len, unsigned pointers)
{
    memo_note(memo_slot(memo, (unsigned)(MEMO_POINTER | at)), at, len, pointers);
}

/* Steps over the common owner, which is at most one label and then a pointer to a known name, and
 * returns the place behind it; 0 for any other, good or bad. MEMO_OWNER_MAX octets must be there.
 * A label of one octet is the root, behind which there is no pointer. */
static inline size_t memo_pass(struct memo *memo, const uint8_t *octets, size_t at)
{
    size_t label = octets[at] <= MEMO_LABEL_MAX ? 1U + octets[at] : 0;
    unsigned pointer = dns_wire_u16_at(octets + at + label);
    const struct memo_name *known = memo_slot(memo, pointer);
    if (known->pointer != pointer)
        known = &memo->owner;
    size_t len = label + known->len;
    if (known->pointer != pointer || pointer == 0 || label == 1 || len > MEMO_NAME_MAX)
        return 0;
    if (label > 0)
        memo_note(&memo->owner, at, len, known->pointers + 1U);
    return at + label + 2;
}

#endif
