/* The program has timers, places and queues of its own; what is decided, and when, is as there. */
#include "session.h"

#include <assert.h>
#include <stdlib.h>

#include "flow.h"
#include "trace.h"

#define SESSION_LOOK_MS 100 /* for a place */

static void session_end(struct session *session, bool reset)
{
    struct instance *in = session->in;
    if (session->state == SESSION_CLOSED)
        return;
    session->state = SESSION_CLOSED;
    for (unsigned i = 0; i < SESSION_FLOWS_MAX; i++)
        if (session->flows[i])
            flow_abort(session->flows[i], RESULT_CLIENT_GONE);
    way_close_kept(&session->kept);
    LIST_REMOVE(session, entry);
    tube_close(&session->tube, reset);
    trace_note("session.ends", in->host.place, session->from.port, reset);
    alarm_in(&session->alarm, 0);
}

static void session_watch_idle(struct session *session)
{
    alarm_in(&session->alarm, 1000ull * session->in->relay->config->proxy.idle_timeout);
}

static void session_regulate(struct session *session)
{
    if (session->waits || session->flow_count >= SESSION_FLOWS_MAX ||
        tube_is_backed_up(&session->tube))
        tube_pause(&session->tube);
    else
        tube_resume(&session->tube);
}

static void on_alarm(void *owner)
{
    struct session *session = owner;
    if (session->state == SESSION_CLOSED) {
        free(session);
    } else if (session->waits) {
        session->waits = false;
        session_watch_idle(session);
        session_regulate(session);
    } else if (session->flow_count == 0) {
        session_end(session, tube_is_backed_up(&session->tube));
    }
}

static void session_settle(struct session *session)
{
    if (session->state == SESSION_DRAINING && session->flow_count == 0 &&
        !tube_is_backed_up(&session->tube))
        session_end(session, false);
}

static int session_reply(struct flow *flow, const struct relay_packet *packet)
{
    struct session *session = flow->owner;
    int error = tube_send(&session->tube, packet);
    if (error < 0 || !tube_is_backed_up(&session->tube))
        return error;
    tube_pause(&session->tube);
    return 1;
}

static struct way *session_borrow(struct flow *flow, const struct exchange_action *action)
{
    struct session *session = flow->owner;
    return way_borrow(&session->kept, action);
}

static bool session_keep(struct flow *flow, struct way *way)
{
    struct session *session = flow->owner;
    return session->state == SESSION_OPEN && way_keep(&session->kept, session, way);
}

static void session_flow_ended(struct flow *flow, enum exchange_end end)
{
    struct session *session = flow->owner;
    for (unsigned i = 0; i < SESSION_FLOWS_MAX; i++)
        if (session->flows[i] == flow)
            session->flows[i] = NULL;
    session->flow_count--;
    if (session->state == SESSION_CLOSED)
        return;
    if (end != EXCHANGE_ANSWERED || !session->tube.end) {
        session_end(session, true);
        return;
    }
    if (session->flow_count == 0 && !session->waits)
        session_watch_idle(session);
    session_regulate(session);
    session_settle(session);
}

static const struct flow_client session_client = {.reply = session_reply,
                                                  .borrow = session_borrow,
                                                  .keep = session_keep,
                                                  .ended = session_flow_ended};

static bool session_has_id(const struct session *session, uint16_t id)
{
    for (unsigned i = 0; i < SESSION_FLOWS_MAX; i++)
        if (session->flows[i] && session->flows[i]->exchange.errand.client.id == id)
            return true;
    return false;
}

static int session_answer(struct session *session, struct policy_verdict *verdict)
{
    struct instance *in = session->in;
    struct relay_packet packet;
    if (client_answer(in->relay, &verdict->client, &verdict->message, &verdict->answer,
                      instance_now(in), &packet) < 0)
        return -1;
    int error = tube_send(&session->tube, &packet);
    session_regulate(session);
    return error;
}

/* It stays unread until there is a place for its exchange. */
static void session_wait(struct session *session, size_t len)
{
    session->waits = true;
    tube_put_back(&session->tube, len);
    alarm_in(&session->alarm, SESSION_LOOK_MS);
}

static void session_forward(struct session *session, const struct policy_verdict *verdict,
                            const struct relay_request *request)
{
    struct flow *flow = flow_new(session->in, verdict, request, &session_client, session);
    if (!flow && verdict->operation == PEER_NOTIFY)
        return;
    if (!flow) {
        session_wait(session, request->len);
        return;
    }
    unsigned slot = 0;
    while (session->flows[slot])
        slot++;
    session->flows[slot] = flow;
    session->flow_count++;
    session_regulate(session);
    alarm_stop(&session->alarm);
    flow_go(flow);
}

static void on_request(void *owner, uint8_t *octets, size_t len)
{
    struct session *session = owner;
    struct relay_request request = {.octets = octets,
                                    .len = len,
                                    .from = session->from,
                                    .to = session->to,
                                    .transport = RELAY_TCP,
                                    .now = instance_now(session->in)};
    struct policy_verdict verdict;
    int error = 0;
    if (session->state != SESSION_OPEN)
        return;
    if (len >= 2 && session_has_id(session, dns_wire_u16_at(octets))) {
        session_end(session, true);
        return;
    }
    policy_judge(session->in->relay, &request, &verdict);
    if (verdict.decision == POLICY_ANSWER)
        error = session_answer(session, &verdict);
    else if (verdict.decision == POLICY_FORWARD)
        session_forward(session, &verdict, &request);
    if (error < 0)
        session_end(session, true);
    else if (session->state == SESSION_OPEN && session->flow_count == 0 && !session->waits)
        session_watch_idle(session);
}

/* Each flow in its turn, so that a slow reader's room is shared. */
static void on_drained(void *owner)
{
    struct session *session = owner;
    unsigned first = session->resumed + 1;
    for (unsigned i = 0; i < SESSION_FLOWS_MAX && session->state != SESSION_CLOSED; i++) {
        unsigned slot = (first + i) % SESSION_FLOWS_MAX;
        if (!session->flows[slot] || tube_is_backed_up(&session->tube))
            continue;
        session->resumed = slot;
        flow_resume(session->flows[slot]);
    }
    if (session->state == SESSION_CLOSED)
        return;
    session_regulate(session);
    session_settle(session);
}

static void on_half_closed(void *owner)
{
    struct session *session = owner;
    if (session->state != SESSION_OPEN)
        return;
    session->state = SESSION_DRAINING;
    session_settle(session);
}

static void on_end(void *owner)
{
    session_end(owner, false);
}

static const struct tube_events session_tube_events = {.on_message = on_request,
                                                       .on_drained = on_drained,
                                                       .on_half_closed = on_half_closed,
                                                       .on_end = on_end};

void session_accept(struct instance *in, struct pipe_end *end)
{
    struct session *session = calloc(1, sizeof *session);
    assert(session);
    session->in = in;
    session->from = end->remote;
    session->to = end->local;
    session->tube.events = &session_tube_events;
    session->tube.owner = session;
    session->alarm.on_time = on_alarm;
    session->alarm.owner = session;
    LIST_INIT(&session->kept);
    LIST_INSERT_HEAD(&in->sessions, session, entry);
    tube_accept(&session->tube, end);
    session_watch_idle(session);
}

void session_abort(struct session *session)
{
    session_end(session, true);
}
