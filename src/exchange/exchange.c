/* The happy path of a question: init makes the legs; next yields CONNECT for the first, connected
 * makes it READY, next yields SEND; answer judges what came and makes the exchange RELAYING; next
 * yields REPLY and END, or for a transfer goes back to wait for the next message. A NOTIFY differs
 * in that all legs run at once and their answers are joined into one of our own.
 *
 * What goes wrong: a leg that cannot connect hands on to the next; one that is silent sends again
 * and then gives up; when none is left the client gets SERVFAIL (a NOTIFY over UDP silence). Once a
 * message has been relayed there is no way back: the exchange is aborted and the client's
 * connection reset. */
#include "exchange/exchange.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "dns/opt.h"
#include "exchange/exchange_report.h"
#include "exchange/join.h"
#include "exchange/route.h"

static void exchange_move(struct exchange *x, enum exchange_state state)
{
    static const unsigned arrows[] = {
        [EXCHANGE_ASKING] = 1 << EXCHANGE_RELAYING | 1 << EXCHANGE_ANSWERING | 1 << EXCHANGE_ENDED,
        [EXCHANGE_RELAYING] =
            1 << EXCHANGE_FOLLOWING | 1 << EXCHANGE_ANSWERING | 1 << EXCHANGE_ENDED,
        [EXCHANGE_FOLLOWING] = 1 << EXCHANGE_RELAYING | 1 << EXCHANGE_ENDED,
        [EXCHANGE_ANSWERING] = 1 << EXCHANGE_ENDED,
        [EXCHANGE_ENDED] = 0,
    };
    assert(arrows[x->state] & 1u << state);
    x->state = state;
}

static uint64_t exchange_progress_ms(const struct exchange *x)
{
    return 1000ull * x->relay->config->proxy.progress_timeout;
}

/* Ends. */

static void exchange_end(struct exchange *x, enum exchange_end end)
{
    exchange_move(x, EXCHANGE_ENDED);
    x->end = end;
}

static void exchange_break(struct exchange *x, const char *why, struct relay_time now)
{
    exchange_report_end(x, -1, why, now);
    exchange_end(x, EXCHANGE_ABORTED);
}

static void exchange_answer_ourselves(struct exchange *x, unsigned rcode, uint16_t flags,
                                      const char *reason)
{
    x->answer = (struct client_answer){
        .rcode = (uint16_t)rcode,
        .flags = flags,
        .ede = reason ? DNS_EDE_NO_REACHABLE_AUTHORITY : DNS_EDE_NONE,
        .reason = reason,
    };
    exchange_move(x, EXCHANGE_ANSWERING);
}

/* A server spoilt the exchange: SERVFAIL as long as the client has nothing yet. */
static void exchange_spoil(struct exchange *x, const char *why, struct relay_time now)
{
    if (x->messages > 0)
        exchange_break(x, why, now);
    else
        exchange_answer_ourselves(x, DNS_RCODE_SERVFAIL, 0, why);
}

/* NOTIFY. */

static void exchange_join(struct exchange *x)
{
    switch (join_legs(&x->legs)) {
    case JOIN_WAITING:
        break;
    case JOIN_COMPLETE:
        exchange_answer_ourselves(x, join_rcode(&x->legs), DNS_FLAG_AA, NULL);
        break;
    case JOIN_BROKEN:
        if (x->client.transport == RELAY_TCP)
            exchange_answer_ourselves(x, DNS_RCODE_SERVFAIL, 0, "not every secondary answered");
        else
            exchange_end(x, EXCHANGE_SILENT);
        break;
    }
}

/* After a leg was lost: is there anything left to wait for? */
static void exchange_weigh(struct exchange *x)
{
    if (x->state != EXCHANGE_ASKING)
        return;
    if (x->operation == PEER_NOTIFY)
        exchange_join(x);
    else if (!legs_have_hope(&x->legs))
        exchange_answer_ourselves(x, DNS_RCODE_SERVFAIL, 0, "no server answered");
}

/* Construction. */

static struct legs exchange_legs(const struct exchange *x, uint64_t began)
{
    const struct config_proxy *proxy = &x->relay->config->proxy;
    /* A zone may take its time to load; over UDP the client is gone by then. */
    bool patient = exchange_is_transfer(x) && x->client.transport == RELAY_TCP;
    unsigned seconds = patient ? proxy->progress_timeout : proxy->answer_timeout;
    return (struct legs){.load = {.relay = x->relay,
                                  .request = &x->request,
                                  .client = &x->client,
                                  .operation = x->operation,
                                  .began = began},
                         .answer_ms = 1000ull * seconds};
}

