/* A keyed HMAC, made once per key and thread and set back for each message: thin over EVP_MAC. */
#ifndef TSIG_MAC_H
#define TSIG_MAC_H

#include <openssl/types.h>

#include "tsig/key.h"

struct tsig_mac {
    EVP_MAC_CTX *ctx;           /* owned */
    const struct tsig_key *key; /* borrowed; outlives this */
    bool failed;                /* OpenSSL refused something since begin */
};

/* OpenSSL has a copy of the secret in each context, in ordinary memory unless who gave it memory
 * functions sees to it (CRYPTO_set_mem_functions): in this thread, what is so long now is a copy.
 * 0: nothing is. */
extern _Thread_local size_t tsig_mac_secret;

/* Does OpenSSL have the hash here? It has no MD5 where the host allows FIPS' algorithms alone. */
bool tsig_mac_is_offered(const struct tsig_algorithm *algorithm);

/* DNS_ECRYPTO, also when this OpenSSL does not offer the hash. */
int tsig_mac_init(struct tsig_mac *mac, const struct tsig_key *key) MUST_CHECK;
/* Another for the same key, for a third of what tsig_mac_init costs. A digest that `from` is in the
 * middle of stays its own: begin comes first here too. DNS_ECRYPTO. */
int tsig_mac_copy(struct tsig_mac *mac, const struct tsig_mac *from) MUST_CHECK;
void tsig_mac_fini(struct tsig_mac *mac); /* of a zeroed struct too */

/* One digest: begin, any number of updates, end. Errors of OpenSSL are kept until end. */
void tsig_mac_begin(struct tsig_mac *mac);
void tsig_mac_update(struct tsig_mac *mac, const uint8_t *octets, size_t len);
/* Writes key->algorithm->mac_size octets. */
int tsig_mac_end(struct tsig_mac *mac, uint8_t out[TSIG_MAC_MAX]) MUST_CHECK;

#endif
