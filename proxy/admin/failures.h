/* The last refusals and failures, each with what to do about it. What is alike stands there once,
 * with how often it came; what strangers send has places of its own, so that it hides nothing of
 * what concerns peers. In a second no more new ones are kept than there are places. Any thread may
 * call. */
#ifndef ADMIN_FAILURES_H
#define ADMIN_FAILURES_H

#include <jansson.h>

#include "config/config.h"
#include "relay/report.h"

#define FAILURES_MOST      100
#define FAILURES_STRANGERS 30 /* of these */

struct failures;

/* NULL: no memory. */
struct failures *failures_new(void);
void failures_free(struct failures *f);

void failures_note(struct failures *f, const struct relay_event *event, enum config_log_level level,
                   int64_t now);

/* An array, the latest first; a new reference. NULL: no memory. */
json_t *failures_to_json(struct failures *f);

#endif
