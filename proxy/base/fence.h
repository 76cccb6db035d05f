/* Landlock: the files that this program may open from now on. Older kernels have less of it or
 * none. */
#ifndef BASE_FENCE_H
#define BASE_FENCE_H

#include "base/seen.h"

struct fence_folder {
    char *path; /* owned; as the kernel sees it, without links */
    bool writable;
};

/* A zeroed struct lets everything through. */
struct fence {
    struct fence_folder *folders; /* owned */
    size_t count, size;
    bool speaks_abstract; /* set before: to a supervisor, at a Unix socket without a path */
    int version;          /* of the kernel's Landlock; 0: it has none, or does not let us */
};

/* What the kernel has of it: 0 is nothing. */
int fence_version(void);

/* The folders of what was read for the configuration may be read, that of the control socket be
 * written, and what libraries want to know of this process and its processors. For the calling
 * thread, and those that it starts. Negative errno: nothing is in force, and fence_fini is due all
 * the same. */
int fence_raise(struct fence *fence, const struct config *config,
                const struct seen *seen) MUST_CHECK;

/* Does it keep this program from that path? */
bool fence_keeps_from(const struct fence *fence, const char *path, bool writing);

void fence_fini(struct fence *fence);

#endif
