/* Rules across settings, beyond what one line can show. */
#ifndef CONFIG_CHECK_H
#define CONFIG_CHECK_H

#include "config/config.h"

/* Adds what is wrong or doubtful. To show all errors at once it is also called after single
 * settings were refused: what these would have set is zero then. DNS_EMEMORY. */
int check_config(const struct config *config, struct config_report *report) MUST_CHECK;

#endif
