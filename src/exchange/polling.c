/* Both are exchanges like any others, whose client is the primary: a question for one server, which
 * is itself, and a NOTIFY that waits for its fan-out. */
#include "exchange/polling.h"

#include "dns/query.h"
#include "dns/xfr.h"
#include "relay/who.h"

static struct polls *polling_polls(const struct relay *relay)
{
    return relay->desk->memory->polls;
}

/* The message in `out->octets`, as if the primary had sent it. */
static int polling_make(struct relay *relay, const struct peer *primary,
                        enum peer_operation operation, size_t len, struct relay_time now,
                        struct polling *out)
{
    out->verdict = (struct policy_verdict){
        .decision = POLICY_FORWARD,
        .operation = operation,
        .client = {.peer = primary, .payload = DNS_UDP_MAX},
        .servers = relay->servers,
    };
    out->request = (struct relay_request){.octets = out->octets, .len = len, .now = now};
    return dns_message_parse(out->octets, len, &out->verdict.message);
}

static void polling_set_transport(struct polling *out, enum relay_transport transport)
{
    out->verdict.client.transport = out->request.transport = transport;
}

static int polling_ask(struct relay *relay, const struct peer *primary, const struct dns_name *zone,
                       struct relay_time now, struct polling *out)
{
    struct dns_writer w = dns_wire_writer(out->octets, sizeof out->octets);
    dns_query_write(&w, zone, DNS_TYPE_SOA, 0);
    int error = polling_make(relay, primary, PEER_SOA, w.at, now, out);
    /* Over TCP it may be of any size. */
    polling_set_transport(out, primary->transport == PEER_TRANSPORT_TCP ? RELAY_TCP : RELAY_UDP);
    relay->servers[0] = primary;
    out->verdict.server_count = 1;
    return error;
}

bool polling_next(struct relay *relay, struct relay_time now, struct polling *out)
{
    unsigned number;
    struct dns_name zone;
    while (polls_next(polling_polls(relay), now.ms, &number, &zone)) {
        const struct peer *primary = relay_peer(relay, number);
        if (primary && polling_ask(relay, primary, &zone, now, out) == 0)
            return true;
        polls_ended(polling_polls(relay), number);
    }
    return false;
}

uint64_t polling_deadline(struct relay *relay, struct relay_time now)
{
    return polls_deadline(polling_polls(relay), now.ms);
}

void polling_ended(struct relay *relay, unsigned primary)
{
    polls_ended(polling_polls(relay), primary);
}

/* A NOTIFY with the SOA of this answer, from where that came from. False: nobody is told of it. */
static bool polling_tell(struct relay *relay, const struct peer *primary, const struct leg *leg,
                         struct dns_message *answer, struct relay_time now, struct polling *out)
{
    struct dns_writer w = dns_wire_writer(out->octets, sizeof out->octets);
    answer->id = relay->desk->world.random_id(relay->desk->world.arg);
    answer->flags = DNS_OPCODE_NOTIFY << 11 | DNS_FLAG_AA;
    answer->opt_len = 0;
    if (!dns_notify_write(answer, &w) ||
        polling_make(relay, primary, PEER_NOTIFY, w.at, now, out) < 0)
        return false;
    polling_set_transport(out, RELAY_UDP);
    out->verdict.client.id = answer->id;
    out->verdict.client.from = out->request.from = leg->to;
    out->verdict.fanout = true;
    out->verdict.server_count =
        who_is_notified(relay->config, primary, &answer->qname, relay->servers);
    return out->verdict.server_count > 0;
}

/* It has no SOA, for want of room. */
static bool polling_is_cut(const struct errand *errand, const struct dns_message *answer)
{
    return errand->client.transport == RELAY_UDP && answer->flags & DNS_FLAG_TC;
}

static bool polling_ask_again(struct relay *relay, const struct peer *primary,
                              const struct dns_name *zone, struct relay_time now,
                              struct polling *out)
{
    if (polling_ask(relay, primary, zone, now, out) < 0)
        return false;
    polling_set_transport(out, RELAY_TCP);
    polls_again(polling_polls(relay), primary->number);
    return true;
}

/* The zone has this serial: what is to be done about it? */
static bool polling_weigh(struct relay *relay, const struct exchange *x, const struct peer *primary,
                          struct dns_message *answer, struct relay_time now, struct polling *out)
{
    const struct dns_name *zone = &x->errand.request.qname;
    const struct leg *leg = &x->legs.items[x->reply_leg];
    enum poll_news news = polls_weigh(polling_polls(relay), primary->number, zone, out->serial);
    leg_report(leg, &x->errand,
               (struct relay_event){
                   .type = EVENT_POLL,
                   .result = news == POLL_NEWS_CHANGED ? RESULT_CHANGED : RESULT_OK,
                   .has_serial = true,
                   .serial = out->serial,
               },
               now);
    bool tell = news == POLL_NEWS_CHANGED && polling_tell(relay, primary, leg, answer, now, out);
    if (!tell)
        polls_note(polling_polls(relay), primary->number, zone, out->serial);
    return tell;
}

bool polling_take(struct relay *relay, const struct exchange *x, const struct relay_packet *answer,
                  struct relay_time now, struct polling *out)
{
    const struct errand *errand = &x->errand;
    const struct peer *primary = relay_peer(relay, errand->client.peer->number);
    struct dns_message m;
    /* When none has answered, its legs have said why; and a reload may have taken it away. */
    if (!x->response.server || !primary || dns_message_parse(answer->octets, answer->len, &m) < 0)
        return false;
    unsigned rcode = dns_message_rcode(&m);
    if (rcode == DNS_RCODE_NOERROR && dns_xfr_soa_serial(&m, DNS_ANSWER, &out->serial))
        return polling_weigh(relay, x, primary, &m, now, out);
    if (polling_is_cut(errand, &m))
        return polling_ask_again(relay, primary, &errand->request.qname, now, out);
    leg_report(&x->legs.items[x->reply_leg], errand,
               (struct relay_event){.type = EVENT_UPSTREAM_FAILURE,
                                    .result = RESULT_NO_SOA,
                                    .has_rcode = true,
                                    .rcode = rcode},
               now);
    return false;
}

void polling_told(struct relay *relay, const struct polling *notify)
{
    polls_note(polling_polls(relay), notify->verdict.client.peer->number,
               &notify->verdict.message.qname, notify->serial);
}
