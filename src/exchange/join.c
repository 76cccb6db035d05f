#include "exchange/join.h"

/* Has the peer of this leg neither answered nor given up, and is it awake? */
static bool join_is_awaited(const struct legs *legs, unsigned index, struct sleepers *sleepers)
{
    bool awaited = !sleepers || !sleepers_is_asleep(sleepers, legs->items[index].peer->number);
    bool settled = true;
    unsigned end = legs_end_of(legs, index);
    for (unsigned i = legs_first_of(legs, index); i < end; i++) {
        if (legs->items[i].state == LEG_ANSWERED)
            return false;
        settled &= leg_is_settled(&legs->items[i]);
        awaited |= legs->items[i].doubted;
    }
    return awaited && !settled;
}

/* One is enough, and mostly it is the one that was found before. */
static bool join_awaits(struct legs *legs, struct sleepers *sleepers)
{
    for (unsigned looked = 0; looked < legs->count;) {
        unsigned end = legs_end_of(legs, legs->witness);
        if (join_is_awaited(legs, legs->witness, sleepers))
            return true;
        looked += end - legs->witness;
        legs->witness = end % legs->count;
    }
    return false;
}

enum join_state join_legs(struct legs *legs, struct sleepers *sleepers)
{
    if (legs->open == 0)
        return legs->answered > 0 ? JOIN_COMPLETE : JOIN_BROKEN;
    if (legs->answered == 0 || join_awaits(legs, sleepers))
        return JOIN_WAITING;
    return JOIN_COMPLETE;
}

static int join_rank(unsigned rcode)
{
    switch (rcode) {
    case DNS_RCODE_SERVFAIL:
        return 5;
    case DNS_RCODE_NOTAUTH:
        return 4;
    case DNS_RCODE_REFUSED:
        return 3;
    case DNS_RCODE_NOERROR:
        return 1;
    case DNS_RCODE_NOTIMP:
        return 0;
    default:
        return 2;
    }
}

/* Nothing more is waited for at the peer's addresses. */
static void join_end_others(struct legs *legs, unsigned index, bool only_told)
{
    unsigned end = legs_end_of(legs, index);
    for (unsigned i = legs_first_of(legs, index); i < end; i++)
        if (!leg_is_settled(&legs->items[i]) && (legs->items[i].sent > 0 || !only_told))
            legs_move(legs, i, LEG_OVER);
}

static void join_answer(struct legs *legs, unsigned index, unsigned rcode)
{
    struct leg *leg = &legs->items[index];
    /* What only OPT could say has no place in the joint answer. */
    leg->rcode = rcode <= DNS_MASK_RCODE ? rcode : DNS_RCODE_FORMERR;
    if (join_rank(leg->rcode) > join_rank(legs->rcode))
        legs->rcode = leg->rcode;
    legs_move(legs, index, LEG_ANSWERED);
}

void join_settle(struct legs *legs, unsigned index, unsigned rcode)
{
    join_answer(legs, index, rcode);
    join_end_others(legs, index, false);
}

void join_told(struct legs *legs, unsigned index)
{
    unsigned end = legs_end_of(legs, index);
    for (unsigned i = legs_first_of(legs, index); i < end; i++)
        if (legs->items[i].state == LEG_ANSWERED) {
            join_end_others(legs, index, true);
            return;
        }
}

void join_take(struct legs *legs, const struct errand *errand, unsigned index, unsigned rcode,
               struct relay_time now)
{
    const struct leg *leg = &legs->items[index];
    struct sleepers *sleepers = errand->relay->desk->memory->sleepers;
    struct relay_event event = {
        .type = EVENT_NOTIFY,
        .key = leg->key,
        .has_rcode = true,
        .rcode = rcode,
        .result = rcode == DNS_RCODE_NOERROR ? RESULT_OK : RESULT_ERROR,
    };
    join_answer(legs, index, rcode);
    join_end_others(legs, index, true);
    sleepers_wake(sleepers, leg->peer->number);
    sleepers_told(sleepers, leg->peer->number, &errand->request.qname, errand_hint(errand));
    leg_report(leg, errand, event, now);
}
