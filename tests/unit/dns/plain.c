#include "plain.h"

#include <string.h>

/* Where the name at `at` ends; 0: it is bad. Its labels stand in pieces, each of which ends before
 * the piece that led to it begins. */
static size_t plain_name(const uint8_t *octets, size_t len, size_t at, struct dns_name *out)
{
    size_t piece = at, limit = len, end = 0, total = 0;
    for (unsigned pointers = 0; pointers <= 127; pointers++) {
        while (at < limit && octets[at] > 0 && octets[at] < 64) {
            size_t label = 1U + octets[at];
            if (at + label > limit || total + label > 255)
                return 0;
            memcpy(out->octets + total, octets + at, label);
            total += label;
            at += label;
        }
        if (at < limit && octets[at] == 0) {
            if (total == 255)
                return 0;
            out->octets[total] = 0;
            out->len = (uint8_t)(total + 1);
            return end ? end : at + 1;
        }
        if (at + 2 > limit || octets[at] < 192)
            return 0;
        end = end ? end : at + 2;
        at = (octets[at] - 192U) * 256U + octets[at + 1];
        if (at < 12 || at >= piece)
            return 0;
        limit = piece;
        piece = at;
    }
    return 0;
}

static unsigned plain_u16(const uint8_t *octets)
{
    return octets[0] * 256U + octets[1];
}

static bool plain_opt(struct dns_message *m, int section, const struct dns_record *rr)
{
    size_t at = rr->rdata_at;
    while (at + 4 <= rr->end)
        at += 4 + plain_u16(m->octets + at + 2);
    if (section != DNS_ADDITIONAL || m->opt_at > 0 || rr->rdata_at != rr->at + 11 || at != rr->end)
        return false;
    m->opt_at = rr->at;
    m->opt_len = rr->end - rr->at;
    m->opt_payload = rr->rclass;
    return true;
}

static bool plain_note(struct dns_message *m, int section, const struct dns_record *rr, unsigned i)
{
    if (rr->type == 6 && section == DNS_ANSWER && m->soas++ == 0) {
        m->soa_at = rr->at;
        m->soa_before = (uint16_t)i;
    }
    if (rr->type == 24 && section == DNS_ADDITIONAL && rr->rdata_len > 1)
        m->sig0 |= plain_u16(m->octets + rr->rdata_at) == 0;
    if (rr->type == 250) {
        bool last = section == DNS_ADDITIONAL && i + 1U == m->count[section];
        bool only = m->tsig_place == DNS_TSIG_NONE;
        m->tsig_place = last && only ? DNS_TSIG_LAST : DNS_TSIG_MISPLACED;
        m->tsig_at = last && only ? rr->at : m->tsig_at;
    }
    return rr->type != 41 || plain_opt(m, section, rr);
}

/* The place behind the question or record at `at`; 0: it is bad. */
static size_t plain_entry(struct dns_message *m, int section, unsigned i, size_t at)
{
    struct dns_name name;
    size_t fields = plain_name(m->octets, m->len, at, &name);
    if (fields == 0 || fields + (section == DNS_QUESTION ? 4 : 10) > m->len)
        return 0;
    const uint8_t *octets = m->octets + fields;
    if (section == DNS_QUESTION) {
        if (i == 0) {
            m->qname = name;
            m->qtype = (uint16_t)plain_u16(octets);
            m->qclass = (uint16_t)plain_u16(octets + 2);
        }
        return fields + 4;
    }
    struct dns_record rr = {.at = at, .rdata_at = fields + 10};
    rr.type = (uint16_t)plain_u16(octets);
    rr.rclass = (uint16_t)plain_u16(octets + 2);
    rr.rdata_len = (uint16_t)plain_u16(octets + 8);
    rr.end = rr.rdata_at + rr.rdata_len;
    return rr.end <= m->len && plain_note(m, section, &rr, i) ? rr.end : 0;
}

int plain_parse(const uint8_t *octets, size_t len, struct dns_message *out)
{
    struct dns_message m = {.octets = octets, .len = len};
    size_t at = 12;
    if (len < at)
        return DNS_EFORMAT;
    m.id = (uint16_t)plain_u16(octets);
    m.flags = (uint16_t)plain_u16(octets + 2);
    for (int section = 0; section < DNS_SECTIONS; section++) {
        m.count[section] = (uint16_t)plain_u16(octets + 4 + 2 * section);
        m.start[section] = at;
        for (unsigned i = 0; i < m.count[section]; i++) {
            at = plain_entry(&m, section, i, at);
            if (at == 0)
                return DNS_EFORMAT;
        }
    }
    m.start[DNS_SECTIONS] = at;
    *out = m;
    return at == len ? 0 : DNS_EFORMAT;
}
