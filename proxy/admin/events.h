/* Each event of the relay as a line of the log. */
#ifndef ADMIN_EVENTS_H
#define ADMIN_EVENTS_H

#include <pthread.h>

#include "admin/limit.h"
#include "relay/report.h"

struct events {
    pthread_mutex_t mutex; /* of the limit */
    struct limit limit;
};

void events_init(struct events *events); /* of a zeroed one */

/* By any thread. `arg` is a struct events. Fits struct relay_world's report. */
void events_log(void *arg, const struct relay_event *event);

#endif
