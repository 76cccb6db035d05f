#include "exchange/queue.h"

#include <assert.h>

/* NOTIFYs have bounds of their own (M3). */
static bool queue_counts(const struct leg *leg, const struct errand *errand)
{
    return leg->transport == RELAY_TCP && leg->peer->role == PEER_PRIMARY &&
           errand->operation != PEER_NOTIFY;
}

static struct slot *queue_enter(const struct queue *q, const struct leg *leg,
                                const struct errand *errand)
{
    const struct peer *client = errand->client.peer;
    struct slot_wish wish = {
        .primary = leg->peer->number,
        .client = client ? client->number + 1 : 0,
        .user = q->user,
        .fresh = leg->fresh,
        .to = leg->to,
        .source = leg->source,
        .caller = q->caller,
    };
    wish.caller.bell = &errand->relay->desk->bell;
    return slots_take(errand->relay->desk->memory->slots, &wish);
}

bool queue_pass(struct queue *q, struct legs *legs, const struct errand *errand, unsigned index,
                struct relay_time now)
{
    struct leg *leg = &legs->items[index];
    if (!queue_counts(leg, errand))
        return true;
    if (q->slot) {
        assert(q->leg == index);
        return true;
    }
    q->slot = queue_enter(q, leg, errand);
    q->leg = index;
    if (!q->slot) {
        legs_lose(legs, errand, index, RESULT_NO_MEMORY, now);
        return false;
    }
    if (slots_is_held(q->slot))
        return true;
    leg->wake = now.ms + legs->answer_ms;
    legs_move(legs, index, LEG_QUEUED);
    return false;
}

struct slot *queue_give(struct queue *q, unsigned index)
{
    struct slot *slot = q->leg == index ? q->slot : NULL;
    if (slot)
        q->slot = NULL;
    return slot;
}

bool queue_look(struct queue *q, struct legs *legs, const struct errand *errand,
                struct relay_time now)
{
    if (!q->slot || legs->items[q->leg].state != LEG_QUEUED)
        return false;
    struct leg *leg = &legs->items[q->leg];
    if (slots_is_held(q->slot)) {
        legs_move(legs, q->leg, LEG_DUE);
        return false;
    }
    if (now.ms < leg->wake)
        return false;
    queue_leave(q);
    q->in_vain = true;
    legs_move(legs, q->leg, LEG_OVER);
    leg_report(leg, errand,
               (struct relay_event){.type = EVENT_LIMIT, .result = RESULT_CONNECTIONS_BUSY}, now);
    return true;
}

void queue_leave(struct queue *q)
{
    slots_release(q->slot);
    q->slot = NULL;
}
