/* Time is told by `wake` and `expire` of each leg alone: legs_tick looks at all whose time has
 * come, legs_deadline says when that is next. A leg that is lost wakes the next one, but for a
 * NOTIFY's. Nothing looks at all legs for one: every change of state goes through legs_move, which
 * keeps turns and counts. */
#include "exchange/legs.h"

#include <assert.h>
#include <stdlib.h>

/* M3, M6: a UDP copy that is not answered is sent again this long after the one before. */
static const uint64_t legs_resend_ms[] = {1000, 2000};
#define LEGS_NEXT_ADDRESS_MS 2000
/* A leg without a place asks again after so long, and later the more legs there are: a fan-out of
 * thousands would do little else. */
#define LEGS_POSTPONE_MS 50

unsigned legs_first_of(const struct legs *legs, unsigned index)
{
    while (index > 0 && legs->items[index - 1].peer == legs->items[index].peer)
        index--;
    return index;
}

unsigned legs_end_of(const struct legs *legs, unsigned index)
{
    const struct peer *peer = legs->items[index].peer;
    while (index < legs->count && legs->items[index].peer == peer)
        index++;
    return index;
}

static struct turns *legs_turns(struct legs *legs, const struct leg *leg)
{
    return leg_is_ready(leg) ? &legs->ready : &legs->waiting;
}

/* What has become of the peer of these legs? */
static void legs_count_peer(struct legs *legs, unsigned from, unsigned to)
{
    bool answered = false, open = false;
    for (unsigned i = from; i < to; i++) {
        const struct leg *leg = &legs->items[i];
        answered |= leg->state == LEG_ANSWERED;
        open |= !leg_is_settled(leg);
    }
    legs->answered += answered;
    legs->open += open && !answered;
}

struct leg *legs_new(size_t count)
{
    return calloc(count, sizeof(struct leg) + 2 * sizeof(unsigned));
}

void legs_begin(struct legs *legs)
{
    unsigned *order = (unsigned *)(legs->items + legs->count);
    legs->ready = (struct turns){.order = order};
    legs->waiting = (struct turns){.order = order + legs->count};
    legs->unsettled = legs->open = legs->answered = legs->witness = 0;
    legs->rcode = DNS_RCODE_NOTIMP;
    for (unsigned i = 0; i < legs->count; i++) {
        struct leg *leg = &legs->items[i];
        if (leg_is_settled(leg))
            continue;
        turns_add(legs_turns(legs, leg), legs->items, i);
        legs->unsettled++;
    }
    for (unsigned i = 0; i < legs->count; i = legs_end_of(legs, i))
        legs_count_peer(legs, i, legs_end_of(legs, i));
}

void legs_fini(struct legs *legs)
{
    for (unsigned i = 0; i < legs->count; i++)
        leg_fini(&legs->items[i]);
    free(legs->items);
    *legs = (struct legs){0};
}

/* It was not settled before. */
static void legs_settled(struct legs *legs, unsigned index)
{
    unsigned end = legs_end_of(legs, index);
    bool others_open = false;
    legs->unsettled--;
    for (unsigned i = legs_first_of(legs, index); i < end; i++) {
        if (i != index && legs->items[i].state == LEG_ANSWERED)
            return;
        others_open |= !leg_is_settled(&legs->items[i]);
    }
    bool answered = legs->items[index].state == LEG_ANSWERED;
    legs->answered += answered;
    legs->open -= answered || !others_open;
}

void legs_move(struct legs *legs, unsigned index, enum leg_state state)
{
    struct leg *leg = &legs->items[index];
    turns_remove(legs_turns(legs, leg), legs->items, index);
    leg_move(leg, state);
    if (leg_is_settled(leg))
        legs_settled(legs, index);
    else
        turns_add(legs_turns(legs, leg), legs->items, index);
}

bool legs_have_hope(const struct legs *legs)
{
    return legs->ready.count > 0 || (legs->waiting.count > 0 && legs_deadline(legs) != LEG_NEVER);
}

