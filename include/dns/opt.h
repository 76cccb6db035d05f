/* The OPT record (RFC 6891): what belongs to one hop is taken out, errors are explained
 * (RFC 8914). */
#ifndef DNS_OPT_H
#define DNS_OPT_H

#include "dns/message.h"

enum dns_option {
    DNS_OPTION_EXPIRE = 9,
    DNS_OPTION_COOKIE = 10,
    DNS_OPTION_KEEPALIVE = 11,
    DNS_OPTION_EDE = 15
};

/* Extended DNS Error codes used here (RFC 8914 section 5.2). */
enum dns_ede {
    DNS_EDE_NONE = -1,
    DNS_EDE_OTHER = 0,
    DNS_EDE_PROHIBITED = 18,
    DNS_EDE_NOT_SUPPORTED = 21,
    DNS_EDE_NO_REACHABLE_AUTHORITY = 22,
};

/* These edit a message in place; `m` must be the parse of `octets` (mutable here) and is kept up to
 * date. The message never grows. They do nothing without OPT. A TSIG must have been taken off.
 * Where records follow OPT, their compression pointers are mended; DNS_EFORMAT when that leaves no
 * message, as pointers to what is no name do, and it is then of no use. */

/* Takes out COOKIE (RFC 7873, if `cookie`) and edns-tcp-keepalive (RFC 7828). */
int dns_opt_remove_hop_options(uint8_t *octets, struct dns_message *m, bool cookie) MUST_CHECK;

/* Takes the whole record out. */
int dns_opt_remove(uint8_t *octets, struct dns_message *m) MUST_CHECK;

/* Sets the requestor's UDP payload size. */
int dns_opt_set_payload(uint8_t *octets, struct dns_message *m, uint16_t payload) MUST_CHECK;

/* The seconds of an EXPIRE option (RFC 7314): how long this copy of the zone is good for. */
bool dns_opt_expire(const struct dns_message *m, uint32_t *seconds);

/* Writes an OPT record of version 0; of `flags` (the lower half of an OPT record's TTL) only DO is
 * kept. It has one EDE option unless `ede` is DNS_EDE_NONE; `text` (UTF-8, may be NULL) becomes its
 * EXTRA-TEXT. ARCOUNT is the caller's. */
void dns_opt_write(struct dns_writer *w, uint16_t payload, uint16_t flags, int ede,
                   const char *text);

/* What the message's first EDE option says; false when it has none. `text` is not terminated, and
 * borrowed. */
bool dns_opt_error(const struct dns_message *m, uint16_t *ede, const char **text, size_t *len);

#endif
