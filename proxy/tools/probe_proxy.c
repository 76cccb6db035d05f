/* The proxy that runs here, asked as a secondary asks it. It wants address and key of that
 * secondary, so there are three ways, and the first that can be had is taken: from an address of
 * this host that is the secondary's in the configuration; as root from the secondary's own address
 * (stand_in.h); else from any, which the proxy must refuse, and in its refusal it says whether it
 * has the key. */
#include <ctype.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>

#include "dns/opt.h"
#include "dns/text.h"
#include "net/socket.h"
#include "relay/report.h"
#include "tools/probe.h"
#include "tools/stand_in.h"

#define PROBE_REASON_SIZE 64
#define PROBE_GRACE_MS    2000 /* beyond the time that it gives its primary */

/* How it is asked. */
struct probe_way {
    struct talk_place place;
    bool as_secondary; /* from an address that it has in the configuration */
};

static const struct address_list *probe_proxy_listeners(const struct probe *p,
                                                        const struct peer *secondary)
{
    for (size_t i = 0; i < secondary->primary_count && !p->config->proxy.transparent; i++)
        if (secondary->primary[i]->listen.count > 0)
            return &secondary->primary[i]->listen;
    return &p->config->proxy.listen;
}

/* At a wildcard, where one who has no key is heard, if it is that. */
static struct address probe_proxy_where(const struct peer *secondary,
                                        const struct address *listener)
{
    struct address to = *listener;
    for (size_t i = 0; i < secondary->heard_at.count && address_is_any(listener); i++) {
        if (secondary->heard_at.items[i].family != listener->family)
            continue;
        to = secondary->heard_at.items[i];
        to.port = listener->port;
    }
    return address_is_any(&to) ? address_loopback(to.family, to.port) : to;
}

static struct address probe_proxy_interface(const struct ifaddrs *i)
{
    struct sockaddr_storage name = {0};
    if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET)
        memcpy(&name, i->ifa_addr, sizeof(struct sockaddr_in));
    else if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET6)
        memcpy(&name, i->ifa_addr, sizeof(struct sockaddr_in6));
    return socket_to_address(&name);
}

/* An address of this host by which `fits` is fulfilled; family ADDRESS_NONE: there is none. To bind
 * an address shows nothing where net.ipv4.ip_nonlocal_bind is set. */
static struct address probe_proxy_find_own(bool (*fits)(const void *arg, const struct address *a),
                                           const void *arg)
{
    struct address found = {.family = ADDRESS_NONE};
    struct ifaddrs *interfaces = NULL;
    if (getifaddrs(&interfaces) < 0)
        return found;
    for (const struct ifaddrs *i = interfaces; i && found.family == ADDRESS_NONE; i = i->ifa_next) {
        struct address a = probe_proxy_interface(i);
        if (a.family != ADDRESS_NONE && fits(arg, &a))
            found = a;
    }
    freeifaddrs(interfaces);
    return found;
}

static bool probe_proxy_is_same(const void *arg, const struct address *a)
{
    return address_same_host(arg, a);
}

static bool probe_proxy_is_here(const struct address *a)
{
    return address_is_loopback(a) ||
           probe_proxy_find_own(probe_proxy_is_same, a).family != ADDRESS_NONE;
}

/* Who asks, and by which family. */
struct probe_asker {
    const struct peer *secondary;
    enum address_family family;
};

static bool probe_proxy_may_ask(const void *arg, const struct address *a)
{
    const struct probe_asker *asker = arg;
    return a->family == asker->family && peer_match(asker->secondary, a) >= 0;
}

/* An address of this host that the secondary may speak from. */
static bool probe_proxy_own_address(const struct peer *secondary, const struct address *to,
                                    struct address *out)
{
    struct probe_asker asker = {secondary, to->family};
    for (size_t i = 0; i < secondary->address.count; i++) {
        *out = secondary->address.items[i];
        if (out->family == to->family && probe_proxy_is_here(out))
            return true;
    }
    *out = probe_proxy_find_own(probe_proxy_may_ask, &asker);
    return out->family != ADDRESS_NONE;
}

/* Of what the running proxy says, the word that says why. */
static const char *probe_proxy_reason(const struct talk *t, char out[PROBE_REASON_SIZE])
{
    uint16_t ede;
    const char *text;
    size_t len;
    *out = '\0';
    if (dns_opt_error(&t->answer, &ede, &text, &len) && len < PROBE_REASON_SIZE) {
        for (size_t i = 0; i < len; i++)
            out[i] = isprint((unsigned char)text[i]) ? text[i] : '?';
        out[len] = '\0';
    }
    return out;
}

static bool probe_proxy_says(const struct talk *t, enum relay_result result)
{
    char reason[PROBE_REASON_SIZE];
    return strcmp(probe_proxy_reason(t, reason), report_result_word(result)) == 0;
}

