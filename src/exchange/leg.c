/* A leg's life is in its header's picture; this is what it sends and how it judges what comes. The
 * happy path: leg_send builds a copy of the request, leg_judge parses an answer, matches it with a
 * copy that was sent, and verifies its TSIG; what verifies is handed on without it. Over UDP a bad
 * answer may be anybody's, so it changes nothing but what is told. */
#include "exchange/leg.h"

#include <assert.h>
#include <string.h>

#include "dns/notify.h"
#include "dns/opt.h"
#include "dns/truncate.h"
#include "tsig/verify.h"

void leg_move(struct leg *leg, enum leg_state state)
{
    static const unsigned arrows[] = {
        [LEG_IDLE] = 1 << LEG_DUE | 1 << LEG_ANSWERED | 1 << LEG_OVER,
        [LEG_DUE] = 1 << LEG_QUEUED | 1 << LEG_OPENING | 1 << LEG_OVER,
        [LEG_QUEUED] = 1 << LEG_DUE | 1 << LEG_OVER,
        [LEG_OPENING] = 1 << LEG_READY | 1 << LEG_DUE | 1 << LEG_IDLE | 1 << LEG_OVER,
        [LEG_READY] = 1 << LEG_ASKED | 1 << LEG_DUE | 1 << LEG_OVER,
        [LEG_ASKED] = 1 << LEG_READY | 1 << LEG_DUE | 1 << LEG_ANSWERED | 1 << LEG_OVER,
        [LEG_ANSWERED] = 0,
        [LEG_OVER] = 0,
    };
    assert(arrows[leg->state] & 1u << state);
    leg->state = state;
}

void leg_fini(struct leg *leg)
{
    tsig_stream_fini(&leg->stream);
}

void leg_report(const struct leg *leg, const struct errand *errand, struct relay_event event,
                struct relay_time now)
{
    event.peer = event.server = leg->peer;
    event.address = &leg->to;
    event.source = leg->source.family == ADDRESS_NONE ? NULL : &leg->source;
    event.transport = leg->transport;
    if (event.type == EVENT_NOTIFY)
        event.tries = leg->sent;
    errand_report(errand, event, now);
}

/* M7: the payload size is what the client will be given, less the room for its TSIG; what belongs
 * to one hop is left out. */
static int leg_edit_opt(const struct leg *leg, const struct client *client, uint8_t *octets,
                        struct dns_message *m)
{
    if (leg->peer->edns == PEER_EDNS_STRIP)
        return dns_opt_remove(octets, m);
    if (m->opt_payload > DNS_UDP_MAX) {
        size_t least = DNS_UDP_MAX + client_room(client);
        size_t most = client->payload > least ? client->payload : least;
        uint16_t payload = (uint16_t)(most - client_room(client));
        int error = dns_opt_set_payload(octets, m, payload);
        if (error < 0)
            return error;
    }
    return dns_opt_remove_hop_options(octets, m, !client->transparent);
}

/* P29: in place of the IXFR. */
static void leg_ask_soa(uint8_t *octets, struct dns_message *m)
{
    dns_truncate_to_question(octets, m);
    dns_message_put_qtype(octets, m, DNS_TYPE_SOA);
}

static int leg_sign(struct leg *leg, struct relay *relay, struct leg_send *send, size_t len,
                    struct relay_time now, struct dns_writer *tail)
{
    struct tsig_stamp stamp = relay_stamp(relay, now, send->id);
    struct tsig_mac *mac = relay_mac(relay, leg->key);
    int error = tsig_sign(mac, &send->chain, &stamp, relay->desk->work, len, tail);
    if (error < 0 || leg->transport == RELAY_UDP)
        return error;
    tsig_stream_fini(&leg->stream);
    return tsig_stream_init(&leg->stream, mac, &send->chain);
}

/* The request in the relay's work place. Of a NOTIFY that is signed for others, or sent to several,
 * only what it says goes along: the rest would be octets of anybody's choice. */
static int leg_copy(const struct errand *errand, struct dns_message *m)
{
    struct relay *relay = errand->relay;
    *m = errand->request;
    if (errand->operation == PEER_NOTIFY && !errand->client.passed) {
        struct dns_writer w = dns_wire_writer(relay->desk->work, sizeof relay->desk->work);
        if (!dns_notify_write(&errand->request, &w))
            return DNS_ESPACE;
        return dns_message_parse(relay->desk->work, w.at, m);
    }
    memcpy(relay->desk->work, m->octets, m->len);
    m->octets = relay->desk->work;
    return 0;
}

