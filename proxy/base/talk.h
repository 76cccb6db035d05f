/* A question to one server, and what it answers: over UDP or TCP, with a key or without, waiting
 * for it. What is odd about an answer is told, not judged: who asks wants to know.
 *
 * Functions that can fail return 0 or a negative errno: ETIMEDOUT, ECONNREFUSED and others of the
 * network; EPIPE when the server closed the connection, EBADMSG for what is no answer. */
#ifndef BASE_TALK_H
#define BASE_TALK_H

#include "config/address.h"
#include "tsig/stream.h"

struct talk_place {
    struct address to;
    struct address source; /* family ADDRESS_NONE: as the kernel chooses; port 0: likewise */
    bool transparent;      /* `source` may be another host's address */
    bool tcp;
    const struct tsig_key *key; /* borrowed; NULL: unsigned */
    unsigned fudge;             /* seconds */
    unsigned wait_ms;           /* for a connection, and for each answer */
    bool edns;                  /* for who writes the request: it may have an OPT record */
};

/* Header, question, a zone's SOA, OPT and TSIG. */
#define TALK_REQUEST_MAX 2560

struct talk {
    struct talk_place place;
    int fd;
    struct tsig_mac mac;       /* with a key */
    struct tsig_stream stream; /* of the answers to the last request */
    struct tsig_chain chain;
    bool is_first; /* no answer to it yet */
    struct dns_message asked;
    struct dns_message answer; /* the last one; TSIG not taken off */
    bool has_record;
    struct tsig_record record; /* its TSIG */
    bool proven;               /* with a key: a MAC covers all answers so far */
    bool is_cut;               /* its MAC is good, but shorter than the key allows */
    bool has_skew;
    int64_t skew; /* seconds that the server's clock is ahead */
    unsigned milliseconds;
    uint8_t request[TALK_REQUEST_MAX];
    uint8_t octets[DNS_MESSAGE_MAX];
};

/* A socket, and a connection over TCP; on failure nothing is to be closed. */
int talk_open(struct talk *t, const struct talk_place *place) MUST_CHECK;
void talk_close(struct talk *t);

/* Sends a request without TSIG, whose ID is drawn here. Its octets are copied. */
int talk_say(struct talk *t, const uint8_t *request, size_t len) MUST_CHECK;

/* The next message of the answer. */
int talk_hear(struct talk *t) MUST_CHECK;

/* All of it, for a request that one message answers; repeated over UDP. When it fails the answer
 * has length 0. */
int talk_ask(struct talk *t, const struct talk_place *place, const uint8_t *request,
             size_t len) MUST_CHECK;

/* What a failure means, as "connection refused" does: for people. */
const char *talk_why(int error);

#endif
