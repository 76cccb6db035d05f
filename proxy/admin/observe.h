/* What happens, seen: each event becomes a line of the log. One for the whole program. */
#ifndef ADMIN_OBSERVE_H
#define ADMIN_OBSERVE_H

#include <jansson.h>

#include "admin/events.h"
#include "config/config.h"
#include "relay/report.h"

struct observe {
    struct events events;
    int64_t started, loaded;
    bool successful;
};

/* NULL: no memory. */
struct observe *observe_new(unsigned status_zones);
void observe_free(struct observe *observe);

/* By any thread. `arg` is a struct observe. Fits struct engine_sink. */
void observe_event(void *arg, const struct relay_event *event);

/* By the main thread. */
void observe_reloaded(struct observe *observe, const struct config *config, bool successful,
                      int64_t now);
json_t *observe_failures(struct observe *observe);

#endif
