/* What the program goes by: the settings of a configuration as a document. */
#ifndef ADMIN_SETTINGS_H
#define ADMIN_SETTINGS_H

#include <jansson.h>

#include "config/config.h"

/* A new reference: of [proxy] all settings, of the other sections those that are given; with the
 * default of each and whether a reload changes it. Secrets are left out. NULL: no memory. */
json_t *settings_document(const struct config *config);

#endif
