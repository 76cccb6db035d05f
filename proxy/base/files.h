/* Files as a configuration names them. */
#ifndef BASE_FILES_H
#define BASE_FILES_H

#include <sys/types.h>
#include <time.h>

#include "config/config.h"

/* Which file it is, and when it was last written: of two that are equal, and settled, so are the
 * files' octets. */
struct files_stamp {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec written, changed; /* its octets; these or anything else about it */
    bool settled;                     /* whoever writes to it from now on makes another time */
};

/* A file whole; its stamp is of before. */
int files_read(const char *path, struct config_file *out, struct files_stamp *stamp) MUST_CHECK;

/* The paths that fit a pattern, sorted; as struct config_files wants them. */
int files_list(const char *pattern, char ***paths, size_t *count) MUST_CHECK;
void files_free_list(char **paths, size_t count);

/* Of the file to which the path leads now. */
int files_stamp(const char *path, struct files_stamp *out) MUST_CHECK;

/* Not of `settled`. */
bool files_same(const struct files_stamp *a, const struct files_stamp *b);

#endif
