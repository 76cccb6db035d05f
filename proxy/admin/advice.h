/* What to do about an event: a sentence that names the section, the setting and the value to write,
 * or who refused and what to change there. */
#ifndef ADMIN_ADVICE_H
#define ADMIN_ADVICE_H

#include "relay/report.h"

#define ADVICE_SIZE 768

/* In `out`, or a constant; NULL: there is nothing to do, or nothing that could be said. May ask the
 * kernel which address a server is asked from. */
const char *advice_of(const struct relay_event *event, char out[ADVICE_SIZE]);

#endif
