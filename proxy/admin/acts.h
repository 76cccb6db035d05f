/* What can be asked of the running program, for who asks over the control socket or HTTP. Those
 * that know the program fill it in. All are called by the main thread. */
#ifndef ADMIN_ACTS_H
#define ADMIN_ACTS_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

/* Each document is a new reference, or NULL without memory. One that has "error", a sentence, says
 * that nothing came of it. */
struct admin_acts {
    json_t *(*health)(void *arg);
    json_t *(*status)(void *arg);
    json_t *(*events)(void *arg);
    json_t *(*settings)(void *arg);
    json_t *(*reload)(void *arg);
    json_t *(*log_level)(void *arg, const char *level);
    /* NULL: control_answer will bring it, with this ticket. `secondary` may be NULL: all. */
    json_t *(*notify)(void *arg, const char *zone, const char *secondary, uint64_t ticket);
    int (*metrics)(void *arg, FILE *out); /* negative: there is nothing in `out` to be shown */
    void *arg;
};

#endif
