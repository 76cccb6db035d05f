#include "relay/policy.h"

#include <string.h>

#include "dns/opt.h"
#include "dns/xfr.h"
#include "relay/who.h"
#include "tsig/verify.h"

/* What all steps of one judgement share. */
struct judgement {
    struct relay *relay;
    const struct relay_request *request;
    struct policy_verdict *verdict;
    bool exempt;              /* an ordinary question that needs no permission */
    bool observed;            /* it goes on only because of mode = observe */
    const struct peer *named; /* the server that the local address stands for, if any */
};

enum peer_operation policy_operation(const struct dns_message *m)
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

/* Every step returns true when the judgement goes on; otherwise the verdict is complete. */

static bool policy_drop(struct judgement *j)
{
    j->verdict->decision = POLICY_DROP;
    return false;
}

static bool policy_answer(struct judgement *j, uint16_t rcode, int ede, const char *reason)
{
    j->verdict->decision = POLICY_ANSWER;
    j->verdict->answer.rcode = rcode;
    j->verdict->answer.ede = ede;
    j->verdict->answer.reason = reason;
    return false;
}

static void policy_report(struct judgement *j, struct relay_event event)
{
    const struct policy_verdict *v = j->verdict;
    event.peer = v->client.peer;
    event.address = &j->request->from;
    event.transport = j->request->transport;
    event.opcode = dns_message_opcode(&v->message);
    event.qtype = v->message.qtype;
    event.zone = v->message.qname.len ? &v->message.qname : NULL;
    event.has_rcode = v->decision == POLICY_ANSWER;
    event.rcode = v->answer.rcode;
    event.tsig_error = v->answer.tsig_error;
    relay_report(j->relay, &event);
}

static bool policy_refuse(struct judgement *j, int ede, const char *reason, const char *advice)
{
    policy_answer(j, DNS_RCODE_REFUSED, ede, reason);
    policy_report(j, (struct relay_event){.type = EVENT_REFUSED,
                                          .key = j->verdict->client.key,
                                          .result = reason,
                                          .advice = advice});
    return false;
}

static bool policy_form_error(struct judgement *j, const char *reason)
{
    policy_answer(j, DNS_RCODE_FORMERR, DNS_EDE_NONE, NULL);
    policy_report(j, (struct relay_event){.type = EVENT_REFUSED, .result = reason});
    return false;
}

/* M10: what no exchange can be made of. */
static bool policy_screen(struct judgement *j)
{
    const struct relay_request *request = j->request;
    struct dns_message *m = &j->verdict->message;
    if (request->len < DNS_HEADER_SIZE)
        return policy_drop(j);
    m->id = dns_wire_u16_at(request->octets);
    m->flags = dns_wire_u16_at(request->octets + 2);
    j->verdict->client.id = m->id;
    if (m->flags & DNS_FLAG_QR)
        return policy_drop(j);
    unsigned opcode = dns_message_opcode(m);
    if (opcode != DNS_OPCODE_QUERY && opcode != DNS_OPCODE_NOTIFY && opcode != DNS_OPCODE_UPDATE)
        return policy_answer(j, DNS_RCODE_NOTIMP, DNS_EDE_NONE, NULL);
    if (dns_message_parse(request->octets, request->len, m) < 0)
        return policy_form_error(j, "malformed");
    return true;
}

static void policy_read_opt(struct judgement *j)
{
    const struct dns_message *m = &j->verdict->message;
    struct client *client = &j->verdict->client;
    client->payload = m->opt_payload > DNS_UDP_MAX ? m->opt_payload : DNS_UDP_MAX;
    client->has_opt = m->opt_len > 0;
    /* The OPT record: root owner, type, class, then the TTL whose low half has the flags. */
    if (client->has_opt)
        client->opt_flags = dns_wire_u16_at(m->octets + m->opt_at + 7);
}

