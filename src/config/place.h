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

/* Adds to the report. Always DNS_EFORMAT, for a caller that gives up at once. */
int place_say(struct place place, enum config_severity severity, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* report.c: what place_say calls. */
void config_report_add(struct place place, enum config_severity severity, const char *format,
                       va_list args) __attribute__((format(printf, 3, 0)));
/* In the order of files, of lines, and of being said. */
void config_report_sort(struct config_report *report);

#endif
