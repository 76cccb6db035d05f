#include "admin/observe.h"

#include <stdlib.h>

struct observe *observe_new(unsigned status_zones)
{
    struct observe *o = calloc(1, sizeof *o);
    (void)status_zones;
    if (o)
        events_init(&o->events);
    return o;
}

void observe_free(struct observe *observe)
{
    free(observe);
}

void observe_event(void *arg, const struct relay_event *event)
{
    struct observe *o = arg;
    events_log(&o->events, event);
}

void observe_reloaded(struct observe *o, const struct config *config, bool successful, int64_t now)
{
    (void)config;
    o->started = o->started ? o->started : now;
    o->loaded = successful ? now : o->loaded;
    o->successful = successful;
}

json_t *observe_failures(struct observe *observe)
{
    (void)observe;
    return json_array();
}
