/* Each event of the relay as a line of the log. */
#ifndef ADMIN_EVENTS_H
#define ADMIN_EVENTS_H

#include "admin/limit.h"
#include "relay/report.h"

/* Zeroed is ready. One thread's. */
struct events {
    struct limit limit;
};

/* `arg` is a struct events. Fits struct relay_world's report. */
void events_log(void *arg, const struct relay_event *event);

#endif
