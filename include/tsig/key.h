/* One shared key: name, algorithm, secret. */
#ifndef TSIG_KEY_H
#define TSIG_KEY_H

#include "tsig/algorithm.h"

#define TSIG_SECRET_MAX 512 /* octets */

struct tsig_key {
    struct dns_name name; /* lower case */
    struct dns_name algorithm_name;
    const struct tsig_algorithm *algorithm;
    uint8_t *secret; /* owned; in OpenSSL's secure heap where that has room; cleansed on release */
    size_t secret_len;
    uint8_t minimum_mac; /* octets; the full size unless shorter MACs are accepted */
    unsigned number;     /* the owner's; 0 unless it sets one */
};

/* Copies name and secret (1 octet or more). `minimum_mac` becomes the algorithm's full size;
 * `number` 0. DNS_EMEMORY. */
int tsig_key_init(struct tsig_key *key, const struct dns_name *name,
                  const struct tsig_algorithm *algorithm, const uint8_t *secret,
                  size_t secret_len) MUST_CHECK;
void tsig_key_fini(struct tsig_key *key); /* of a zeroed struct too */

/* Moves a secret to the secure heap, which came after it, if that has room. */
void tsig_key_lock_up(struct tsig_key *key);

/* Base64 text (white space around and between groups allowed) to octets. DNS_EFORMAT for anything
 * that is not base64 or empty, DNS_ESPACE above TSIG_SECRET_MAX. Uses OpenSSL's decoder. */
int tsig_key_decode_secret(const char *text, size_t len, uint8_t out[TSIG_SECRET_MAX],
                           size_t *out_len) MUST_CHECK;

#endif
