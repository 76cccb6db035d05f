/* A reload in two phases, all or nothing (M9). */
#ifndef PROXY_RELOAD_H
#define PROXY_RELOAD_H

#include "net/worker.h"

/* Reads the file anew, and when all is well has the worker go on with it: `*config`, a reference of
 * the caller's, is the new one then. Otherwise nothing has changed. Findings go to standard error,
 * what came of it to the log. */
void reload_all(struct worker *worker, const char *file, struct config **config);

#endif
