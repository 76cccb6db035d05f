/* The steps of one judgement, from top to bottom in the order they are taken: policy_judge at the
 * end names them all. What proves who sent the request is in proof.c. */
#include "relay/policy.h"

#include <string.h>

#include "dns/opt.h"
#include "dns/xfr.h"
#include "proof.h"
#include "relay/who.h"

static enum peer_operation policy_operation(const struct dns_message *m)
{
    switch (dns_message_opcode(m)) {
    case DNS_OPCODE_NOTIFY:
        return PEER_NOTIFY;
    case DNS_OPCODE_UPDATE:
        return PEER_UPDATE;
    default:
        break;
    }
    switch (m->qtype) {
    case DNS_TYPE_SOA:
        return PEER_SOA;
    case DNS_TYPE_AXFR:
        return PEER_AXFR;
    case DNS_TYPE_IXFR:
        return PEER_IXFR;
    default:
        return PEER_QUERY;
    }
}

/* M10: what no exchange can be made of. */
static bool policy_screen(struct judgement *j)
{
    const struct relay_request *request = j->request;
    struct dns_message *m = &j->verdict->message;
    if (request->len < DNS_HEADER_SIZE)
        return judgement_drop(j);
    m->id = dns_wire_u16_at(request->octets);
    m->flags = dns_wire_u16_at(request->octets + DNS_FLAGS_AT);
    j->verdict->client.id = m->id;
    if (m->flags & DNS_FLAG_QR)
        return judgement_drop(j);
    unsigned opcode = dns_message_opcode(m);
    if (opcode != DNS_OPCODE_QUERY && opcode != DNS_OPCODE_NOTIFY && opcode != DNS_OPCODE_UPDATE)
        return judgement_answer(j, DNS_RCODE_NOTIMP, DNS_EDE_NONE, NULL);
    if (dns_message_parse(request->octets, request->len, m) < 0)
        return judgement_form_error(j, RESULT_MALFORMED);
    return true;
}

static void policy_read_opt(struct judgement *j)
{
    const struct dns_message *m = &j->verdict->message;
    struct client *client = &j->verdict->client;
    unsigned most = j->relay->config->proxy.udp_size;
    unsigned offered = m->opt_payload > DNS_UDP_MAX ? m->opt_payload : DNS_UDP_MAX;
    client->payload = (uint16_t)(offered < most ? offered : most);
    client->has_opt = m->opt_len > 0;
    /* The OPT record: root owner, type, class, then the TTL whose low half has the flags. */
    if (client->has_opt)
        client->opt_flags = dns_wire_u16_at(m->octets + m->opt_at + DNS_OPT_FLAGS_AT);
}

/* M10 on, and the form of a TSIG (P1, P11). */
static bool policy_check_form(struct judgement *j)
{
    const struct dns_message *m = &j->verdict->message;
    if (m->count[DNS_QUESTION] != 1)
        return judgement_form_error(j, RESULT_QUESTION_COUNT);
    if (dns_message_opcode(m) != DNS_OPCODE_QUERY &&
        (m->qclass == DNS_CLASS_ANY || m->qclass == DNS_CLASS_NONE))
        return judgement_form_error(j, RESULT_CLASS);
    if (m->qclass != DNS_CLASS_IN || m->qtype == DNS_TYPE_TKEY)
        return judgement_refuse(j, DNS_EDE_NOT_SUPPORTED, RESULT_NOT_SUPPORTED, NULL);
    if (m->tsig_place == DNS_TSIG_MISPLACED)
        return judgement_form_error(j, RESULT_MISPLACED_TSIG);
    if (m->tsig_place == DNS_TSIG_NONE)
        return true;
    if (tsig_record_decode(m, &j->verdict->record) < 0)
        return judgement_form_error(j, RESULT_MALFORMED_TSIG);
    j->verdict->client.original_id = j->verdict->record.original_id;
    if (m->sig0)
        return judgement_refuse(j, DNS_EDE_PROHIBITED, RESULT_SIG0_AND_TSIG, NULL);
    return true;
}

static struct who_question policy_question(const struct judgement *j)
{
    const struct policy_verdict *v = j->verdict;
    bool has_tsig = v->message.tsig_place == DNS_TSIG_LAST;
    return (struct who_question){
        .config = j->relay->config,
        .from = &j->request->from,
        .to = &j->request->to,
        .zone = &v->message.qname,
        .key_name = has_tsig ? &v->record.key_name : NULL,
        .operation = v->operation,
    };
}

/* No peer sends this; but on the path it may be none of our business. */
static bool policy_pass_by(struct judgement *j, const struct who_question *question)
{
    struct policy_verdict *v = j->verdict;
    struct who who = who_passes_by(question);
    if (!who.server)
        return false;
    v->client.peer = who.client;
    v->client.transparent = v->client.passed = true;
    v->servers = j->relay->servers;
    v->servers[v->server_count++] = who.server;
    v->decision = POLICY_FORWARD;
    return true;
}

