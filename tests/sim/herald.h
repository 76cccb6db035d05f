/* A primary's NOTIFYs (RFC 1996): to each target, again and again until it answers, five times at
 * most; over UDP, or over TCP. */
#ifndef SIM_HERALD_H
#define SIM_HERALD_H

#include "primary.h"

struct herald *herald_new(struct primary *p); /* for each of its zones and targets */
void herald_free(struct primary *p);
void herald_lose(struct primary *p);                           /* its connections are gone */
void herald_hear(struct primary *p, const struct datagram *d); /* an answer, perhaps */

#endif
