#include "relay/leg.h"

#include <assert.h>
#include <string.h>

#include "dns/opt.h"
#include "tsig/verify.h"

void leg_move(struct leg *leg, enum leg_state state)
{
    static const unsigned arrows[] = {
        [LEG_IDLE] = 1 << LEG_DUE | 1 << LEG_ANSWERED | 1 << LEG_OVER,
        [LEG_DUE] = 1 << LEG_OPENING | 1 << LEG_OVER,
        [LEG_OPENING] = 1 << LEG_READY | 1 << LEG_DUE | 1 << LEG_OVER,
        [LEG_READY] = 1 << LEG_ASKED | 1 << LEG_DUE | 1 << LEG_OVER,
        [LEG_ASKED] = 1 << LEG_READY | 1 << LEG_DUE | 1 << LEG_ANSWERED | 1 << LEG_OVER,
        [LEG_ANSWERED] = 0,
        [LEG_OVER] = 0,
    };
    assert(arrows[leg->state] & 1u << state);
    leg->state = state;
}

static void leg_edit_opt(const struct leg *leg, uint8_t *octets, struct dns_message *m, size_t room)
{
    if (leg->peer->edns == PEER_EDNS_STRIP) {
        dns_opt_remove(octets, m);
        return;
    }
    dns_opt_remove_hop_options(octets, m, true);
    if (m->opt_len == 0 || m->opt_payload <= DNS_UDP_MAX)
        return;
    size_t lowered = m->opt_payload > room ? m->opt_payload - room : 0;
    dns_opt_set_payload(octets, m, (uint16_t)(lowered > DNS_UDP_MAX ? lowered : DNS_UDP_MAX));
}

int leg_send(struct leg *leg, struct relay *relay, const struct dns_message *request, size_t room,
             struct relay_time now, struct relay_packet *out)
{
    assert(leg->sent < LEG_SENDS_MAX);
    struct leg_send *send = &leg->sends[leg->sent];
    struct dns_writer tail = dns_wire_writer(relay->tail, sizeof relay->tail);
    struct dns_message m = *request;

    memcpy(relay->work, request->octets, request->len);
    m.octets = relay->work;
    m.id = relay->world.random_id(relay->world.arg);
    dns_wire_set_u16_at(relay->work, m.id);
    dns_wire_set_u16_at(relay->work + 10, m.count[DNS_ADDITIONAL]);
    leg_edit_opt(leg, relay->work, &m, room);

    send->id = m.id;
    send->chain = tsig_chain_request();
    if (peer_is_signed(leg->peer)) {
        const struct tsig_key *key = leg->peer->keyring.keys[0];
        struct tsig_stamp stamp = {
            .time_signed = now.seconds, .fudge = relay->config->proxy.fudge, .original_id = m.id};
        int error =
            tsig_sign(relay_mac(relay, key), &send->chain, &stamp, relay->work, m.len, &tail);
        if (error < 0)
            return error;
    }
    if (m.len + tail.at > DNS_MESSAGE_MAX)
        return DNS_ESPACE;
    leg->sent++;
    *out = (struct relay_packet){relay->work, m.len, relay->tail, tail.at};
    return 0;
}

static struct leg_send *leg_find_send(struct leg *leg, uint16_t id)
{
    for (unsigned i = 0; i < leg->sent; i++)
        if (leg->sends[i].id == id)
            return &leg->sends[i];
    return NULL;
}

/* An error answer of a server that did not even understand the question. */
static bool leg_is_bare_error(const struct dns_message *m)
{
    unsigned extra = (m->opt_len > 0) + (m->tsig_place == DNS_TSIG_LAST);
    return m->count[DNS_QUESTION] == 0 && m->count[DNS_ANSWER] == 0 &&
           m->count[DNS_AUTHORITY] == 0 && m->count[DNS_ADDITIONAL] == extra &&
           dns_message_rcode(m) != DNS_RCODE_NOERROR;
}

/* axfrdns leaves the question out of a transfer's messages, most others out of all but the first.
 */
static bool leg_may_lack_question(const struct leg *leg, const struct dns_message *request,
                                  bool continued)
{
    bool transfer = dns_message_opcode(request) == DNS_OPCODE_QUERY &&
                    (request->qtype == DNS_TYPE_AXFR || request->qtype == DNS_TYPE_IXFR);
    return leg->transport == RELAY_TCP && (transfer || continued);
}

static bool leg_matches(const struct leg *leg, const struct dns_message *request,
                        const struct dns_message *m, bool continued)
{
    if (!(m->flags & DNS_FLAG_QR) || dns_message_opcode(m) != dns_message_opcode(request))
        return false;
    if (m->count[DNS_QUESTION] == 1)
        return dns_message_same_question(m, request);
    if (m->count[DNS_QUESTION] > 1)
        return false;
    return leg_is_bare_error(m) || leg_may_lack_question(leg, request, continued);
}

