/* Requests come in by on_request, replies go out by session_reply, and each event ends with a
 * look at two questions: may more be read (session_regulate), and was that the last thing to
 * wait for (session_settle)? RFC 7766 section 6.2.1 for queries in parallel. */
#include "net/session.h"

#include <errno.h>
#include <stdlib.h>

#include "net/socket.h"
#include "relay/who.h"

/* Requests are small, and what is read while there is no room for their answers is kept. */
#define SESSION_READ_SIZE 4096

static void session_release(struct session *session)
{
    if (--session->handles == 0)
        free(session);
}

static void on_idle_closed(uv_handle_t *handle)
{
    session_release(handle->data);
}

static void on_stream_closed(void *owner)
{
    session_release(owner);
}

/* The one way out; `why` is told of what is still in motion. */
static void session_end(struct session *session, enum relay_result why, bool reset)
{
    if (session->state == SESSION_CLOSED)
        return;
    session->state = SESSION_CLOSED;
    for (unsigned i = 0; i < SESSION_FLOWS_MAX; i++)
        if (session->flows[i])
            flow_abort(session->flows[i], why);
    kept_close(&session->kept);
    *session->link = session->next;
    if (session->next)
        session->next->link = session->link;
    session->engine->session_count--;
    engine_check_idle(session->engine);
    stream_close(&session->stream, reset);
    places_forget(session->engine, &session->waiter);
    place_leave(session->engine, &session->place);
    uv_close((uv_handle_t *)&session->idle, on_idle_closed);
}

static void session_close(struct session *session, bool reset)
{
    session_end(session, RESULT_CLIENT_GONE, reset);
}

static void session_watch_idle(struct session *session);

/* Nothing was asked for a while; a last answer may still be on its way to a slow reader. */
static void on_idle(uv_timer_t *timer)
{
    struct session *session = timer->data;
    size_t unread = stream_unread(&session->stream);
    if (unread > 0 && unread != session->idle_unread)
        session_watch_idle(session);
    else
        session_close(session, unread > 0);
}

/* L2: who has proven nothing has an answer-timeout for all that he may try. */
static void session_watch_idle(struct session *session)
{
    const struct config_proxy *proxy = &session->engine->relay->config->proxy;
    bool peer = session->place.holder.standing == SHARES_PEER;
    bool brief = !peer && proxy->answer_timeout < proxy->idle_timeout;
    uint64_t timeout = 1000ull * (brief ? proxy->answer_timeout : proxy->idle_timeout);
    place_rest(session->engine, &session->place);
    if (!peer && uv_is_active((uv_handle_t *)&session->idle))
        return;
    session->idle_unread = stream_unread(&session->stream);
    uv_timer_start(&session->idle, on_idle, timeout, 0);
}

/* Requests are read while there is room for their answers. */
static void session_regulate(struct session *session)
{
    if (session->waiter.waits || session->flow_count >= SESSION_FLOWS_MAX ||
        stream_is_backed_up(&session->stream))
        stream_pause(&session->stream);
    else
        stream_resume(&session->stream);
}

/* After anything that may have been the last thing to wait for. */
static void session_settle(struct session *session)
{
    if (session->state == SESSION_DRAINING && session->flow_count == 0 &&
        !stream_is_backed_up(&session->stream))
        session_close(session, false);
}

/* What flows want of their client. */

/* 1 when it is backed up. */
static int session_look_at_reader(struct session *session)
{
    if (!stream_is_backed_up(&session->stream))
        return 0;
    stream_pause(&session->stream);
    return 1;
}

static int session_reply(struct flow *flow, const struct relay_packet *packet)
{
    struct session *session = flow->owner;
    int error = stream_send(&session->stream, packet);
    return error < 0 ? error : session_look_at_reader(session);
}

static int session_flush(struct flow *flow)
{
    struct session *session = flow->owner;
    stream_flush(&session->stream);
    return stream_is_broken(&session->stream) ? UV_ENOTCONN : session_look_at_reader(session);
}

static size_t session_unread(const struct flow *flow)
{
    const struct session *session = flow->owner;
    return stream_unread(&session->stream);
}

