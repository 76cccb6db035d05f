/* The far end of a response over TCP: it signs all of its messages or only some (RFC 8945 section
 * 5.3.1). The digests are put together here, not by the code under test. */
#ifndef SENDER_H
#define SENDER_H

#include "support.h"
#include "tsig/mac.h"
#include "tsig/record.h"

struct sender {
    struct tsig_mac mac; /* owned */
    bool continues;      /* a message was signed: timers only from now on */
    bool begun;          /* unsigned messages are in the digest */
    uint8_t prior[TSIG_MAC_MAX];
    uint16_t prior_len;
    uint16_t fudge;   /* 300 at first; this and the next may be set */
    uint16_t mac_len; /* octets of each MAC that are sent; the whole of it at first */
};

/* `request_mac` is what the response's first digest begins with. */
void sender_init(struct sender *s, const struct tsig_key *key, const uint8_t *request_mac,
                 uint16_t len);
void sender_fini(struct sender *s);

/* The message goes without TSIG: the next MAC covers it. */
void sender_pass(struct sender *s, const struct support_message *message);

/* Appends the TSIG, with the header ID as Original ID. */
void sender_sign(struct sender *s, struct support_message *message, uint64_t time_signed);

#endif
