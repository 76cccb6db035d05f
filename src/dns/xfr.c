/* A machine of a few states (drawn in the header) that is fed one answer record at a time. Only the
 * SOA records of the zone itself move it; all others merely tell a whole zone from a list of
 * differences, so one step stands for any number of them, and none is looked at where the parse has
 * found no SOA. Serials are compared for equality but at the start, where RFC 1982 decides. */
#include "dns/xfr.h"

#include <assert.h>

#define SOA_FIXED 20 /* serial, refresh, retry, expire, minimum */

enum xfr_soa { SOA_NO, SOA_APEX, SOA_BAD };

bool dns_xfr_serial_newer(uint32_t a, uint32_t b)
{
    return a != b && a - b < UINT32_C(0x80000000);
}

static bool xfr_is_owned_by(const struct dns_message *m, const struct dns_record *rr,
                            const struct dns_name *zone)
{
    struct dns_reader r = dns_wire_reader(m->octets, m->len);
    struct dns_name owner;
    r.at = rr->at;
    return dns_name_read(&r, &owner) == 0 && dns_name_equal(&owner, zone);
}

/* Is this record the zone's own SOA? SOA_BAD when it is, but its RDATA is none. In another class
 * than IN it is another zone's, whatever its name. */
static enum xfr_soa xfr_look_at(const struct dns_message *m, const struct dns_record *rr,
                                const struct dns_name *zone, struct dns_soa *soa)
{
    struct dns_reader r = dns_wire_reader(m->octets, rr->end);
    if (rr->type != DNS_TYPE_SOA || rr->rclass != DNS_CLASS_IN || !xfr_is_owned_by(m, rr, zone))
        return SOA_NO;
    r.at = rr->rdata_at;
    if (dns_name_skip(&r) < 0 || dns_name_skip(&r) < 0 || rr->end - r.at != SOA_FIXED)
        return SOA_BAD;
    soa->serial = dns_wire_get_u32(&r);
    soa->refresh = dns_wire_get_u32(&r);
    (void)dns_wire_get_u32(&r); /* retry */
    soa->expire = dns_wire_get_u32(&r);
    return SOA_APEX;
}

bool dns_xfr_soa(const struct dns_message *m, enum dns_section section, struct dns_soa *soa)
{
    size_t at = m->start[section];
    for (unsigned i = 0; i < m->count[section]; i++) {
        struct dns_record rr;
        dns_message_record(m, &at, &rr);
        if (xfr_look_at(m, &rr, &m->qname, soa) == SOA_APEX)
            return true;
    }
    return false;
}

bool dns_xfr_soa_serial(const struct dns_message *m, enum dns_section section, uint32_t *serial)
{
    struct dns_soa soa;
    bool found = dns_xfr_soa(m, section, &soa);
    if (found)
        *serial = soa.serial;
    return found;
}

int dns_xfr_init(struct dns_xfr *x, const struct dns_message *request)
{
    struct dns_xfr out = {.state = DNS_XFR_START, .zone = request->qname, .qtype = request->qtype};
    if (request->qtype == DNS_TYPE_IXFR &&
        !dns_xfr_soa_serial(request, DNS_AUTHORITY, &out.client_serial))
        return DNS_EFORMAT;
    *x = out;
    return 0;
}

/* `alone`: no other answer record comes with it. A server may answer an IXFR for a zone it holds an
 * older version of with the whole zone, so an SOA that is not newer is the end only when alone. */
static enum dns_xfr_state xfr_opening_soa(struct dns_xfr *x, const struct dns_soa *soa, bool alone)
{
    x->soa = *soa;
    x->has_serial = true;
    if (x->qtype != DNS_TYPE_IXFR)
        return DNS_XFR_FULL;
    bool newer = dns_xfr_serial_newer(soa->serial, x->client_serial);
    return alone && !newer ? DNS_XFR_DONE : DNS_XFR_SECOND;
}

/* RFC 1995 section 4: the client's serial opens a list of differences, the opening serial again
 * ends a zone without other records. */
static enum dns_xfr_state xfr_second_soa(struct dns_xfr *x, uint32_t serial)
{
    if (serial == x->soa.serial)
        return DNS_XFR_DONE;
    if (serial != x->client_serial)
        return DNS_XFR_BROKEN;
    x->block_serial = serial;
    return DNS_XFR_DELETE;
}

