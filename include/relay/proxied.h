/* Who is behind a balancer: the header that it writes first on a connection (PROXY protocol,
 * version 2), read in whatever pieces it comes. Whether the balancer is believed is its reader's to
 * know.
 *
 * Of TCP over IPv4 and IPv6 alone is an address taken: over UDP any could be forged, and who has
 * none cannot be told from the balancer itself. What else a header holds (TLVs, the address that
 * was called) is passed over. */
#ifndef RELAY_PROXIED_H
#define RELAY_PROXIED_H

#include "config/address.h"

#define PROXIED_BEGIN 16   /* octets that say how long the rest is */
#define PROXIED_MOST  2048 /* octets that the rest may have */
#define PROXIED_KEPT  (PROXIED_BEGIN + 36)

/* A zeroed one has read nothing. */
struct proxied {
    size_t len; /* octets that have come */
    uint8_t octets[PROXIED_KEPT];
};

enum proxied_state {
    PROXIED_MORE,     /* it goes on */
    PROXIED_CLIENT,   /* all is there, and proxied_source says who asks */
    PROXIED_ITSELF,   /* all is there: the balancer speaks for itself (LOCAL) */
    PROXIED_NONE,     /* that is no header of this version */
    PROXIED_MALFORMED /* or is too long, or says nothing that could be a client's address */
};

/* Octets that it surely still has, while it goes on; no more are to be given. */
size_t proxied_wants(const struct proxied *p);

enum proxied_state proxied_take(struct proxied *p, const uint8_t *octets, size_t len);

/* Once it is PROXIED_CLIENT. */
struct address proxied_source(const struct proxied *p);

#endif
