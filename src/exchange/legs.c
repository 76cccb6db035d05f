#include "exchange/legs.h"

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

static bool legs_is_settled(const struct leg *leg)
{
    return leg->state == LEG_ANSWERED || leg->state == LEG_OVER;
}

bool legs_have_hope(const struct legs *legs)
{
    for (unsigned i = 0; i < legs->count; i++)
        if (!legs_is_settled(&legs->items[i]) && legs->items[i].wake != LEG_NEVER)
            return true;
    return false;
}

static void legs_wake_next(struct legs *legs, unsigned leg, uint64_t when)
{
    if (legs->load.operation == PEER_NOTIFY || leg + 1 >= legs->count)
        return;
    struct leg *next = &legs->items[leg + 1];
    if (next->state == LEG_IDLE && when < next->wake)
        next->wake = when;
}

void legs_lose(struct legs *legs, unsigned index, const char *why, const char *advice,
               struct relay_time now)
{
    struct leg *leg = &legs->items[index];
    enum relay_event_type type =
        legs->load.operation == PEER_NOTIFY ? EVENT_NOTIFY : EVENT_UPSTREAM_FAILURE;
    leg_move(leg, LEG_OVER);
    leg_report(leg, &legs->load,
               (struct relay_event){.type = type, .result = why, .advice = advice}, now);
    /* A BADKEY may be forged, so doubt alone changes nothing before the time is up; and an UPDATE
     * that was written is never tried with another key. */
    if (leg->doubted && legs->load.operation != PEER_UPDATE)
        relay_next_key(legs->load.relay, leg->peer, leg->key);
}

void legs_refused(struct legs *legs, unsigned leg, struct relay_time now)
{
    recent_address_failed(&legs->load.relay->recent, &legs->items[leg].to, now.ms);
    legs_lose(legs, leg, "cannot-connect", "is the server running and reachable at this address?",
              now);
    legs_wake_next(legs, leg, now.ms);
}

void legs_no_socket(struct legs *legs, unsigned leg, const char *why, struct relay_time now)
{
    legs_lose(legs, leg, "no-socket", why, now);
    legs_wake_next(legs, leg, now.ms);
}

void legs_opening(struct legs *legs, unsigned leg, struct relay_time now)
{
    uint64_t until = now.ms + 1000ull * legs->load.relay->config->proxy.connect_timeout;
    uint64_t last = legs->load.began + legs->answer_ms;
    leg_move(&legs->items[leg], LEG_OPENING);
    /* M3: the primary of a NOTIFY waits no longer than that. */
    legs->items[leg].wake = legs->load.operation == PEER_NOTIFY && last < until ? last : until;
}

static unsigned legs_sends_max(const struct legs *legs, const struct leg *leg)
{
    if (leg->transport == RELAY_TCP || legs->load.operation == PEER_UPDATE)
        return 1;
    return legs->load.operation == PEER_NOTIFY ? 3 : 2;
}

void legs_sent(struct legs *legs, unsigned index, struct relay_time now)
{
    struct leg *leg = &legs->items[index];
    leg_move(leg, LEG_ASKED);
    if (leg->sent == 1) {
        uint64_t from = legs->load.operation == PEER_NOTIFY ? legs->load.began : now.ms;
        leg->expire = from + legs->answer_ms;
        /* An UPDATE that was written may have been done: no other address gets it too. */
        if (leg->transport == RELAY_UDP && legs->load.operation != PEER_UPDATE)
            legs_wake_next(legs, index, now.ms + LEGS_NEXT_ADDRESS_MS);
    }
    leg->wake = leg->expire;
    if (leg->sent < legs_sends_max(legs, leg)) {
        uint64_t again = now.ms + legs_resend_ms[leg->sent - 1];
        leg->wake = again < leg->expire ? again : leg->expire;
    }
}

static bool legs_tick_one(struct legs *legs, unsigned index, struct relay_time now)
{
    struct leg *leg = &legs->items[index];
    if (leg->wake > now.ms)
        return false;
    switch (leg->state) {
    case LEG_IDLE:
        leg_move(leg, LEG_DUE);
        return false;
    case LEG_OPENING:
        legs_refused(legs, index, now);
        return true;
    case LEG_ASKED:
        if (now.ms < leg->expire) {
            leg_move(leg, LEG_READY);
            return false;
        }
        legs_lose(legs, index, "timeout", "it was asked and did not answer in time", now);
        return true;
    default:
        return false;
    }
}

bool legs_tick(struct legs *legs, struct relay_time now)
{
    bool lost = false;
    for (unsigned i = 0; i < legs->count; i++)
        lost |= legs_tick_one(legs, i, now);
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
        if (!legs_is_settled(&legs->items[i]) && legs->items[i].wake < deadline)
            deadline = legs->items[i].wake;
    return deadline;
}
