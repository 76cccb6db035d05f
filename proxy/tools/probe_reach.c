/* Is there anybody at an address, and by which transport? A question for a zone's SOA finds out:
 * every server answers it, if only with a refusal. */
#include <errno.h>

#include "dns/query.h"
#include "dns/xfr.h"
#include "tools/probe.h"

#define PROBE_PAYLOAD 1232

int probe_ask_soa(struct probe *p, const struct talk_place *place, const struct dns_name *zone)
{
    uint8_t request[DNS_QUERY_MAX];
    struct dns_writer w = dns_wire_writer(request, sizeof request);
    dns_query_write(&w, zone, DNS_TYPE_SOA, place->edns ? PROBE_PAYLOAD : 0);
    p->error = talk_ask(&p->talk, place, request, w.at);
    return p->error;
}

bool probe_read_serial(const struct talk *t, const struct dns_name *zone, uint32_t *serial)
{
    struct dns_message named = t->answer; /* whose SOA it is that is looked for */
    named.qname = *zone;
    return dns_message_rcode(&t->answer) == DNS_RCODE_NOERROR &&
           dns_xfr_soa_serial(&named, DNS_ANSWER, serial);
}

static bool probe_reach_is_ours(int error)
{
    return error == -EADDRNOTAVAIL || error == -EPERM || error == -EACCES || error == -ENOTSUP;
}

static void probe_reach_say_ours(struct probe *p, const struct peer *peer,
                                 const struct talk_place *place, int error)
{
    char source[ADDRESS_TEXT_SIZE];
    if (error == -ENOTSUP) {
        findings_mend(&p->findings, "this OpenSSL offers no %s", place->key->algorithm->text);
        findings_cure(&p->findings, "use another algorithm on both sides");
        return;
    }
    findings_mend(&p->findings, "cannot ask from %s: %s", address_to_text(&place->source, source),
                  talk_why(error));
    if (error == -EADDRNOTAVAIL)
        findings_cure(&p->findings, "give this host the address, or correct 'source' in [%s %s]",
                      probe_role(peer), peer->name);
    else
        findings_cure(&p->findings, "run probe as root: with 'transparent' it asks from addresses "
                                    "of others");
}

static void probe_reach_say_down(struct probe *p, const struct peer *peer,
                                 const struct dns_name *zone, int udp, int tcp)
{
    char text[DNS_NAME_TEXT_SIZE];
    if (udp == -ETIMEDOUT && tcp == -EPIPE) {
        findings_mend(&p->findings, "says nothing about %s: no answer over UDP, closes over TCP",
                      dns_name_to_text(zone, text));
        findings_cure(&p->findings, "has it this zone? tinydns and axfrdns are silent about "
                                    "zones that they lack, and to hosts that may not ask");
        return;
    }
    findings_mend(&p->findings, "down or out of reach; UDP: %s; TCP: %s", talk_why(udp),
                  talk_why(tcp));
    if (p->config->proxy.transparent && udp == -ETIMEDOUT)
        findings_cure(&p->findings,
                      "start it; or are the packet rules missing, without which answers to the "
                      "addresses of others do not come here? tsig-proxy show --tproxy | sh -s up");
    else if (udp == -ECONNREFUSED || tcp == -ECONNREFUSED)
        findings_cure(&p->findings,
                      "the host is there, the server is not: start it, or correct 'address' in "
                      "[%s %s]",
                      probe_role(peer), peer->name);
    else
        findings_cure(&p->findings,
                      "start the host or its server, let UDP and TCP through to this port, or "
                      "correct 'address' in [%s %s]%s",
                      probe_role(peer), peer->name,
                      peer->role == PEER_SECONDARY && !p->notify
                          ? "; some take NOTIFYs alone here: try --notify"
                          : "");
}

/* One of the two works. */
static void probe_reach_say_half(struct probe *p, const struct peer *peer, int udp, int tcp)
{
    if (udp < 0 && peer->transport == PEER_TRANSPORT_TCP) {
        findings_note(&p->findings, "answers over TCP, which is what 'transport = tcp' takes");
    } else if (udp < 0) {
        findings_mend(&p->findings, "answers over TCP but not over UDP (%s): UDP is blocked",
                      talk_why(udp));
        findings_cure(&p->findings, "let UDP through to this port, and its answers back: firewalls "
                                    "and clouds have rules for UDP and TCP apart");
    } else if (peer->role == PEER_PRIMARY) {
        findings_mend(&p->findings, "answers over UDP but not over TCP: %s", talk_why(tcp));
        findings_cure(&p->findings, "let TCP through to this port: transfers take it");
    } else {
        findings_note(&p->findings, "answers over UDP, not over TCP (%s): enough for NOTIFYs",
                      talk_why(tcp));
    }
}

bool probe_reach(struct probe *p, const struct peer *peer, const struct dns_name *zone,
                 struct talk_place *place)
{
    place->tcp = false;
    int udp = probe_ask_soa(p, place, zone);
    if (probe_reach_is_ours(udp)) {
        probe_reach_say_ours(p, peer, place, udp);
        return false;
    }
    place->tcp = true;
    int tcp = probe_ask_soa(p, place, zone);
    place->tcp = udp < 0;
    if (udp < 0 && tcp < 0) {
        if (peer->role == PEER_SECONDARY && p->notify && udp == -ETIMEDOUT && tcp == -ETIMEDOUT)
            findings_note(&p->findings, "answers no questions; some take NOTIFYs alone");
        else
            probe_reach_say_down(p, peer, zone, udp, tcp);
        place->tcp = false;
        return false;
    }
    if (udp < 0 || tcp < 0)
        probe_reach_say_half(p, peer, udp, tcp);
    else
        findings_good(&p->findings, "answers over UDP and TCP");
    return tcp == 0 || probe_ask_soa(p, place, zone) == 0;
}
