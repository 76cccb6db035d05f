/* Reads a configuration from disk and shows what is wrong with it. */
#ifndef BASE_LOAD_H
#define BASE_LOAD_H

#include <stdio.h>

#include "base/seen.h"

/* The configuration at `path`, or NULL, for who does not serve: a credential that only the service
 * has may be missing, and its key has no secret then. Every finding is printed to standard
 * error. */
struct config *load_config(const char *path);

/* Likewise; to `seen` is added what was looked at for it. */
struct config *load_config_to_look(const char *path, struct seen *seen);

/* For who serves, with findings to `out`; to `seen` is added what was looked at for it, also
 * when it is NULL. */
struct config *load_config_seen(const char *path, struct seen *seen, FILE *out);

/* [proxy] alone, for who wants to know where the running program can be asked: that takes no key,
 * and what is wrong elsewhere is left unsaid. NULL: the file cannot be read. */
struct config *load_proxy(const char *path);

#endif
