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

#include "exchange/join.h"
#include "exchange/route.h"
#include "exchange/waiting.h"

/* Construction. */

int exchange_init(struct exchange *x, struct relay *relay, const struct policy_verdict *verdict,
                  const struct relay_request *request)
{
    *x = (struct exchange){.state = EXCHANGE_ASKING, .moved = request->now.ms};
    enum route_way way = route_way(verdict);
    int error = errand_init(&x->errand, relay, verdict, request);
    if (error == 0)
        error = response_init(&x->response, &x->errand);
    if (error == 0 && verdict->fanout)
        error = waiting_begin(&x->waiter, &x->errand, verdict, request->now);
    else if (error == 0)
        error = route_legs(relay, verdict, request->now, &x->legs);
    if (error < 0) {
        exchange_fini(x);
        return error;
    }
    x->errand.soa_instead = way == ROUTE_SOA;
    if (way == ROUTE_BACK)
        state_answer(x, DNS_RCODE_NOERROR, DNS_FLAG_TC, RESULT_TRUNCATED, NULL);
    waiting_note_asked(&x->errand);
    if (x->errand.operation == PEER_NOTIFY)
        errand_report_notified(&x->errand, request->now);
    return 0;
}

int exchange_init_telling(struct exchange *x, struct relay *relay,
                          const struct telling_order *order, struct relay_time now)
{
    *x = (struct exchange){.state = EXCHANGE_ASKING, .moved = now.ms};
    int error = telling_init(&x->telling, &x->errand, &x->legs, relay, order, now);
    if (error < 0)
        exchange_fini(x);
    return error;
}

static void exchange_set_caller(struct caller *caller, void (*wake)(void *owner), void *owner)
{
    caller->wake = wake;
    caller->owner = owner;
}

void exchange_set_owner(struct exchange *x, void (*wake)(void *owner), void *owner,
                        const void *user)
{
    if (x->waiter)
        exchange_set_caller(&x->waiter->caller, wake, owner);
    if (x->telling.notice)
        exchange_set_caller(&x->telling.notice->teller, wake, owner);
    exchange_set_caller(&x->admission.caller, wake, owner);
    x->admission.user = user;
}

void exchange_fini(struct exchange *x)
{
    waiting_end(&x->waiter);
    admission_leave(&x->admission);
    legs_fini(&x->legs);
    response_fini(&x->response);
    errand_fini(&x->errand);
}

/* Events. */

void exchange_connected(struct exchange *x, unsigned leg, bool reused, struct relay_time now)
{
    struct leg *l = &x->legs.items[leg];
    if (x->state != EXCHANGE_ASKING || l->state != LEG_OPENING)
        return;
    if (l->transport == RELAY_TCP)
        recent_address_worked(&x->errand.relay->desk->memory->recent, &l->to, now.ms);
    l->reused = reused;
    l->wake = now.ms;
    legs_move(&x->legs, leg, LEG_READY);
}

static void exchange_closed(struct exchange *x, unsigned index, struct relay_time now)
{
    struct leg *leg = &x->legs.items[index];
    bool midway = x->response.messages > 0;
    enum relay_result why = midway ? RESULT_BROKE_OFF : RESULT_CLOSED;
    /* X9b: a kept connection may have been closed before it was of use. An UPDATE may have been
     * done. */
    if (leg->reused && !leg->fresh && !midway && x->errand.operation != PEER_UPDATE) {
        leg->fresh = true;
        leg->sent = 0;
        legs_move(&x->legs, index, LEG_DUE);
        return;
    }
    legs_lose(&x->legs, &x->errand, index, why, now);
    if (x->errand.operation == PEER_NOTIFY)
        state_weigh(x, now);
    else
        state_spoil(x, why, now);
}

void exchange_lost(struct exchange *x, unsigned leg, struct relay_time now)
{
    if (x->state == EXCHANGE_ENDED)
        return;
    /* READY: it waits for its turn to send, or to send again. */
    if (x->legs.items[leg].state == LEG_ASKED || x->legs.items[leg].state == LEG_READY) {
        exchange_closed(x, leg, now);
    } else if (x->state == EXCHANGE_ASKING && x->legs.items[leg].state == LEG_OPENING) {
        legs_refused(&x->legs, &x->errand, leg, now);
        state_weigh(x, now);
    }
}

