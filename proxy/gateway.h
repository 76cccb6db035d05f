/* Looks every few seconds whether what leads packets to a transparent proxy is there still, and
 * says so in the log: at once when it is not, once a minute while it is not, and when it is back.
 * Without it everything passes by unsigned, and nothing else would tell. */
#ifndef PROXY_GATEWAY_H
#define PROXY_GATEWAY_H

#include <uv.h>

#include "config/config.h"

struct gateway {
    uv_timer_t timer;
    const char *file;            /* borrowed */
    const struct config *config; /* in force, borrowed; NULL: nothing is looked for */
    bool bypassed;
    uint64_t said; /* when it was last said, in milliseconds of the loop */
};

/* Does not keep the loop running. */
void gateway_init(struct gateway *gateway, uv_loop_t *loop, const char *file);

/* From now on what this one takes is looked for, beginning at once; NULL: nothing. */
void gateway_set(struct gateway *gateway, const struct config *config);

/* Stops it for good; the loop must run to its end afterwards. */
void gateway_close(struct gateway *gateway);

#endif
