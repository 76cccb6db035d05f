/* Whose a lasting number is, in the configuration in force. */
#ifndef ADMIN_NAMES_H
#define ADMIN_NAMES_H

#include "config/config.h"

struct names {
    const struct peer **peers; /* owned, by number; NULL: in this configuration it is nobody's */
    unsigned peer_count;
    const char **keys; /* owned, by number: their labels, borrowed */
    unsigned key_count;
};

/* Negative: no memory. */
int names_init(struct names *names, const struct config *config) MUST_CHECK;
void names_fini(struct names *names); /* of a zeroed one too */

/* NULL: gone. */
const struct peer *names_peer(const struct names *names, unsigned number);
const char *names_key(const struct names *names, unsigned number);

#endif
