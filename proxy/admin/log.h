/* Log lines on standard error: one per event, key=value (logfmt) or JSON. No secret ever stands in
 * one. */
#ifndef ADMIN_LOG_H
#define ADMIN_LOG_H

#include "config/config.h"
#include "relay/report.h"

/* Lines that the network can cause: so many of one kind about one host in a second; the rest is
 * counted. */
#define LOG_BURST 10

void log_configure(enum config_log_level level, enum config_log_format format);

/* One event with fields: pairs of key and value as text, ended by NULL. A NULL value leaves its
 * field out. */
void log_line(enum config_log_level level, const char *event, ...) __attribute__((sentinel));

/* One event of the relay. Fits struct relay_world's report. */
void log_event(void *arg, const struct relay_event *event);

#endif
