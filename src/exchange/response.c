/* Only AXFR and IXFR over TCP have answers of several messages, so only these are followed; any
 * other answer is complete with its first message. What a signed leg brings unsigned waits in
 * `hold` and goes on, in order, behind the message whose MAC covers it. */
#include "exchange/response.h"

#include <stdlib.h>
#include <string.h>

#include "dns/opt.h"
#include "dns/truncate.h"

int response_init(struct response *r, const struct errand *errand)
{
    struct response out = {.fault = RESULT_OK};
    if (errand_is_transfer(errand)) {
        int error = dns_xfr_init(&out.xfr, &errand->request);
        if (error < 0)
            return error;
    }
    *r = out;
    return 0;
}

void response_fini(struct response *r)
{
    hold_fini(&r->hold);
    free(r->kept);
    r->kept = NULL;
}

static enum response_state response_fail(struct response *r, enum relay_result fault)
{
    r->fault = fault;
    return RESPONSE_BROKEN;
}

static bool response_is_followed(const struct errand *errand, const struct response_part *part)
{
    return errand_is_transfer(errand) && part->transport == RELAY_TCP && !errand->soa_instead;
}

/* What the answer says of the zone's version; a UDP answer to an IXFR is a SOA, too. */
static void response_note_serial(struct response *r, const struct errand *errand,
                                 const struct response_part *part)
{
    if (r->has_serial)
        return;
    if (response_is_followed(errand, part)) {
        r->has_serial = r->xfr.has_serial;
        r->soa = r->xfr.soa;
    } else if (errand->operation == PEER_SOA || errand->operation == PEER_IXFR) {
        r->has_serial = dns_xfr_soa(part->message, DNS_ANSWER, &r->soa);
    }
    if (r->has_serial)
        (void)dns_opt_expire(part->message, &r->soa.expire);
    if (errand->operation == PEER_IXFR && r->has_serial)
        r->up_to_date = (part->message->count[DNS_ANSWER] == 1 || errand->soa_instead) &&
                        !dns_xfr_serial_newer(r->soa.serial, r->xfr.client_serial);
}

static void response_set_reply(struct response *r, const struct errand *errand,
                               const struct response_part *part)
{
    r->reply = (struct reply){
        .octets = part->octets,
        .message = *part->message,
        .from_signed = part->from_signed,
        .transfer = response_is_followed(errand, part) && !errand->client.passed,
        .first = r->messages == 0,
    };
    if (errand->soa_instead && part->message->count[DNS_QUESTION] == 1)
        dns_message_put_qtype(part->octets, &r->reply.message, DNS_TYPE_IXFR);
}

/* P29: over UDP an IXFR that is not whole in one message that fits is answered with its version, as
 * is one for which the SOA was asked. */
static bool response_is_version_only(const struct response *r, const struct errand *errand,
                                     const struct response_part *part)
{
    if (errand->soa_instead)
        return r->rcode == DNS_RCODE_NOERROR && dns_truncate_opens_with_soa(&r->reply.message);
    if (errand->client.transport == RELAY_TCP || !response_is_followed(errand, part))
        return false;
    if (r->xfr.state != DNS_XFR_DONE)
        return true;
    /* One with its question is cut where its room is known. */
    bool lacks_question = part->message->count[DNS_QUESTION] == 0;
    return r->xfr.has_serial && lacks_question && part->message->len > errand->client.payload;
}

/* The next of the messages that waited becomes the reply: 1, 0 when none is left, or an error. All
 * come over one leg, so but for their octets they are like the last one. */
static int response_take_held(struct response *r)
{
    uint8_t *octets;
    size_t len;
    if (!hold_take(&r->hold, &octets, &len))
        return 0;
    struct reply reply = {
        .octets = octets,
        .from_signed = r->reply.from_signed,
        .transfer = r->reply.transfer,
        .first = r->messages == 0,
    };
    int error = dns_message_parse(octets, len, &reply.message);
    if (error < 0)
        return error;
    r->reply = reply;
    return 1;
}

/* The message is covered, and with it all that were held. */
static int response_release(struct response *r, const struct errand *errand,
                            const struct response_part *part)
{
    response_set_reply(r, errand, part);
    if (hold_is_empty(&r->hold))
        return 0;
    int error = hold_add(&r->hold, part->octets, part->message->len);
    if (error == 0)
        error = response_take_held(r);
    return error < 0 ? error : 0;
}

