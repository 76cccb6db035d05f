/* Can the configuration's user read what root has read? Else a reload will fail, since root is
 * given up by then. */
#ifndef BASE_READABLE_H
#define BASE_READABLE_H

#include "base/seen.h"

/* Prints what it cannot read, as FILE: warning: sentence; nothing unless we are root. */
void readable_doubt(const struct config *config, const struct seen *seen, const char *file);

#endif
