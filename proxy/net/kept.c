#include "net/kept.h"

static void on_end(void *owner, unsigned slot)
{
    struct kept *kept = owner;
    upstream_close(kept->items[slot]);
    kept->items[slot] = NULL;
}

static void on_message(void *owner, unsigned slot, uint8_t *octets, size_t len)
{
    (void)octets;
    (void)len;
    on_end(owner, slot);
}

static const struct upstream_events kept_events = {
    .on_message = on_message,
    .on_end = on_end,
};

bool kept_add(struct kept *kept, struct upstream *up)
{
    bool wanted = upstream_may_rest(up);
    for (unsigned i = 0; i < KEPT_MAX && wanted; i++) {
        if (kept->items[i])
            continue;
        upstream_adopt(up, &kept_events, kept, i);
        upstream_set_resting(up, true);
        kept->items[i] = up;
        return true;
    }
    return false;
}

struct upstream *kept_find(struct kept *kept, const struct exchange_action *action)
{
    for (unsigned i = 0; i < KEPT_MAX; i++) {
        struct upstream *up = kept->items[i];
        if (up && upstream_is_quiet(up) && address_equal(&up->to, &action->to) &&
            address_equal(&up->source, &action->source)) {
            kept->items[i] = NULL;
            upstream_set_resting(up, false);
            return up;
        }
    }
    return NULL;
}

void kept_end(struct kept *kept)
{
    for (unsigned i = 0; i < KEPT_MAX; i++)
        if (kept->items[i])
            on_end(kept, i);
}
