#include "net/kept.h"

#include "net/engine.h"

static void kept_close_one(struct upstream *up)
{
    LIST_REMOVE(up, kept);
    upstream_close(up);
}

/* Nothing is asked, so whatever happens is the connection's end. */

static void on_kept_end(void *owner, unsigned leg)
{
    (void)leg;
    kept_close_one(owner);
}

static void on_kept_message(void *owner, unsigned leg, uint8_t *octets, size_t len)
{
    (void)octets;
    (void)len;
    on_kept_end(owner, leg);
}

static const struct upstream_events kept_events = {
    .on_message = on_kept_message,
    .on_end = on_kept_end,
};

static void on_wanted(void *owner)
{
    struct upstream *up = owner;
    if (slots_is_wanted(up->slot))
        kept_close_one(up);
}

static bool kept_is_full(const struct kept *kept)
{
    const struct upstream *up;
    unsigned count = 0;
    LIST_FOREACH(up, &kept->list, kept)
    count++;
    return count >= KEPT_MAX;
}

bool kept_add(struct kept *kept, struct upstream *up)
{
    const struct caller caller = {.wake = on_wanted, .owner = up, .bell = &up->engine->desk->bell};
    if (!upstream_may_rest(up))
        return false;
    enum slots_rest rest = up->slot ? slots_rest(up->slot, &caller) : SLOTS_IDLE;
    if (rest == SLOTS_WANTED || (rest == SLOTS_IDLE && kept_is_full(kept)))
        return false;
    upstream_adopt(up, &kept_events, up, 0);
    upstream_set_resting(up, true);
    LIST_INSERT_HEAD(&kept->list, up, kept);
    return true;
}

/* Those that need no slot go by their ends alone. */
static bool kept_fits(const struct upstream *up, const struct exchange_action *action)
{
    if (up->slot && action->slot)
        return slots_serve(up->slot, action->slot);
    return !up->slot && !action->slot && !action->fresh && address_equal(&up->to, &action->to) &&
           address_equal(&up->source, &action->source);
}

struct upstream *kept_take(struct kept *kept, const struct exchange_action *action)
{
    struct upstream *up, *next;
    for (up = LIST_FIRST(&kept->list); up; up = next) {
        next = LIST_NEXT(up, kept);
        if (!kept_fits(up, action))
            continue;
        LIST_REMOVE(up, kept);
        upstream_set_resting(up, false);
        up->slot = action->slot;
        if (upstream_is_quiet(up))
            return up;
        up->slot = NULL;
        upstream_close(up);
    }
    return NULL;
}

void kept_close(struct kept *kept)
{
    while (!LIST_EMPTY(&kept->list))
        kept_close_one(LIST_FIRST(&kept->list));
}
