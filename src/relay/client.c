/* What a client is sent: an answer of our own, or a server's message made the client's. Both are
 * signed last, when their size is known to leave the room for it. */
#include "relay/client.h"

#include <string.h>

#include "dns/opt.h"
#include "dns/truncate.h"

struct replay_mark client_mark(const struct client *client)
{
    struct replay_mark mark = {
        .key = client->key->number,
        .from = client->from,
        .to = client->to,
        .tcp = client->transport == RELAY_TCP,
        .id = client->id,
    };
    size_t least = client->key->minimum_mac;
    memcpy(mark.mac, client->chain.mac, least < sizeof mark.mac ? least : sizeof mark.mac);
    return mark;
}

size_t client_room(const struct client *client)
{
    return client->key ? tsig_sign_room(client->key) : 0;
}

static size_t client_limit(const struct client *client)
{
    return client->transport == RELAY_UDP ? client->payload : DNS_MESSAGE_MAX;
}

/* How much of an answer's explanation is given. */
enum client_detail { CLIENT_NOTHING, CLIENT_CODE, CLIENT_TEXT };

/* P25: the client gets nothing, which is counted. */
static int client_drop(const struct relay *relay, const struct client *client)
{
    relay_report(relay, &(struct relay_event){.type = EVENT_IGNORED,
                                              .result = RESULT_NO_ROOM,
                                              .peer = client->peer,
                                              .client = client->peer,
                                              .address = &client->from,
                                              .transport = client->transport,
                                              .key = client->key});
    return DNS_ESPACE;
}

/* Header, question and OPT of an answer of our own; returns its length, 0 when it does not fit. */
static size_t client_write_answer(struct relay *relay, const struct client *client,
                                  const struct dns_message *request,
                                  const struct client_answer *answer, enum client_detail detail)
{
    struct dns_writer w = dns_wire_writer(relay->desk->work, client_limit(client));
    bool question = request->count[DNS_QUESTION] == 1 && request->qname.len > 0;
    uint16_t kept = request->flags & (DNS_MASK_OPCODE | DNS_FLAG_RD);
    dns_wire_put_u16(&w, client->id);
    dns_wire_put_u16(&w, DNS_FLAG_QR | kept | answer->flags | answer->rcode);
    dns_wire_put_u16(&w, question ? 1 : 0);
    dns_wire_put_u16(&w, 0);
    dns_wire_put_u16(&w, 0);
    dns_wire_put_u16(&w, client->has_opt ? 1 : 0);
    if (question) {
        dns_name_write(&w, &request->qname);
        dns_wire_put_u16(&w, request->qtype);
        dns_wire_put_u16(&w, request->qclass);
    }
    if (client->has_opt)
        dns_opt_write(&w, (uint16_t)relay->config->proxy.udp_size, client->opt_flags,
                      detail >= CLIENT_CODE ? answer->ede : DNS_EDE_NONE,
                      detail == CLIENT_TEXT ? answer->reason : NULL);
    return w.failed ? 0 : w.at;
}

static int client_sign_answer(struct relay *relay, struct client *client,
                              const struct client_answer *answer, struct relay_time now, size_t len,
                              struct dns_writer *tail)
{
    struct tsig_stamp stamp = relay_stamp(relay, now, client->original_id);
    stamp.error = answer->tsig_error;
    if (answer->bad_record)
        return tsig_sign_unsigned(answer->bad_record, &stamp, relay->desk->work, tail);
    if (!client->key)
        return 0;
    if (answer->tsig_error == TSIG_BADTIME) {
        stamp.time_signed = answer->request_time;
        stamp.fudge = answer->request_fudge;
        stamp.has_server_time = true;
        stamp.server_time = now.seconds;
    }
    struct tsig_mac *mac = relay_mac(relay, client->key);
    return tsig_sign(mac, &client->chain, &stamp, relay->desk->work, len, tail);
}

int client_answer(struct relay *relay, struct client *client, const struct dns_message *request,
                  const struct client_answer *answer, struct relay_time now,
                  struct relay_packet *out)
{
    size_t limit = client_limit(client);
    if (answer->limit && answer->limit < limit)
        limit = answer->limit;
    struct tsig_chain chain = client->chain;
    for (int detail = CLIENT_TEXT; detail >= CLIENT_NOTHING; detail--) {
        size_t len =
            client_write_answer(relay, client, request, answer, (enum client_detail)detail);
        struct dns_writer tail = dns_wire_writer(relay->desk->tail, sizeof relay->desk->tail);
        client->chain = chain;
        if (len == 0)
            continue;
        int error = client_sign_answer(relay, client, answer, now, len, &tail);
        if (error < 0)
            return error;
        if (len + tail.at > limit)
            continue;
        *out = (struct relay_packet){relay->desk->work, len, relay->desk->tail, tail.at};
        return 0;
    }
    return client_drop(relay, client);
}

/* Makes room for the TSIG. */
static int client_fit(struct relay *relay, const struct client *client, uint8_t *octets,
                      struct dns_message *m)
{
    size_t room = client_room(client);
    size_t limit = client_limit(client);
    if (m->len + room <= limit)
        return 0;
    if (client->transport == RELAY_TCP)
        return DNS_ESPACE;
    if (limit < room || dns_truncate(octets, m, limit - room) < 0)
        return client_drop(relay, client);
    return 0;
}

static int client_sign(struct relay *relay, struct client *client, uint8_t *octets, size_t len,
                       struct relay_time now, struct relay_packet *out)
{
    struct dns_writer tail = dns_wire_writer(relay->desk->tail, sizeof relay->desk->tail);
    if (client->key) {
        struct tsig_stamp stamp = relay_stamp(relay, now, client->original_id);
        struct tsig_mac *mac = relay_mac(relay, client->key);
        int error = tsig_sign(mac, &client->chain, &stamp, octets, len, &tail);
        if (error < 0)
            return error;
    }
    *out = (struct relay_packet){octets, len, relay->desk->tail, tail.at};
    return 0;
}

int client_adapt(struct relay *relay, struct client *client, uint8_t *octets, struct dns_message *m,
                 bool from_signed, struct relay_time now, struct relay_packet *out)
{
    m->id = client->id;
    if (client->passed) {
        dns_wire_set_u16_at(octets, m->id);
        *out = (struct relay_packet){octets, m->len, NULL, 0};
        return 0;
    }
    /* What came unsigned cannot vouch for its data (RFC 8945 section 5.5). */
    if (client->key && !from_signed)
        m->flags &= (uint16_t)~DNS_FLAG_AD;
    dns_wire_set_u16_at(octets, m->id);
    dns_wire_set_u16_at(octets + DNS_FLAGS_AT, m->flags);
    int error = dns_opt_remove_hop_options(octets, m, !client->transparent);
    if (error < 0)
        return error;
    error = client_fit(relay, client, octets, m);
    if (error < 0)
        return error;
    return client_sign(relay, client, octets, m->len, now, out);
}
