/* A reload in two phases, all or nothing (M9). */
#ifndef PROXY_RELOAD_H
#define PROXY_RELOAD_H

#include <stdio.h>

#include "base/seen.h"
#include "net/crew.h"
#include "office.h"
#include "snapshots.h"

#define RELOAD_ADVICE_SIZE 448

struct reload {
    struct crew *crew;     /* borrowed */
    struct office *office; /* borrowed */
    const char *file;
    struct config *config; /* in force; one reference */
    struct snapshots snapshots;
    struct seen seen; /* of the last reading, or empty: whoever wants it takes it */
    /* What came of the last one. */
    bool successful;
    char advice[RELOAD_ADVICE_SIZE]; /* unless it was successful */
    char *findings;                  /* owned: what was said of the file, or NULL */
    size_t findings_len, told;       /* how much of it there is, and is on standard error */
    FILE *out;                       /* they go through, while it is under way */
};

/* Reads the file anew, and when all is well has all workers go on with it. Otherwise nothing has
 * changed. Findings go to standard error, what came of it to the log. */
void reload_all(struct reload *reload);

/* Once nothing goes by it any more. */
void reload_fini(struct reload *reload);

#endif