static void probe_proxy_cure_reload(struct probe *p)
{
    findings_cure(&p->findings,
                  "it may run with another configuration than %s: tsig-proxy check, then systemctl "
                  "reload tsig-proxy; if it is no tsig-proxy: ss -lnptu shows who it is",
                  p->file);
}

/* From an address that is nobody's: it refuses, and shows what it knows of the key. */
static void probe_proxy_judge_stranger(struct probe *p, const struct peer *secondary)
{
    const struct talk *t = &p->talk;
    char reason[PROBE_REASON_SIZE], rcode[DNS_TEXT_SIZE];
    if (probe_proxy_says(t, RESULT_KEY_FROM_ELSEWHERE))
        findings_good(&p->findings,
                      "has the key of %s, and refuses it from here as it must (key-from-elsewhere)",
                      secondary->name);
    else {
        findings_mend(&p->findings, "does not know the key of %s: %s %s", secondary->name,
                      dns_text_rcode(dns_message_rcode(&t->answer), rcode),
                      probe_proxy_reason(t, reason));
        probe_proxy_cure_reload(p);
    }
    findings_note(&p->findings, "this shows no transfer: as root, probe asks from %s's own address",
                  secondary->name);
}

/* The answer is not what the secondary should get. */
static void probe_proxy_say_failure(struct probe *p, const struct peer *secondary, const char *zone)
{
    const struct talk *t = &p->talk;
    char reason[PROBE_REASON_SIZE], rcode[DNS_TEXT_SIZE];
    unsigned answered = dns_message_rcode(&t->answer);
    const char *why = probe_proxy_reason(t, reason);
    if (t->has_record && t->record.error)
        findings_mend(&p->findings, "%s: does not accept the key of %s (%s)", zone, secondary->name,
                      tsig_record_error_text(t->record.error)
                          ? tsig_record_error_text(t->record.error)
                          : "unknown TSIG error");
    else
        findings_mend(&p->findings, "%s: answers %s%s%s", zone, dns_text_rcode(answered, rcode),
                      *why ? " " : "", why);
    bool relayed = t->proven || !t->place.key;
    if (answered == DNS_RCODE_SERVFAIL && relayed)
        findings_cure(&p->findings, "its primary does not answer it: see above what is said of it");
    else if (relayed && !*why)
        findings_cure(&p->findings, "so the primary answers: see above what is said of it");
    else if (probe_proxy_says(t, RESULT_ZONE_NOT_ALLOWED))
        findings_cure(&p->findings, "add the zone to 'zones' in [secondary %s], and reload",
                      secondary->name);
    else if (probe_proxy_says(t, RESULT_OPERATION_NOT_ALLOWED))
        findings_cure(&p->findings, "add it to 'allow' in [secondary %s], and reload",
                      secondary->name);
    else
        probe_proxy_cure_reload(p);
}

static void probe_proxy_zone(struct probe *p, const struct peer *secondary,
                             const struct talk_place *place, const struct dns_name *zone)
{
    char text[DNS_NAME_TEXT_SIZE];
    uint32_t serial;
    dns_name_to_text(zone, text);
    if (probe_ask_soa(p, place, zone) < 0) {
        findings_mend(&p->findings, "%s: %s", text, talk_why(p->error));
        probe_proxy_cure_reload(p);
        return;
    }
    if (!probe_read_serial(&p->talk, zone, &serial) || (place->key && !p->talk.proven)) {
        probe_proxy_say_failure(p, secondary, text);
        return;
    }
    findings_good(&p->findings, "%s: it answers with serial %u", text, serial);
    /* Asked at an address of its own it asks from there, which the primary need not know. */
    if (p->config->proxy.transparent)
        return;
    switch (probe_fetch(p, place, zone, &serial)) {
    case PROBE_FETCHED:
        findings_good(&p->findings, "%s: it transfers it, serial %u%s", text, serial,
                      place->key ? ", signed" : "");
        return;
    case PROBE_NOT_GIVEN:
        probe_proxy_say_failure(p, secondary, text);
        return;
    case PROBE_BROKEN:
    case PROBE_SILENT:
        findings_mend(&p->findings, "%s: no whole transfer: %s", text, talk_why(p->error));
        findings_cure(&p->findings, "the log of the proxy says why: journalctl -u tsig-proxy");
    }
}

/* No zone is known: any answer to a secondary's question that is signed shows the key. */
static void probe_proxy_judge_key(struct probe *p, const struct peer *secondary)
{
    if (p->talk.place.key && !p->talk.proven)
        probe_proxy_say_failure(p, secondary, ".");
    else
        findings_good(&p->findings, "takes questions of %s; --zone ZONE tries a transfer",
                      secondary->name);
}