static struct upstream *session_borrow(struct flow *flow, const struct exchange_action *action)
{
    struct session *session = flow->owner;
    return kept_take(&session->kept, action);
}

static bool session_keep(struct flow *flow, struct upstream *up)
{
    struct session *session = flow->owner;
    return session->state == SESSION_OPEN && kept_add(&session->kept, up);
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
    if (end != EXCHANGE_ANSWERED || stream_is_broken(&session->stream)) {
        session_close(session, true);
        return;
    }
    if (session->flow_count == 0 && !session->waiter.waits)
        session_watch_idle(session);
    session_regulate(session);
    session_settle(session);
}

static const struct flow_client session_client = {
    .reply = session_reply,
    .flush = session_flush,
    .unread = session_unread,
    .borrow = session_borrow,
    .keep = session_keep,
    .ended = session_flow_ended,
};

/* Requests. */

static bool session_has_id(const struct session *session, uint16_t id)
{
    for (unsigned i = 0; i < SESSION_FLOWS_MAX; i++)
        if (session->flows[i] && session->flows[i]->exchange.errand.client.id == id)
            return true;
    return false;
}

static int session_answer(struct session *session, struct policy_verdict *verdict,
                          struct relay_time now)
{
    struct relay_packet packet;
    int error = client_answer(session->engine->relay, &verdict->client, &verdict->message,
                              &verdict->answer, now, &packet);
    if (error == 0)
        error = stream_send(&session->stream, &packet);
    session_regulate(session);
    return error;
}

static void on_turn(void *owner)
{
    session_regulate(owner);
}

/* L1: it stays unread until there is a place for its exchange. */
static void session_wait(struct session *session, const struct peer *peer, size_t len)
{
    uv_timer_stop(&session->idle);
    place_work(session->engine, &session->place);
    session->waiter.holder = (struct shares_owner){SHARES_PEER, peer->number};
    places_wait(session->engine, &session->waiter);
    stream_put_back(&session->stream, len);
}

static int session_forward(struct session *session, const struct policy_verdict *verdict,
                           const struct relay_request *request)
{
    struct flow *flow;
    int error = flow_new(session->engine, verdict, request, &session_client, session, &flow);
    if (error == -EAGAIN)
        session_wait(session, verdict->client.peer, request->len);
    /* M3: a NOTIFY that finds no place gets silence, and what else is asked here goes on. */
    if (error < 0)
        return error == -EAGAIN || verdict->operation == PEER_NOTIFY ? 0 : error;
    unsigned slot = 0;
    while (session->flows[slot])
        slot++;
    session->flows[slot] = flow;
    session->flow_count++;
    session_regulate(session);
    uv_timer_stop(&session->idle);
    place_work(session->engine, &session->place);
    flow_go(flow);
    return 0;
}

static void on_request(void *owner, uint8_t *octets, size_t len)
{
    struct session *session = owner;
    struct relay_request request = {
        .octets = octets,
        .len = len,
        .from = session->client.from,
        .to = session->to,
        .transport = RELAY_TCP,
        .now = engine_now(session->engine),
    };
    struct policy_verdict verdict;
    session->place.heard = true;
    if (session->state != SESSION_OPEN)
        return; /* draining: what comes now is for the next instance */
    /* M10: an ID in flight is not used again; nothing good can come of it (RFC 7766 section
     * 6.2.1). */
    if (len >= 2 && session_has_id(session, dns_wire_u16_at(octets))) {
        session_close(session, true);
        return;
    }
    policy_judge(session->engine->relay, &request, &verdict);
    int error = place_prove(session->engine, &session->place, &verdict);
    if (session->place.holder.standing == SHARES_PEER)
        session->stream.frame.limit = 0;
    if (error == 0 && verdict.decision == POLICY_ANSWER)
        error = session_answer(session, &verdict, request.now);
    else if (error == 0 && verdict.decision == POLICY_FORWARD)
        error = session_forward(session, &verdict, &request);
    if (error < 0)
        session_close(session, true);
    else if (session->place.holder.standing == SHARES_STRANGER)
        session_drain(session); /* it has its answer, and the place is for peers */
    else if (session->state == SESSION_OPEN && session->flow_count == 0 && !session->waiter.waits)
        session_watch_idle(session);
}

