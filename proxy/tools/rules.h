/* The packet rules and routes that bring to the proxy what it is to take. */
#ifndef TOOLS_RULES_H
#define TOOLS_RULES_H

#include "config/config.h"

/* Prints a shell script that loads and unloads them. `sidecar`: for a proxy on the primary's own
 * host, where nothing can be dropped while the proxy is down: what it would take goes nowhere. */
void rules_script(const struct config *config, bool sidecar);

#endif
