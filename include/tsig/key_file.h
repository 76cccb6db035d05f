/* A BIND key file, as tsig-keygen writes it:
 *     key "NAME" { algorithm hmac-sha256; secret "BASE64"; };
 * with comments of the kinds that BIND knows, words quoted or not, in any order. */
#ifndef TSIG_KEY_FILE_H
#define TSIG_KEY_FILE_H

#include "tsig/key.h"

struct tsig_key_file {
    struct dns_name name;
    const struct tsig_algorithm *algorithm;
    uint8_t minimum_mac; /* "hmac-sha256-128" means hmac-sha256 with 128 / 8; 0 when not said */
    uint8_t secret[TSIG_SECRET_MAX];
    size_t secret_len;
};

/* Is this text a BIND key file (begins with `key` after comments and white space), or base64? */
bool tsig_key_file_looks_like(const char *text, size_t len);

/* DNS_EFORMAT, and `*problem` then says what is wrong ("no secret", "unknown algorithm", …). */
int tsig_key_file_parse(const char *text, size_t len, struct tsig_key_file *out,
                        const char **problem) MUST_CHECK;

#endif
