/* Reads a configuration from disk and shows what is wrong with it. */
#ifndef BASE_LOAD_H
#define BASE_LOAD_H

#include "config/config.h"

/* The configuration at `path`, or NULL. Every finding is printed to standard error. */
struct config *load_config(const char *path);

#endif
