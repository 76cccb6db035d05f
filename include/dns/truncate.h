/* Makes a UDP answer smaller when its TSIG needs the room (RFC 8945 section 5.3, RFC 2181
 * section 9). */
#ifndef DNS_TRUNCATE_H
#define DNS_TRUNCATE_H

#include "dns/message.h"

/* Shrinks the message in place to at most `limit` octets. `m` is the parse of `octets`, without
 * TSIG, and is kept up to date. With answers, first the additional section without OPT, then the
 * authority section is left out whole, TC unchanged; only then question and OPT alone, TC set,
 * RCODE 0. DNS_ESPACE when not even that fits; the message is then of no use. */
int dns_truncate(uint8_t *octets, struct dns_message *m, size_t limit) MUST_CHECK;

#endif
