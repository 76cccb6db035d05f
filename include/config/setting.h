/* The table of settings: what may stand in each section of the configuration. The parser, the
 * check, and the tests that hold the sample file and the manual page complete all read it. */
#ifndef CONFIG_SETTING_H
#define CONFIG_SETTING_H

#include "config/config.h"

enum setting_type {
    SETTING_BOOL,
    SETTING_NUMBER,
    SETTING_CHOICE, /* one of `choices` */
    SETTING_TEXT,
    SETTING_ADDRESS,
    SETTING_ADDRESSES,
    SETTING_HOSTS,   /* addresses without port */
    SETTING_SOURCES, /* addresses without port, one per family */
    SETTING_PREFIXES,
    SETTING_NAMES, /* labels of other sections, resolved after the whole file is read */
    SETTING_PATHS,
    SETTING_ZONES,
    SETTING_OPERATIONS, /* the set of enum peer_operation */
    SETTING_KEY_NAME,
    SETTING_ALGORITHM,
};

enum setting_flag {
    SETTING_REQUIRED = 1 << 0,
    SETTING_RELOADABLE = 1 << 1, /* a reload may change it */
    SETTING_SECRET = 1 << 2,     /* never shown */
    SETTING_MAY_BE_EMPTY = 1 << 3,
    SETTING_REPEATABLE = 1 << 4, /* a list that may go on in another line of the same name */
};

struct setting {
    /* SETTING_PRIMARY rows that a secondary shares are listed for both */
    enum setting_section section;
    const char *name;
    enum setting_type type;
    const char *initial;  /* default as it would be written; NULL: none */
    unsigned least, most; /* of a number */
    uint16_t port;        /* of an address that gives none */
    /* NULL-terminated, in the order of the enum they stand for; of a number: words that stand
     * for 0 */
    const char *const *choices;
    unsigned flags; /* set of enum setting_flag */
    /* in the struct that the section is read into: config_proxy, or draft_key and draft_peer of
     * src/config/section.h */
    size_t offset;
};

/* Row `i`, NULL past the end. */
const struct setting *setting_at(size_t i);
const struct setting *setting_find(enum setting_section section, const char *name);
const char *setting_section_text(enum setting_section section);

/* Place among the rows of its section: 0 to CONFIG_SECTION_ROWS - 1. */
size_t setting_index(const struct setting *row);

/* The first setting of [proxy] that a reload may not change and that differs; NULL if none does. */
const struct setting *setting_changed(const struct config_proxy *a, const struct config_proxy *b);

/* The line that gives a setting in this section; 0 when it is left at its default. */
unsigned setting_line(const struct config_section *section, const char *name);

#endif
