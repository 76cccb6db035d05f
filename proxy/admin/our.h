/* Which of our addresses a server sees us at, where the kernel chooses. */
#ifndef ADMIN_OUR_H
#define ADMIN_OUR_H

#include "config/address.h"

/* Asks the kernel, with a datagram socket that is connected and sends nothing. False: there is no
 * way to that server. */
bool our_address(const struct address *to, struct address *out);

#endif
