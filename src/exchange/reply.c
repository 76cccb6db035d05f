#include "exchange/reply.h"

#include "dns/truncate.h"

/* P26: what the client could not make sense of without the question. */
static bool reply_lacks_question(const struct reply *reply)
{
    return reply->transfer && reply->first && reply->message.count[DNS_QUESTION] == 0 &&
           reply->message.count[DNS_ANSWER] > 0;
}

/* Of several pieces a UDP client is told to come back over TCP (P25's last resort). */
static int reply_ask_back(struct relay *relay, struct dns_message *piece)
{
    return dns_truncate(relay->desk->work, piece, piece->start[DNS_ANSWER] + piece->opt_len);
}

static int reply_write_anew(struct reply *reply, struct relay *relay, struct client *client,
                            struct relay_time now, struct relay_packet *out)
{
    struct dns_writer w = dns_wire_writer(relay->desk->work, sizeof relay->desk->work);
    struct dns_message piece;
    int more = dns_split_next(&reply->split, &w);
    if (more < 0)
        return more;
    int error = dns_message_parse(relay->desk->work, w.at, &piece);
    unsigned answers = error == 0 ? piece.count[DNS_ANSWER] : 0;
    if (error == 0 && more > 0 && client->transport == RELAY_UDP) {
        error = reply_ask_back(relay, &piece);
        more = 0;
    }
    if (error == 0)
        error =
            client_adapt(relay, client, relay->desk->work, &piece, reply->from_signed, now, out);
    if (error < 0)
        return error;
    reply->shortened |= piece.count[DNS_ANSWER] < answers;
    return more;
}

int reply_next(struct reply *reply, struct relay *relay, struct client *client,
               const struct dns_message *request, struct relay_time now, struct relay_packet *out)
{
    struct dns_message *m = &reply->message;
    unsigned answers = m->count[DNS_ANSWER];
    if (reply->version_only)
        dns_truncate_to_soa(reply->octets, m);
    if (!reply->anew && !reply_lacks_question(reply)) {
        int error = client_adapt(relay, client, reply->octets, m, reply->from_signed, now, out);
        reply->shortened = m->count[DNS_ANSWER] < answers;
        if (error != DNS_ESPACE || !reply->transfer || client->transport == RELAY_UDP)
            return error;
    }
    if (!reply->anew) {
        reply->shortened = m->count[DNS_ANSWER] < answers;
        dns_split_init(&reply->split, m, request, DNS_MESSAGE_MAX - client_room(client),
                       reply->first);
        reply->anew = true;
    }
    return reply_write_anew(reply, relay, client, now, out);
}

bool reply_culprit(const struct reply *reply, struct dns_name *owner, uint16_t *type)
{
    const struct dns_message *m = &reply->message;
    struct dns_reader r = dns_wire_reader(m->octets, m->len);
    r.at = reply->split.at;
    if (m->opt_len > 0 && r.at == m->opt_at)
        r.at += m->opt_len;
    if (!reply->anew || r.at >= m->len)
        return false;
    if (dns_name_read(&r, owner) < 0)
        return false;
    *type = dns_wire_get_u16(&r);
    return !r.failed;
}
