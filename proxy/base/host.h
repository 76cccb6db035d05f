/* What the configuration needs of this host, beyond what a file can show. */
#ifndef BASE_HOST_H
#define BASE_HOST_H

#include <stdio.h>

#include "base/seen.h"

/* Prints every error to standard error, as FILE: error: sentence, and what is doubtful as
 * warnings. `seen` is what was read. */
bool host_allows(const struct config *config, const struct seen *seen, const char *file);

/* The same of a reload: what is bound, and who we are, is so already. Errors go to `out`. */
bool host_allows_reload(const struct config *config, FILE *out);

#endif
