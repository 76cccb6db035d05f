/* Signs one message (RFC 8945 sections 4.3 and 5.3). */
#ifndef TSIG_SIGN_H
#define TSIG_SIGN_H

#include "tsig/mac.h"
#include "tsig/record.h"

/* What the digest of the next message begins with. */
enum tsig_form {
    TSIG_FORM_REQUEST,      /* nothing (section 5.1) */
    TSIG_FORM_RESPONSE,     /* the request MAC (section 5.3) */
    TSIG_FORM_CONTINUATION, /* the prior MAC; timers instead of all variables (section 5.3.1) */
};

/* One side's running state over the messages of one exchange. */
struct tsig_chain {
    enum tsig_form form;
    uint8_t mac_len;
    uint8_t mac[TSIG_MAC_MAX]; /* request MAC as sent or prior MAC */
    uint64_t time_signed;      /* of the last message; never goes back */
};

/* What goes into the record besides the MAC. */
struct tsig_stamp {
    uint64_t time_signed; /* seconds since 1970 */
    uint16_t fudge;
    uint16_t original_id;
    uint16_t error;       /* enum tsig_error */
    bool has_server_time; /* Other Data for BADTIME (section 5.2.3) */
    uint64_t server_time;
};

/* A chain for a request that is about to be signed or verified. */
struct tsig_chain tsig_chain_request(void);
/* After a message with this MAC and time the next one is a continuation. For a request chain this
 * makes the chain of its response. */
void tsig_chain_advance(struct tsig_chain *chain, const uint8_t *mac, size_t len,
                        uint64_t time_signed);

/* Signs the message `octets` (header included, no TSIG in it; its header ID is what the receiver
 * will see as original ID only if the stamp says so): appends the record to `tail`, adds one to
 * ARCOUNT in `octets`, and advances the chain. In a continuation the time is never earlier than the
 * chain's. DNS_ESPACE when the record does not fit in `tail` (TSIG_RECORD_MAX octets always do) or
 * ARCOUNT has reached 65535, DNS_ECRYPTO. */
int tsig_sign(struct tsig_mac *mac, struct tsig_chain *chain, const struct tsig_stamp *stamp,
              uint8_t *octets, size_t len, struct dns_writer *tail) MUST_CHECK;

/* Octets that a signed message's record takes with this key, without Other Data. */
size_t tsig_sign_room(const struct tsig_key *key);

/* An error answer that cannot be signed (BADKEY, BADSIG; sections 5.2.1 and 5.2.2): a record with
 * the request's key name and algorithm and no MAC; adds one to ARCOUNT in `octets`. DNS_ESPACE as
 * above. */
int tsig_sign_unsigned(const struct tsig_record *request, const struct tsig_stamp *stamp,
                       uint8_t *octets, struct dns_writer *tail) MUST_CHECK;

/* The digest both sides compute, in steps: the chain's MAC; one message, or several when those
 * before the last are unsigned (section 5.3.1), each with the header ID and ARCOUNT it had before
 * it was signed; then the variables of `record`, or its timers in a continuation. The end writes
 * the full MAC. */
void tsig_sign_digest_begin(struct tsig_mac *mac, const struct tsig_chain *chain);
void tsig_sign_digest_message(struct tsig_mac *mac, const uint8_t *octets, size_t len, uint16_t id,
                              uint16_t arcount);
int tsig_sign_digest_end(struct tsig_mac *mac, enum tsig_form form,
                         const struct tsig_record *record, uint8_t out[TSIG_MAC_MAX]) MUST_CHECK;

#endif
