/* Connections to servers that a TCP client has left idle, kept for its next query (X9b). One whose
 * place others wait for is closed. */
#ifndef NET_KEPT_H
#define NET_KEPT_H

#include "exchange/exchange.h"
#include "net/upstream.h"

/* As many servers as a zone is likely to have; those that a query is waiting for come on top. */
#define KEPT_MAX 4

/* Zeroed is empty; stays where it is while it is not. */
struct kept {
    LIST_HEAD(kept_list, upstream) list;
};

/* False: there is no room, or others wait for its place. */
bool kept_add(struct kept *kept, struct upstream *up);
/* One that is fit for this ACTION_CONNECT, whose slot it has then; NULL: none. */
struct upstream *kept_take(struct kept *kept, const struct exchange_action *action);
void kept_close(struct kept *kept);

#endif
