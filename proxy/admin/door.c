/* Who has the lock beside the socket is who listens there. Others may take either away meanwhile,
 * and put something of theirs in its place: that is left alone. */
#include "admin/door.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Who has the lock wrote its number. */
static pid_t door_read_holder(int lock)
{
    char text[16] = "";
    ssize_t len = pread(lock, text, sizeof text - 1, 0);
    return len > 0 ? (pid_t)strtol(text, NULL, 10) : 0;
}

/* The lock's descriptor; who ends, however, lets go of it. */
static int door_lock(const char *path, int flags, pid_t *holder)
{
    char *name;
    *holder = 0;
    if (asprintf(&name, "%s.lock", path) < 0)
        return -ENOMEM;
    int lock = open(name, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
    int error = lock < 0 ? -errno : 0;
    free(name);
    if (error < 0)
        return error;
    if (flock(lock, LOCK_EX | LOCK_NB) == 0)
        return lock;
    error = errno == EWOULDBLOCK ? -EADDRINUSE : -errno;
    *holder = door_read_holder(lock);
    close(lock);
    return error;
}

/* Whoever had it before may have taken the file away meanwhile: then it locks nothing. */
static bool door_is_locked(int lock)
{
    struct stat found;
    return fstat(lock, &found) == 0 && found.st_nlink > 0;
}

static void door_sign(int lock)
{
    char text[16];
    int len = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    /* Without it a second instance is told that there is one, but not which. */
    if (ftruncate(lock, 0) < 0 || pwrite(lock, text, (size_t)len, 0) < 0)
        return;
}

/* With the lock in hand, nobody of ours listens there any more. */
static int door_clear(const char *path)
{
    struct stat found;
    if (lstat(path, &found) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(found.st_mode))
        return -EEXIST;
    return unlink(path) < 0 ? -errno : 0;
}

/* Its mode is never wider than it should be, whatever umask says. */
static int door_bind(int fd, const char *path)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len >= sizeof name.sun_path)
        return -ENAMETOOLONG;
    memcpy(name.sun_path, path, len);
    if (fchmod(fd, 0660) < 0 || bind(fd, (const struct sockaddr *)&name, sizeof name) < 0)
        return -errno;
    if (chmod(path, 0660) == 0)
        return 0;
    int error = -errno;
    unlink(path);
    return error;
}

static int door_make(struct door *door)
{
    const char *path = door->path;
    struct stat made;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    int error = door_bind(fd, path);
    if (error == 0 && lstat(path, &made) < 0)
        error = -errno;
    if (error == 0) {
        door->device = made.st_dev;
        door->inode = made.st_ino;
        return fd;
    }
    close(fd);
    return error;
}

bool door_stands(const struct door *door)
{
    struct stat found;
    return door->fd >= 0 && lstat(door->path, &found) == 0 && found.st_dev == door->device &&
           found.st_ino == door->inode;
}

int door_open(struct door *door, const char *path, pid_t *holder)
{
    *door = (struct door){.fd = -1, .lock = -1, .path = strdup(path)};
    if (!door->path)
        return -ENOMEM;
    int error = door->lock = door_lock(path, O_RDWR | O_CREAT, holder);
    if (error >= 0)
        error = door_is_locked(door->lock) ? door_clear(path) : -EADDRINUSE;
    if (error == 0)
        error = door->fd = door_make(door);
    if (error < 0)
        door_close(door);
    else
        door_sign(door->lock);
    return error < 0 ? error : 0;
}

/* With the lock still in hand, so that it is nobody else's that goes. */
static void door_unlink_lock(const char *path)
{
    char *name;
    if (asprintf(&name, "%s.lock", path) < 0)
        return;
    unlink(name);
    free(name);
}

void door_close(struct door *door)
{
    /* What others have put in its place is theirs. */
    if (door_stands(door))
        unlink(door->path);
    if (door->fd >= 0) {
        close(door->fd);
        if (door_is_locked(door->lock))
            door_unlink_lock(door->path);
    }
    if (door->lock >= 0)
        close(door->lock);
    free(door->path);
    *door = (struct door){.fd = -1, .lock = -1};
}

int door_try(const char *path, pid_t *holder)
{
    struct stat found;
    int lock = door_lock(path, O_RDONLY, holder);
    if (lock < 0)
        return lock;
    int error = lstat(path, &found) == 0 && !S_ISSOCK(found.st_mode) ? -EEXIST : 0;
    close(lock);
    return error;
}
