#include "exchange/errand.h"

#include <stdlib.h>
#include <string.h>

#include "dns/notify.h"

int errand_init(struct errand *e, struct relay *relay, const struct policy_verdict *verdict,
                const struct relay_request *request)
{
    uint8_t *octets = malloc(request->len);
    if (!octets)
        return DNS_EMEMORY;
    memcpy(octets, request->octets, request->len);
    *e = (struct errand){
        .relay = relay_ref(relay),
        .octets = octets,
        .len = request->len,
        .request = verdict->message,
        .operation = verdict->operation,
        .client = verdict->client,
        .began = request->now.ms,
    };
    e->request.octets = octets;
    if (e->operation == PEER_UPDATE && e->client.key) {
        struct replay_mark mark = client_mark(&e->client);
        e->ticket = replay_add(&relay->desk->memory->replay, &mark);
        /* Another worker was faster with a copy. */
        if (e->ticket == 0) {
            errand_fini(e);
            return DNS_EFORMAT;
        }
    }
    return 0;
}

void errand_fini(struct errand *e)
{
    free(e->octets);
    e->octets = NULL;
    relay_unref(e->relay);
    e->relay = NULL;
}

bool errand_is_transfer(const struct errand *e)
{
    return e->operation == PEER_AXFR || e->operation == PEER_IXFR;
}

bool errand_is_asked(const struct errand *e, const struct dns_message *answer)
{
    if (!e->soa_instead)
        return dns_message_same_question(answer, &e->request);
    struct dns_message asked = e->request;
    asked.qtype = DNS_TYPE_SOA;
    return dns_message_same_question(answer, &asked);
}

struct sleeper_hint errand_hint(const struct errand *e)
{
    struct sleeper_hint hint = {0};
    hint.known = dns_notify_serial(&e->request, &hint.serial);
    return hint;
}

void errand_report(const struct errand *e, struct relay_event event, struct relay_time now)
{
    if (!event.peer) {
        event.peer = e->client.peer;
        event.address = &e->client.from;
        event.transport = e->client.transport;
    }
    event.client = e->client.peer;
    event.opcode = dns_message_opcode(&e->request);
    event.qtype = e->request.qtype;
    event.zone = &e->request.qname;
    event.milliseconds = now.ms - e->began;
    if (event.type == EVENT_NOTIFY)
        event.has_serial = dns_notify_serial(&e->request, &event.serial);
    relay_report(e->relay, &event);
}

void errand_report_notified(const struct errand *e, struct relay_time now)
{
    struct relay_event event = {.type = EVENT_NOTIFIED, .key = e->client.key};
    event.has_serial = dns_notify_serial(&e->request, &event.serial);
    errand_report(e, event, now);
}
