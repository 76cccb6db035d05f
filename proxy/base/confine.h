/* Least privilege: what this program keeps itself from, once it has all that it needs. */
#ifndef BASE_CONFINE_H
#define BASE_CONFINE_H

#include <jansson.h>
#include <stdio.h>

#include "base/seen.h"

/* First of all. */
void confine_prepare(void);

/* The secrets of a configuration that has just been read go where they are locked. Before
 * user_become. */
void confine_secrets(struct config *config);

/* Once all that takes more has been done, and before other threads are: no new privileges; the
 * system calls that serving takes; the files that were read for the configuration. Whatever this
 * kernel lacks is left out, and said. */
void confine_self(const struct config *config, const struct seen *seen);

/* Of a command that asks the running program, once it knows where: what is answered is anybody's,
 * and to show it takes no more than serving does. */
void confine_caller(void);

/* Are all secrets of a later one as well? */
void confine_reloaded(const struct config *config);

/* Log: what is in force, and what is not. */
void confine_say(void);

/* The status document's member. */
json_t *confine_to_json(void);

/* What a reload may read is that of the start: why it cannot open a path. */
const char *confine_why(const char *path, bool writing, int error);

/* check: one line about what will be in force on this host. */
void confine_foretell(const struct config *config, const char *file, FILE *out);

void confine_fini(void);

#endif