int leg_send(struct leg *leg, const struct errand *errand, struct relay_time now,
             struct relay_packet *out)
{
    assert(leg->sent < LEG_SENDS_MAX);
    struct relay *relay = errand->relay;
    struct leg_send *send = &leg->sends[leg->sent];
    struct dns_writer tail = dns_wire_writer(relay->desk->tail, sizeof relay->desk->tail);
    struct dns_message m;
    int error = leg_copy(errand, &m);
    if (error < 0)
        return error;
    m.id = relay->desk->world.random_id(relay->desk->world.arg);
    dns_wire_set_u16_at(relay->desk->work, m.id);
    dns_message_put_arcount(relay->desk->work, m.count[DNS_ADDITIONAL]);
    if (errand->soa_instead)
        leg_ask_soa(relay->desk->work, &m);
    if (!errand->client.passed)
        error = leg_edit_opt(leg, &errand->client, relay->desk->work, &m);
    if (error < 0)
        return error;
    *send = (struct leg_send){.id = m.id, .chain = tsig_chain_request()};
    /* The same for every copy, or a late answer to an earlier one could not be verified. */
    if (leg->sent == 0)
        leg->key = errand->client.passed ? NULL : relay_key(relay, leg->peer);
    if (leg->key) {
        error = leg_sign(leg, relay, send, m.len, now, &tail);
        if (error < 0)
            return error;
    }
    if (m.len + tail.at > DNS_MESSAGE_MAX)
        return DNS_ESPACE;
    leg->sent++;
    *out = (struct relay_packet){relay->desk->work, m.len, relay->desk->tail, tail.at};
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
    int extra = (m->opt_len > 0) + (m->tsig_place == DNS_TSIG_LAST);
    return m->count[DNS_QUESTION] == 0 && m->count[DNS_ANSWER] == 0 &&
           m->count[DNS_AUTHORITY] == 0 && m->count[DNS_ADDITIONAL] == extra &&
           dns_message_rcode(m) != DNS_RCODE_NOERROR;
}

/* axfrdns leaves the question out of a transfer's messages, most others of all but the first. */
static bool leg_may_lack_question(const struct leg *leg, const struct errand *errand)
{
    return leg->transport == RELAY_TCP && errand_is_transfer(errand) && !errand->soa_instead;
}

static bool leg_matches(const struct leg *leg, const struct errand *errand,
                        const struct dns_message *m)
{
    if (!(m->flags & DNS_FLAG_QR) || dns_message_opcode(m) != dns_message_opcode(&errand->request))
        return false;
    if (m->count[DNS_QUESTION] == 1)
        return errand_is_asked(errand, m);
    if (m->count[DNS_QUESTION] > 1)
        return false;
    return leg_is_bare_error(m) || leg_may_lack_question(leg, errand);
}

/* Once an answer: its key is in use, and what its clock shows is proven. */
static void leg_report_verified(const struct leg *leg, const struct errand *errand,
                                const struct tsig_record *record, struct relay_time now)
{
    struct relay_event event = {.type = EVENT_VERIFIED, .key = leg->key, .has_skew = true};
    event.skew = (int64_t)record->time_signed - (int64_t)now.seconds;
    leg_report(leg, errand, event, now);
}

/* A peer that finds our time wrong says what its own clock shows (RFC 8945 section 5.2.3). */
static void leg_report_skew(const struct leg *leg, const struct errand *errand,
                            const struct tsig_record *record, struct relay_time now)
{
    if (record->error != TSIG_BADTIME || record->other_len != 6)
        return;
    struct dns_reader r = dns_wire_reader(record->other, record->other_len);
    int64_t skew = (int64_t)dns_wire_get_u48(&r) - (int64_t)now.seconds;
    leg_report(leg, errand,
               (struct relay_event){.type = EVENT_CLOCK_SKEW,
                                    .key = leg->key,
                                    .tsig_error = TSIG_BADTIME,
                                    .has_skew = true,
                                    .skew = skew,
                                    .result = RESULT_BADTIME},
               now);
}

