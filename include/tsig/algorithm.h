/* src/tsig: keys, MACs, and what is signed and verified with them (RFC 8945).
 *
 * The table of HMAC algorithms (RFC 8945 section 6). */
#ifndef TSIG_ALGORITHM_H
#define TSIG_ALGORITHM_H

#include "dns/name.h"

#define TSIG_MAC_MAX 64 /* octets: HMAC-SHA512 */

struct tsig_algorithm {
    const char *text;   /* as configured and shown: "hmac-sha256" */
    const char *wire;   /* algorithm name on the wire, as text: the same but for HMAC-MD5 */
    const char *digest; /* OpenSSL's name of the hash */
    uint8_t hash_size;  /* octets the hash yields, and the least a secret should have */
    uint8_t mac_size;   /* octets of a full MAC: hash_size, less for the -128, -192, -256 kinds */
    bool weak;          /* HMAC-MD5 and HMAC-SHA1: works, warned about */
};

/* Entry `i` of the table, NULL past its end. */
const struct tsig_algorithm *tsig_algorithm_at(size_t i);

/* By its text or its name on the wire, as people and programs write them: in any case, with '_' for
 * '-', without "hmac-", with a dot at the end. NULL: unknown. */
const struct tsig_algorithm *tsig_algorithm_by_text(const char *text);

/* The name on the wire. */
void tsig_algorithm_name(const struct tsig_algorithm *algorithm, struct dns_name *out);

/* The least octets a MAC may be cut to: max(10, half the hash), so the -128, -192, -256 kinds
 * cannot be cut at all (RFC 8945 section 5.2.2.1). */
size_t tsig_algorithm_least_mac(const struct tsig_algorithm *algorithm);

/* Is `a` of a smaller hash than `b`, or of the same with a shorter MAC? */
bool tsig_algorithm_is_weaker(const struct tsig_algorithm *a, const struct tsig_algorithm *b);

#endif
