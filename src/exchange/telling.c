/* The errand of a fan-out is a NOTIFY that its primary might have sent just so, and its legs are
 * those of any NOTIFY. What is special is who waits: the notices know, and the sleepers know for
 * whom nobody waits. */
#include "exchange/telling.h"

#include "exchange/join.h"
#include "exchange/route.h"
#include "relay/who.h"

#define TELLING_SLEEP_MS 1000 /* M3: nobody's answer waits longer for one secondary */

/* When the next tale of ours has its turn. */
static uint64_t telling_tale_at(struct relay *relay, uint64_t now, unsigned *primary)
{
    if (relay->desk->draining)
        return LEG_NEVER;
    uint64_t due = sleepers_deadline(relay->desk->memory->sleepers, primary);
    return due > now ? due : notices_turn(relay->desk->memory->notices, *primary, now);
}

static bool telling_next_tale(struct relay *relay, struct relay_time now, struct telling_order *out)
{
    unsigned primary = 0;
    struct sleeper_tale tale;
    if (telling_tale_at(relay, now.ms, &primary) > now.ms ||
        !sleepers_next(relay->desk->memory->sleepers, now.ms, &tale, relay->desk->work))
        return false;
    notices_take_turn(relay->desk->memory->notices, primary);
    *out = (struct telling_order){
        .primary = relay_peer(relay, tale.primary),
        .secondary = relay_peer(relay, tale.peer),
        .tries = tale.tries,
        .octets = tale.octets,
        .len = tale.len,
        .transport = RELAY_UDP,
    };
    return true;
}

bool telling_next(struct relay *relay, struct relay_time now, struct telling_order *out)
{
    struct notice *n = notices_next(relay->desk->memory->notices, &relay->desk->bell, now.ms);
    if (!n)
        return telling_next_tale(relay, now, out);
    *out = (struct telling_order){
        .primary = relay_peer(relay, n->primary),
        .notice = n,
        .secondary = n->only ? relay_peer(relay, n->only - 1) : NULL,
        .octets = n->now.octets,
        .len = n->now.len,
        .from = n->now.from,
        .transport = n->now.transport,
    };
    return true;
}

uint64_t telling_deadline(struct relay *relay, struct relay_time now)
{
    unsigned primary = 0;
    uint64_t notice = notices_deadline(relay->desk->memory->notices);
    uint64_t tale = telling_tale_at(relay, now.ms, &primary);
    return notice < tale ? notice : tale;
}

static bool telling_is_for_one(const struct telling_order *order)
{
    return !order->notice || order->notice->only > 0;
}

/* The order as if the primary had just sent it. */
static int telling_judge(struct relay *relay, const struct telling_order *order,
                         struct policy_verdict *out)
{
    *out = (struct policy_verdict){
        .decision = POLICY_FORWARD,
        .operation = PEER_NOTIFY,
        .client = {.peer = order->primary,
                   .from = order->from,
                   .transport = order->transport,
                   .payload = DNS_UDP_MAX},
        .servers = relay->servers,
        .server_count = 1,
    };
    int error = dns_message_parse(order->octets, order->len, &out->message);
    if (error < 0)
        return error;
    /* A reload may have taken one of them away. */
    if (!order->primary || (telling_is_for_one(order) && !order->secondary))
        return DNS_EFORMAT;
    if (order->secondary)
        out->servers[0] = order->secondary;
    else
        out->server_count =
            who_is_notified(relay->config, order->primary, &out->message.qname, out->servers);
    return out->server_count > 0 ? 0 : DNS_EFORMAT;
}

void telling_refuse(struct relay *relay, const struct telling_order *order)
{
    if (order->notice)
        notices_done(relay->desk->memory->notices, order->notice);
}

/* Who is to get how many copies, and who has acknowledged already. */
static void telling_prepare(struct telling *t, struct legs *legs, const struct errand *errand)
{
    const struct relay *relay = errand->relay;
    const struct dns_name *zone = &errand->request.qname;
    struct sleeper_hint hint = errand_hint(errand);
    for (unsigned i = 0; i < legs->count; i++) {
        struct leg *leg = &legs->items[i];
        /* What was still to be told of an older version goes with the new one. */
        if (t->notice)
            sleepers_told(relay->desk->memory->sleepers, leg->peer->number, zone, hint);
        if (leg->transport == RELAY_UDP)
            leg->copies =
                t->notice ? sleepers_copies(relay->desk->memory->sleepers, leg->peer->number) : 1;
        int rcode = t->notice ? acks_find(&t->notice->acks, leg->peer->number) : -1;
        if (rcode >= 0 && !leg_is_settled(leg))
            join_settle(legs, i, (unsigned)rcode);
    }
}

int telling_init(struct telling *t, struct errand *errand, struct legs *legs, struct relay *relay,
                 const struct telling_order *order, struct relay_time now)
{
    struct policy_verdict verdict;
    struct relay_request request = {.octets = order->octets, .len = order->len, .now = now};
    int error = telling_judge(relay, order, &verdict);
    if (error == 0)
        error = errand_init(errand, relay, &verdict, &request);
    if (error == 0)
        error = route_legs(relay, &verdict, now, legs);
    if (error < 0) {
        telling_refuse(relay, order);
        return error;
    }
    *t = (struct telling){
        .state = TELLING_AWAITING,
        .notice = order->notice,
        .tries = order->tries,
        .sleep_at = now.ms + TELLING_SLEEP_MS,
    };
    telling_prepare(t, legs, errand);
    return 0;
}