/* Turns of a NOTIFY's legs come all at once. */
static void legs_wake_next(struct legs *legs, const struct errand *errand, unsigned index,
                           uint64_t when)
{
    if (errand->operation == PEER_NOTIFY || index + 1 >= legs->count)
        return;
    struct leg *next = &legs->items[index + 1];
    if (next->state != LEG_IDLE || when >= next->wake)
        return;
    turns_remove(&legs->waiting, legs->items, index + 1);
    next->wake = when;
    turns_add(&legs->waiting, legs->items, index + 1);
}

static void legs_drop(struct legs *legs, const struct errand *errand, unsigned index,
                      struct relay_event event, struct relay_time now)
{
    struct leg *leg = &legs->items[index];
    event.type = errand->operation == PEER_NOTIFY ? EVENT_NOTIFY : EVENT_UPSTREAM_FAILURE;
    leg->ours = event.result == RESULT_NO_SOCKET || event.result == RESULT_CANNOT_SEND ||
                event.result == RESULT_NO_MEMORY;
    legs_move(legs, index, LEG_OVER);
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
    recent_address_failed(&errand->relay->desk->memory->recent, &legs->items[index].to, now.ms);
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

bool legs_postpone(struct legs *legs, const struct errand *errand, unsigned index,
                   struct relay_time now)
{
    bool bounded = errand->operation == PEER_NOTIFY || errand->client.transport == RELAY_UDP;
    if (bounded && now.ms >= errand->began + legs->answer_ms) {
        legs_no_socket(legs, errand, index, "others hold all places for sockets", now);
        return true;
    }
    legs->items[index].wake = now.ms + LEGS_POSTPONE_MS + legs->unsettled / 10;
    legs_move(legs, index, LEG_IDLE);
    return false;
}

void legs_opening(struct legs *legs, const struct errand *errand, unsigned index,
                  struct relay_time now)
{
    uint64_t until = now.ms + 1000ull * errand->relay->config->proxy.connect_timeout;
    uint64_t last = errand->began + legs->answer_ms;
    /* M3: the primary of a NOTIFY waits no longer than that. */
    legs->items[index].wake = errand->operation == PEER_NOTIFY && last < until ? last : until;
    legs_move(legs, index, LEG_OPENING);
}

void legs_sent(struct legs *legs, const struct errand *errand, unsigned index,
               struct relay_time now)
{
    struct leg *leg = &legs->items[index];
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
    legs_move(legs, index, LEG_ASKED);
}

/* Its time has come. True when it was lost. */
static bool legs_tick_one(struct legs *legs, const struct errand *errand, unsigned index,
                          struct relay_time now)
{
    const struct leg *leg = &legs->items[index];
    if (leg->state == LEG_OPENING) {
        legs_refused(legs, errand, index, now);
    } else if (leg->state == LEG_ASKED && now.ms >= leg->expire) {
        legs_lose(legs, errand, index, RESULT_TIMEOUT, now);
    } else {
        legs_move(legs, index, leg->state == LEG_IDLE ? LEG_DUE : LEG_READY);
        return false;
    }
    return true;
}

bool legs_tick(struct legs *legs, const struct errand *errand, struct relay_time now)
{
    bool lost = false;
    /* Each goes from those that wait. */
    while (legs->waiting.count > 0 && turns_first(&legs->waiting, legs->items)->wake <= now.ms)
        lost |= legs_tick_one(legs, errand, *legs->waiting.order, now);
    return lost;
}

unsigned legs_pick(const struct legs *legs)
{
    return legs->ready.count > 0 ? *legs->ready.order : legs->count;
}

uint64_t legs_deadline(const struct legs *legs)
{
    const struct leg *ready = turns_first(&legs->ready, legs->items);
    const struct leg *waiting = turns_first(&legs->waiting, legs->items);
    uint64_t deadline = waiting ? waiting->wake : LEG_NEVER;
    return ready && ready->wake < deadline ? ready->wake : deadline;
}
