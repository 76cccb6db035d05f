#include "exchange/admission.h"

#include <assert.h>

/* NOTIFYs have bounds of their own (M3). */
static bool admission_counts(const struct leg *leg, const struct errand *errand)
{
    return leg->transport == RELAY_TCP && leg->peer->role == PEER_PRIMARY &&
           errand->operation != PEER_NOTIFY;
}

static struct slot *admission_enter(const struct admission *a, const struct leg *leg,
                                    const struct errand *errand)
{
    const struct peer *client = errand->client.peer;
    struct slot_wish wish = {
        .primary = leg->peer->number,
        .client = client ? client->number + 1 : 0,
        .user = a->user,
        .fresh = leg->fresh,
        .to = leg->to,
        .source = leg->source,
        .caller = a->caller,
    };
    wish.caller.bell = &errand->relay->desk->bell;
    return slots_take(errand->relay->desk->memory->slots, &wish);
}

bool admission_pass(struct admission *a, struct legs *legs, const struct errand *errand,
                    unsigned index, struct relay_time now)
{
    struct leg *leg = &legs->items[index];
    if (!admission_counts(leg, errand))
        return true;
    if (a->slot) {
        assert(a->leg == index);
        return true;
    }
    a->slot = admission_enter(a, leg, errand);
    a->leg = index;
    if (!a->slot) {
        legs_lose(legs, errand, index, RESULT_NO_MEMORY, now);
        return false;
    }
    if (slots_is_held(a->slot))
        return true;
    leg->wake = now.ms + legs->answer_ms;
    legs_move(legs, index, LEG_QUEUED);
    return false;
}

struct slot *admission_give(struct admission *a, unsigned index)
{
    struct slot *slot = a->leg == index ? a->slot : NULL;
    if (slot)
        a->slot = NULL;
    return slot;
}

bool admission_look(struct admission *a, struct legs *legs, const struct errand *errand,
                    struct relay_time now)
{
    if (!a->slot || legs->items[a->leg].state != LEG_QUEUED)
        return false;
    struct leg *leg = &legs->items[a->leg];
    if (slots_is_held(a->slot)) {
        legs_move(legs, a->leg, LEG_DUE);
        return false;
    }
    if (now.ms < leg->wake)
        return false;
    admission_leave(a);
    a->in_vain = true;
    legs_move(legs, a->leg, LEG_OVER);
    leg_report(leg, errand,
               (struct relay_event){.type = EVENT_LIMIT, .result = RESULT_CONNECTIONS_BUSY}, now);
    return true;
}

void admission_leave(struct admission *a)
{
    slots_release(a->slot);
    a->slot = NULL;
}
