#include "relay/desk.h"

#include <stdlib.h>
#include <string.h>

struct desk *desk_new(const struct relay_world *world, unsigned zones)
{
    struct desk *desk = calloc(1, sizeof *desk);
    if (!desk)
        return NULL;
    desk->world = *world;
    desk->notices = notices_new(world->wake, world->arg);
    desk->sleepers = sleepers_new(zones);
    if (desk->notices && desk->sleepers)
        return desk;
    desk_free(desk);
    return NULL;
}

void desk_free(struct desk *desk)
{
    if (!desk)
        return;
    notices_free(desk->notices);
    sleepers_free(desk->sleepers);
    free(desk->key_turns);
    free(desk);
}

int desk_reserve(struct desk *desk, unsigned count)
{
    if (count <= desk->peer_numbers)
        return 0;
    unsigned *turns = reallocarray(desk->key_turns, count, sizeof *turns);
    if (!turns)
        return DNS_EMEMORY;
    desk->key_turns = turns;
    int error = notices_reserve(desk->notices, count);
    if (error == 0)
        error = sleepers_reserve(desk->sleepers, count);
    if (error < 0)
        return error;
    memset(turns + desk->peer_numbers, 0, (count - desk->peer_numbers) * sizeof *turns);
    desk->peer_numbers = count;
    return 0;
}
