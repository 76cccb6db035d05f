/* Where something stands in the configuration, and saying what is wrong there. */
#ifndef CONFIG_PLACE_H
#define CONFIG_PLACE_H

#include <stdarg.h>

#include "config/config.h"

struct place {
    struct config_report *report; /* what is said goes here */
    const struct config *config;  /* whose files these are */
    unsigned file;                /* its number among them */
    unsigned line;                /* 0: the file as a whole */
};

/* The same file at another line. */
struct place place_at(struct place place, unsigned line);
/* The section's header. */
struct place place_of_header(struct place place, const struct config_section *section);
/* The line that gives a setting, or the section's header when it is left out. */
struct place place_of(struct place place, const struct config_section *section,
                      const char *setting);

/* Its file's path. */
const char *place_path(struct place place);

/* "line 3", or "line 3 of FILE" if it is not in the file at hand, as arguments for PLACE_LINE. */
#define PLACE_LINE "line %u%s%s"
#define PLACE_LINE_ARGS(place, other_file, other_line)                                             \
    (other_line), (other_file) == (place).file ? "" : " of ",                                      \
        (other_file) == (place).file ? "" : place_path(place_in((place), (other_file)))
/* Another file as a whole. */
struct place place_in(struct place place, unsigned file);

/* Adds to the report. Always DNS_EFORMAT, for a caller that gives up at once. */
int place_say(struct place place, enum config_severity severity, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* report.c: what place_say calls. */
void config_report_add(struct place place, enum config_severity severity, const char *format,
                       va_list args) __attribute__((format(printf, 3, 0)));
/* In the order of files, of lines, and of being said. */
void config_report_sort(struct config_report *report);

#endif
