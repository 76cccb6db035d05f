/* Private to the configuration's files: whether what is said of balancers fits the rest. */
#ifndef CONFIG_BALANCERS_H
#define CONFIG_BALANCERS_H

#include "place.h"

/* `section` is [proxy], `file` the main one as a whole. */
void config_check_balancers(const struct config *config, const struct config_section *section,
                            struct place file);

#endif
