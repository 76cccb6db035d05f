/* Reads a configuration from disk and shows what is wrong with it. */
#ifndef PROXY_LOAD_H
#define PROXY_LOAD_H

#include "relay/config.h"

/* The configuration at `path`, or NULL. Every finding is printed to standard error. */
struct config *load_config(const char *path);

#endif
