#include "relay/join.h"

static bool join_is_settled(const struct leg *leg)
{
    return leg->state == LEG_ANSWERED || leg->state == LEG_OVER;
}

enum join_state join_legs(const struct legs *legs)
{
    bool all_answered = true;
    for (unsigned i = 0; i < legs->count;) {
        const struct peer *peer = legs->items[i].peer;
        bool answered = false;
        bool settled = true;
        for (; i < legs->count && legs->items[i].peer == peer; i++) {
            answered |= legs->items[i].state == LEG_ANSWERED;
            settled &= join_is_settled(&legs->items[i]);
        }
        if (!answered && !settled)
            return JOIN_WAITING;
        all_answered &= answered;
    }
    return all_answered ? JOIN_COMPLETE : JOIN_BROKEN;
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

void join_settle(struct legs *legs, const struct leg *answered)
{
    for (unsigned i = 0; i < legs->count; i++)
        if (legs->items[i].peer == answered->peer && !join_is_settled(&legs->items[i]))
            leg_move(&legs->items[i], LEG_OVER);
}
