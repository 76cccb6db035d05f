/* A reference more for each UDP flow, one less as it ends; UDP handle and acceptor hold one each
 * until they are closed. The last one gone frees the memory. */
#include "net/listener.h"

#include <stdlib.h>

#include "net/greeting.h"
#include "net/session.h"

static void listener_unref(struct listener *l)
{
    if (--l->references > 0)
        return;
    if (l->hears)
        outbox_flush_from(l->engine->outbox, l->endpoint->udp);
    endpoint_unref(l->endpoint);
    free(l);
}

static void on_closed(void *owner)
{
    listener_unref(owner);
}

static int listener_reply(struct flow *flow, const struct relay_packet *packet)
{
    const struct listener *l = flow->owner;
    const struct client *client = &flow->exchange.errand.client;
    datagram_send(&l->udp, client, client->id, packet);
    for (unsigned i = 0; i < flow->flight.id_count; i++)
        datagram_send(&l->udp, client, flow->flight.ids[i], packet);
    return 0;
}

static void listener_flow_ended(struct flow *flow, enum exchange_end end)
{
    (void)end;
    listener_unref(flow->owner);
}

static const struct flow_client listener_client = {
    .reply = listener_reply,
    .ended = listener_flow_ended,
};

static void listener_forward(struct listener *l, const struct policy_verdict *verdict,
                             const struct relay_request *request)
{
    struct flow *flow;
    /* Who gets no answer asks again. */
    if (flow_new(l->engine, verdict, request, &listener_client, l, &flow) < 0)
        return;
    l->references++;
    flow_go(flow);
}

/* Who has proven nothing may not be who asked: it gets so many answers a second and no more than
 * twice the octets, so that nobody can be flooded through us. */
static bool listener_may_answer(struct listener *l, struct policy_verdict *verdict,
                                const struct relay_request *request)
{
    struct relay *relay = l->engine->relay;
    const struct peer *peer = verdict->client.peer;
    if (verdict->client.key)
        return true;
    struct address key = rate_key(&request->from, !peer);
    verdict->answer.limit = 2 * request->len;
    if (rate_take(&relay->desk->memory->refusals, &key, relay->config->proxy.refusal_rate,
                  request->now.ms))
        return true;
    engine_report_limit(l->engine, RESULT_REFUSAL_RATE, peer, &request->from, RELAY_UDP);
    return false;
}

static void listener_answer(struct listener *l, struct policy_verdict *verdict,
                            const struct relay_request *request)
{
    struct relay_packet packet;
    if (listener_may_answer(l, verdict, request) &&
        client_answer(l->engine->relay, &verdict->client, &verdict->message, &verdict->answer,
                      request->now, &packet) == 0)
        datagram_send(&l->udp, &verdict->client, verdict->client.id, &packet);
}

static void on_request(void *owner, const struct relay_request *request)
{
    struct listener *l = owner;
    struct relay *relay = l->engine->relay;
    struct policy_verdict verdict;
    /* M10: it joins the one in flight, which will answer both, each under its ID. */
    struct flight like = {
        .from = request->from, .to = request->to, .octets = request->octets, .len = request->len};
    if (flights_join(&relay->desk->flights, &like)) {
        relay_report(relay, &(struct relay_event){.type = EVENT_JOINED,
                                                  .result = RESULT_RETRY,
                                                  .address = &request->from,
                                                  .transport = RELAY_UDP});
        return;
    }
    policy_judge(relay, request, &verdict);
    if (verdict.decision == POLICY_ANSWER)
        listener_answer(l, &verdict, request);
    else if (verdict.decision == POLICY_FORWARD)
        listener_forward(l, &verdict, request);
}

static const struct datagram_events listener_datagram_events = {
    .on_request = on_request,
    .on_closed = on_closed,
};

static bool on_connection(void *owner, int fd)
{
    struct listener *l = owner;
    if (l->endpoint->proxied)
        return greeting_accept(l->engine, fd);
    struct session_client client = {.from = socket_remote(fd)};
    return session_accept(l->engine, fd, &client);
}

static const struct acceptor_events listener_acceptor_events = {
    .on_connection = on_connection,
    .on_closed = on_closed,
};

struct listener *listener_new(struct engine *engine, struct endpoint *endpoint)
{
    struct listener *l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    *l = (struct listener){
        .references = 1, .engine = engine, .endpoint = endpoint_ref(endpoint), .tcp = {.fd = -1}};
    l->udp.events = &listener_datagram_events;
    l->udp.owner = l;
    l->tcp.events = &listener_acceptor_events;
    l->tcp.owner = l;
    return l;
}

int listener_start(struct listener *l)
{
    int error = 0;
    if (!l->endpoint->proxied) {
        error = datagram_open(&l->udp, l->engine, &l->endpoint->local, l->endpoint->udp);
        if (error < 0)
            return error;
        l->hears = true;
        l->references++;
    }
    error = acceptor_open(&l->tcp, l->engine, l->endpoint->tcp);
    if (error == 0)
        l->references++;
    return error;
}

void listener_close(struct listener *l)
{
    if (l->hears && l->endpoint->gone)
        datagram_drain(&l->udp);
    if (l->hears)
        datagram_close(&l->udp);
    if (l->tcp.fd >= 0)
        acceptor_close(&l->tcp);
    if (l->endpoint->gone)
        endpoint_refuse(l->endpoint);
    listener_unref(l);
}
