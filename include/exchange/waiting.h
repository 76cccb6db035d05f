/* A primary's NOTIFY that is answered by the fan-out which carries it. */
#ifndef EXCHANGE_WAITING_H
#define EXCHANGE_WAITING_H

#include "exchange/errand.h"

/* It joins the relay's notices. DNS_EMEMORY, or DNS_ESPACE when too many wait: it gets silence. */
int waiting_begin(struct notice_waiter **waiter, const struct errand *errand,
                  const struct policy_verdict *verdict, struct relay_time now) MUST_CHECK;
void waiting_end(struct notice_waiter **waiter); /* of NULL too */

/* ms: it waits no longer, for its fan-out has not had its turn. */
uint64_t waiting_deadline(const struct errand *errand);

/* A secondary asks: what it was to be told of this zone it finds out by itself. */
void waiting_note_asked(const struct errand *errand);

#endif