enum response_state response_take(struct response *r, const struct errand *errand,
                                  const struct response_part *part)
{
    bool followed = response_is_followed(errand, part);
    free(r->kept);
    r->kept = NULL;
    r->server = part->server;
    r->leg = part->leg;
    if (followed && dns_xfr_follow(&r->xfr, part->message) == DNS_XFR_BROKEN)
        return response_fail(r, RESULT_BROKEN_TRANSFER);
    bool last = !followed || r->xfr.state == DNS_XFR_DONE;
    response_note_serial(r, errand, part);
    r->rcode = dns_message_rcode(part->message);
    if (!part->covered) {
        /* P21: the last message must have a MAC of its own. */
        if (last)
            return response_fail(r, RESULT_UNSIGNED_END);
        if (hold_add(&r->hold, part->octets, part->message->len) < 0)
            return response_fail(r, RESULT_NO_MEMORY);
        return RESPONSE_HELD;
    }
    if (response_release(r, errand, part) < 0)
        return response_fail(r, RESULT_NO_MEMORY);
    r->reply.version_only = response_is_version_only(r, errand, part);
    if (last)
        return RESPONSE_COMPLETE;
    return r->reply.version_only ? RESPONSE_ENOUGH : RESPONSE_RELAY;
}

int response_next(struct response *r, struct errand *errand, struct relay_time now,
                  struct relay_packet *out)
{
    int more = reply_next(&r->reply, errand->relay, &errand->client, &errand->request, now, out);
    if (more < 0)
        return more;
    r->messages++;
    r->octets += out->len + out->tail_len;
    return more ? 1 : response_take_held(r);
}

int response_keep(struct response *r)
{
    const struct dns_message *m = &r->reply.message;
    if (r->kept)
        return 0;
    r->kept = malloc(m->len);
    if (!r->kept)
        return DNS_EMEMORY;
    memcpy(r->kept, r->reply.octets, m->len);
    r->reply.octets = r->kept;
    r->reply.message.octets = r->kept;
    return 0;
}

enum relay_result response_result(const struct response *r, const struct errand *errand)
{
    if (r->rcode != DNS_RCODE_NOERROR)
        return RESULT_ERROR;
    if (errand_is_transfer(errand) && !r->has_serial)
        return RESULT_NO_TRANSFER;
    if (errand_is_transfer(errand) && !r->up_to_date &&
        (r->reply.version_only || r->reply.shortened))
        return RESULT_TRUNCATED;
    return r->xfr.serial_changed ? RESULT_SERIAL_CHANGED : RESULT_OK;
}

static enum relay_event_type response_kind(const struct response *r, const struct errand *errand)
{
    if (errand->operation == PEER_SOA || r->up_to_date)
        return EVENT_REFRESH;
    return errand_is_transfer(errand) ? EVENT_TRANSFER : EVENT_REQUEST;
}

void response_report(const struct response *r, const struct errand *errand, int rcode,
                     enum relay_result result, struct relay_time now)
{
    if (errand->operation == PEER_NOTIFY)
        return;
    if (rcode >= 0)
        replay_answered(&errand->relay->desk->memory->replay, errand->ticket, (unsigned)rcode);
    struct relay_event event = {
        .type = response_kind(r, errand),
        .result = result,
        .server = r->server,
        .at = r->leg ? &r->leg->to : NULL,
        .source = r->leg && r->leg->source.family != ADDRESS_NONE ? &r->leg->source : NULL,
        .key = errand->client.key,
        .has_rcode = rcode >= 0,
        .rcode = rcode >= 0 ? (unsigned)rcode : 0,
        .has_serial = r->has_serial,
        .serial = r->soa.serial,
        .has_timers = r->has_serial,
        .refresh = r->soa.refresh,
        .expire = r->soa.expire,
        .has_client_serial = errand->operation == PEER_IXFR,
        .client_serial = r->xfr.client_serial,
        .messages = r->messages,
        .octets = r->octets,
    };
    errand_report(errand, event, now);
}

struct relay_event response_fault_event(const struct response *r, const struct errand *errand,
                                        int error, struct dns_name *culprit)
{
    bool udp = errand->client.transport == RELAY_UDP;
    struct relay_event event = {
        .type = EVENT_UPSTREAM_FAILURE,
        .result = error == DNS_ESPACE ? RESULT_NO_ROOM_FOR_TSIG : RESULT_CANNOT_RELAY,
        .advice =
            udp ? "its answer does not fit the client's UDP payload size"
                : "a message of this server could not be signed; what does not fit is not left out",
    };
    if (error == DNS_ESPACE && reply_culprit(&r->reply, culprit, &event.record_type))
        event.record = culprit;
    return event;
}
