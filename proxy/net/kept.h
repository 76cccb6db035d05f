/* Connections to servers that one client's connection keeps for its next query.
 *
 * Happy path: kept_add, kept_find, kept_end. Failure: nothing is asked on them, so whatever happens
 * there is their end; and when others want their places they go. */
#ifndef NET_KEPT_H
#define NET_KEPT_H

#include "exchange/exchange.h"
#include "net/upstream.h"

/* As many servers as a zone is likely to have. */
#define KEPT_MAX 4

/* Zeroed: none. It stays where it is. */
struct kept {
    struct upstream *items[KEPT_MAX]; /* NULL: free */
};

/* False: it is not wanted. */
bool kept_add(struct kept *kept, struct upstream *up);
/* One that the action may have, and that is kept no more; NULL: there is none. */
struct upstream *kept_find(struct kept *kept, const struct exchange_action *action);
void kept_end(struct kept *kept);

#endif
