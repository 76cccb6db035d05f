/* src/config: what the operator wrote, read and checked.
 *
 * A configuration: one immutable, reference-counted snapshot made from INI text.
 *
 * The text of the files comes through `struct config_files`, so nothing
 * here opens a file. Every mistake is reported, not just the first; a file with an error yields no
 * snapshot. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "config/peer.h"
#include "tsig/key.h"

#define CONFIG_DEFAULT_PATH "/etc/tsig-proxy/tsig-proxy.ini"
#define CONFIG_LINE_MAX     4096 /* octets in a line; longer ones are an error */
#define CONFIG_NAME_MAX     49   /* octets in a section header or a setting's name, likewise */
#define CONFIG_SECTION_ROWS 32   /* no section has more settings */
#define CONFIG_CONTROL_MAX  107  /* octets in the path of a Unix socket */

enum config_log_level { LOG_ERROR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG };
enum config_log_format { LOG_FORMAT_LOGFMT, LOG_FORMAT_JSON };

struct text_list {
    char **items; /* owned, as are the items */
    size_t count;
};

/* The [proxy] section. Times are in seconds. */
struct config_proxy {
    struct address_list listen;
    struct address_list proxy_listen; /* where a PROXY header comes first */
    struct prefix_list proxy_from;    /* whose headers are believed */
    bool transparent;
    bool freebind;            /* addresses may come later */
    struct text_list include; /* patterns of files, as they are written */
    unsigned workers;         /* 0: one per core */
    char *user;               /* "": stay who we are */
    bool confine;             /* keep itself from what it does not need */
    char *control;            /* "": off */
    struct address http;      /* family ADDRESS_NONE: off */
    enum config_log_level log_level;
    enum config_log_format log_format;
    unsigned watch; /* from one look at the files to the next; 0: none */
    unsigned fudge;
    unsigned udp_size;      /* octets: no UDP answer is larger */
    unsigned refusal_rate;  /* UDP answers a second; 0: none */
    unsigned status_zones;  /* zones times secondaries whose state is kept */
    unsigned metrics_zones; /* of these: that have rows and series of their own */
    unsigned connect_timeout;
    unsigned answer_timeout;
    unsigned progress_timeout;
    unsigned idle_timeout;
    unsigned drain_timeout;
};

enum setting_section {
    SETTING_PROXY,
    SETTING_KEY,
    SETTING_PRIMARY,
    SETTING_SECONDARY,
    SETTING_SECTIONS
};

/* A section as it stands in the file. */
struct config_section {
    enum setting_section kind;
    unsigned index; /* of its key among the keys, of its peer among the peers; 0 for [proxy] */
    unsigned file;  /* among the configuration's files */
    unsigned line;  /* of the header */
    char *label;    /* owned; "" for [proxy] */
    unsigned lines[CONFIG_SECTION_ROWS]; /* of its settings, by setting_index(); 0: not given */
    /* Owned; what they say, likewise; NULL: not given, or a secret. */
    char *texts[CONFIG_SECTION_ROWS];
};

struct config {
    _Atomic unsigned refs; /* through config_ref and config_unref alone */
    char **files;          /* owned; paths as they were read, the main file first */
    size_t file_count;
    struct config_proxy proxy;
    struct tsig_key *keys;
    size_t key_count;
    struct peer *peers; /* in file order; all pointers between parts stay valid for its life */
    size_t peer_count;
    struct config_section *sections; /* in file order */
    size_t section_count;
    const struct config_section **by_label; /* owned; by kind and label */
    unsigned peer_numbers, key_numbers;     /* one above the highest ever handed out */
    struct lookup *lookup;                  /* owned; filled by config_index */
};

enum config_severity { CONFIG_ERROR, CONFIG_WARNING };

/* One finding. Shown as FILE:LINE: error: sentence; line 0 is left out. */
struct config_finding {
    enum config_severity severity;
    unsigned line;
    char *file;
    char *text;
    unsigned file_number; /* files in the order in which they were read */
    size_t number;        /* in the order in which they were found */
};

/* All findings, in the order of files and lines once config_parse returns. A zeroed struct is
 * empty. */
struct config_report {
    struct config_finding *findings; /* owned */
    size_t count;
    size_t errors;
    bool incomplete; /* memory ran out while reporting */
};

/* What the caller found out about a file. */
struct config_file {
    char *text; /* NUL-terminated; released by the library with free() after cleansing */
    size_t len;
    unsigned mode; /* permission bits, as in st_mode & 0777 */
    unsigned uid;  /* its owner */
};

struct config_files {
    /* Reads a file whole. `path` is absolute or relative to the process. Returns 0, or a negative
     * errno. */
    int (*read)(void *arg, const char *path, struct config_file *out);
    /* The paths that fit a pattern of glob(7), in any order; none is no failure. Array and paths
     * are released by the library with free(). Returns 0, or a negative errno. May be NULL: no
     * path fits. */
    int (*list)(void *arg, const char *pattern, char ***paths, size_t *count);
    /* Why a file or folder cannot be read, for a negative errno of the two above. May be NULL: the
     * errno says it. */
    const char *(*why)(void *arg, const char *path, int error);
    /* May this owner change what the proxy reads? `user` is who it will run as, NULL if that could
     * not be read. May be NULL: anyone may. */
    bool (*trusts)(void *arg, const char *user, unsigned uid);
    /* Folder of what `credential:NAME` names; NULL: none. */
    const char *credentials;
    /* The configuration is not to be served: without that folder, a key may have no secret. */
    bool only_looks;
    void *arg;
};

/* Parses and checks the file at `path`. Returns 0 and a snapshot with one reference when there are
 * no errors; DNS_EFORMAT when there are (see the report); DNS_EMEMORY. Relative paths in a file
 * begin where it is. */
int config_parse(const struct config_files *files, const char *path, struct config **out,
                 struct config_report *report) MUST_CHECK;

/* Reads [proxy] alone, for who only wants to know where an instance can be reached: whatever else
 * the file says may be wrong or unreadable. Otherwise as config_parse. */
int config_parse_proxy(const struct config_files *files, const char *path, struct config **out,
                       struct config_report *report) MUST_CHECK;

/* Peers (by role and label) and keys (by label) that were in `before` keep their numbers, so that
 * what is remembered of them outlives a reload; new ones get numbers that none had before. NULL:
 * numbers from 0 in file order, as config_parse gives them. Call it before `next` is shared. */
void config_carry(struct config *next, const struct config *before);

struct config *config_ref(struct config *config);
bool config_is_shared(const struct config *config); /* by more than one reference */
void config_unref(struct config *config);           /* NULL is fine; secrets are cleansed */

void text_list_fini(struct text_list *list);
void config_report_fini(struct config_report *report);

#endif