static bool telling_has_answered(const struct legs *legs, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++)
        if (legs->items[i].state == LEG_ANSWERED)
            return true;
    return false;
}

/* It was told in vain. A wrong MAC may be a forger's, so its own answer is worth the wait; and what
 * never left here is no fault of its own. */
static bool telling_overslept(const struct legs *legs, unsigned from, unsigned to)
{
    bool told = false;
    for (unsigned i = from; i < to; i++) {
        const struct leg *leg = &legs->items[i];
        if (leg->doubted || leg->ours)
            return false;
        told |= leg->sent > 0 || leg->state == LEG_OPENING || leg->state == LEG_OVER;
    }
    return told && !telling_has_answered(legs, from, to);
}

static void telling_put_to_sleep(const struct legs *legs, const struct errand *errand,
                                 struct relay_time now)
{
    for (unsigned i = 0, next; i < legs->count; i = next) {
        const struct leg *leg = &legs->items[i];
        next = legs_end_of(legs, i);
        if (telling_overslept(legs, i, next) &&
            sleepers_fall_asleep(errand->relay->desk->memory->sleepers, leg->peer->number,
                                 errand->began))
            leg_report(leg, errand,
                       (struct relay_event){.type = EVENT_NOTIFY, .result = RESULT_ASLEEP}, now);
    }
}

void telling_take(const struct telling *t, const struct legs *legs, const struct errand *errand,
                  const struct leg *leg)
{
    if (!t->notice)
        return;
    /* A retry hears of what came late, too. */
    if (t->state == TELLING_ANSWERED)
        notices_amend(errand->relay->desk->memory->notices, t->notice, legs->rcode);
    /* Without memory for it, a retry is sent to it all the same. */
    if (acks_add(&t->notice->acks, leg->peer->number, leg->rcode) < 0)
        return;
}

/* Nobody waits for the rest, and it is not worth it. */
static bool telling_is_moot(const struct telling *t, const struct desk *desk)
{
    if (!t->notice)
        return desk->draining;
    return notices_is_moot(desk->memory->notices, t->notice, desk->draining);
}

bool telling_weigh(struct telling *t, struct legs *legs, const struct errand *errand,
                   struct relay_time now)
{
    struct notices *notices = errand->relay->desk->memory->notices;
    unsigned copies = legs->unsettled;
    notices_copies(notices, (int)copies - (int)t->copies);
    t->copies = copies;
    if (now.ms >= t->sleep_at || copies == 0) {
        t->sleep_at = LEG_NEVER;
        telling_put_to_sleep(legs, errand, now);
    }
    if (t->state == TELLING_AWAITING &&
        join_legs(legs, errand->relay->desk->memory->sleepers) == JOIN_COMPLETE) {
        t->state = TELLING_ANSWERED;
        if (t->notice)
            notices_answer(notices, t->notice, legs->rcode);
    }
    return copies == 0 || telling_is_moot(t, errand->relay->desk);
}

/* A secondary that has not answered is told again, for a zone that it is known to want. */
static void telling_leave_behind(const struct telling *t, const struct leg *leg,
                                 const struct errand *errand, struct relay_time now)
{
    struct sleepers *sleepers = errand->relay->desk->memory->sleepers;
    const struct dns_name *zone = &errand->request.qname;
    const struct peer *peer = leg->peer;
    const struct sleeper_tale tale = {.peer = peer->number,
                                      .primary = errand->client.peer->number,
                                      .octets = errand->octets,
                                      .len = errand->len,
                                      .hint = errand_hint(errand)};
    if (t->tries == SLEEPERS_TRIES && leg_is_settled(leg))
        leg_report(leg, errand,
                   (struct relay_event){.type = EVENT_NOTIFY, .result = RESULT_GIVEN_UP}, now);
    if (!t->notice || sleepers_has_asked_since(sleepers, peer->number, zone, errand->began) ||
        (!peer_lists_zone(peer, zone) && !sleepers_has_asked(sleepers, peer->number, zone)))
        return;
    /* Without memory it is not told: then it finds out as without us. */
    if (sleepers_tell(sleepers, &tale, zone, now.ms) < 0)
        return;
}

void telling_end(struct telling *t, const struct legs *legs, const struct errand *errand,
                 struct relay_time now)
{
    if (t->state == TELLING_NONE)
        return;
    for (unsigned i = 0, next; i < legs->count; i = next) {
        next = legs_end_of(legs, i);
        if (!telling_has_answered(legs, i, next))
            telling_leave_behind(t, &legs->items[i], errand, now);
    }
    notices_copies(errand->relay->desk->memory->notices, -(int)t->copies);
    if (t->notice)
        notices_done(errand->relay->desk->memory->notices, t->notice);
    *t = (struct telling){.state = TELLING_NONE};
}
