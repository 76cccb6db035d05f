/* A secondary: does it answer, has it the key, what has it of each zone, and, when that is wanted,
 * does it take a NOTIFY? What its primary has is asked first, for comparison. */
#include <errno.h>

#include "dns/query.h"
#include "dns/text.h"
#include "dns/xfr.h"
#include "tools/ours.h"
#include "tools/probe.h"

struct probe_newest {
    bool known;
    uint32_t serial;
};

/* Of its primaries, the first that says it; not of one that is known to be down. */
static struct probe_newest probe_secondary_newest(struct probe *p, const struct peer *secondary,
                                                  const struct dns_name *zone)
{
    struct probe_newest newest = {.known = false};
    for (size_t i = 0; i < secondary->primary_count; i++) {
        const struct peer *primary = secondary->primary[i];
        for (size_t k = 0; k < primary->address.count && !p->is_down[primary->place]; k++) {
            struct talk_place place = probe_place(p, primary, &primary->address.items[k],
                                                  primary->transport == PEER_TRANSPORT_TCP);
            if (probe_ask_soa(p, &place, zone) < 0)
                continue;
            newest.known = probe_read_serial(&p->talk, zone, &newest.serial);
            if (newest.known)
                return newest;
        }
    }
    return newest;
}

static void probe_secondary_say_lag(struct probe *p, const char *zone, uint32_t has,
                                    struct probe_newest newest)
{
    if (!newest.known)
        findings_note(&p->findings, "%s: serial %u; its primary says none", zone, has);
    else if (has == newest.serial)
        findings_good(&p->findings, "%s: serial %u, as its primary has", zone, has);
    else if (dns_xfr_serial_newer(newest.serial, has)) {
        findings_mend(&p->findings, "%s: behind: it has serial %u, its primary %u", zone, has,
                      newest.serial);
        findings_cure(&p->findings,
                      "tsig-proxy notify %s tells it; if it stays behind, its log says why it "
                      "cannot transfer",
                      zone);
    } else {
        findings_mend(&p->findings, "%s: ahead: it has serial %u, its primary only %u", zone, has,
                      newest.serial);
        findings_cure(&p->findings,
                      "the serial was set back: raise it above %u at the primary, or have the zone "
                      "fetched anew there",
                      has);
    }
}

/* The talk has the answer to a question for its SOA. */
static void probe_secondary_zone(struct probe *p, const struct peer *secondary,
                                 const struct talk_place *place, const struct dns_name *zone,
                                 struct probe_newest newest)
{
    char text[DNS_NAME_TEXT_SIZE], rcode[DNS_TEXT_SIZE];
    unsigned answered = dns_message_rcode(&p->talk.answer);
    uint32_t serial;
    dns_name_to_text(zone, text);
    if (probe_read_serial(&p->talk, zone, &serial)) {
        probe_secondary_say_lag(p, text, serial, newest);
        return;
    }
    if (answered == DNS_RCODE_SERVFAIL) {
        findings_mend(&p->findings,
                      "%s: it has no content (SERVFAIL): never transferred, or its "
                      "copy has expired",
                      text);
        if (probe_takes_any_algorithm(p, place))
            findings_cure(&p->findings,
                          "it takes the key with any algorithm, as NSD does, so compare by eye: a "
                          "wrong algorithm there is refused here, where it is %s",
                          place->key->algorithm->text);
        else
            findings_cure(&p->findings, "its log says why it cannot transfer; what it may have "
                                        "from this proxy is tried below");
        return;
    }
    findings_mend(&p->findings, "%s: it does not have this zone (%s)", text,
                  dns_text_rcode(answered, rcode));
    findings_cure(&p->findings,
                  "zone missing: add it there as a secondary zone; tsig-proxy show %s has what is "
                  "to be entered",
                  secondary->name);
}

static int probe_secondary_send_notify(struct probe *p, const struct talk_place *place,
                                       const struct dns_name *zone)
{
    uint8_t request[DNS_QUERY_MAX];
    struct dns_writer w = dns_wire_writer(request, sizeof request);
    dns_query_write(&w, zone, DNS_TYPE_SOA, 0);
    dns_wire_set_u16_at(request + DNS_FLAGS_AT, DNS_OPCODE_NOTIFY << 11 | DNS_FLAG_AA);
    p->error = talk_ask(&p->talk, place, request, w.at);
    return p->error;
}

static void probe_secondary_say_refused(struct probe *p, const struct peer *secondary,
                                        const struct talk_place *place, const char *zone)
{
    char rcode[DNS_TEXT_SIZE], source[ADDRESS_TEXT_SIZE];
    struct address ours = ours_seen_from(p->config, secondary, &place->to);
    findings_mend(&p->findings, "%s: it refuses our NOTIFY (%s)", zone,
                  dns_text_rcode(dns_message_rcode(&p->talk.answer), rcode));
    findings_cure(&p->findings,
                  "let %s notify it there%s, and have the zone there; tsig-proxy show %s has what "
                  "is to be entered",
                  address_to_text(&ours, source), place->key ? " with the key" : "",
                  secondary->name);
}

