#include "exchange/state.h"

#include <assert.h>

#include "dns/opt.h"
#include "exchange/join.h"
#include "exchange/waiting.h"

void state_move(struct exchange *x, enum exchange_state state)
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

void state_end(struct exchange *x, enum exchange_end end, struct relay_time now)
{
    state_move(x, EXCHANGE_ENDED);
    x->end = end;
    waiting_end(&x->waiter);
    admission_leave(&x->admission);
    telling_end(&x->telling, &x->legs, &x->errand, now);
}

void state_break(struct exchange *x, enum relay_result why, struct relay_time now)
{
    response_report(&x->response, &x->errand, -1, why, now);
    state_end(x, EXCHANGE_ABORTED, now);
}

void state_answer(struct exchange *x, unsigned rcode, uint16_t flags, enum relay_result result,
                  const char *text)
{
    x->answer = (struct client_answer){
        .rcode = (uint16_t)rcode,
        .flags = flags,
        .ede = text ? DNS_EDE_NO_REACHABLE_AUTHORITY : DNS_EDE_NONE,
        .reason = text,
    };
    x->result = result;
    state_move(x, EXCHANGE_ANSWERING);
}

void state_spoil(struct exchange *x, enum relay_result why, struct relay_time now)
{
    if (x->response.messages > 0)
        state_break(x, why, now);
    else
        state_answer(x, DNS_RCODE_SERVFAIL, 0, why, report_result_word(why));
}

/* A NOTIFY's answer is one of our own, made of the secondaries'. */
static void state_join(struct exchange *x, enum join_state state, unsigned rcode,
                       struct relay_time now)
{
    if (state == JOIN_COMPLETE)
        state_answer(x, rcode, DNS_FLAG_AA, RESULT_OK, NULL);
    else if (state == JOIN_BROKEN && x->errand.client.transport == RELAY_TCP)
        state_answer(x, DNS_RCODE_SERVFAIL, 0, RESULT_NO_ANSWER, "no secondary answered");
    else if (state == JOIN_BROKEN)
        state_end(x, EXCHANGE_SILENT, now);
}

/* After anything that may decide a NOTIFY: of its own legs, of the fan-out's, or elsewhere. */
static void state_weigh_notify(struct exchange *x, struct relay_time now)
{
    static const enum join_state waited[] = {[NOTICE_WAITS] = JOIN_WAITING,
                                             [NOTICE_ANSWERED] = JOIN_COMPLETE,
                                             [NOTICE_UNANSWERED] = JOIN_BROKEN};
    unsigned rcode = 0;
    enum notice_wait wait = x->waiter ? notices_look(x->waiter, &rcode) : NOTICE_WAITS;
    if (x->waiter && wait == NOTICE_WAITS && now.ms >= waiting_deadline(&x->errand))
        state_join(x, JOIN_BROKEN, 0, now);
    else if (x->waiter)
        state_join(x, waited[wait], rcode, now);
    else if (x->telling.state == TELLING_NONE)
        state_join(x, join_legs(&x->legs, NULL), x->legs.rcode, now);
    else if (telling_weigh(&x->telling, &x->legs, &x->errand, now))
        state_end(x, EXCHANGE_SILENT, now);
}

static void state_give_up(struct exchange *x)
{
    if (x->admission.in_vain)
        state_answer(x, DNS_RCODE_SERVFAIL, 0, RESULT_CONNECTIONS_BUSY,
                     "all connections to the primary are busy");
    else
        state_answer(x, DNS_RCODE_SERVFAIL, 0, RESULT_NO_ANSWER, "no server answered");
}

void state_weigh(struct exchange *x, struct relay_time now)
{
    if (x->state != EXCHANGE_ASKING)
        return;
    if (x->errand.operation == PEER_NOTIFY)
        state_weigh_notify(x, now);
    else if (!legs_have_hope(&x->legs))
        state_give_up(x);
}
