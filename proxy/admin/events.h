/* Each event of the relay as a line of the log: how bad it is, and whether there are too many. */
#ifndef ADMIN_EVENTS_H
#define ADMIN_EVENTS_H

#include <pthread.h>

#include "admin/limit.h"
#include "config/config.h"
#include "relay/report.h"

struct events {
    pthread_mutex_t mutex; /* of the limit */
    struct limit limit;
};

void events_init(struct events *events); /* of a zeroed one */
void events_fini(struct events *events);

/* What did not go well is a warning or worse. `news`: people have not been told this serial, or not
 * for long. */
enum config_log_level events_level(const struct relay_event *event, bool news);

/* Is it a refusal or a failure? */
bool events_is_failure(const struct relay_event *event, enum config_log_level level);

/* Which events are alike. */
struct limit_subject events_subject(const struct relay_event *event);

/* A line, if it is wanted and there are not too many. By any thread. */
void events_log(struct events *events, const struct relay_event *event,
                enum config_log_level level);

#endif