/* Once a response: PowerDNS repeats the query's time, and slow readers make any server wait. */
static void leg_report_age(struct leg *leg, const struct errand *errand, struct relay_time now)
{
    if (!leg->stream.aged || leg->aged)
        return;
    leg->aged = true;
    leg_report(
        leg, errand,
        (struct relay_event){.type = EVENT_CLOCK_SKEW, .key = leg->key, .result = RESULT_AGED},
        now);
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

/* So a server answers a NOTIFY for a zone that it lacks: NSD, Knot and others without a TSIG. */
static bool leg_lacks_zone(const struct errand *errand, const struct dns_message *m,
                           const struct tsig_record *record)
{
    unsigned rcode = dns_message_rcode(m);
    return errand->operation == PEER_NOTIFY && !record &&
           (rcode == DNS_RCODE_NXDOMAIN || rcode == DNS_RCODE_NOTAUTH ||
            rcode == DNS_RCODE_REFUSED);
}

/* An answer that cannot be verified proves nothing; it is worth a line, and doubt of the key unless
 * there is another reason. */
static enum leg_verdict leg_doubt(struct leg *leg, const struct errand *errand,
                                  const struct dns_message *m, const struct tsig_record *record,
                                  struct relay_time now)
{
    const char *advice = record ? leg_tsig_advice(record) : NULL;
    if (leg_lacks_zone(errand, m, record))
        advice = "the secondary may have no such zone, or does not let us notify it (unsigned, so "
                 "not proven)";
    else
        leg->doubted = true;
    leg_report(leg, errand,
               (struct relay_event){.type = EVENT_TSIG_FAILURE,
                                    .key = leg->key,
                                    .offered = record ? &record->algorithm : NULL,
                                    .has_rcode = true,
                                    .rcode = dns_message_rcode(m),
                                    .tsig_error = record ? record->error : TSIG_NOERROR,
                                    .result = record ? RESULT_BAD_ANSWER : RESULT_UNSIGNED_ANSWER,
                                    .advice = advice},
               now);
    return LEG_UNVERIFIED;
}

static enum tsig_stream_state leg_verify_datagram(struct leg *leg, struct relay *relay,
                                                  const struct dns_message *m,
                                                  const struct tsig_record *record,
                                                  struct relay_time now)
{
    struct tsig_chain chain = leg_find_send(leg, m->id)->chain;
    if (!record)
        return TSIG_STREAM_FAILED;
    switch (tsig_verify(relay_mac(relay, leg->key), &chain, m, record, relay_clock(relay, now))) {
    case TSIG_VERIFIED:
        return TSIG_STREAM_VERIFIED;
    case TSIG_VERDICT_FAILED:
        return TSIG_STREAM_UNABLE;
    default:
        return TSIG_STREAM_FAILED;
    }
}

static enum leg_verdict leg_verify(struct leg *leg, const struct errand *errand,
                                   const struct dns_message *m, struct relay_time now)
{
    struct tsig_record decoded;
    const struct tsig_record *record = NULL;
    enum tsig_stream_state state;
    if (m->tsig_place != DNS_TSIG_NONE) {
        if (m->tsig_place == DNS_TSIG_MISPLACED || tsig_record_decode(m, &decoded) < 0)
            return LEG_MALFORMED;
        record = &decoded;
    }
    /* What a continuation says of errors and clocks is in no digest (section 5.3.1). */
    bool proven = leg->transport == RELAY_UDP || leg->stream.state == TSIG_STREAM_FIRST;
    if (leg->transport == RELAY_UDP)
        state = leg_verify_datagram(leg, errand->relay, m, record, now);
    else
        state = tsig_stream_verify(&leg->stream, m, record, relay_clock(errand->relay, now));
    if (state == TSIG_STREAM_PENDING)
        return LEG_PENDING;
    if (state == TSIG_STREAM_UNABLE)
        return LEG_UNABLE;
    if (state != TSIG_STREAM_VERIFIED)
        return leg_doubt(leg, errand, m, record, now);
    assert(record);
    if (proven) {
        leg_report_verified(leg, errand, record, now);
        leg_report_skew(leg, errand, record, now);
    }
    if (leg->transport == RELAY_TCP)
        leg_report_age(leg, errand, now);
    return LEG_GOOD;
}

enum leg_verdict leg_judge(struct leg *leg, const struct errand *errand, uint8_t *octets,
                           size_t len, struct relay_time now, struct dns_message *m)
{
    enum leg_verdict verdict = LEG_GOOD;
    if (dns_message_parse(octets, len, m) < 0)
        return LEG_MALFORMED;
    if (!leg_find_send(leg, m->id) || !leg_matches(leg, errand, m))
        return LEG_MISMATCH;
    if (leg->key)
        verdict = leg_verify(leg, errand, m, now);
    else if (!errand->client.passed && (m->tsig_place != DNS_TSIG_NONE || m->sig0))
        verdict = LEG_SIGNED;
    if (verdict == LEG_GOOD && leg->key) {
        dns_message_strip_tsig(m);
        dns_message_put_arcount(octets, m->count[DNS_ADDITIONAL]);
    }
    return verdict;
}

enum relay_result leg_misfit(enum leg_verdict verdict)
{
    switch (verdict) {
    case LEG_MALFORMED:
        return RESULT_MALFORMED_ANSWER;
    case LEG_MISMATCH:
        return RESULT_MISMATCHED_ANSWER;
    case LEG_SIGNED:
        return RESULT_UNEXPECTED_TSIG;
    case LEG_UNABLE:
        return RESULT_NO_MEMORY;
    default:
        return RESULT_UNVERIFIED_ANSWER;
    }
}
