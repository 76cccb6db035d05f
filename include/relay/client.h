/* The client's side of one exchange: who asked, what proof it gave, and how answers to it are
 * made. */
#ifndef RELAY_CLIENT_H
#define RELAY_CLIENT_H

#include "relay/relay.h"
#include "tsig/record.h"

struct client {
    const struct peer *peer; /* NULL: unknown */
    struct address from;
    struct address to; /* the local address the request came to */
    enum relay_transport transport;
    uint16_t id;
    uint16_t original_id; /* of its TSIG */
    uint16_t payload; /* the most octets of a UDP answer: what its OPT says, at most `udp-size` */
    bool has_opt;
    uint16_t opt_flags; /* DO and the like */
    bool transparent;   /* it spoke to its server's own address: both ends keep theirs */
    bool passed; /* a TSIG of a key we do not have goes through unchanged, as does the answer */
    const struct tsig_key *key; /* the request verified with this; NULL: answers are unsigned */
    struct tsig_chain chain;
};

/* An answer of our own. */
struct client_answer {
    uint16_t rcode;
    uint16_t flags;        /* beside QR, opcode and RD: AA or TC */
    int ede;               /* enum dns_ede */
    const char *reason;    /* EXTRA-TEXT and log; may be NULL */
    size_t limit;          /* octets, whatever the client could take; 0: none */
    uint16_t tsig_error;   /* enum tsig_error */
    uint64_t request_time; /* BADTIME: the client's Time Signed and Fudge go back to it */
    uint16_t request_fudge;
    const struct tsig_record
        *bad_record; /* BADKEY and BADSIG: the record to answer, without a MAC */
};

/* What a signed request is known by, before it is answered. */
struct replay_mark client_mark(const struct client *client);

/* Octets of TSIG in every answer to this client. */
size_t client_room(const struct client *client);

/* Makes an answer in the relay's work place: header, question (if `request` has just one), OPT when
 * the client sent one, TSIG. When it does not fit the client's payload size, or the answer's limit,
 * it is explained without text, or not at all. DNS_ESPACE: nothing is sent, which is reported. */
int client_answer(struct relay *relay, struct client *client, const struct dns_message *request,
                  const struct client_answer *answer, struct relay_time now,
                  struct relay_packet *out) MUST_CHECK;

/* Makes a server's message, parsed and without TSIG, the client's: ID, AD, options of one hop, what
 * P25 says, TSIG. `octets` are altered in place. `from_signed`: the server's leg is signed, so AD
 * stays. DNS_ESPACE when it does not fit: over UDP not even truncated, which is reported; over TCP
 * for want of 65535 octets (the message is then still as it was but for ID, AD and options). */
int client_adapt(struct relay *relay, struct client *client, uint8_t *octets, struct dns_message *m,
                 bool from_signed, struct relay_time now, struct relay_packet *out) MUST_CHECK;

#endif
