#include "exchange/join.h"

#include "dns/xfr.h"

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

static struct recent_ack join_key(const struct errand *errand, const struct peer *peer)
{
    const struct dns_message *request = &errand->request;
    struct recent_ack key = {
        .from = errand->client.from,
        .id = errand->client.id,
        .qtype = request->qtype,
        .zone = request->qname,
        .peer = peer->number,
    };
    key.has_serial = dns_xfr_soa_serial(request, DNS_ANSWER, &key.serial);
    return key;
}

static void join_settle(struct legs *legs, struct leg *leg, unsigned rcode)
{
    /* What only OPT could say has no place in the joint answer. */
    leg->rcode = rcode <= DNS_MASK_RCODE ? rcode : DNS_RCODE_FORMERR;
    leg_move(leg, LEG_ANSWERED);
    for (unsigned i = 0; i < legs->count; i++)
        if (legs->items[i].peer == leg->peer && !join_is_settled(&legs->items[i]))
            leg_move(&legs->items[i], LEG_OVER);
}

void join_begin(struct legs *legs, const struct errand *errand, struct relay_time now)
{
    struct recent *recent = &errand->relay->recent;
    recent_notified(recent, &errand->request.qname, &errand->client.from, now.ms);
    for (unsigned i = 0; i < legs->count; i++) {
        struct leg *leg = &legs->items[i];
        struct recent_ack key = join_key(errand, leg->peer);
        int rcode = recent_acknowledged(recent, &key, now.ms);
        if (rcode >= 0 && !join_is_settled(leg))
            join_settle(legs, leg, (unsigned)rcode);
    }
}

void join_take(struct legs *legs, const struct errand *errand, struct leg *leg, unsigned rcode,
               struct relay_time now)
{
    struct recent_ack key = join_key(errand, leg->peer);
    join_settle(legs, leg, rcode);
    recent_acknowledge(&errand->relay->recent, &key, rcode, now.ms);
    leg_report(leg, errand,
               (struct relay_event){
                   .type = EVENT_NOTIFY,
                   .key = leg->key,
                   .has_rcode = true,
                   .rcode = rcode,
                   .has_serial = key.has_serial,
                   .serial = key.serial,
                   .result = rcode == DNS_RCODE_NOERROR ? RESULT_OK : RESULT_ERROR,
               },
               now);
}
