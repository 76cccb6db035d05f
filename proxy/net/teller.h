/* Begins the fan-outs of NOTIFYs as their turn comes, each as a flow of its own.
 *
 * Happy path: a NOTIFY joins the relay's notices; engine_turn sets the timer, which begins what has
 * its turn, and is set again for what is next. Failure: without memory a fan-out is over before it
 * has begun, and who waits for it hears nothing. */
#ifndef NET_TELLER_H
#define NET_TELLER_H

#include "net/flow.h"

void teller_init(struct engine *engine);
/* From now on only what a client waits for is told. */
void teller_drain(struct engine *engine);
/* Nothing begins any more. */
void teller_close(struct engine *engine);

#endif