int exchange_init(struct exchange *x, struct relay *relay, const struct policy_verdict *verdict,
                  const struct relay_request *request)
{
    *x = (struct exchange){
        .state = EXCHANGE_ASKING,
        .relay = relay,
        .octets_len = request->len,
        .request = verdict->message,
        .operation = verdict->operation,
        .client = verdict->client,
        .moved = request->now.ms,
    };
    x->legs = exchange_legs(x, request->now.ms);
    int error = exchange_is_transfer(x) ? dns_xfr_init(&x->xfr, &verdict->message) : 0;
    if (error < 0)
        return error;
    x->octets = malloc(request->len);
    if (!x->octets)
        return DNS_EMEMORY;
    memcpy(x->octets, request->octets, request->len);
    x->request.octets = x->octets;
    error = route_legs(relay, verdict, request->now, &x->legs);
    if (error < 0) {
        exchange_fini(x);
        return error;
    }
    if (x->operation == PEER_NOTIFY) {
        recent_notified(&relay->recent, &x->request.qname, &x->client.from, request->now.ms);
        join_recall(&x->legs, request->now);
        exchange_join(x);
    }
    return 0;
}

void exchange_fini(struct exchange *x)
{
    legs_fini(&x->legs);
    hold_fini(&x->hold);
    free(x->octets);
    x->octets = NULL;
}

/* Events. */

void exchange_connected(struct exchange *x, unsigned leg, bool reused, struct relay_time now)
{
    struct leg *l = &x->legs.items[leg];
    if (x->state != EXCHANGE_ASKING || l->state != LEG_OPENING)
        return;
    if (l->transport == RELAY_TCP)
        recent_address_worked(&x->relay->recent, &l->to);
    l->reused = reused;
    l->wake = now.ms;
    leg_move(l, LEG_READY);
}

void exchange_refused(struct exchange *x, unsigned leg, struct relay_time now)
{
    if (x->state != EXCHANGE_ASKING || x->legs.items[leg].state != LEG_OPENING)
        return;
    legs_refused(&x->legs, leg, now);
    exchange_weigh(x);
}

void exchange_no_socket(struct exchange *x, unsigned leg, const char *why, struct relay_time now)
{
    if (x->state != EXCHANGE_ASKING || x->legs.items[leg].state != LEG_OPENING)
        return;
    legs_no_socket(&x->legs, leg, why, now);
    exchange_weigh(x);
}

static const char *exchange_misfit(enum leg_verdict verdict)
{
    switch (verdict) {
    case LEG_MALFORMED:
        return "malformed-answer";
    case LEG_MISMATCH:
        return "mismatched-answer";
    case LEG_SIGNED:
        return "unexpected-tsig";
    default:
        return "unverified-answer";
    }
}

/* P23, P28: over UDP anyone may have sent it, so the wait goes on; over TCP this is the end of it.
 */
static void exchange_misanswer(struct exchange *x, unsigned leg, enum leg_verdict verdict,
                               struct relay_time now)
{
    const char *why = exchange_misfit(verdict);
    if (x->legs.items[leg].transport == RELAY_UDP) {
        leg_report(&x->legs.items[leg], &x->legs.load,
                   (struct relay_event){.type = EVENT_UPSTREAM_FAILURE, .result = why}, now);
        return;
    }
    legs_lose(&x->legs, leg, why, NULL, now);
    if (x->operation == PEER_NOTIFY)
        exchange_join(x);
    else
        exchange_spoil(x, why, now);
}

static bool exchange_is_complete(const struct exchange *x, const struct leg *leg)
{
    return !exchange_is_transfer(x) || leg->transport == RELAY_UDP || x->xfr.state == DNS_XFR_DONE;
}

static void exchange_set_reply(struct exchange *x, uint8_t *octets, const struct dns_message *m)
{
    const struct leg *leg = &x->legs.items[x->reply_leg];
    x->reply = (struct reply){
        .octets = octets,
        .message = *m,
        .from_signed = leg->key != NULL,
        .transfer = exchange_is_transfer(x) && leg->transport == RELAY_TCP && !x->client.passed,
        .first = x->messages == 0,
    };
}

/* The next of the messages that waited for their MAC becomes the reply; false when there is none.
 */
