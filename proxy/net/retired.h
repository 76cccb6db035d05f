/* Configurations that are no longer in force, for as long as an exchange goes on with what it began
 * with (M9).
 *
 * A transfer that makes progress may take its time, but one of a peer or key that is gone, or of a
 * configuration older than RETIRED_MOST others, is broken off after drain-timeout. */
#ifndef NET_RETIRED_H
#define NET_RETIRED_H

#include "net/flow.h"

/* Each holds all its peers and keys: 16 are a reload a minute for a quarter of an hour. */
#define RETIRED_MOST 16

void retired_init(struct engine *engine);
void retired_close(struct engine *engine); /* once no flow is left */

/* Takes the engine's reference, and lets go of it when nobody else has one. */
void retired_add(struct engine *engine, struct relay *relay);

#endif
