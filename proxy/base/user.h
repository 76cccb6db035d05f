/* Gives up root, and all capabilities but those that serving needs, before the ports are bound. */
#ifndef BASE_USER_H
#define BASE_USER_H

#include <sys/types.h>

#include "config/config.h"

/* When the program runs as root, becomes the configuration's user for good; "": stays. Either way
 * it keeps CAP_NET_BIND_SERVICE, CAP_NET_RAW for the sockets of transparent mode, and until
 * user_settle CAP_NET_ADMIN for listeners' receive buffers, as far as it has them, and no other
 * capability. Negative after saying why not on standard error. */
int user_become(const struct config *config);

/* By name; asked once, for later the host's list of users is out of reach. */
bool user_find(const char *name, uid_t *out);

/* Once the ports are bound. What is left is for serving, and for a later reload. */
int user_settle(const struct config *config);

#endif
