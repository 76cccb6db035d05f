/* A NOTIFY written anew (RFC 1996 section 3): what it says and nothing else of what came with
 * it. */
#ifndef DNS_NOTIFY_H
#define DNS_NOTIFY_H

#include "dns/message.h"

/* Header, question, the SOA with its three names, OPT without options: no NOTIFY that is
 * written here is larger. */
#define DNS_NOTIFY_MAX (DNS_HEADER_SIZE + DNS_NAME_MAX + 4 + 10 + 3 * DNS_NAME_MAX + 20 + 11)

/* Header, question, the hint, which is the zone's SOA in the answer section, and OPT without its
 * options, each when `m` has it. `m` has one question. False when there is no room. */
bool dns_notify_write(const struct dns_message *m, struct dns_writer *w);

/* The serial of a NOTIFY's hint; false when it has none. */
bool dns_notify_serial(const struct dns_message *m, uint32_t *serial);

#endif
