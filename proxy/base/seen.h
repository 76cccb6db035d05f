/* What a reading of the configuration saw on disk, so that a later look can tell whether another
 * reading would see something else. Files that could not be read count as well, and so does what
 * fits a pattern. */
#ifndef BASE_SEEN_H
#define BASE_SEEN_H

#include "base/files.h"

#define SEEN_DIGEST_SIZE 32

struct seen_entry {
    char *path; /* owned; or a pattern */
    bool is_pattern;
    int error;                              /* of who read it: 0, or a negative errno */
    unsigned char digest[SEEN_DIGEST_SIZE]; /* of its octets, or of the paths that fit */
    struct files_stamp stamp;               /* of a file without error */
};

/* A zeroed struct is empty. */
struct seen {
    struct seen_entry *entries; /* owned; in the order in which they were read */
    size_t count, size;
};

/* What a look found to be other than what was seen. */
struct seen_change {
    const char *path;                       /* of `seen`, the first; NULL: nothing */
    unsigned char digest[SEEN_DIGEST_SIZE]; /* of all that is there instead */
};

/* As files_read and files_list, and remembers what came of it. */
int seen_read(struct seen *seen, const char *path, struct config_file *out) MUST_CHECK;
int seen_list(struct seen *seen, const char *pattern, char ***paths, size_t *count) MUST_CHECK;

/* Looks at all of it. A file is read again only when its stamp says that it may have changed.
 * Returns a negative errno when this process, not the files, is the reason that it cannot tell. */
int seen_look(struct seen *seen, struct seen_change *out) MUST_CHECK;

/* Are these one change, which stays? Not when there is none. */
bool seen_is_same(const struct seen_change *a, const struct seen_change *b);

void seen_fini(struct seen *seen);

#endif
