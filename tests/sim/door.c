/* Connections to a secondary, over which it is told as over UDP. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "secondary.h"

struct door {
    struct secondary *secondary;
    struct pipe_end *end;
    struct frames frames;
    LIST_ENTRY(door) entry;
};

static void door_free(struct door *d)
{
    LIST_REMOVE(d, entry);
    frames_fini(&d->frames);
    free(d);
}

static void on_octets(void *owner, const uint8_t *octets, size_t len)
{
    struct door *d = owner;
    uint8_t *message, out[1500 + SEAL_RECORD_MAX];
    size_t message_len;
    frames_add(&d->frames, octets, len);
    while (frames_next(&d->frames, &message, &message_len)) {
        if (message_len > 1500)
            continue;
        memcpy(out, message, message_len);
        size_t out_len = secondary_take(d->secondary, out, message_len);
        if (out_len > 0)
            frames_write(d->end, out, out_len);
    }
}

static void on_fin(void *owner)
{
    struct door *d = owner;
    pipe_close(d->end);
    door_free(d);
}

static void on_reset(void *owner)
{
    door_free(owner);
}

static const struct pipe_events door_events = {
    .on_octets = on_octets, .on_fin = on_fin, .on_reset = on_reset};

void door_open(struct secondary *s, struct pipe_end *end)
{
    struct door *d = calloc(1, sizeof *d);
    assert(d);
    d->secondary = s;
    d->end = end;
    LIST_INSERT_HEAD(&s->doors, d, entry);
    pipe_adopt(end, &door_events, d);
}

void door_close_all(struct secondary *s)
{
    while (!LIST_EMPTY(&s->doors))
        door_free(LIST_FIRST(&s->doors));
}
