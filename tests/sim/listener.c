/* What comes over UDP to the address that is served, as proxy/net/listener.c has it. What no right
 * party has sent may be answered, but never signed, and never with more than twice its octets. */
#include <string.h>

#include "flow.h"
#include "seal.h"
#include "trace.h"

/* `asked` is what it answers. */
static void listener_send(struct instance *in, const struct client *client, uint16_t id,
                          const struct relay_packet *packet, const struct datagram *asked)
{
    static uint8_t octets[DNS_MESSAGE_MAX];
    size_t len = packet->len + packet->tail_len;
    TRACE_CHECK(len <= 4096, "an answer of %zu octets over UDP", len);
    memcpy(octets, packet->octets, packet->len);
    if (packet->tail_len > 0)
        memcpy(octets + packet->len, packet->tail, packet->tail_len);
    dns_wire_set_u16_at(octets, id);
    net_send(&in->host, &(struct datagram){.from = client->to,
                                           .to = client->from,
                                           .octets = octets,
                                           .len = len,
                                           .recorded = asked->recorded || asked->tainted});
}

static int listener_reply(struct flow *flow, const struct relay_packet *packet)
{
    const struct client *client = &flow->exchange.errand.client;
    listener_send(flow->in, client, client->id, packet, &flow->asked);
    for (unsigned i = 0; i < flow->flight.id_count; i++)
        listener_send(flow->in, client, flow->flight.ids[i], packet, &flow->asked);
    return 0;
}

static const struct flow_client listener_client = {.reply = listener_reply};

/* Nothing is signed for whoever has proven nothing. */
static void listener_check(const struct datagram *d, const struct relay_packet *packet)
{
    static uint8_t octets[DNS_MESSAGE_MAX];
    memcpy(octets, packet->octets, packet->len);
    if (packet->tail_len > 0)
        memcpy(octets + packet->len, packet->tail, packet->tail_len);
    size_t len = packet->len + packet->tail_len;
    TRACE_CHECK(seal_mac_len(octets, len) == 0, "what no right party has sent got a MAC");
    TRACE_CHECK(len <= 2 * d->len, "%zu octets got %zu", d->len, len);
}

static void listener_answer(struct instance *in, struct policy_verdict *verdict,
                            const struct datagram *d, struct relay_time now)
{
    const struct peer *peer = verdict->client.peer;
    struct relay_packet packet;
    struct address key = rate_key(&d->from, !peer);
    if (!verdict->client.key) {
        verdict->answer.limit = 2 * d->len;
        if (!rate_take(&in->memory->refusals, &key, in->relay->config->proxy.refusal_rate, now.ms))
            return;
    }
    if (client_answer(in->relay, &verdict->client, &verdict->message, &verdict->answer, now,
                      &packet) < 0)
        return;
    if (d->tainted)
        listener_check(d, &packet);
    listener_send(in, &verdict->client, verdict->client.id, &packet, d);
}

void listener_take(struct instance *in, const struct datagram *d)
{
    struct relay_request request = {.octets = d->octets,
                                    .len = d->len,
                                    .from = d->from,
                                    .to = d->to,
                                    .transport = RELAY_UDP,
                                    .now = instance_now(in)};
    struct flight like = {.from = d->from, .to = d->to, .octets = d->octets, .len = d->len};
    struct policy_verdict verdict;
    if (flights_join(&in->desk->flights, &like))
        return;
    policy_judge(in->relay, &request, &verdict);
    trace_note("judged", in->host.place, verdict.decision, verdict.answer.rcode);
    if (verdict.decision == POLICY_ANSWER)
        listener_answer(in, &verdict, d, request.now);
    if (verdict.decision != POLICY_FORWARD)
        return;
    TRACE_CHECK(!d->tainted || !peer_is_signed(verdict.client.peer),
                "what no right party has sent was let through");
    struct flow *flow = flow_new(in, &verdict, &request, &listener_client, in);
    if (!flow)
        return;
    flow->asked = *d;
    flow_go(flow);
}
