/* Where names stand in RDATA: only in these types may they be compressed, on output those of
 * RFC 1035, on input also RP AFSDB RT SIG PX NXT NAPTR SRV (RFC 3597 section 4). All other RDATA is
 * opaque. */
#ifndef DNS_RDATA_H
#define DNS_RDATA_H

#include <stdbool.h>
#include <stdint.h>

/* Octets, character-strings and names in this order, then anything. */
struct dns_rdata_layout {
    uint16_t type;
    uint8_t octets;
    uint8_t strings;
    uint8_t names;
    bool compress; /* on output */
};

/* NULL: opaque. */
const struct dns_rdata_layout *dns_rdata_layout(uint16_t type);

#endif
