/* The TSIG record (RFC 8945 section 4.2). */
#ifndef TSIG_RECORD_H
#define TSIG_RECORD_H

#include "dns/message.h"

/* The largest record that is ever written: two names, the fixed part, a MAC, Other Data of
 * 6 octets. */
#define TSIG_RECORD_MAX (DNS_NAME_MAX + 10 + DNS_NAME_MAX + 16 + 64 + 6)

enum tsig_error {
    TSIG_NOERROR = 0,
    TSIG_BADSIG = 16,
    TSIG_BADKEY = 17,
    TSIG_BADTIME = 18,
    TSIG_BADTRUNC = 22,
};

/* "BADSIG" and so on; NULL for what is no error of TSIG's own. */
const char *tsig_record_error_text(uint16_t error);

struct tsig_record {
    struct dns_name key_name;
    struct dns_name algorithm;
    uint64_t time_signed; /* seconds since 1970, 48 bits */
    uint16_t fudge;       /* seconds */
    const uint8_t *mac;   /* borrowed from the message */
    uint16_t mac_len;
    uint16_t original_id;
    uint16_t error;       /* enum tsig_error, or what the peer sent */
    const uint8_t *other; /* borrowed from the message */
    uint16_t other_len;
};

/* The record of a message whose tsig_place is DNS_TSIG_LAST. DNS_EFORMAT: class not ANY, TTL not 0,
 * or lengths in the RDATA that do not add up. */
int tsig_record_decode(const struct dns_message *m, struct tsig_record *out) MUST_CHECK;

/* Appends the whole record, names uncompressed and as given. */
void tsig_record_encode(const struct tsig_record *record, struct dns_writer *w);

/* Octets that tsig_record_encode will write. */
size_t tsig_record_size(const struct tsig_record *record);

#endif
