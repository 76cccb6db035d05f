/* One request judged: forward it to these, answer it with that, or drop it.
 *
 * The order of judgement: junk, TSIG's form, address, key, MAC, time, truncation, operation, zone.
 * Refusals and TSIG failures are reported as events here. */
#ifndef RELAY_POLICY_H
#define RELAY_POLICY_H

#include "relay/verdict.h"

void policy_judge(struct relay *relay, const struct relay_request *request,
                  struct policy_verdict *out);

#endif
