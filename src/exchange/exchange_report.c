#include "exchange/exchange_report.h"

void exchange_report_end(const struct exchange *x, int rcode, const char *result,
                         struct relay_time now)
{
    if (x->operation == PEER_NOTIFY)
        return;
    struct relay_event event = {
        .type = exchange_is_transfer(x) ? EVENT_TRANSFER : EVENT_REQUEST,
        .peer = x->client.peer,
        .address = &x->client.from,
        .key = x->client.key,
        .zone = &x->request.qname,
        .transport = x->client.transport,
        .opcode = dns_message_opcode(&x->request),
        .qtype = x->request.qtype,
        .has_rcode = rcode >= 0,
        .rcode = rcode >= 0 ? (unsigned)rcode : 0,
        .has_serial = x->xfr.has_serial,
        .serial = x->xfr.serial,
        .messages = x->messages,
        .octets = x->relayed_octets,
        .milliseconds = now.ms - x->legs.load.began,
        .result = result,
    };
    relay_report(x->relay, &event);
}

/* "ok" is for what the secondary can use. */
static const char *exchange_report_result(const struct exchange *x, int rcode)
{
    bool transfer = exchange_is_transfer(x) && x->legs.items[x->reply_leg].transport == RELAY_TCP;
    if (rcode != DNS_RCODE_NOERROR)
        return "error";
    if (transfer && !x->xfr.has_serial)
        return "no-transfer";
    return x->xfr.serial_changed ? "serial-changed" : "ok";
}

void exchange_report_relayed(const struct exchange *x, int rcode, struct relay_time now)
{
    exchange_report_end(x, rcode, exchange_report_result(x, rcode), now);
}

void exchange_report_unrelayable(const struct exchange *x, int error, struct relay_time now)
{
    bool udp = x->client.transport == RELAY_UDP;
    struct relay_event event = {
        .type = EVENT_UPSTREAM_FAILURE,
        .result = error == DNS_ESPACE ? "no-room-for-tsig" : "cannot-relay",
        .advice =
            udp ? "its answer does not fit the client's UDP payload size"
                : "a message of this server could not be signed; what does not fit is not left out",
    };
    struct dns_name owner;
    if (error == DNS_ESPACE && reply_culprit(&x->reply, &owner, &event.record_type))
        event.record = &owner;
    leg_report(&x->legs.items[x->reply_leg], &x->legs.load, event, now);
}
