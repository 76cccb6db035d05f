/* Where the control socket stands: a Unix socket for owner and group, and beside it a lock, by
 * which a second instance learns of the first. */
#ifndef ADMIN_DOOR_H
#define ADMIN_DOOR_H

#include <stdbool.h>
#include <sys/types.h>

#include "dns/error.h"

/* Closed: both descriptors -1. */
struct door {
    int fd;
    int lock;
    char *path; /* owned */
    dev_t device;
    ino_t inode; /* of the socket */
};

/* Binds the socket, in the place of one that nobody has any more. Negative errno; -EADDRINUSE when
 * another process holds the place, and `*holder` is its number then, 0 if that is not known. A
 * failure leaves nothing open. */
int door_open(struct door *door, const char *path, pid_t *holder) MUST_CHECK;

/* Is the socket still where it was put? */
bool door_stands(const struct door *door);

/* Socket and lock go, unless others have taken them away. */
void door_close(struct door *door);

/* Does another process hold the place, or stand something else in it? Leaves everything as it is;
 * -ENOENT: nobody ever had it. */
int door_try(const char *path, pid_t *holder) MUST_CHECK;

#endif
