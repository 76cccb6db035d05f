/* UPDATEs that were let through of late, so that none is done twice: whoever has recorded one could
 * send it again as long as its time is within the fudge (RFC 8945 section 10.3 leaves that to the
 * application).
 *
 * Only what verified comes in here, so nobody without a key can push anything out. Any thread may
 * call. */
#ifndef RELAY_REPLAY_H
#define RELAY_REPLAY_H

#include <pthread.h>

#include "config/address.h"

#define REPLAY_ENTRIES 4096 /* a power of 2; the oldest makes room */
#define REPLAY_MAC     16   /* octets of a MAC that are kept: nobody makes two alike */

struct replay_mark {
    /* The MAC up to the least length that its key accepts: a recording may be cut to that. */
    unsigned key; /* number */
    uint8_t mac[REPLAY_MAC];
    /* What a client that repeats itself leaves as it was. */
    struct address from;
    struct address to;
    bool tcp;
    uint16_t id;
};

struct replay {
    pthread_mutex_t mutex;
    struct replay_entry {
        struct replay_mark mark;
        uint64_t ticket; /* 0: never used */
        int rcode;       /* of the answer; -1: none yet */
        unsigned next;   /* in its bucket: place plus 1 */
    } entries[REPLAY_ENTRIES];
    unsigned buckets[REPLAY_ENTRIES];
    uint64_t tickets; /* handed out */
};

enum replay_answer {
    REPLAY_NEW = -1,   /* not seen before */
    REPLAY_OTHER = -2, /* seen, and this is not the same client repeating itself */
};

void replay_init(struct replay *r); /* of a zeroed one */
void replay_fini(struct replay *r);

/* One of these, or the RCODE that the first was answered with; SERVFAIL when it had no answer. */
int replay_look(struct replay *r, const struct replay_mark *mark);

/* A ticket for replay_answered; 0: it has been seen since replay_look. */
uint64_t replay_add(struct replay *r, const struct replay_mark *mark);
/* What only OPT could say is SERVFAIL. Does nothing when the entry had to make room, or for
 * ticket 0. */
void replay_answered(struct replay *r, uint64_t ticket, unsigned rcode);

#endif
