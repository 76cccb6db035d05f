/* A second opinion on TSIG (RFC 8945): the digest is put together in one buffer here, from octets,
 * by no code of the library. Servers and secondaries of a play sign and verify with it. */
#ifndef SIM_SEAL_H
#define SIM_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEAL_MAC_MAX    64
#define SEAL_SECRET     32
#define SEAL_RECORD_MAX 256 /* octets of a TSIG of such keys */
#define SEAL_FUDGE      300

struct seal_key {
    char name[16]; /* one label */
    uint8_t secret[SEAL_SECRET];
    bool sha512;
};

/* One side of one exchange. Zeroed but for the key: before its request. */
struct seal {
    const struct seal_key *key;
    uint8_t mac[SEAL_MAC_MAX]; /* the request's, then the one before */
    size_t mac_len;
    bool continues;  /* timers only from now on */
    uint8_t *unsign; /* owned: messages without TSIG since the last MAC */
    size_t unsign_len;
};

void seal_fini(struct seal *s);

/* After its request, the other side answers. */
void seal_turn(struct seal *s);

/* The next MAC covers it, too. */
void seal_pass(struct seal *s, const uint8_t *octets, size_t len);
/* Appends the TSIG, for which there is room; returns the new length. */
size_t seal_sign(struct seal *s, uint64_t seconds, uint8_t *octets, size_t len);

enum seal_verdict { SEAL_GOOD, SEAL_NONE, SEAL_OTHER_KEY, SEAL_BAD, SEAL_LATE };

/* With SEAL_GOOD, and SEAL_LATE, whose MAC is good, `*len` is without the TSIG and ARCOUNT with
 * it. `*error` is the TSIG's own. */
enum seal_verdict seal_verify(struct seal *s, uint64_t seconds, uint8_t *octets, size_t *len,
                              unsigned *error);

/* Octets of the MAC in its TSIG; 0: none, or no TSIG. */
size_t seal_mac_len(const uint8_t *octets, size_t len);

#endif