void exchange_no_socket(struct exchange *x, unsigned leg, const char *why, struct relay_time now)
{
    if (x->state != EXCHANGE_ASKING || x->legs.items[leg].state != LEG_OPENING)
        return;
    legs_no_socket(&x->legs, &x->errand, leg, why, now);
    state_weigh(x, now);
}

void exchange_postpone(struct exchange *x, unsigned leg, struct relay_time now)
{
    if (x->state == EXCHANGE_ASKING && x->legs.items[leg].state == LEG_OPENING &&
        legs_postpone(&x->legs, &x->errand, leg, now))
        state_weigh(x, now);
}

/* P23, P28: over UDP it may be anyone's, so the wait goes on unless we were unable to judge it. */
static void exchange_misanswer(struct exchange *x, unsigned leg, enum leg_verdict verdict,
                               struct relay_time now)
{
    enum relay_result why = leg_misfit(verdict);
    if (x->legs.items[leg].transport == RELAY_UDP && verdict != LEG_UNABLE) {
        leg_report(&x->legs.items[leg], &x->errand,
                   (struct relay_event){.type = EVENT_UPSTREAM_FAILURE, .result = why}, now);
        return;
    }
    legs_lose(&x->legs, &x->errand, leg, why, now);
    if (x->errand.operation == PEER_NOTIFY)
        state_weigh(x, now);
    else
        state_spoil(x, why, now);
}

/* A good message of a server: on to the client, or the end of what cannot be good. */
static void exchange_take(struct exchange *x, unsigned index, uint8_t *octets,
                          const struct dns_message *m, bool covered, struct relay_time now)
{
    struct leg *leg = &x->legs.items[index];
    const struct response_part part = {.server = leg->peer,
                                       .leg = leg,
                                       .octets = octets,
                                       .message = m,
                                       .transport = leg->transport,
                                       .from_signed = leg->key,
                                       .covered = covered};
    x->moved = now.ms;
    x->reply_leg = index;
    switch (response_take(&x->response, &x->errand, &part)) {
    case RESPONSE_HELD:
        break;
    case RESPONSE_BROKEN:
        legs_lose(&x->legs, &x->errand, index, x->response.fault, now);
        state_spoil(x, x->response.fault, now);
        break;
    case RESPONSE_RELAY:
        state_move(x, EXCHANGE_RELAYING);
        break;
    case RESPONSE_ENOUGH:
        legs_move(&x->legs, index, LEG_OVER);
        state_move(x, EXCHANGE_RELAYING);
        break;
    case RESPONSE_COMPLETE:
        legs_move(&x->legs, index, LEG_ANSWERED);
        state_move(x, EXCHANGE_RELAYING);
        break;
    }
}

void exchange_answer(struct exchange *x, unsigned leg, uint8_t *octets, size_t len,
                     struct relay_time now)
{
    struct leg *l = &x->legs.items[leg];
    bool waiting = x->state == EXCHANGE_ASKING || x->state == EXCHANGE_FOLLOWING;
    struct dns_message m;
    if (!waiting || l->state != LEG_ASKED)
        return;
    enum leg_verdict verdict = leg_judge(l, &x->errand, octets, len, now, &m);
    if (verdict != LEG_GOOD && verdict != LEG_PENDING) {
        exchange_misanswer(x, leg, verdict, now);
    } else if (x->errand.operation == PEER_NOTIFY) {
        join_take(&x->legs, &x->errand, leg, dns_message_rcode(&m), now);
        telling_take(&x->telling, &x->legs, &x->errand, l);
        state_weigh(x, now);
    } else {
        exchange_take(x, leg, octets, &m, verdict == LEG_GOOD, now);
    }
}

void exchange_moved(struct exchange *x, struct relay_time now)
{
    x->moved = now.ms;
}

void exchange_tick(struct exchange *x, struct relay_time now)
{
    bool lost = false;
    if (x->state == EXCHANGE_ASKING) {
        lost = admission_look(&x->admission, &x->legs, &x->errand, now);
        lost |= legs_tick(&x->legs, &x->errand, now);
    }
    if (lost || x->errand.operation == PEER_NOTIFY)
        state_weigh(x, now);
    else if (now.ms >= exchange_deadline(x) && x->state != EXCHANGE_ASKING)
        state_break(x, RESULT_NO_PROGRESS, now);
}

