/* Time is told by `wake` and `expire` of each leg alone: legs_tick looks at all whose time has
 * come, legs_deadline says when that is next. A leg that is lost wakes the next one, but for a
 * NOTIFY's. */
#include "exchange/legs.h"

#include <assert.h>
#include <stdlib.h>

/* M3, M6: a UDP copy that is not answered is sent again this long after the one before. */
static const uint64_t legs_resend_ms[] = {1000, 2000};
#define LEGS_NEXT_ADDRESS_MS 2000

void legs_fini(struct legs *legs)
{
    for (unsigned i = 0; i < legs->count; i++)
        leg_fini(&legs->items[i]);
    free(legs->items);
    legs->items = NULL;
    legs->count = 0;
}

bool legs_have_hope(const struct legs *legs)
{
    for (unsigned i = 0; i < legs->count; i++)
        if (!leg_is_settled(&legs->items[i]) && legs->items[i].wake != LEG_NEVER)
            return true;
    return false;
}

/* Turns of a NOTIFY's legs come all at once. */
static void legs_wake_next(struct legs *legs, const struct errand *errand, unsigned index,
                           uint64_t when)
{
    if (errand->operation == PEER_NOTIFY || index + 1 >= legs->count)
        return;
    struct leg *next = &legs->items[index + 1];
    if (next->state == LEG_IDLE && when < next->wake)
        next->wake = when;
}

static void legs_drop(struct legs *legs, const struct errand *errand, unsigned index,
                      struct relay_event event, struct relay_time now)
{
    struct leg *leg = &legs->items[index];
    event.type = errand->operation == PEER_NOTIFY ? EVENT_NOTIFY : EVENT_UPSTREAM_FAILURE;
    leg->ours = event.result == RESULT_NO_SOCKET || event.result == RESULT_CANNOT_SEND ||
                event.result == RESULT_NO_MEMORY;
    leg_move(leg, LEG_OVER);
    leg_report(leg, errand, event, now);
    /* A BADKEY may be forged, so doubt alone changes nothing before the time is up; and an UPDATE
     * that was written is never tried with another key. */
    if (leg->doubted && errand->operation != PEER_UPDATE)
        relay_next_key(errand->relay, leg->peer, leg->key);
}

void legs_lose(struct legs *legs, const struct errand *errand, unsigned index,
               enum relay_result why, struct relay_time now)
{
    legs_drop(legs, errand, index, (struct relay_event){.result = why}, now);
}

void legs_refused(struct legs *legs, const struct errand *errand, unsigned index,
                  struct relay_time now)
{
    recent_address_failed(&errand->relay->desk->recent, &legs->items[index].to, now.ms);
    legs_lose(legs, errand, index, RESULT_CANNOT_CONNECT, now);
    legs_wake_next(legs, errand, index, now.ms);
}

void legs_no_socket(struct legs *legs, const struct errand *errand, unsigned index, const char *why,
                    struct relay_time now)
{
    struct relay_event event = {.result = RESULT_NO_SOCKET, .advice = why};
    legs_drop(legs, errand, index, event, now);
    legs_wake_next(legs, errand, index, now.ms);
}

void legs_opening(struct legs *legs, const struct errand *errand, unsigned index,
                  struct relay_time now)
{
    uint64_t until = now.ms + 1000ull * errand->relay->config->proxy.connect_timeout;
    uint64_t last = errand->began + legs->answer_ms;
    leg_move(&legs->items[index], LEG_OPENING);
    /* M3: the primary of a NOTIFY waits no longer than that. */
    legs->items[index].wake = errand->operation == PEER_NOTIFY && last < until ? last : until;
}

void legs_sent(struct legs *legs, const struct errand *errand, unsigned index,
               struct relay_time now)
{
    struct leg *leg = &legs->items[index];
    leg_move(leg, LEG_ASKED);
    if (leg->sent == 1) {
        uint64_t from = errand->operation == PEER_NOTIFY ? errand->began : now.ms;
        leg->expire = from + legs->answer_ms;
        /* An UPDATE that was written may have been done: no other address gets it too. */
        if (leg->transport == RELAY_UDP && errand->operation != PEER_UPDATE)
            legs_wake_next(legs, errand, index, now.ms + LEGS_NEXT_ADDRESS_MS);
    }
    leg->wake = leg->expire;
    if (leg->transport == RELAY_UDP && leg->sent < leg->copies) {
        assert(leg->sent <= sizeof legs_resend_ms / sizeof *legs_resend_ms);
        uint64_t again = now.ms + legs_resend_ms[leg->sent - 1];
        leg->wake = again < leg->expire ? again : leg->expire;
    }
}

static bool legs_tick_one(struct legs *legs, const struct errand *errand, unsigned index,
                          struct relay_time now)
{
    struct leg *leg = &legs->items[index];
    if (leg->wake > now.ms)
        return false;
    switch (leg->state) {
    case LEG_IDLE:
        leg_move(leg, LEG_DUE);
        return false;
    case LEG_OPENING:
        legs_refused(legs, errand, index, now);
        return true;
    case LEG_ASKED:
        if (now.ms < leg->expire) {
            leg_move(leg, LEG_READY);
            return false;
        }
        legs_lose(legs, errand, index, RESULT_TIMEOUT, now);
        return true;
    default:
        return false;
    }
}

bool legs_tick(struct legs *legs, const struct errand *errand, struct relay_time now)
{
    bool lost = false;
    for (unsigned i = 0; i < legs->count; i++)
        lost |= legs_tick_one(legs, errand, i, now);
    return lost;
}

unsigned legs_pick(const struct legs *legs)
{
    unsigned i = 0;
    while (i < legs->count && legs->items[i].state != LEG_DUE && legs->items[i].state != LEG_READY)
        i++;
    return i;
}

uint64_t legs_deadline(const struct legs *legs)
{
    uint64_t deadline = LEG_NEVER;
    for (unsigned i = 0; i < legs->count; i++)
        if (!leg_is_settled(&legs->items[i]) && legs->items[i].wake < deadline)
            deadline = legs->items[i].wake;
    return deadline;
}
