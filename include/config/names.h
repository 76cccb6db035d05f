/* Domain names as they may be written in the configuration. */
#ifndef CONFIG_NAMES_H
#define CONFIG_NAMES_H

#include "dns/name.h"

/* Reads a name, which becomes lower case. NULL, or what keeps it from being one: "is not ASCII; …",
 * "is no domain name". */
const char *config_name_read(const char *text, struct dns_name *out);

/* May it stand in a section's header, as a label? */
bool config_label_is_good(const char *text);

#endif
