/* Makes a message smaller: a UDP answer when its TSIG needs the room (RFC 8945 section 5.3,
 * RFC 2181 section 9), an IXFR's down to the version alone (RFC 1995 section 2).
 *
 * All of it happens in place. `m` is the parse of `octets`, without TSIG, and is kept up to date.
 * What is left stands where it stood, OPT aside, so no compression pointer needs to be mended. */
#ifndef DNS_TRUNCATE_H
#define DNS_TRUNCATE_H

#include "dns/message.h"

/* Shrinks the message to at most `limit` octets. With answers, first the additional section without
 * OPT, then the authority section is left out whole, TC unchanged; then all of an IXFR's answer but
 * its opening SOA, TC clear; only then question and OPT alone, TC set, RCODE 0. DNS_ESPACE when not
 * even that fits; the message is then of no use. */
int dns_truncate(uint8_t *octets, struct dns_message *m, size_t limit) MUST_CHECK;

/* Leaves question and OPT, the header's flags as they are. */
void dns_truncate_to_question(uint8_t *octets, struct dns_message *m);

/* Does the answer section begin with the zone's SOA? */
bool dns_truncate_opens_with_soa(const struct dns_message *m);

/* Leaves question, that SOA and OPT, TC clear: over UDP this says "there is this version; come back
 * over TCP". */
void dns_truncate_to_soa(uint8_t *octets, struct dns_message *m);

#endif
