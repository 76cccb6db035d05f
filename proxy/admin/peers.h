/* Peers as the status document and the metrics show them. */
#ifndef ADMIN_PEERS_H
#define ADMIN_PEERS_H

#include <jansson.h>

#include "admin/names.h"
#include "admin/rows.h"
#include "admin/view.h"
#include "relay/memory.h"

/* TCP connections: of a secondary to us, or ours to a primary. `memory` NULL: 0. */
unsigned peers_connections(struct memory *memory, const struct peer *peer);

/* What they are made of, borrowed. */
struct peers_view {
    const struct config *config;
    const struct names *names;
    const struct view *view;
    const struct rows *rows;
    struct memory *memory;
};

/* An array, in the order of the file; a new reference. NULL: no memory. */
json_t *peers_to_json(const struct peers_view *from);

#endif
