#include "net/watched.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "net/places.h"

/* No number is higher: those of peers' places, and a few thousand for all else. */
#define WATCHED_MOST (PLACES_CONNECTIONS_MOST + PLACES_SOCKETS_MOST + 4096)

static int watched_highest(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur > WATCHED_MOST)
        return WATCHED_MOST - 1;
    return (int)files.rlim_cur - 1;
}

/* A descriptor with that number, or the next that is free. */
static int watched_open(int number)
{
    int low = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (low < 0)
        return -errno;
    int high = fcntl(low, F_DUPFD_CLOEXEC, number);
    int error = -errno;
    close(low);
    return high < 0 ? error : high;
}

static void on_event(uv_poll_t *poll, int status, int events)
{
    (void)poll;
    (void)status;
    (void)events;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle);
}

/* Would libuv be given as much as it asks for? It asks for the next power of two. */
static bool watched_is_there(int number)
{
    void *room = calloc((size_t)number + 3, 2 * sizeof(void *));
    free(room);
    return room;
}

int watched_reserve(uv_loop_t *loop)
{
    int number = watched_highest();
    int fd = watched_open(number);
    if (fd < 0)
        return fd;
    uv_poll_t *poll = watched_is_there(fd) ? malloc(sizeof *poll) : NULL;
    int error = poll ? uv_poll_init(loop, poll, fd) : -ENOMEM;
    if (error < 0) {
        free(poll);
    } else {
        error = uv_poll_start(poll, UV_READABLE, on_event);
        uv_close((uv_handle_t *)poll, on_closed);
    }
    close(fd);
    return error;
}
