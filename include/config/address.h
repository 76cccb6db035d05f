/* Addresses with ports, and prefixes, as values: no socket types. IPv4-mapped IPv6 addresses are
 * IPv4. */
#ifndef CONFIG_ADDRESS_H
#define CONFIG_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/error.h"

#define ADDRESS_TEXT_SIZE 64
#define ADDRESS_BITS_MAX  128

enum address_family { ADDRESS_NONE = 0, ADDRESS_IPV4 = 4, ADDRESS_IPV6 = 6 };

struct address {
    enum address_family family;
    uint16_t port;      /* host order; 0: none given */
    uint32_t scope;     /* IPv6 zone index, 0 mostly */
    uint8_t octets[16]; /* network order; IPv4 uses the first four */
};

struct prefix {
    struct address address; /* port unused; bits past the length are 0 */
    uint8_t length;         /* bits: 0 to 32 or 128 */
};

struct prefix_list {
    struct prefix *items; /* owned */
    size_t count;
};

/* From 4 or 16 octets in network order; IPv4-mapped ones become IPv4. */
struct address address_from_octets(enum address_family family, const uint8_t *octets,
                                   uint16_t port);

/* 127.0.0.1 or ::1. */
struct address address_loopback(enum address_family family, uint16_t port);

/* "192.0.2.1@53", "2001:db8::1", "192.0.2.1": `default_port` when none is given. DNS_EFORMAT. */
int address_from_text(const char *text, uint16_t default_port, struct address *out) MUST_CHECK;

/* "192.0.2.1@53"; without "@port" when the port is 0. Returns `out`. */
char *address_to_text(const struct address *a, char out[ADDRESS_TEXT_SIZE]);

bool address_equal(const struct address *a, const struct address *b);     /* port included */
bool address_same_host(const struct address *a, const struct address *b); /* port aside */
bool address_is_any(const struct address *a);                             /* 0.0.0.0 or :: */
bool address_is_loopback(const struct address *a);                        /* 127.0.0.0/8 or ::1 */
/* Does a socket bound to `listener` (maybe a wildcard) receive what is sent to `local`? */
bool address_covers(const struct address *listener, const struct address *local);

/* "192.0.2.0/24", "2001:db8::/32", or a single address. Bits set past the length: DNS_EFORMAT. */
int prefix_from_text(const char *text, struct prefix *out) MUST_CHECK;
bool prefix_contains(const struct prefix *p, const struct address *a);
bool prefix_list_contains(const struct prefix_list *list, const struct address *a);

/* The host of the address with all bits past the length 0, without port and zone index. */
struct address address_network(const struct address *a, unsigned length);

#endif
