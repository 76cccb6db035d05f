/* M1 and M2 as they are told: every peer is looked at, in file order. What who.c finds must be this. */
#ifndef WALK_H
#define WALK_H

#include "relay/who.h"

struct who walk_find(const struct who_question *q);
struct who walk_passes_by(const struct who_question *q);
bool walk_knows(const struct config *config, const struct address *from);
size_t walk_is_notified(const struct config *config, const struct peer *primary,
                        const struct dns_name *zone, const struct peer **out);

#endif
