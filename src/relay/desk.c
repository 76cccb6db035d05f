#include "relay/desk.h"

#include <stdlib.h>

struct desk *desk_new(const struct relay_world *world, struct memory *memory)
{
    struct desk *desk = calloc(1, sizeof *desk);
    if (!desk)
        return NULL;
    desk->world = *world;
    desk->memory = memory;
    bell_init(&desk->bell, world->ring, world->arg);
    return desk;
}

void desk_free(struct desk *desk)
{
    if (!desk)
        return;
    bell_fini(&desk->bell);
    free(desk);
}
