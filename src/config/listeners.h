/* Private to the configuration's files: all addresses that are listened on, sorted. */
#ifndef CONFIG_LISTENERS_H
#define CONFIG_LISTENERS_H

#include "config/config.h"

struct listener {
    struct address address;
    unsigned owner; /* 0: [proxy]; else one more than the place of its peer */
};

struct listeners {
    struct listener *items; /* owned; by family, port, octets and owner */
    size_t count;
};

int config_listeners_make(const struct config *config, struct listeners *out) MUST_CHECK;
void config_listeners_fini(struct listeners *listeners);

/* Would what is sent to `a` come back to one of them, as far as can be known here? Of the addresses
 * that a wildcard listens on only the loopback ones are known. */
bool config_listeners_get(const struct listeners *listeners, const struct address *a);

/* The place of the first peer, of the first `count`, that has a listener which overlaps this one;
 * `count` if none has. */
size_t config_listeners_rival(const struct listeners *listeners, const struct address *listener,
                              size_t count);

#endif
