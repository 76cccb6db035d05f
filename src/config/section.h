/* Private to the configuration's files: what sections are read into, setting by setting. */
#ifndef CONFIG_SECTION_H
#define CONFIG_SECTION_H

#include "config/config.h"

/* A pattern of `zones` and where it stands. */
struct draft_zone {
    size_t at; /* of its name among all octets */
    unsigned file;
    unsigned line;
    uint8_t len;
    uint8_t kind;
};

struct draft_zones {
    struct draft_zone *items; /* owned */
    size_t count;
    uint8_t *octets; /* owned */
    size_t len, room;
};

/* What a [key] section is read into. */
struct draft_key {
    const struct tsig_algorithm *algorithm; /* NULL: not given */
    struct dns_name name;                   /* empty: not given */
    char *secret;                           /* base64; NULL: not given */
    char *secret_file;                      /* NULL: not given */
    unsigned minimum_mac;                   /* 0: not given */
};

/* What a [primary] or [secondary] section is read into. */
struct draft_peer {
    struct peer peer; /* but for what stands below */
    struct prefix_list from;
    struct draft_zones zones;
    char *zones_file;     /* NULL: not given */
    struct text_list key; /* labels, resolved when all sections are known */
    struct text_list primary;
};

#endif