static void probe_proxy_try(struct probe *p, const struct peer *secondary, struct probe_way *way)
{
    static const struct dns_name root = {.len = 1};
    struct probe_zones zones;
    probe_find_zones(p, secondary, &zones);
    struct talk_place place = way->place;
    /* TCP first: where nothing listens it says so, to one who stands in for another, too. */
    for (int tcp = 1; tcp >= 0; tcp--) {
        place.tcp = tcp;
        if (probe_ask_soa(p, &place, zones.count ? zones.names : &root) == 0)
            continue;
        findings_mend(&p->findings, "does not answer over %s: %s", tcp ? "TCP" : "UDP",
                      talk_why(p->error));
        findings_cure(&p->findings, "start it: systemctl start tsig-proxy; its log says why it "
                                    "does not run: journalctl -u tsig-proxy");
        return;
    }
    findings_good(&p->findings, "answers over UDP and TCP");
    if (!way->as_secondary)
        probe_proxy_judge_stranger(p, secondary);
    else if (zones.count == 0)
        probe_proxy_judge_key(p, secondary);
    place.tcp = false;
    for (size_t i = 0; i < zones.count && way->as_secondary; i++)
        probe_proxy_zone(p, secondary, &place, &zones.names[i]);
}

static void probe_proxy_head(struct probe *p, const struct peer *secondary,
                             const struct talk_place *place)
{
    char to[ADDRESS_TEXT_SIZE], from[ADDRESS_TEXT_SIZE];
    struct address host = place->source;
    host.port = 0;
    if (host.family == ADDRESS_NONE)
        findings_head(&p->findings, "this proxy, %s, asked with the key of %s",
                      address_to_text(&place->to, to), secondary->name);
    else
        findings_head(&p->findings, "this proxy, %s, asked as %s from %s",
                      address_to_text(&place->to, to), secondary->name,
                      address_to_text(&host, from));
}

/* From another host's address, which for that time is led back to this one. */
static bool probe_proxy_try_standing_in(struct probe *p, const struct peer *secondary,
                                        struct probe_way *way)
{
    struct stand_in s;
    for (size_t i = 0; i < secondary->address.count; i++) {
        const struct address *as = &secondary->address.items[i];
        if (as->family != way->place.to.family || !stand_in_begin(&s, as))
            continue;
        way->place.source = s.as;
        way->place.transparent = way->as_secondary = true;
        probe_proxy_head(p, secondary, &way->place);
        probe_proxy_try(p, secondary, way);
        stand_in_end(&s);
        return true;
    }
    return false;
}

/* What would be sent there from another's address would leave this host. */
static void probe_proxy_say_elsewhere(struct probe *p, const struct peer *secondary,
                                      const struct address *to)
{
    char text[ADDRESS_TEXT_SIZE];
    findings_head(&p->findings, "this proxy, %s, asked as %s", address_to_text(to, text),
                  secondary->name);
    findings_mend(&p->findings, "not tried: this host does not have the address");
    findings_cure(&p->findings, "run probe where the proxy runs and has its address, or correct "
                                "'listen'");
}

static void probe_proxy_at(struct probe *p, const struct peer *secondary,
                           const struct address *listener)
{
    struct address to = probe_proxy_where(secondary, listener), own;
    if (!probe_proxy_is_here(&to)) {
        probe_proxy_say_elsewhere(p, secondary, &to);
        return;
    }
    struct probe_way way = {.place = probe_place(p, secondary, &to, false)};
    way.place.source = (struct address){.family = ADDRESS_NONE};
    way.place.transparent = false;
    way.place.edns = true;
    way.place.wait_ms = 1000 * p->config->proxy.answer_timeout + PROBE_GRACE_MS;
    if (probe_proxy_own_address(secondary, &to, &own)) {
        way.place.source = own;
        way.place.source.port = 0;
        way.as_secondary = true;
    } else if (probe_proxy_try_standing_in(p, secondary, &way)) {
        return;
    }
    probe_proxy_head(p, secondary, &way.place);
    if (way.as_secondary || way.place.key)
        probe_proxy_try(p, secondary, &way);
    else
        findings_note(&p->findings,
                      "%s has no key, so that only its address shows who it is: as "
                      "root, probe asks from there",
                      secondary->name);
}

void probe_proxy(struct probe *p, const struct peer *secondary)
{
    const struct address_list *listeners = probe_proxy_listeners(p, secondary);
    for (size_t i = 0; i < listeners->count; i++)
        for (size_t k = 0; k < secondary->address.count; k++)
            if (secondary->address.items[k].family == listeners->items[i].family) {
                probe_proxy_at(p, secondary, &listeners->items[i]);
                return;
            }
    findings_head(&p->findings, "this proxy, asked as %s", secondary->name);
    findings_note(&p->findings, "listens on no address of a family that %s has", secondary->name);
}
