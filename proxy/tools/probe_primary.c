#include <errno.h>

#include "dns/text.h"
#include "tools/ours.h"
#include "tools/probe.h"

static void probe_primary_say_refused(struct probe *p, const struct peer *primary,
                                      const struct talk_place *place, const char *zone,
                                      const char *how)
{
    char source[ADDRESS_TEXT_SIZE];
    struct address ours = ours_seen_from(p->config, primary, &place->to);
    findings_mend(&p->findings, "%s: it refuses to transfer it to us (%s)", zone, how);
    findings_cure(&p->findings,
                  "let %s transfer it there; tsig-proxy show -f bind %s prints what to write, also "
                  "for nsd, knot, powerdns%s",
                  address_to_text(&ours, source), primary->name,
                  peer_is_signed(primary) ? ", yadifa" : ", yadifa, dnsmasq, axfrdns");
}

static void probe_primary_try_transfer(struct probe *p, const struct peer *primary,
                                       const struct talk_place *place, const struct dns_name *zone)
{
    char text[DNS_NAME_TEXT_SIZE], rcode[DNS_TEXT_SIZE];
    uint32_t serial;
    dns_name_to_text(zone, text);
    switch (probe_fetch(p, place, zone, &serial)) {
    case PROBE_FETCHED:
        findings_good(&p->findings, "%s: it transfers it to us", text);
        return;
    case PROBE_NOT_GIVEN:
        if (p->talk.has_record && p->talk.record.error && !probe_check_key(p, primary, place))
            return;
        probe_primary_say_refused(p, primary, place, text,
                                  dns_text_rcode(dns_message_rcode(&p->talk.answer), rcode));
        return;
    case PROBE_SILENT:
        if (p->error == -EPIPE) {
            probe_primary_say_refused(p, primary, place, text, "it closes the connection");
            return;
        }
        break;
    case PROBE_BROKEN:
        break;
    }
    findings_mend(&p->findings, "%s: no whole transfer: %s", text, talk_why(p->error));
    findings_cure(&p->findings, "look at the log of %s for what it says of this transfer",
                  primary->name);
}

/* The talk has the answer to a question for its SOA. */
static void probe_primary_zone(struct probe *p, const struct peer *primary,
                               const struct talk_place *place, const struct dns_name *zone)
{
    char text[DNS_NAME_TEXT_SIZE], rcode[DNS_TEXT_SIZE], source[ADDRESS_TEXT_SIZE];
    uint32_t serial;
    dns_name_to_text(zone, text);
    if (!probe_read_serial(&p->talk, zone, &serial)) {
        struct address ours = ours_seen_from(p->config, primary, &place->to);
        findings_mend(&p->findings, "%s: it does not serve this zone (%s)", text,
                      dns_text_rcode(dns_message_rcode(&p->talk.answer), rcode));
        findings_cure(&p->findings,
                      "zone missing: add it there, or take it out of 'zones' here; if others are "
                      "answered, let %s ask, too",
                      address_to_text(&ours, source));
        return;
    }
    findings_good(&p->findings, "%s: serial %u%s", text, serial,
                  p->talk.answer.flags & DNS_FLAG_AA ? "" : ", and says that it is no authority");
    probe_primary_try_transfer(p, primary, place, zone);
}

static void probe_primary_zones(struct probe *p, const struct peer *primary,
                                const struct talk_place *place, const struct probe_zones *zones)
{
    for (size_t i = 0; i < zones->count; i++) {
        /* For the first it has been asked. */
        if (i > 0 && probe_ask_soa(p, place, &zones->names[i]) < 0) {
            char text[DNS_NAME_TEXT_SIZE];
            findings_mend(&p->findings, "%s: %s", dns_name_to_text(&zones->names[i], text),
                          talk_why(p->error));
            findings_cure(&p->findings, "has it this zone? tinydns is silent about others");
            continue;
        }
        probe_primary_zone(p, primary, place, &zones->names[i]);
    }
    probe_say_zones(p, zones);
}

/* Some that are old find an OPT record a mistake; what secondaries ask has one. */
static void probe_primary_try_without_opt(struct probe *p, const struct peer *primary,
                                          struct talk_place *place, const struct dns_name *zone)
{
    char text[DNS_TEXT_SIZE];
    unsigned rcode = dns_message_rcode(&p->talk.answer);
    if (!place->edns || (rcode != DNS_RCODE_FORMERR && rcode != DNS_RCODE_NOTIMP))
        return;
    place->edns = false;
    if (probe_ask_soa(p, place, zone) < 0 || dns_message_rcode(&p->talk.answer) == rcode)
        return;
    findings_mend(&p->findings, "knows no EDNS: it answers a question with OPT with %s",
                  dns_text_rcode(rcode, text));
    findings_cure(&p->findings, "write 'edns = strip' in [primary %s]", primary->name);
}

void probe_primary(struct probe *p, const struct peer *primary)
{
    static const struct dns_name root = {.len = 1};
    struct probe_zones zones;
    probe_find_zones(p, primary, &zones);
    p->is_down[primary->place] = true;
    for (size_t i = 0; i < primary->address.count; i++) {
        const struct address *to = &primary->address.items[i];
        char text[ADDRESS_TEXT_SIZE];
        struct talk_place place = probe_place(p, primary, to, false);
        findings_head(&p->findings, "primary %s, %s", primary->name, address_to_text(to, text));
        const struct dns_name *zone = zones.count ? zones.names : &root;
        if (!probe_reach(p, primary, zone, &place))
            continue;
        p->is_down[primary->place] = false;
        probe_primary_try_without_opt(p, primary, &place, zone);
        if (probe_check_key(p, primary, &place))
            probe_primary_zones(p, primary, &place, &zones);
    }
}