/* Address, key, MAC, time, truncation. */
static bool policy_authenticate(struct judgement *j)
{
    struct policy_verdict *v = j->verdict;
    bool has_tsig = v->message.tsig_place == DNS_TSIG_LAST;
    struct who_question question = policy_question(j);
    struct who who = who_find(&question);
    v->client.peer = who.client;
    v->client.transparent = who.transparent;
    j->named = who.server;
    j->has_zone = who.has_zone;
    if (!who.client) {
        if (policy_pass_by(j, &question))
            return false;
        if (!proof_refuse_if_elsewhere(j))
            return false;
        return judgement_refuse(j, DNS_EDE_PROHIBITED,
                                who.unheard ? RESULT_NOT_HEARD_HERE : RESULT_UNKNOWN_SOURCE, NULL);
    }
    if (has_tsig)
        return proof_check_tsig(j);
    return peer_is_signed(v->client.peer) ? proof_check_unsigned(j) : true;
}

/* Operation and zone. */
static bool policy_authorize(struct judgement *j)
{
    const struct policy_verdict *v = j->verdict;
    const struct peer *peer = v->client.peer;
    if (v->operation == PEER_AXFR && j->request->transport == RELAY_UDP)
        return judgement_form_error(j, RESULT_AXFR_OVER_UDP);
    uint32_t serial;
    if (v->operation == PEER_IXFR && !dns_xfr_soa_serial(&v->message, DNS_AUTHORITY, &serial))
        return judgement_form_error(j, RESULT_IXFR_WITHOUT_SOA);
    if (peer->role == PEER_PRIMARY || j->exempt)
        return true;
    if (!(peer->allow & v->operation))
        return judgement_refuse(j, DNS_EDE_PROHIBITED, RESULT_OPERATION_NOT_ALLOWED, NULL);
    if (!j->has_zone)
        return judgement_refuse(j, DNS_EDE_PROHIBITED, RESULT_ZONE_NOT_ALLOWED, NULL);
    return true;
}

static bool policy_refuse_no_server(struct judgement *j)
{
    bool notify = j->verdict->client.peer->role == PEER_PRIMARY;
    return judgement_refuse(j, DNS_EDE_PROHIBITED, RESULT_NO_SERVER,
                            notify
                                ? "no secondary of this primary has this zone and takes NOTIFYs"
                                : "this local address stands for a primary of other secondaries");
}

/* M2, M3: to the secondary that the destination stands for; else to every one that is to know. */
static bool policy_find_secondaries(struct judgement *j)
{
    struct policy_verdict *v = j->verdict;
    const struct peer **to = v->servers;
    v->fanout = !j->named;
    /* What a CDS or CSYNC is good for is for one party to know (RFC 9859). */
    if (v->fanout && v->message.qtype != DNS_TYPE_SOA)
        return judgement_answer(j, DNS_RCODE_NOTIMP, DNS_EDE_NONE, NULL);
    size_t count = who_is_notified(j->relay->config, v->client.peer, &v->message.qname, to);
    for (size_t i = 0; i < count; i++)
        if (v->fanout || to[i] == j->named)
            to[v->server_count++] = to[i];
    if (v->server_count > 0)
        return true;
    /* As configured there is nothing to do, which is no failure of the primary's. */
    if (who_declines(j->relay->config, v->client.peer, &v->message.qname, j->named))
        return judgement_answer(j, DNS_RCODE_NOERROR, DNS_EDE_NONE, NULL);
    return policy_refuse_no_server(j);
}

/* The peer that the destination stands for; else the secondary's primaries. */
static bool policy_find_primaries(struct judgement *j)
{
    struct policy_verdict *v = j->verdict;
    const struct peer *client = v->client.peer;
    for (size_t i = 0; i < client->primary_count; i++) {
        const struct peer *primary = client->primary[i];
        if (j->named && j->named != primary)
            continue;
        /* M4: what has no TSIG here gets none there, and such a primary would have nothing of
         * it. */
        if (j->exempt && !v->client.passed && peer_is_signed(primary))
            return judgement_refuse(j, DNS_EDE_PROHIBITED, RESULT_NO_TSIG,
                                    "'other = pass' never signs, and its primary has a key");
        v->servers[v->server_count++] = primary;
    }
    return v->server_count > 0 || policy_refuse_no_server(j);
}

static bool policy_find_servers(struct judgement *j)
{
    struct policy_verdict *v = j->verdict;
    v->servers = j->relay->servers;
    if (!(v->client.peer->role == PEER_PRIMARY ? policy_find_secondaries(j)
                                               : policy_find_primaries(j)))
        return false;
    v->decision = POLICY_FORWARD;
    return true;
}

void policy_judge(struct relay *relay, const struct relay_request *request,
                  struct policy_verdict *out)
{
    struct judgement j = {.relay = relay, .request = request, .verdict = out};
    memset(out, 0, sizeof *out);
    out->client.from = request->from;
    out->client.to = request->to;
    out->client.transport = request->transport;
    out->client.payload = DNS_UDP_MAX;
    out->answer.ede = DNS_EDE_NONE;
    if (!policy_screen(&j))
        return;
    policy_read_opt(&j);
    if (!policy_check_form(&j))
        return;
    out->operation = policy_operation(&out->message);
    if (!policy_authenticate(&j))
        return;
    if (!out->client.passed)
        dns_message_strip_tsig(&out->message);
    if (!policy_authorize(&j) || !proof_check_replay(&j))
        return;
    if (policy_find_servers(&j) && j.observed)
        judgement_report(&j,
                         (struct relay_event){.type = EVENT_OBSERVED, .result = RESULT_UNSIGNED});
}