/* `known`: it has shown that it has the key. */
static void probe_secondary_notify(struct probe *p, const struct peer *secondary,
                                   const struct talk_place *place, const struct dns_name *zone,
                                   bool known)
{
    char text[DNS_NAME_TEXT_SIZE];
    const struct talk *t = &p->talk;
    dns_name_to_text(zone, text);
    if (probe_secondary_send_notify(p, place, zone) < 0) {
        findings_mend(&p->findings, "%s: no answer to NOTIFY: %s", text, talk_why(p->error));
        findings_cure(&p->findings, "is it the address for NOTIFYs, and may they come from here?");
        return;
    }
    /* Knot says BADKEY where no acl lets the key notify. */
    bool knows_key = known && t->has_record && t->record.error == TSIG_BADKEY;
    if (t->has_record && t->record.error && !knows_key && !probe_check_key(p, secondary, place))
        return;
    if (dns_message_rcode(&t->answer) != DNS_RCODE_NOERROR) {
        probe_secondary_say_refused(p, secondary, place, text);
    } else if (place->key && !t->proven) {
        findings_mend(&p->findings, "%s: it answers NOTIFY without a good TSIG", text);
        findings_cure(&p->findings, "the proxy takes that for forged: have the key there for "
                                    "NOTIFYs, too");
    } else {
        findings_good(&p->findings, "%s: it takes our NOTIFY", text);
    }
}

struct probe_task {
    struct probe_zones zones;
    struct probe_newest newest[PROBE_ZONES_MAX];
};

static void probe_secondary_zones(struct probe *p, const struct peer *secondary,
                                  const struct talk_place *place, const struct probe_task *task)
{
    const struct probe_zones *zones = &task->zones;
    for (size_t i = 0; i < zones->count; i++)
        if (i == 0 || probe_ask_soa(p, place, &zones->names[i]) == 0)
            probe_secondary_zone(p, secondary, place, &zones->names[i], task->newest[i]);
    probe_say_zones(p, zones);
}

/* The others of its keys: it need not have them. */
static void probe_secondary_keys(struct probe *p, const struct peer *secondary,
                                 const struct talk_place *place, const struct dns_name *zone)
{
    for (size_t i = 1; i < secondary->keyring.count; i++) {
        const struct tsig_key *key = secondary->keyring.keys[i];
        struct talk_place there = *place;
        char name[DNS_NAME_TEXT_SIZE];
        there.key = key;
        if (!key->secret || probe_ask_soa(p, &there, zone) < 0)
            continue;
        findings_note(&p->findings, "key %s (%s): it %s", dns_name_to_text(&key->name, name),
                      key->algorithm->text, p->talk.proven ? "has it, too" : "does not have it");
    }
}

static void probe_secondary_at(struct probe *p, const struct peer *secondary,
                               const struct address *to, const struct probe_task *task)
{
    static const struct dns_name root = {.len = 1};
    const struct dns_name *zone = task->zones.count ? task->zones.names : &root;
    char text[ADDRESS_TEXT_SIZE];
    struct talk_place place = probe_place(p, secondary, to, false);
    findings_head(&p->findings, "secondary %s, %s", secondary->name, address_to_text(to, text));
    bool reached = probe_reach(p, secondary, zone, &place);
    if (!reached && (!p->notify || p->error != -ETIMEDOUT))
        return;
    if (reached && !probe_check_key(p, secondary, &place))
        return;
    bool known = reached && p->talk.proven;
    if (reached) {
        probe_secondary_zones(p, secondary, &place, task);
        probe_secondary_keys(p, secondary, &place, zone);
    }
    if (p->notify && !secondary->notify)
        findings_note(&p->findings, "is sent no NOTIFYs: 'notify = no' in [secondary %s]",
                      secondary->name);
    for (size_t i = 0; i < task->zones.count && p->notify && secondary->notify; i++)
        probe_secondary_notify(p, secondary, &place, &task->zones.names[i], known);
}

void probe_secondary(struct probe *p, const struct peer *secondary)
{
    struct probe_task task;
    probe_find_zones(p, secondary, &task.zones);
    for (size_t i = 0; i < task.zones.count; i++)
        task.newest[i] = probe_secondary_newest(p, secondary, &task.zones.names[i]);
    for (size_t i = 0; i < secondary->address.count; i++)
        probe_secondary_at(p, secondary, &secondary->address.items[i], &task);
}