/* M10 on, and the form of a TSIG (P1, P11). */
static bool policy_check_form(struct judgement *j)
{
    const struct dns_message *m = &j->verdict->message;
    if (m->count[DNS_QUESTION] != 1)
        return policy_form_error(j, "question-count");
    if (dns_message_opcode(m) != DNS_OPCODE_QUERY &&
        (m->qclass == DNS_CLASS_ANY || m->qclass == DNS_CLASS_NONE))
        return policy_form_error(j, "class");
    if (m->qclass != DNS_CLASS_IN || m->qtype == DNS_TYPE_TKEY)
        return policy_refuse(j, DNS_EDE_NOT_SUPPORTED, "not-supported", NULL);
    if (m->tsig_place == DNS_TSIG_MISPLACED)
        return policy_form_error(j, "misplaced-tsig");
    if (m->tsig_place == DNS_TSIG_NONE)
        return true;
    if (tsig_record_decode(m, &j->verdict->record) < 0)
        return policy_form_error(j, "malformed-tsig");
    j->verdict->client.original_id = j->verdict->record.original_id;
    if (m->sig0)
        return policy_refuse(j, DNS_EDE_PROHIBITED, "sig0-and-tsig", NULL);
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

static enum tsig_verdict policy_verify(struct judgement *j, const struct tsig_key *key,
                                       struct tsig_chain *chain)
{
    *chain = tsig_chain_request();
    return tsig_verify(relay_mac(j->relay, key), chain, &j->verdict->message, &j->verdict->record,
                       j->request->now.seconds);
}

/* M1b: the key of a peer elsewhere. Both must fit, never one or the other. */
static bool policy_refuse_if_elsewhere(struct judgement *j)
{
    const struct config *config = j->relay->config;
    if (j->verdict->message.tsig_place != DNS_TSIG_LAST)
        return true;
    for (size_t i = 0; i < config->peer_count; i++) {
        const struct tsig_key *key =
            tsig_keyring_find(&config->peers[i].keyring, &j->verdict->record);
        struct tsig_chain chain;
        if (!key || policy_verify(j, key, &chain) != TSIG_VERIFIED)
            continue;
        j->verdict->client.key = key;
        j->verdict->client.chain = chain;
        bool here = peer_match(&config->peers[i], &j->request->from) >= 0;
        return policy_refuse(
            j, DNS_EDE_PROHIBITED, "key-from-elsewhere",
            here ? "the TSIG is good, but the peer at this address that has the key is of the role "
                   "that does not send this"
                 : "the TSIG is good but belongs to a peer at another address; add this address to "
                   "that peer's from, or give its key to this one");
    }
    return true;
}

static bool policy_tsig_failure(struct judgement *j, enum tsig_error error,
                                const struct tsig_key *key, const char *advice)
{
    struct policy_verdict *v = j->verdict;
    struct relay_event event = {.type = EVENT_TSIG_FAILURE,
                                .key = key,
                                .key_name = &v->record.key_name,
                                .result = "refused",
                                .advice = advice};
    policy_answer(j, DNS_RCODE_NOTAUTH, DNS_EDE_NONE, NULL);
    v->answer.tsig_error = (uint16_t)error;
    if (error == TSIG_BADKEY || error == TSIG_BADSIG)
        v->answer.bad_record = &v->record;
    if (error == TSIG_BADTIME) {
        v->answer.request_time = v->record.time_signed;
        v->answer.request_fudge = v->record.fudge;
        event.has_skew = true;
        event.skew = (int64_t)v->record.time_signed - (int64_t)j->request->now.seconds;
    }
    policy_report(j, event);
    return false;
}

static bool policy_check_tsig(struct judgement *j)
{
    struct policy_verdict *v = j->verdict;
    const struct tsig_key *key = tsig_keyring_find(&v->client.peer->keyring, &v->record);
    if (!key) {
        if (!policy_refuse_if_elsewhere(j))
            return false;
        v->client.passed = v->client.peer->unknown_key == PEER_PASS;
        if (v->client.passed)
            return true;
        return policy_tsig_failure(j, TSIG_BADKEY, NULL,
                                   "no such key for this peer; compare key name and algorithm");
    }
    struct tsig_chain chain;
    enum tsig_verdict verdict = policy_verify(j, key, &chain);
    /* With a good MAC the answer can be signed, whatever it says. */
    if (verdict == TSIG_VERIFIED || verdict == TSIG_VERDICT_BADTIME ||
        verdict == TSIG_VERDICT_BADTRUNC) {
        v->client.key = key;
        v->client.chain = chain;
    }
    switch (verdict) {
    case TSIG_VERIFIED:
        return true;
    case TSIG_VERDICT_FORMERR:
        return policy_form_error(j, "mac-size");
    case TSIG_VERDICT_BADKEY:
        return policy_tsig_failure(j, TSIG_BADKEY, key, "compare the algorithm on both sides");
    case TSIG_VERDICT_BADTIME:
        return policy_tsig_failure(j, TSIG_BADTIME, key, "check NTP on both sides");
    case TSIG_VERDICT_BADTRUNC:
        return policy_tsig_failure(j, TSIG_BADTRUNC, key,
                                   "its MAC is cut short; set minimum-mac if that is meant");
    case TSIG_VERDICT_BADSIG:
    case TSIG_VERDICT_FAILED:
        break;
    }
    return policy_tsig_failure(j, TSIG_BADSIG, key, "compare the secret on both sides");
}

static bool policy_is_ordinary(enum peer_operation operation)
{
    return operation == PEER_QUERY || operation == PEER_SOA;
}

/* May this peer, which has a key, go on without TSIG? (M4) */
static bool policy_check_unsigned(struct judgement *j)
{
    const struct peer *peer = j->verdict->client.peer;
    enum peer_operation operation = j->verdict->operation;
    if (peer->role == PEER_PRIMARY && peer->unsigned_notify == PEER_PASS)
        return true;
    if (peer->role == PEER_SECONDARY && peer->mode == PEER_OBSERVE && operation != PEER_UPDATE) {
        j->observed = true;
        return true;
    }
    if (peer->role == PEER_SECONDARY && peer->other == PEER_PASS && policy_is_ordinary(operation)) {
        j->exempt = true;
        j->verdict->client.passed = j->verdict->client.transparent;
        return true;
    }
    return policy_refuse(j, DNS_EDE_PROHIBITED, "no-tsig",
                         "this peer has a key but sent no TSIG; give it the key");
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
    if (!who.client) {
        if (policy_pass_by(j, &question))
            return false;
        if (!policy_refuse_if_elsewhere(j))
            return false;
        return policy_refuse(j, DNS_EDE_PROHIBITED, "unknown-source",
                             "no peer of the role that sends this has this address");
    }
    if (has_tsig)
        return policy_check_tsig(j);
    return peer_is_signed(v->client.peer) ? policy_check_unsigned(j) : true;
}

/* Operation and zone. */
static bool policy_authorize(struct judgement *j)
{
    const struct policy_verdict *v = j->verdict;
    const struct peer *peer = v->client.peer;
    if (v->operation == PEER_AXFR && j->request->transport == RELAY_UDP)
        return policy_form_error(j, "axfr-over-udp");
    uint32_t serial;
    if (v->operation == PEER_IXFR && !dns_xfr_soa_serial(&v->message, DNS_AUTHORITY, &serial))
        return policy_form_error(j, "ixfr-without-soa");
    if (peer->role == PEER_PRIMARY || j->exempt)
        return true;
    if (!(peer->allow & v->operation))
        return policy_refuse(j, DNS_EDE_PROHIBITED, "operation-not-allowed",
                             "see allow of this secondary");
    if (!who_has_zone(peer, &v->message.qname, v->operation))
        return policy_refuse(j, DNS_EDE_PROHIBITED, "zone-not-allowed",
                             "see zones of this secondary");
    return true;
}

static bool policy_takes_notify(const struct judgement *j, const struct peer *secondary)
{
    const struct policy_verdict *v = j->verdict;
    return secondary->role == PEER_SECONDARY && peer_has_primary(secondary, v->client.peer) &&
           (secondary->allow & PEER_NOTIFY) && peer_has_zone(secondary, &v->message.qname) &&
           (!j->named || j->named == secondary);
}

/* M2: the peer that the destination stands for; else the secondary's primaries, or every secondary
 * of the primary that has the zone. */
static bool policy_find_servers(struct judgement *j)
{
    struct policy_verdict *v = j->verdict;
    const struct config *config = j->relay->config;
    const struct peer *client = v->client.peer;
    v->servers = j->relay->servers;
    if (client->role == PEER_PRIMARY) {
        for (size_t i = 0; i < config->peer_count; i++)
            if (policy_takes_notify(j, &config->peers[i]))
                v->servers[v->server_count++] = &config->peers[i];
    } else {
        for (size_t i = 0; i < client->primary_count; i++)
            if (!j->named || j->named == client->primary[i])
                v->servers[v->server_count++] = client->primary[i];
    }
    if (v->server_count == 0)
        return policy_refuse(j, DNS_EDE_PROHIBITED, "no-server",
                             client->role == PEER_PRIMARY
                                 ? "no secondary of this primary has this zone"
                                 : "this local address stands for a primary of other secondaries");
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
    if (!policy_authorize(&j))
        return;
    if (policy_find_servers(&j) && j.observed)
        policy_report(&j, (struct relay_event){.type = EVENT_OBSERVED,
                                               .result = "unsigned",
                                               .advice = "mode = observe lets it through"});
}
