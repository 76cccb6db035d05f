/* How many lines the network may cause: so many in a second of one kind about one source; the rest
 * is counted and told with the next line. What strangers send, what comes from the addresses of
 * peers, and what the keys of peers have signed do not share any room: no one's lines hide
 * another's. */
#ifndef ADMIN_LIMIT_H
#define ADMIN_LIMIT_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "config/address.h"

#define LIMIT_BURST 10 /* enough to see what goes on; more of the same says nothing new */
#define LIMIT_SETS  256
#define LIMIT_WAYS  4
/* Of all strangers together, who can have any address. */
#define LIMIT_STRANGERS_MOST 100
#define LIMIT_OTHERS_MOST    1000

enum limit_class { LIMIT_STRANGER, LIMIT_PEER, LIMIT_KEY, LIMIT_CLASSES };

/* What lines are alike. */
struct limit_subject {
    enum limit_class class;
    unsigned type;
    unsigned result;
    unsigned number;    /* of a peer or a key */
    uint8_t source[16]; /* an address, or the first octets of a stranger's */
};

/* Zeroed is empty. One thread's. */
struct limit {
    struct limit_table {
        time_t second;
        unsigned count;    /* lines in this second */
        unsigned left_out; /* for want of a bucket */
        struct limit_bucket {
            struct limit_subject subject;
            time_t second; /* 0: free */
            unsigned count;
            unsigned left_out;
        } buckets[LIMIT_SETS][LIMIT_WAYS];
    } tables[LIMIT_CLASSES];
};

/* Strangers are told apart by network, /24 or /56, since who has one address there has them all. */
struct limit_subject limit_of_stranger(unsigned type, unsigned result, const struct address *host);
struct limit_subject limit_of_peer(unsigned type, unsigned result, unsigned number,
                                   const struct address *host);
/* Wherever it is used. */
struct limit_subject limit_of_key(unsigned type, unsigned result, unsigned number);
bool limit_same(const struct limit_subject *a, const struct limit_subject *b);

/* Returns how many lines like this one were left out since the last, or -1 to leave this one out.
 * `now` is not 0. */
int limit_admit(struct limit *limit, const struct limit_subject *subject, time_t now);

#endif
