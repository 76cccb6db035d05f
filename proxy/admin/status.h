/* What the running program shows of itself: the status document, an interface that the manual
 * describes. */
#ifndef ADMIN_STATUS_H
#define ADMIN_STATUS_H

#include <stdio.h>

#include "admin/observe.h"
#include "relay/memory.h"

/* One that the configuration wants this host to have, without a port. */
struct own_address {
    struct address address;
    bool here;
};

/* What only the program knows. */
struct crew_facts {
    unsigned workers;
    bool draining;
    const struct address *listeners; /* those of balancers come last */
    size_t listener_count;
    size_t proxied_count;          /* of these: that balancers connect to */
    const struct own_address *own; /* those that are known to be here, or not */
    size_t own_count;
    struct memory *memory;   /* what is held of connections; NULL: not known */
    unsigned old_in_use;     /* configurations that were replaced */
    unsigned oldest_seconds; /* since the oldest of these was */
};

/* Borrowed for the call. */
struct status_source {
    struct observe *observe;
    const struct config *config;
    const char *file;
    const struct crew_facts *facts;
};

/* A new reference. NULL: no memory. By the main thread. */
json_t *status_document(const struct status_source *source);

/* One sentence: all is well, or what is not, since when and why. It is owned by the caller;
 * NULL: no memory. */
char *status_summary(const struct status_source *source);

/* What Prometheus reads: the text format, version 0.0.4. Its names are an interface. Negative:
 * no memory, and `out` is of no use. By the main thread. */
int metrics_write(const struct status_source *source, FILE *out);

#endif
