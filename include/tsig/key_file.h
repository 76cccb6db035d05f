/* A secret as an operator may hold it in hand, maybe with name and algorithm: base64 alone, a key
 * file of BIND, dnssec-keygen's K*.key and K*.private, dig's [ALGORITHM:]NAME:SECRET, a [key]
 * section. */
#ifndef TSIG_KEY_FILE_H
#define TSIG_KEY_FILE_H

#include "tsig/key.h"

#define TSIG_KEY_FILE_PROBLEM_SIZE 160

struct tsig_key_file {
    struct dns_name name;                   /* empty: not said */
    const struct tsig_algorithm *algorithm; /* NULL: not said */
    unsigned minimum_mac; /* BIND's "hmac-sha256-128" is hmac-sha256 with 128 / 8; 0: not said */
    bool hexadecimal;     /* the secret's text is hexadecimal digits alone */
    uint8_t secret[TSIG_SECRET_MAX];
    size_t secret_len;
};

/* Whatever form the text has. DNS_EFORMAT, and `problem` then says what it looks like and what is
 * wrong: "it is empty", "octet 7 is '-', …". */
int tsig_key_file_read(const char *text, size_t len, struct tsig_key_file *out,
                       char problem[TSIG_KEY_FILE_PROBLEM_SIZE]) MUST_CHECK;

/* Base64 alone. */
int tsig_key_file_read_bare(const char *text, size_t len, struct tsig_key_file *out,
                            char problem[TSIG_KEY_FILE_PROBLEM_SIZE]) MUST_CHECK;

#endif
