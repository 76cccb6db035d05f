/* A transfer: its first message says whether we are given the zone, and the rest is read only when
 * the digest of the whole is wanted. */
#include <errno.h>

#include "dns/query.h"
#include "dns/xfr.h"
#include "dns/zonemd.h"
#include "tools/probe.h"

/* Records take 60 to 100 octets each, mostly. */
#define PROBE_ZONE_MAX ((size_t)256 << 20)

static void probe_fetch_say_digest(struct probe *p, const struct dns_zonemd *z, const char *zone)
{
    enum dns_zonemd_verdict verdict;
    size_t records = z->count - 1; /* the SOA opens a transfer and ends it */
    if (dns_zonemd_verify(z, &verdict) < 0) {
        findings_note(&p->findings, "%s: no memory to digest %zu records", zone, records);
        return;
    }
    switch (verdict) {
    case DNS_ZONEMD_GOOD:
        findings_good(&p->findings, "%s: its ZONEMD verifies, serial %u, %zu records", zone,
                      z->serial, records);
        break;
    case DNS_ZONEMD_NONE:
        findings_note(&p->findings, "%s: there is no ZONEMD record to verify %zu records with",
                      zone, records);
        break;
    case DNS_ZONEMD_OTHER_ZONE:
        findings_mend(&p->findings, "%s: its ZONEMD is of another serial than %u", zone, z->serial);
        findings_cure(&p->findings, "make the digest anew where the zone is made");
        break;
    case DNS_ZONEMD_UNSUPPORTED:
        findings_note(&p->findings, "%s: its ZONEMD is of no scheme and hash that are known here",
                      zone);
        break;
    case DNS_ZONEMD_BAD:
        findings_mend(&p->findings, "%s: not the zone that its ZONEMD is of: another digest", zone);
        findings_cure(&p->findings, "it was changed after the digest was made: compare it with its "
                                    "source, and make the digest anew");
        break;
    }
}

static enum probe_fetched probe_fetch_fail(struct probe *p, int error)
{
    p->error = error;
    return PROBE_BROKEN;
}

/* All messages from the one on that has been heard. */
static enum probe_fetched probe_fetch_whole(struct probe *p, struct dns_zonemd *z)
{
    struct talk *t = &p->talk;
    struct dns_xfr xfr;
    if (dns_xfr_init(&xfr, &t->asked) < 0)
        return probe_fetch_fail(p, -EBADMSG);
    for (;;) {
        enum dns_xfr_state state = dns_xfr_follow(&xfr, &t->answer);
        int error = dns_zonemd_add(z, &t->answer);
        bool is_signed = t->place.key;
        if (error < 0)
            return probe_fetch_fail(p, error == DNS_EFORMAT ? -EBADMSG : -ENOMEM);
        if (state == DNS_XFR_BROKEN || (is_signed && t->stream.state == TSIG_STREAM_FAILED) ||
            (state == DNS_XFR_DONE && is_signed && !t->proven))
            return probe_fetch_fail(p, -EBADMSG);
        if (state == DNS_XFR_DONE)
            return PROBE_FETCHED;
        error = talk_hear(t);
        if (error < 0)
            return probe_fetch_fail(p, error);
    }
}

static enum probe_fetched probe_fetch_digest(struct probe *p, const struct dns_name *zone)
{
    char text[DNS_NAME_TEXT_SIZE];
    struct dns_zonemd z;
    dns_zonemd_init(&z, zone, PROBE_ZONE_MAX);
    enum probe_fetched fetched = probe_fetch_whole(p, &z);
    dns_name_to_text(zone, text);
    if (fetched == PROBE_FETCHED)
        probe_fetch_say_digest(p, &z, text);
    else if (p->error == -ENOMEM)
        findings_note(&p->findings, "%s: too large to digest here: more than %zu MiB", text,
                      PROBE_ZONE_MAX >> 20);
    else
        fetched = PROBE_BROKEN;
    dns_zonemd_fini(&z);
    return p->error == -ENOMEM ? PROBE_FETCHED : fetched;
}

enum probe_fetched probe_fetch(struct probe *p, const struct talk_place *place,
                               const struct dns_name *zone, uint32_t *serial)
{
    struct talk_place there = *place;
    uint8_t request[DNS_QUERY_MAX];
    struct dns_writer w = dns_wire_writer(request, sizeof request);
    dns_query_write(&w, zone, DNS_TYPE_AXFR, 0);
    there.tcp = true;
    p->error = talk_open(&p->talk, &there);
    if (p->error < 0)
        return PROBE_SILENT;
    p->error = talk_say(&p->talk, request, w.at);
    if (p->error == 0)
        p->error = talk_hear(&p->talk);
    enum probe_fetched fetched = PROBE_FETCHED;
    if (p->error < 0)
        fetched = PROBE_SILENT;
    else if (!probe_read_serial(&p->talk, zone, serial) || (there.key && !p->talk.proven))
        fetched = PROBE_NOT_GIVEN;
    else if (p->zonemd)
        fetched = probe_fetch_digest(p, zone);
    talk_close(&p->talk);
    return fetched;
}
