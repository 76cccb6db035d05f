/* Asks primaries that send no NOTIFYs for the SOAs of their zones as these are due, each as a flow
 * of its own, and tells of what has changed.
 *
 * Happy path: the timer begins what is due and is set again for what is next, here and as each flow
 * ends. Failure: what cannot be begun, or has no answer, has its turn again one interval later; a
 * NOTIFY that cannot be begun is found to be due then. */
#ifndef NET_POLLER_H
#define NET_POLLER_H

#include "net/flow.h"

void poller_init(struct engine *engine);
/* After a change of configuration; `serves`: this worker is to do so at all. */
void poller_set(struct engine *engine, bool serves);
/* Nothing is asked any more, and who is asked is not waited for. */
void poller_drain(struct engine *engine);
void poller_close(struct engine *engine);

#endif