/* Each flow in its turn, so that a slow reader's room is shared. */
static void on_drained(void *owner)
{
    struct session *session = owner;
    unsigned first = session->resumed + 1;
    for (unsigned i = 0; i < SESSION_FLOWS_MAX && session->state != SESSION_CLOSED; i++) {
        unsigned slot = (first + i) % SESSION_FLOWS_MAX;
        if (!session->flows[slot] || stream_is_backed_up(&session->stream))
            continue;
        session->resumed = slot;
        flow_resume(session->flows[slot]);
    }
    if (session->state == SESSION_CLOSED)
        return;
    session_regulate(session);
    session_settle(session);
}

/* X9: it asks nothing more, and waits for what it has asked. */
static void on_half_closed(void *owner)
{
    session_drain(owner);
}

static void on_end(void *owner)
{
    session_close(owner, false);
}

static const struct stream_events session_stream_events = {
    .on_message = on_request,
    .on_drained = on_drained,
    .on_half_closed = on_half_closed,
    .on_end = on_end,
    .on_closed = on_stream_closed,
};

void session_judge_host(struct session *session)
{
    const struct config_proxy *proxy = &session->engine->relay->config->proxy;
    const struct address *balancer = &session->client.balancer;
    size_t limit;
    struct shares_owner host = places_host(session->engine, &session->client.from, &limit);
    place_judge(session->engine, &session->place, host);
    session->stream.frame.limit = session->place.holder.standing == SHARES_PEER ? 0 : limit;
    if (balancer->family != ADDRESS_NONE && !prefix_list_contains(&proxy->proxy_from, balancer))
        session_drain(session);
}

static bool on_yield(void *owner, bool now)
{
    struct session *session = owner;
    if (!now && stream_has_input(&session->stream))
        return false;
    session_close(session, stream_is_backed_up(&session->stream));
    return true;
}

static struct session *session_new(struct engine *engine, int fd,
                                   const struct session_client *client)
{
    struct session *session = calloc(1, sizeof *session);
    if (!session)
        return NULL;
    *session = (struct session){
        .engine = engine,
        .handles = 2,
        .client = *client,
        .to = socket_local(fd),
        .stream = {.events = &session_stream_events,
                   .owner = session,
                   .read_size = SESSION_READ_SIZE},
        .place = {.on_yield = on_yield, .owner = session, .from = &session->client.from},
        .waiter = {.kind = SHARES_SOCKETS, .on_turn = on_turn, .owner = session},
    };
    session->place.holder =
        places_host(engine, &session->client.from, &session->stream.frame.limit);
    return session;
}

static void session_begin(struct session *session, int fd)
{
    struct engine *engine = session->engine;
    uv_timer_init(engine->loop, &session->idle);
    session->idle.data = session;
    session->next = engine->sessions;
    session->link = &engine->sessions;
    if (session->next)
        session->next->link = &session->next;
    engine->sessions = session;
    engine->session_count++;
    if (stream_accept(&session->stream, engine, fd) < 0)
        session_close(session, true);
    else
        session_watch_idle(session);
}

bool session_accept(struct engine *engine, int fd, const struct session_client *client)
{
    struct session *session = session_new(engine, fd, client);
    if (!session) {
        engine_report_limit(engine, RESULT_NO_MEMORY, NULL, &client->from, RELAY_TCP);
        socket_reset(fd);
        return true;
    }
    enum place_answer answer = place_enter(engine, &session->place);
    if (answer == PLACE_TAKEN) {
        session_begin(session, fd);
        return true;
    }
    if (answer == PLACE_REFUSED)
        socket_reset(fd);
    free(session);
    return answer == PLACE_REFUSED;
}

void session_drain(struct session *session)
{
    if (session->state != SESSION_OPEN)
        return;
    session->state = SESSION_DRAINING;
    session_settle(session);
}

void session_abort(struct session *session, enum relay_result why)
{
    session_end(session, why, true);
}
