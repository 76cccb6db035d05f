/* Pieces of HTML. All text is escaped. */
#ifndef ADMIN_HTML_H
#define ADMIN_HTML_H

#include <jansson.h>
#include <stdio.h>

void html_text(FILE *out, const char *text);

/* Of a member of an object; nothing when it is missing or null. */
void html_member(FILE *out, const json_t *object, const char *key);

/* Text and the whole number that a member is; "" and 0 when it is not. */
const char *html_string(const json_t *object, const char *key);
long long html_number(const json_t *object, const char *key);

/* "3 min ago" or "in 2 d", with the time itself to be seen on pointing; a dash for no time. */
void html_time(FILE *out, long long now, const json_t *time);

/* "3 d", since then. */
void html_duration(FILE *out, long long now, const json_t *time);

/* "3 min", "2 d". */
#define HTML_SPAN_SIZE 32
char *html_span(long long seconds, char out[HTML_SPAN_SIZE]);

/* A section with a table: its heading, and a column for each title. Wherever the page is narrow,
 * a cell's title stands before its cell. */
void html_table_begin(FILE *out, const char *heading, const char *const *titles);
void html_cell_begin(FILE *out, const char *title);
void html_cell_end(FILE *out);
void html_member_cell(FILE *out, const char *title, const json_t *object, const char *key);
void html_time_cell(FILE *out, const char *title, long long now, const json_t *time);
/* Ends both. Of `all` rows so many are shown. */
void html_table_more(FILE *out, size_t all, size_t shown, const char *what);

/* A word as a badge: good, warn, bad or calm. */
void html_pill(FILE *out, const char *class, const char *text);

#endif
