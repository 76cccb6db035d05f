/* What of this host should make one think, though the proxy would run. */
#ifndef BASE_DOUBT_H
#define BASE_DOUBT_H

#include "config/config.h"

/* Prints every doubt to standard error, as FILE: warning: sentence. To be called before the
 * addresses are bound. Takes no more than some 300 ms. */
void doubt_host(const struct config *config, const char *file);

#endif
