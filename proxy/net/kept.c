#include "net/kept.h"

#include "net/engine.h"

static void kept_close_one(struct kept *kept, unsigned index)
{
    upstream_close(kept->items[index]);
    kept->items[index] = NULL;
}

/* Nothing is asked, so whatever happens is the connection's end. */

static void on_kept_end(void *owner, unsigned index)
{
    kept_close_one(owner, index);
}

static void on_kept_message(void *owner, unsigned index, uint8_t *octets, size_t len)
{
    (void)octets;
    (void)len;
    kept_close_one(owner, index);
}

static const struct upstream_events kept_events = {
    .on_message = on_kept_message,
    .on_end = on_kept_end,
};

static void on_wanted(void *owner)
{
    struct upstream *up = owner;
    if (slots_is_wanted(up->slot))
        kept_close_one(up->owner, up->leg);
}

bool kept_add(struct kept *kept, struct upstream *up)
{
    unsigned index = 0;
    while (index < KEPT_MAX && kept->items[index])
        index++;
    const struct caller caller = {.wake = on_wanted, .owner = up, .bell = &up->engine->desk->bell};
    if (index == KEPT_MAX || (up->slot && !slots_rest(up->slot, &caller)))
        return false;
    upstream_adopt(up, &kept_events, kept, index);
    kept->items[index] = up;
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
    for (unsigned i = 0; i < KEPT_MAX; i++) {
        struct upstream *up = kept->items[i];
        if (!up || !kept_fits(up, action))
            continue;
        kept->items[i] = NULL;
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
    for (unsigned i = 0; i < KEPT_MAX; i++)
        if (kept->items[i])
            kept_close_one(kept, i);
}
