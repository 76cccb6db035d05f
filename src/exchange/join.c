#include "exchange/join.h"

#include "dns/notify.h"

enum join_state join_legs(const struct legs *legs, const struct sleepers *sleepers)
{
    bool any_answered = false;
    bool all_settled = true;
    for (unsigned i = 0; i < legs->count;) {
        const struct peer *peer = legs->items[i].peer;
        bool answered = false;
        bool settled = true;
        bool awaited = !sleepers || !sleepers_is_asleep(sleepers, peer->number);
        for (; i < legs->count && legs->items[i].peer == peer; i++) {
            answered |= legs->items[i].state == LEG_ANSWERED;
            settled &= leg_is_settled(&legs->items[i]);
            awaited |= legs->items[i].doubted;
        }
        if (awaited && !answered && !settled)
            return JOIN_WAITING;
        any_answered |= answered;
        all_settled &= answered || settled;
    }
    if (any_answered)
        return JOIN_COMPLETE;
    return all_settled ? JOIN_BROKEN : JOIN_WAITING;
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

unsigned join_rcode(const struct legs *legs)
{
    unsigned worst = DNS_RCODE_NOTIMP;
    for (unsigned i = 0; i < legs->count; i++)
        if (legs->items[i].state == LEG_ANSWERED &&
            join_rank(legs->items[i].rcode) > join_rank(worst))
            worst = legs->items[i].rcode;
    return worst;
}

void join_settle(struct legs *legs, struct leg *leg, unsigned rcode)
{
    /* What only OPT could say has no place in the joint answer. */
    leg->rcode = rcode <= DNS_MASK_RCODE ? rcode : DNS_RCODE_FORMERR;
    leg_move(leg, LEG_ANSWERED);
    for (unsigned i = 0; i < legs->count; i++)
        if (legs->items[i].peer == leg->peer && !leg_is_settled(&legs->items[i]))
            leg_move(&legs->items[i], LEG_OVER);
}

void join_take(struct legs *legs, const struct errand *errand, struct leg *leg, unsigned rcode,
               struct relay_time now)
{
    struct sleepers *sleepers = errand->relay->desk->sleepers;
    struct relay_event event = {
        .type = EVENT_NOTIFY,
        .key = leg->key,
        .has_rcode = true,
        .rcode = rcode,
        .result = rcode == DNS_RCODE_NOERROR ? RESULT_OK : RESULT_ERROR,
    };
    event.has_serial = dns_notify_serial(&errand->request, &event.serial);
    join_settle(legs, leg, rcode);
    sleepers_wake(sleepers, leg->peer->number);
    sleepers_told(sleepers, leg->peer->number, &errand->request.qname);
    leg_report(leg, errand, event, now);
}
