/* proxy/admin: what can be seen of a running program.
 *
 * A log line on standard error: key=value pairs (logfmt) or JSON. No secret ever stands in one. */
#ifndef ADMIN_LINE_H
#define ADMIN_LINE_H

#include <stddef.h>

#include "config/config.h"

#define LINE_FIELDS_MAX 24
#define LINE_VALUE_SIZE 32

enum line_kind { LINE_TEXT, LINE_INTEGER, LINE_REAL };

struct line_field {
    const char *key;
    const char *value; /* borrowed until line_end, or in `values` */
    enum line_kind kind;
};

/* One line in the making. May not be moved: fields point into `values`. */
struct line {
    size_t count;
    struct line_field fields[LINE_FIELDS_MAX];
    /* Values without text of their own, by field. */
    char values[LINE_FIELDS_MAX][LINE_VALUE_SIZE];
};

/* For all lines from now on, in every thread. */
void line_configure(enum config_log_level level, enum config_log_format format);

/* Are lines of this level written? */
bool line_is_wanted(enum config_log_level level);

/* Starts with time, level and event. */
void line_begin(struct line *line, enum config_log_level level, const char *event);

/* A NULL value leaves the field out; so does a line that is full. */
void line_add(struct line *line, const char *key, const char *value);
void line_add_number(struct line *line, const char *key, long long value);
void line_add_seconds(struct line *line, const char *key, unsigned long long milliseconds);

/* Writes it. A value that is too long for a line of OUTPUT_MAX octets is cut. When who reads the
 * log has no room for it, it is lost, and event=dropped says how many were before the next one. */
void line_end(const struct line *line);

/* How many were lost since the program started. */
unsigned long long line_lost(void);

/* A whole line: pairs of key and value as text, ended by NULL. */
void line_say(enum config_log_level level, const char *event, ...) __attribute__((sentinel));

#endif