static bool exchange_take_held(struct exchange *x)
{
    uint8_t *octets;
    size_t len;
    struct dns_message m;
    if (!hold_take(&x->hold, &octets, &len) || dns_message_parse(octets, len, &m) < 0)
        return false;
    exchange_set_reply(x, octets, &m);
    return true;
}

static void exchange_relay(struct exchange *x, unsigned index, uint8_t *octets,
                           const struct dns_message *m, struct relay_time now)
{
    x->reply_leg = index;
    exchange_move(x, EXCHANGE_RELAYING);
    if (hold_is_empty(&x->hold))
        exchange_set_reply(x, octets, m);
    else if (hold_add(&x->hold, octets, m->len) < 0 || !exchange_take_held(x))
        exchange_break(x, "no-memory", now);
}

/* P21: nothing goes on before a MAC covers it, and the last message must have one. */
static void exchange_await_mac(struct exchange *x, unsigned index, const uint8_t *octets,
                               size_t len, struct relay_time now)
{
    bool last = exchange_is_complete(x, &x->legs.items[index]);
    if (!last && hold_add(&x->hold, octets, len) == 0)
        return;
    legs_lose(&x->legs, index, last ? "unsigned-end" : "no-memory", NULL, now);
    exchange_spoil(x, "unverified-answer", now);
}

static void exchange_take(struct exchange *x, unsigned index, uint8_t *octets,
                          const struct dns_message *m, bool covered, struct relay_time now)
{
    struct leg *leg = &x->legs.items[index];
    bool transfer = exchange_is_transfer(x) && leg->transport == RELAY_TCP;
    if (transfer && dns_xfr_follow(&x->xfr, m) == DNS_XFR_BROKEN) {
        legs_lose(&x->legs, index, "broken-transfer", "its messages make no whole transfer", now);
        exchange_spoil(x, "broken-transfer", now);
        return;
    }
    x->moved = now.ms;
    if (!covered) {
        exchange_await_mac(x, index, octets, m->len, now);
        return;
    }
    if (exchange_is_complete(x, leg)) {
        leg_move(leg, LEG_ANSWERED);
    } else if (x->client.transport == RELAY_UDP) {
        /* P29: more than one message cannot go over UDP; the client is to come back over TCP. */
        leg_move(leg, LEG_OVER);
        exchange_answer_ourselves(x, DNS_RCODE_NOERROR, DNS_FLAG_TC, NULL);
        return;
    }
    exchange_relay(x, index, octets, m, now);
}

void exchange_answer(struct exchange *x, unsigned leg, uint8_t *octets, size_t len,
                     struct relay_time now)
{
    struct leg *l = &x->legs.items[leg];
    bool waiting = x->state == EXCHANGE_ASKING || x->state == EXCHANGE_FOLLOWING;
    struct dns_message m;
    if (!waiting || l->state != LEG_ASKED)
        return;
    enum leg_verdict verdict = leg_judge(l, &x->legs.load, octets, len, now, &m);
    if (verdict != LEG_GOOD && verdict != LEG_PENDING) {
        exchange_misanswer(x, leg, verdict, now);
    } else if (x->operation == PEER_NOTIFY) {
        join_take(&x->legs, l, dns_message_rcode(&m), now);
        exchange_join(x);
    } else {
        exchange_take(x, leg, octets, &m, verdict == LEG_GOOD, now);
    }
}

void exchange_closed(struct exchange *x, unsigned leg, struct relay_time now)
{
    struct leg *l = &x->legs.items[leg];
    if (x->state == EXCHANGE_ENDED || l->state != LEG_ASKED)
        return;
    /* X9b: a kept connection may have been closed before it was of use. An UPDATE may have been
     * done. */
    if (l->reused && !l->fresh && x->messages == 0 && x->operation != PEER_UPDATE) {
        l->fresh = true;
        l->sent = 0;
        leg_move(l, LEG_DUE);
        return;
    }
    legs_lose(&x->legs, leg, "closed",
              x->messages ? "it broke off in the middle of a transfer"
                          : "it closed the connection without an answer",
              now);
    if (x->operation == PEER_NOTIFY)
        exchange_weigh(x);
    else
        exchange_spoil(x, "closed", now);
}

void exchange_moved(struct exchange *x, struct relay_time now)
{
    x->moved = now.ms;
}

void exchange_tick(struct exchange *x, struct relay_time now)
{
    if (x->state == EXCHANGE_ASKING && legs_tick(&x->legs, now))
        exchange_weigh(x);
    else if (now.ms >= exchange_deadline(x) && x->state != EXCHANGE_ASKING)
        exchange_break(x, "no-progress", now);
}

