/* The places of one exchange's sockets: it keeps one for as long as it lives, so that it can always
 * go on, and may have more.
 *
 * Happy path: berth_reserve, berth_open for each leg, berth_close, berth_leave. Failure: without a
 * place nothing is opened, and it may be tried again. */
#ifndef NET_BERTH_H
#define NET_BERTH_H

#include "exchange/exchange.h"
#include "net/upstream.h"

/* Zeroed but for engine and holder. */
struct berth {
    struct engine *engine;
    struct shares_owner holder;
    bool reserved; /* it has a place that no socket has */
};

bool berth_reserve(struct berth *b);

/* As upstream_open; -EAGAIN: there is no place. */
int berth_open(struct berth *b, const struct exchange_action *action, struct upstream **out);
/* It can be opened later: there is no place, or the whole system is out of descriptors. */
bool berth_is_full(int error);
void berth_close(struct berth *b, struct upstream *up);

/* What is reserved is given back. */
void berth_leave(struct berth *b);

#endif
