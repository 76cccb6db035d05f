/* What happens, seen: each event is counted, entered into the ledgers, kept if something failed,
 * and becomes a line of the log, in this order. One for the whole program. */
#ifndef ADMIN_OBSERVE_H
#define ADMIN_OBSERVE_H

#include "admin/counts.h"
#include "admin/events.h"
#include "admin/failures.h"
#include "admin/ledger.h"
#include "admin/notified.h"
#include "config/config.h"

struct observe {
    struct counts *counts; /* owned, as the next two */
    struct ledger *ledger;
    struct failures *failures;
    struct notified notified;
    struct events events;
    /* The main thread's, in seconds since 1970. */
    int64_t started;
    int64_t loaded;     /* the configuration in force */
    bool reload_failed; /* the last one */
};

/* `status_zones` bounds the ledger. NULL: no memory. */
struct observe *observe_new(unsigned status_zones);
void observe_free(struct observe *o); /* once no other thread uses it */

/* By any thread; `observe` is a struct observe. Fits struct engine_sink. */
void observe_event(void *observe, const struct relay_event *event);

/* By the main thread, at the start too: this configuration is in force, and what it does not have
 * is forgotten; or it has been refused, and `config` is what goes on. */
void observe_reloaded(struct observe *o, const struct config *config, bool successful, int64_t now);

/* The last refusals and failures, newest first; a new reference. NULL: no memory. */
json_t *observe_failures(struct observe *o);

/* Seconds since 1970. */
int64_t observe_now(void);

#endif
