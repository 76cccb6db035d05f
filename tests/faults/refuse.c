/* Loaded before the program (LD_PRELOAD), it refuses what the host may refuse: memory, threads,
 * sockets and connections, to the program and to all libraries in it. How much of it stands in a
 * file that both this and the test have mapped, so that it changes while the program runs: for each
 * kind the share (one in so many; 0: nothing), or the one request that is refused (0: none), and
 * what was asked and refused. Which of many are refused follows from the seed and their number. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum refuse_kind {
    REFUSE_MEMORY,
    REFUSE_THREADS,
    REFUSE_SOCKETS,
    REFUSE_CONNECTIONS,
    REFUSE_KINDS
};

struct refuse_counter {
    _Atomic uint32_t one_in;
    _Atomic uint32_t nth;
    _Atomic uint32_t asked;
    _Atomic uint32_t refused;
};

static struct refuse_shared {
    _Atomic uint32_t seed;
    struct refuse_counter counters[REFUSE_KINDS];
} * refuse_shared;

__attribute__((constructor)) static void refuse_open(void)
{
    const char *path = getenv("REFUSE");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *shared = mmap(NULL, sizeof *refuse_shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (shared != MAP_FAILED)
        refuse_shared = shared;
}

/* The last step of splitmix64: any number has a chance of its own. */
static uint64_t refuse_chance(uint64_t number)
{
    number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9u;
    number = (number ^ (number >> 27)) * 0x94d049bb133111ebu;
    return number ^ (number >> 31);
}

static bool refuse_this(enum refuse_kind kind)
{
    if (!refuse_shared)
        return false;
    struct refuse_counter *c = &refuse_shared->counters[kind];
    uint32_t one_in = c->one_in, nth = c->nth, number = ++c->asked;
    uint64_t place = ((uint64_t)refuse_shared->seed << 32) + number;
    bool refused = number == nth || (one_in > 0 && refuse_chance(place) % one_in == 0);
    c->refused += refused;
    return refused;
}

/* What the next library has under these names: the C library, or a sanitizer before it. */
static struct refuse_real {
    void *(*malloc)(size_t size);
    void *(*calloc)(size_t count, size_t size);
    void *(*realloc)(void *block, size_t size);
    int (*pthread_create)(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *arg);
    int (*socket)(int family, int type, int protocol);
    int (*accept4)(int fd, struct sockaddr *address, socklen_t *len, int flags);
} refuse_real;

static void refuse_find(void *function, const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    memcpy(function, &found, sizeof found);
}

/* False while they are searched for, which bears to have no memory. That a thread is at it must be
 * known by no call: a sanitizer that has not begun yet would be asked. */
static bool refuse_is_ready(void)
{
    static _Thread_local bool searching __attribute__((tls_model("initial-exec")));
    if (refuse_real.accept4)
        return true;
    if (searching)
        return false;
    searching = true;
    refuse_find(&refuse_real.malloc, "malloc");
    refuse_find(&refuse_real.calloc, "calloc");
    refuse_find(&refuse_real.realloc, "realloc");
    refuse_find(&refuse_real.pthread_create, "pthread_create");
    refuse_find(&refuse_real.socket, "socket");
    refuse_find(&refuse_real.accept4, "accept4");
    searching = false;
    return true;
}

static bool refuse_allows(enum refuse_kind kind, int error)
{
    bool ready = refuse_is_ready();
    if (ready && !refuse_this(kind))
        return true;
    if (ready)
        errno = error;
    return false;
}

void *malloc(size_t size)
{
    return refuse_allows(REFUSE_MEMORY, ENOMEM) ? refuse_real.malloc(size) : NULL;
}

void *calloc(size_t count, size_t size)
{
    return refuse_allows(REFUSE_MEMORY, ENOMEM) ? refuse_real.calloc(count, size) : NULL;
}

void *realloc(void *block, size_t size)
{
    return refuse_allows(REFUSE_MEMORY, ENOMEM) ? refuse_real.realloc(block, size) : NULL;
}

/* The two that a sanitizer would not make of those above. */

void *reallocarray(void *block, size_t count, size_t size)
{
    size_t all;
    if (!__builtin_mul_overflow(count, size, &all))
        return realloc(block, all);
    errno = ENOMEM;
    return NULL;
}

char *strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                   void *arg)
{
    if (!refuse_allows(REFUSE_THREADS, EAGAIN))
        return EAGAIN;
    return refuse_real.pthread_create(thread, attributes, run, arg);
}

int socket(int family, int type, int protocol)
{
    return refuse_allows(REFUSE_SOCKETS, ENFILE) ? refuse_real.socket(family, type, protocol) : -1;
}

int accept4(int fd, struct sockaddr *address, socklen_t *restrict len, int flags)
{
    return refuse_allows(REFUSE_CONNECTIONS, ENFILE) ? refuse_real.accept4(fd, address, len, flags)
                                                     : -1;
}
