/* The descriptor is shared with others, so it stays as blocking as it was; poll says whether there
 * is room. */
#include "admin/output.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/uio.h>
#include <unistd.h>

/* Between poll and write no other thread may take the room. */
static pthread_mutex_t output_mutex = PTHREAD_MUTEX_INITIALIZER;
static bool output_torn; /* a full disk took half of a line */

bool output_wait(int fd, int ms)
{
    struct pollfd room = {.fd = fd, .events = POLLOUT};
    return poll(&room, 1, ms) == 1 && room.revents & POLLOUT;
}

static bool output_write_locked(int fd, const char *text, size_t len)
{
    if (!output_wait(fd, 0))
        return false;
    char end[] = "\n";
    union {
        const char *in;
        void *out;
    } base = {.in = text};
    const struct iovec parts[] = {{end, 1}, {base.out, len}};
    ssize_t whole = (ssize_t)(output_torn ? len + 1 : len);
    ssize_t written;
    do {
        written = writev(fd, output_torn ? parts : parts + 1, output_torn ? 2 : 1);
    } while (written < 0 && errno == EINTR);
    if (written > 0)
        output_torn = written < whole;
    return written == whole;
}

bool output_write(int fd, const char *text, size_t len)
{
    pthread_mutex_lock(&output_mutex);
    bool done = output_write_locked(fd, text, len);
    pthread_mutex_unlock(&output_mutex);
    return done;
}
