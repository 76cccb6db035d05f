/* Private to the configuration's files: what a file is while it is read, before it becomes a
 * snapshot. */
#ifndef CONFIG_DRAFT_H
#define CONFIG_DRAFT_H

#include "place.h"
#include "section.h"

struct setting;

/* Where the next setting stands. */
enum draft_where {
    DRAFT_BEFORE,   /* the first section of its file */
    DRAFT_INSIDE,   /* the last of the configuration's sections */
    DRAFT_SKIPPING, /* a section that is not kept */
};

struct draft {
    const struct config_files *files;
    struct place place;    /* the file that is being read as a whole */
    struct config *config; /* keys and peers are made from the drafts at the end */
    struct draft_key *keys;
    size_t key_count;
    struct draft_peer *peers;
    size_t peer_count;
    enum draft_where where;
    bool has_proxy;
    size_t proxy;               /* the place of its section */
    const struct peer *primary; /* the last one */
    size_t primary_count;
    unsigned guesses; /* at labels that are missing */
};

/* draft.c: what all of them need. */

/* An owned array, all of whose items were added through this, with room for one more, zeroed. NULL:
 * no memory, and the array is as it was. */
void *draft_grow(void *items, size_t count, size_t size);

/* Adds a path to the configuration's files. DNS_EMEMORY. */
int draft_add_file(struct draft *draft, const char *path) MUST_CHECK;

/* The path as it stands, or beside the file of the place. NULL: no memory. */
char *draft_resolve(struct place place, const char *path);

/* Why it cannot be read. */
const char *draft_why(const struct draft *draft, const char *path, int error);

/* A secret that stands in the wrong place is not repeated in what is said about it. */
bool draft_looks_secret(const char *text);

/* Warns, at `place`, of who else can change a file that was read; `what` is it. */
void draft_doubt_file(const struct draft *draft, struct place place, const char *what,
                      const struct config_file *file);

/* "[key xfr.example]" or "[proxy]". Returns `out`. */
#define DRAFT_TITLE_SIZE (2 * (size_t)CONFIG_NAME_MAX)
char *draft_title(const struct config_section *section, char out[DRAFT_TITLE_SIZE]);

/* value.c: text to values. */

/* Sets one setting, zero so far, of the struct at `base`. DNS_EFORMAT: the place's report says what
 * is wrong with `text`, and a list may have its good items. DNS_EMEMORY. */
int config_value_set(const struct setting *row, void *base, const char *text,
                     struct place place) MUST_CHECK;

/* Adds one item to the zones of a setting. DNS_EFORMAT, DNS_EMEMORY. */
int config_value_add_zone(const struct setting *row, struct draft_zones *out, const char *text,
                          struct place place) MUST_CHECK;

/* lines.c: lines to sections and settings, through inih. */

struct config_lines_sink {
    void *arg;
    /* `header` is the text between the brackets; NULL when it could not be read. */
    int (*on_section)(void *arg, const char *header, unsigned line);
    /* `comment` is what stands behind the value and its ';', or "". */
    int (*on_setting)(void *arg, const char *name, const char *value, const char *comment,
                      unsigned line);
};

/* Feeds the text line by line. 0, or the first failure that a callback returned, or DNS_EMEMORY.
 * What is wrong with lines goes into the place's report; its line is moved along. */
int config_lines_read(const char *text, size_t len, struct place *place,
                      const struct config_lines_sink *sink) MUST_CHECK;

/* Feeds the lines of a file without settings that have something beside a comment; the place has
 * their number. 0, or the first failure that the callback returned. */
int config_lines_read_plain(const char *text, size_t len, struct place *place, void *arg,
                            int (*on_line)(void *arg, const char *line)) MUST_CHECK;

/* sections.c: sections and settings to a draft. */

/* Reads the text of the draft's place. DNS_EMEMORY. */
int config_sections_read(struct draft *draft, const char *text, size_t len) MUST_CHECK;
/* The struct that a section is read into. */
void *config_sections_base(struct draft *draft, const struct config_section *section);

/* include.c: adds the paths of all included files to `out`, in their order. DNS_EMEMORY. */
int config_include_list(const struct draft *draft, struct text_list *out) MUST_CHECK;

/* key.c: the keys of a draft into its configuration. DNS_EMEMORY. */
int config_key_make_all(struct draft *draft) MUST_CHECK;
void config_key_release(struct draft_key *key);

/* zones.c: the zones of a secondary. */

/* Adds a pattern, which may be there already. DNS_EMEMORY. */
int config_zones_add(struct draft_zones *zones, enum zone_pattern_kind kind,
                     const struct dns_name *name, struct place place) MUST_CHECK;
/* Gives them to the peer, once all are there; what is there twice is reported. DNS_EMEMORY. */
int config_zones_make(const struct draft_zones *zones, struct place place,
                      struct peer *out) MUST_CHECK;
void config_zones_release(struct draft_zones *zones);

/* zone_file.c: adds the zones of the file that a secondary's section names, if it names one.
 * DNS_EMEMORY. */
int config_zone_file_read(struct draft *draft, const struct config_section *section) MUST_CHECK;

/* link.c: the peers of a draft into its configuration, whose keys are there. DNS_EMEMORY. */
int config_link_peers(struct draft *draft) MUST_CHECK;
void config_link_release(struct draft_peer *peer);

/* labels.c: sections by their labels. */

/* Once all sections are there; what has the label of another is reported. DNS_EMEMORY. */
int config_labels_prepare(struct draft *draft) MUST_CHECK;
/* Then: the first section of a kind with a label (case aside), NULL if there is none. */
const struct config_section *config_labels_find(const struct config *config,
                                                enum setting_section kind, const char *label);

#endif
