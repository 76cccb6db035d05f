/* A fixed configuration, and requests to it, for the targets of relay/. */
#ifndef WORLD_H
#define WORLD_H

#include "fuzz.h"
#include "relay/policy.h"

/* A relay that remembers nothing yet; world_free() it. */
struct relay *world_relay(void);
void world_free(struct relay *relay);

/* One request and what is true of it. */
struct world_request {
    struct relay_request request;
    uint8_t *octets;               /* owned */
    const struct tsig_key *signer; /* NULL: not signed by us, or altered since */
    struct tsig_chain chain;       /* of its response, if signed by us */
    int64_t age;                   /* seconds since it was signed */
};

/* Takes five octets of the input: source, destination and transport; how it is signed; what is
 * altered then, 0 for nothing; two for the age of the signature. `octets`, the message, is released
 * with the request. */
void world_request_init(struct world_request *w, struct relay *relay, struct dns_reader *in,
                        uint8_t *octets, size_t len);
void world_request_fini(struct world_request *w);

/* Signs a message that parses and has no TSIG. Returns its new length, at most TSIG_RECORD_MAX
 * more. */
size_t world_sign(struct relay *relay, const struct tsig_key *key, struct tsig_chain *chain,
                  uint64_t time_signed, uint8_t *octets, size_t len);

/* A packet in one piece, in memory of its own size; free() it. */
uint8_t *world_read(const struct relay_packet *packet, size_t *len);

#endif
