/* What the running program does and says for who asks it (admin/acts.h). */
#ifndef PROXY_ACTS_H
#define PROXY_ACTS_H

#include "admin/acts.h"
#include "admin/status.h"
#include "admin/supervisor.h"
#include "gateway.h"
#include "reload.h"
#include "tell.h"

/* All borrowed; the main thread's. */
struct acts {
    struct observe *observe;
    struct crew *crew;
    struct reload *reload;
    struct tell *tell;
    const struct gateway *gateway;
    void (*reload_now)(void *arg);
    void *arg;
};

struct admin_acts acts_of(struct acts *acts);

/* For supervisor_init: do all loops turn, and the summary of how things are. */
bool acts_live(void *arg);
void acts_say_status(void *arg, char out[SUPERVISOR_STATUS_SIZE]);

#endif
