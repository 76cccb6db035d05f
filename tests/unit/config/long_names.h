/* Key names of every length, without a new configuration for each. */
#ifndef LONG_NAMES_H
#define LONG_NAMES_H

#include "dns/name.h"

/* A name of so many octets in wire form: 1 to DNS_NAME_MAX but 2, which no name has. */
struct dns_name long_names_of(size_t len);

/* The world's first key is called so from now on. Returns the name as text, valid until the next
 * call. */
const char *long_names_give(size_t len);

#endif
