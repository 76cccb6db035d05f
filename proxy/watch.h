/* Looks every so often whether what the configuration was read from has changed (M9, `watch`), and
 * has it read anew. By looking, since a watch of the kernel's on a file is lost when another takes
 * its place, and a link that leads elsewhere is what secrets change by in Kubernetes.
 *
 * Happy path: the timer; a look, in a thread of libuv's, as files may be slow or many; nothing is
 * new; the timer. Or something is: a later look finds the very same, so nobody is still writing,
 * and `reload` is called, which gives what it saw to watch_set whatever came of it. So a
 * configuration that is refused is refused once.
 * Failure: a look that could not tell is as if there had been none. */
#ifndef PROXY_WATCH_H
#define PROXY_WATCH_H

#include <uv.h>

#include "base/seen.h"

struct watch {
    uv_timer_t timer;
    uv_work_t work;
    void (*reload)(void *arg);
    void *arg;
    unsigned seconds;          /* between two looks; 0: none */
    bool looking;              /* `seen`, `found` and `error` are the thread's */
    bool outdated;             /* the look that is under way is at what was seen before `next` */
    struct seen seen, next;    /* of the last reading */
    struct seen_change found;  /* by the look that was last */
    struct seen_change before; /* by the one before it */
    int error;
};

/* Nothing is looked at before watch_set. Does not keep the loop running. */
void watch_init(struct watch *watch, uv_loop_t *loop, void (*reload)(void *arg), void *arg);

/* From now on `seen`, which is taken, is looked at; 0 seconds: nothing is. */
void watch_set(struct watch *watch, unsigned seconds, struct seen *seen);

/* No look begins any more, and none has consequences. */
void watch_stop(struct watch *watch);

/* Stops it for good; then the loop must run to its end, and then watch_fini may be called. */
void watch_close(struct watch *watch);
void watch_fini(struct watch *watch);

#endif