/* An SOA after added records is of the version they made: the last one, or that from which the next
 * differences go on. With any other, differences are missing. */
static enum dns_xfr_state xfr_soa_after_add(const struct dns_xfr *x, uint32_t serial)
{
    if (serial != x->block_serial)
        return DNS_XFR_BROKEN;
    return serial == x->soa.serial ? DNS_XFR_DONE : DNS_XFR_DELETE;
}

static enum dns_xfr_state xfr_on_soa(struct dns_xfr *x, const struct dns_soa *soa, bool alone)
{
    uint32_t serial = soa->serial;
    switch (x->state) {
    case DNS_XFR_START:
        return xfr_opening_soa(x, soa, alone);
    case DNS_XFR_SECOND:
        return xfr_second_soa(x, serial);
    case DNS_XFR_FULL:
        x->serial_changed = serial != x->soa.serial;
        return DNS_XFR_DONE;
    case DNS_XFR_DELETE:
        x->block_serial = serial;
        return DNS_XFR_ADD;
    case DNS_XFR_ADD:
        return xfr_soa_after_add(x, serial);
    default:
        return DNS_XFR_BROKEN;
    }
}

static enum dns_xfr_state xfr_on_other(const struct dns_xfr *x)
{
    switch (x->state) {
    case DNS_XFR_SECOND:
        return DNS_XFR_FULL;
    case DNS_XFR_DONE:
        return DNS_XFR_BROKEN;
    default:
        return x->state;
    }
}

static enum dns_xfr_state xfr_on_record(struct dns_xfr *x, const struct dns_message *m,
                                        const struct dns_record *rr)
{
    struct dns_soa soa = {0};
    switch (xfr_look_at(m, rr, &x->zone, &soa)) {
    case SOA_APEX:
        return xfr_on_soa(x, &soa, m->count[DNS_ANSWER] == 1);
    case SOA_NO:
        return xfr_on_other(x);
    default:
        return DNS_XFR_BROKEN;
    }
}

/* Does the answer section begin with the zone's SOA? */
static bool xfr_opens(const struct dns_xfr *x, const struct dns_message *m)
{
    if (m->soas == 0 || m->soa_before > 0)
        return false;
    size_t at = m->soa_at;
    struct dns_record rr;
    struct dns_soa soa;
    dns_message_record(m, &at, &rr);
    return xfr_look_at(m, &rr, &x->zone, &soa) != SOA_NO;
}

static enum dns_xfr_state xfr_on_empty(struct dns_xfr *x)
{
    return ++x->empty_run > DNS_XFR_EMPTY_MAX ? DNS_XFR_BROKEN : x->state;
}

/* Walks from the first SOA record to the last, whosever they are. */
static void xfr_on_soas(struct dns_xfr *x, const struct dns_message *m)
{
    unsigned done = m->soa_before;
    size_t at = m->soa_at;
    if (done > 0)
        x->state = xfr_on_other(x);
    for (unsigned soas = 0; soas < m->soas; done++) {
        struct dns_record rr;
        dns_message_record(m, &at, &rr);
        x->state = xfr_on_record(x, m, &rr);
        soas += rr.type == DNS_TYPE_SOA;
    }
    if (done < m->count[DNS_ANSWER])
        x->state = xfr_on_other(x);
}

static enum dns_xfr_state xfr_on_records(struct dns_xfr *x, const struct dns_message *m)
{
    x->empty_run = 0;
    if (m->soas > 0)
        xfr_on_soas(x, m);
    else
        x->state = xfr_on_other(x);
    return x->state;
}

enum dns_xfr_state dns_xfr_follow(struct dns_xfr *x, const struct dns_message *answer)
{
    assert(x->state != DNS_XFR_DONE && x->state != DNS_XFR_BROKEN);
    x->messages++;
    if (answer->flags & DNS_FLAG_TC)
        x->state = DNS_XFR_BROKEN;
    else if (dns_message_rcode(answer) != DNS_RCODE_NOERROR)
        x->state = DNS_XFR_DONE;
    else if (x->state == DNS_XFR_START && !xfr_opens(x, answer))
        x->state = DNS_XFR_DONE;
    else if (answer->count[DNS_ANSWER] == 0)
        x->state = xfr_on_empty(x);
    else
        x->state = xfr_on_records(x, answer);
    return x->state;
}