void exchange_abort(struct exchange *x, enum relay_result why, struct relay_time now)
{
    if (x->state != EXCHANGE_ENDED)
        state_break(x, why, now);
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
    if (leg->state == LEG_DUE && !admission_pass(&x->admission, &x->legs, &x->errand, index, now)) {
        state_weigh(x, now);
        return false;
    }
    *out = (struct exchange_action){
        .type = leg->state == LEG_DUE ? ACTION_CONNECT : ACTION_SEND,
        .leg = index,
        .transport = leg->transport,
        .to = leg->to,
        .source = leg->source,
        .fresh = leg->fresh,
    };
    if (leg->state == LEG_DUE) {
        out->slot = admission_give(&x->admission, index);
        legs_opening(&x->legs, &x->errand, index, now);
        return true;
    }
    if (leg_send(leg, &x->errand, now, &out->packet) == 0) {
        legs_sent(&x->legs, &x->errand, index, now);
        if (x->errand.operation == PEER_NOTIFY)
            join_told(&x->legs, index);
        return true;
    }
    legs_lose(&x->legs, &x->errand, index, RESULT_CANNOT_SEND, now);
    state_weigh(x, now);
    return false;
}

/* P25's last word over UDP, P27 over TCP. */
static void exchange_fail_reply(struct exchange *x, int error, struct relay_time now)
{
    struct dns_name culprit;
    leg_report(&x->legs.items[x->reply_leg], &x->errand,
               response_fault_event(&x->response, &x->errand, error, &culprit), now);
    if (x->errand.client.transport == RELAY_UDP)
        state_end(x, EXCHANGE_SILENT, now);
    else
        state_spoil(x, RESULT_CANNOT_RELAY, now);
}

static bool exchange_next_reply(struct exchange *x, struct relay_time now,
                                struct exchange_action *out)
{
    int more = response_next(&x->response, &x->errand, now, &out->packet);
    if (more < 0) {
        exchange_fail_reply(x, more, now);
        return false;
    }
    out->type = ACTION_REPLY;
    if (more > 0)
        return true;
    if (x->legs.items[x->reply_leg].state == LEG_ASKED) {
        state_move(x, EXCHANGE_FOLLOWING);
        return true;
    }
    response_report(&x->response, &x->errand, (int)x->response.rcode,
                    response_result(&x->response, &x->errand), now);
    state_end(x, EXCHANGE_ANSWERED, now);
    return true;
}

static bool exchange_next_answer(struct exchange *x, struct relay_time now,
                                 struct exchange_action *out)
{
    struct errand *errand = &x->errand;
    int error = client_answer(errand->relay, &errand->client, &errand->request, &x->answer, now,
                              &out->packet);
    if (error < 0) {
        response_report(&x->response, errand, -1,
                        error == DNS_ESPACE ? RESULT_NO_ROOM : RESULT_NO_MEMORY, now);
        state_end(x, errand->client.transport == RELAY_UDP ? EXCHANGE_SILENT : EXCHANGE_ABORTED,
                  now);
        return false;
    }
    out->type = ACTION_REPLY;
    response_report(&x->response, &x->errand, x->answer.rcode, x->result, now);
    state_end(x, EXCHANGE_ANSWERED, now);
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
        break;
    case EXCHANGE_ENDED:
        *out = (struct exchange_action){.type = ACTION_END, .end = x->end};
        break;
    }
    return true;
}

void exchange_next(struct exchange *x, struct relay_time now, struct exchange_action *out)
{
    while (!exchange_try_next(x, now, out))
        continue;
}

static uint64_t exchange_turn(const struct exchange *x)
{
    uint64_t deadline = legs_deadline(&x->legs);
    if (x->waiter)
        return waiting_deadline(&x->errand);
    bool awaits = x->telling.state != TELLING_NONE && x->telling.sleep_at < deadline;
    return awaits ? x->telling.sleep_at : deadline;
}

uint64_t exchange_deadline(const struct exchange *x)
{
    switch (x->state) {
    case EXCHANGE_ASKING:
        return exchange_turn(x);
    case EXCHANGE_RELAYING:
    case EXCHANGE_FOLLOWING:
        return x->moved + 1000ull * x->errand.relay->config->proxy.progress_timeout;
    default:
        return LEG_NEVER;
    }
}

int exchange_keep(struct exchange *x)
{
    return x->state == EXCHANGE_RELAYING ? response_keep(&x->response) : 0;
}

bool exchange_leg_is_settled(const struct exchange *x, unsigned leg)
{
    return leg_is_settled(&x->legs.items[leg]);
}
