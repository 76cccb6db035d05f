/* NOTIFYs that someone here asks for (M3): a fan-out as if a primary had sent one without a hint.
 *
 * Happy path: tell_zone has a NOTIFY join the notices for each primary whose secondaries want the
 * zone, and returns NULL; workers carry the fan-outs; when the last has ended, the document goes to
 * `answer`.
 * Failure: tell_zone returns the document that says why. */
#ifndef PROXY_TELL_H
#define PROXY_TELL_H

#include <jansson.h>
#include <sys/queue.h>
#include <uv.h>

#include "net/crew.h"

struct tell_task;

/* The main thread's. */
struct tell {
    struct crew *crew;                                            /* borrowed */
    void (*answer)(void *arg, uint64_t ticket, json_t *document); /* takes the document */
    void *arg;
    struct bell bell;
    uv_async_t ring;
    LIST_HEAD(tell_tasks, tell_task) tasks;
    unsigned count;
};

/* Negative errno. Does not keep the loop running. */
int tell_init(struct tell *tell, uv_loop_t *loop, struct crew *crew);

/* `secondary` may be NULL: all that want the zone. */
json_t *tell_zone(struct tell *tell, const struct config *config, const char *zone,
                  const char *secondary, uint64_t ticket);

/* Once no worker is left, and before the crew's memory goes; then the loop must run to its end. */
void tell_close(struct tell *tell);
void tell_fini(struct tell *tell);

#endif
