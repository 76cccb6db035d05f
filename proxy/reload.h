/* A reload in two phases, all or nothing (M9). */
#ifndef PROXY_RELOAD_H
#define PROXY_RELOAD_H

#include "base/seen.h"
#include "net/crew.h"
#include "snapshots.h"

struct reload {
    struct crew *crew; /* borrowed */
    const char *file;
    struct config *config; /* in force; one reference */
    struct snapshots snapshots;
    struct seen seen; /* of the last reading, or empty: whoever wants it takes it */
};

/* Reads the file anew, and when all is well has all workers go on with it. Otherwise nothing has
 * changed. Findings go to standard error, what came of it to the log. */
void reload_all(struct reload *reload);

#endif