static void leg_report(const struct leg *leg, struct relay *relay,
                       const struct dns_message *request, struct relay_event event)
{
    event.peer = leg->peer;
    event.address = &leg->to;
    event.transport = leg->transport;
    event.opcode = dns_message_opcode(request);
    event.qtype = request->qtype;
    event.zone = &request->qname;
    relay_report(relay, &event);
}

/* A peer that finds our time wrong says what its own clock shows (RFC 8945 section 5.2.3). */
static void leg_report_skew(const struct leg *leg, struct relay *relay,
                            const struct dns_message *request, const struct tsig_record *record,
                            struct relay_time now)
{
    if (record->error != TSIG_BADTIME || record->other_len != 6)
        return;
    struct dns_reader r = dns_wire_reader(record->other, record->other_len);
    int64_t skew = (int64_t)dns_wire_get_u48(&r) - (int64_t)now.seconds;
    leg_report(leg, relay, request,
               (struct relay_event){.type = EVENT_CLOCK_SKEW,
                                    .key_name = &record->key_name,
                                    .tsig_error = TSIG_BADTIME,
                                    .has_skew = true,
                                    .skew = skew,
                                    .result = "badtime",
                                    .advice = "check NTP there"});
}

static const char *leg_tsig_advice(const struct tsig_record *record)
{
    switch (record->error) {
    case TSIG_BADKEY:
        return "the peer says BADKEY (unsigned, so not proven): does it have this key?";
    case TSIG_BADSIG:
        return "the peer says BADSIG (unsigned, so not proven): compare the secret on both sides";
    case TSIG_BADTIME:
        return "the peer says BADTIME: check NTP on both sides";
    default:
        return "its answer's TSIG does not verify; it was not relayed";
    }
}

static enum leg_verdict leg_verify(const struct leg *leg, struct relay *relay,
                                   const struct dns_message *request, struct leg_send *send,
                                   const struct dns_message *m, struct relay_time now)
{
    const struct tsig_key *key = leg->peer->keyring.keys[0];
    struct tsig_chain chain = send->chain;
    struct tsig_record record;
    if (m->tsig_place != DNS_TSIG_LAST) {
        leg_report(leg, relay, request,
                   (struct relay_event){.type = EVENT_TSIG_FAILURE,
                                        .key = key,
                                        .has_rcode = true,
                                        .rcode = dns_message_rcode(m),
                                        .result = "unsigned-answer",
                                        .advice = "an answer without TSIG was dropped; does the "
                                                  "peer sign answers with this key?"});
        return LEG_UNSIGNED;
    }
    if (tsig_record_decode(m, &record) < 0)
        return LEG_BAD_TSIG;
    if (tsig_verify(relay_mac(relay, key), &chain, m, &record, now.seconds) != TSIG_VERIFIED) {
        leg_report(leg, relay, request,
                   (struct relay_event){.type = EVENT_TSIG_FAILURE,
                                        .key = key,
                                        .has_rcode = true,
                                        .rcode = dns_message_rcode(m),
                                        .tsig_error = record.error,
                                        .result = "bad-answer",
                                        .advice = leg_tsig_advice(&record)});
        return LEG_BAD_TSIG;
    }
    send->chain = chain;
    leg_report_skew(leg, relay, request, &record, now);
    return LEG_GOOD;
}

static void leg_strip(uint8_t *octets, struct dns_message *m)
{
    m->len = m->tsig_at;
    m->start[DNS_SECTIONS] = m->len;
    m->count[DNS_ADDITIONAL]--;
    m->tsig_place = DNS_TSIG_NONE;
    dns_wire_set_u16_at(octets + 10, m->count[DNS_ADDITIONAL]);
}

enum leg_verdict leg_judge(struct leg *leg, struct relay *relay, const struct dns_message *request,
                           uint8_t *octets, size_t len, bool continued, struct relay_time now,
                           struct dns_message *m)
{
    if (dns_message_parse(octets, len, m) < 0)
        return LEG_MALFORMED;
    struct leg_send *send = leg_find_send(leg, m->id);
    if (!send || !leg_matches(leg, request, m, continued))
        return LEG_MISMATCH;
    if (!peer_is_signed(leg->peer))
        return m->tsig_place != DNS_TSIG_NONE || m->sig0 ? LEG_SIGNED : LEG_GOOD;
    enum leg_verdict verdict = leg_verify(leg, relay, request, send, m, now);
    if (verdict == LEG_GOOD)
        leg_strip(octets, m);
    return verdict;
}
