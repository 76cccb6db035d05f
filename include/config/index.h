/* What a request is judged by, to be found in a time that does not grow with the configuration. */
#ifndef CONFIG_INDEX_H
#define CONFIG_INDEX_H

#include "config/config.h"

/* Fills config->lookup, and tells the peers of it. DNS_EMEMORY. */
int config_index(struct config *config) MUST_CHECK;

/* What more there is to the key of an address that is listened on for a peer. */
static inline uint32_t index_listening(enum peer_role role, uint16_t port)
{
    return (uint32_t)role << 16 | port;
}

/* What more there is to a key's: of what algorithm it is. */
static inline uint32_t index_algorithm(const struct dns_name *name)
{
    return lookup_hash(name->octets, name->len);
}

#endif