void exchange_abort(struct exchange *x, const char *why, struct relay_time now)
{
    if (x->state != EXCHANGE_ENDED)
        exchange_break(x, why, now);
}

/* Actions. Each returns false when the state has changed instead, so that the next state is to be
 * asked. */

static bool exchange_next_leg(struct exchange *x, struct relay_time now,
                              struct exchange_action *out)
{
    exchange_tick(x, now);
    if (x->state != EXCHANGE_ASKING)
        return false;
    unsigned index = legs_pick(&x->legs);
    if (index == x->legs.count)
        return true;
    struct leg *leg = &x->legs.items[index];
    *out = (struct exchange_action){
        .type = leg->state == LEG_DUE ? ACTION_CONNECT : ACTION_SEND,
        .leg = index,
        .transport = leg->transport,
        .to = leg->to,
        .source = leg->source,
        .fresh = leg->fresh,
    };
    if (leg->state == LEG_DUE) {
        legs_opening(&x->legs, index, now);
        return true;
    }
    if (leg_send(leg, &x->legs.load, now, &out->packet) == 0) {
        legs_sent(&x->legs, index, now);
        return true;
    }
    legs_lose(&x->legs, index, "cannot-send", "the request could not be made ready for this server",
              now);
    exchange_weigh(x);
    return false;
}

/* P25's last word over UDP, P27 over TCP. */
static void exchange_fail_reply(struct exchange *x, int error, struct relay_time now)
{
    exchange_report_unrelayable(x, error, now);
    if (x->client.transport == RELAY_UDP)
        exchange_end(x, EXCHANGE_SILENT);
    else
        exchange_spoil(x, "cannot-relay", now);
}

static bool exchange_next_reply(struct exchange *x, struct relay_time now,
                                struct exchange_action *out)
{
    int rcode = (int)dns_message_rcode(&x->reply.message);
    int more = reply_next(&x->reply, x->relay, &x->client, &x->request, now, &out->packet);
    if (more < 0) {
        exchange_fail_reply(x, more, now);
        return false;
    }
    out->type = ACTION_REPLY;
    x->messages++;
    x->relayed_octets += out->packet.len + out->packet.tail_len;
    if (more || exchange_take_held(x))
        return true;
    if (x->legs.items[x->reply_leg].state != LEG_ANSWERED) {
        exchange_move(x, EXCHANGE_FOLLOWING);
        return true;
    }
    exchange_report_relayed(x, rcode, now);
    exchange_end(x, EXCHANGE_ANSWERED);
    return true;
}

static bool exchange_next_answer(struct exchange *x, struct relay_time now,
                                 struct exchange_action *out)
{
    const struct client_answer *answer = &x->answer;
    int error = client_answer(x->relay, &x->client, &x->request, answer, now, &out->packet);
    if (error < 0) {
        exchange_end(x, EXCHANGE_SILENT);
        return false;
    }
    out->type = ACTION_REPLY;
    exchange_report_end(x, answer->rcode, answer->reason ? answer->reason : "truncated", now);
    exchange_end(x, EXCHANGE_ANSWERED);
    return true;
}

static bool exchange_try_next(struct exchange *x, struct relay_time now,
                              struct exchange_action *out)
{
    *out = (struct exchange_action){.type = ACTION_WAIT};
    switch (x->state) {
    case EXCHANGE_ASKING:
        return exchange_next_leg(x, now, out);
    case EXCHANGE_RELAYING:
        return exchange_next_reply(x, now, out);
    case EXCHANGE_ANSWERING:
        return exchange_next_answer(x, now, out);
    case EXCHANGE_FOLLOWING:
        return true;
    case EXCHANGE_ENDED:
        out->type = ACTION_END;
        out->end = x->end;
        return true;
    }
    return true;
}

void exchange_next(struct exchange *x, struct relay_time now, struct exchange_action *out)
{
    while (!exchange_try_next(x, now, out))
        continue;
}

uint64_t exchange_deadline(const struct exchange *x)
{
    switch (x->state) {
    case EXCHANGE_ASKING:
        return legs_deadline(&x->legs);
    case EXCHANGE_RELAYING:
    case EXCHANGE_FOLLOWING:
        return x->moved + exchange_progress_ms(x);
    default:
        return LEG_NEVER;
    }
}

bool exchange_leg_is_clean(const struct exchange *x, unsigned leg)
{
    return x->legs.items[leg].transport == RELAY_TCP && x->legs.items[leg].state == LEG_ANSWERED;
}
