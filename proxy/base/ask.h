/* Does a DNS server such as this one answer at an address? */
#ifndef BASE_ASK_H
#define BASE_ASK_H

#include <stdbool.h>

#include "config/address.h"

/* Where to ask a listener: a wildcard answers at its loopback address. */
struct address ask_where(const struct address *listener);

/* Asks what every server must refuse to know, a STATUS query of twelve octets, and wants NOTIMP
 * (policy's first rule): so many times, and waits so long each time. */
bool ask_is_served(const struct address *to, int tries, int wait_ms);

#endif
