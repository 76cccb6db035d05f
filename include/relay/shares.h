/* Who holds how much of what there is too little of, and who may have one more (L1, L2).
 *
 * A peer that holds less than its share has the next place wherever there is one; beyond it, a peer
 * may have what nobody wants, but never the last tenth. Strangers share an eighth. A connection
 * from a signed peer's address on which nothing has verified yet is unproven, and has a place among
 * an eighth of that peer's share.
 *
 * Any thread's: there is one lock, and it is held for no longer than one call. */
#ifndef RELAY_SHARES_H
#define RELAY_SHARES_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "dns/error.h"

enum shares_kind {
    SHARES_CONNECTIONS, /* TCP connections of clients */
    SHARES_SOCKETS,     /* sockets to servers: one for each exchange, or each copy of a fan-out */
    SHARES_KINDS
};

/* Unproven connections have so many places at least, wherever an eighth is less: they come several
 * at once, and each needs a moment to prove itself. */
#define SHARES_UNPROVEN_LEAST 4

enum shares_standing { SHARES_STRANGER, SHARES_UNPROVEN, SHARES_PEER };

struct shares_owner {
    enum shares_standing standing;
    unsigned number; /* of the peer; 0 for strangers, who are one owner */
};

static inline bool shares_same(struct shares_owner a, struct shares_owner b)
{
    return a.standing == b.standing && a.number == b.number;
}

enum shares_verdict {
    SHARES_GRANTED,
    SHARES_OVER, /* it holds what it may already, as things are */
    SHARES_NONE  /* it may have one more, and there is none */
};

struct shares;

/* With no room for anyone. NULL: no memory. */
struct shares *shares_new(void);
void shares_free(struct shares *s);

/* Room for peers with numbers below `count`; what is held stays. DNS_EMEMORY. */
int shares_reserve(struct shares *s, unsigned count) MUST_CHECK;

/* What a configuration says. Who holds more by it gives nothing back at once. */
void shares_set_places(struct shares *s, enum shares_kind kind, unsigned places);
void shares_set_percent(struct shares *s, unsigned peer, unsigned percent);

/* May it have one more? shares_take takes it, too. */
enum shares_verdict shares_look(struct shares *s, enum shares_kind kind, struct shares_owner owner);
enum shares_verdict shares_take(struct shares *s, enum shares_kind kind, struct shares_owner owner);
/* One that is free, whatever it holds already. */
bool shares_take_any(struct shares *s, enum shares_kind kind, struct shares_owner owner);
void shares_give(struct shares *s, enum shares_kind kind, struct shares_owner owner);

/* A place turns out to be another's, if that one may have it: SHARES_OVER otherwise, and nothing
 * has changed. */
enum shares_verdict shares_move(struct shares *s, enum shares_kind kind, struct shares_owner from,
                                struct shares_owner to);
/* The same, whether it may or not. */
void shares_pass(struct shares *s, enum shares_kind kind, struct shares_owner from,
                 struct shares_owner to);

/* Who has to make room for a peer that may have one more: the strangers or the peer furthest above
 * its share. False: nobody is further above it, or less below, than that peer will be. `peer` NULL:
 * for whoever comes; false when nobody is above his share. */
bool shares_find_debtor(struct shares *s, enum shares_kind kind, const unsigned *peer,
                        struct shares_owner *out);

/* Places that are missing from the last tenth: those beyond their share have to make room. */
unsigned shares_lacking(struct shares *s, enum shares_kind kind);
/* More than half are free. */
bool shares_are_ample(struct shares *s, enum shares_kind kind);

unsigned shares_held(struct shares *s, enum shares_kind kind, struct shares_owner owner);

#endif
