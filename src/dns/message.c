/* The walk never goes back: names are validated where they stand, each record's fields are read
 * once, and what a later reader needs (the question, OPT, TSIG) is noted on the way. After it,
 * records can be stepped over without checks. */
#include "dns/message.h"

#include <string.h>

#define QUESTION_FIELDS 4  /* type and class */
#define RECORD_FIELDS   10 /* type, class, TTL and RDLENGTH */
#define OPTION_FIELDS   4  /* code and length */

/* The fields behind the owner name; the caller knows them to be there. */
static void message_record_fields(const uint8_t *octets, size_t at, struct dns_record *out)
{
    const uint8_t *fields = octets + at;
    out->type = dns_wire_u16_at(fields);
    out->rclass = dns_wire_u16_at(fields + 2);
    out->ttl = (uint32_t)dns_wire_u16_at(fields + 4) << 16 | dns_wire_u16_at(fields + 6);
    out->rdata_len = dns_wire_u16_at(fields + 8);
    out->rdata_at = at + RECORD_FIELDS;
    out->end = out->rdata_at + out->rdata_len;
}

static int message_read_record(struct dns_reader *r, struct dns_record *out)
{
    out->at = r->at;
    if (dns_name_skip(r) < 0 || r->len - r->at < RECORD_FIELDS)
        return DNS_EFORMAT;
    message_record_fields(r->octets, r->at, out);
    if (out->end > r->len)
        return DNS_EFORMAT;
    r->at = out->end;
    return 0;
}

/* RFC 6891 section 6.1.2: options fill the RDATA. */
static bool message_options_add_up(const uint8_t *rdata, size_t len)
{
    size_t at = 0;
    while (len - at >= OPTION_FIELDS) {
        size_t option = OPTION_FIELDS + (size_t)dns_wire_u16_at(rdata + at + 2);
        if (option > len - at)
            return false;
        at += option;
    }
    return at == len;
}

static int message_note_opt(struct dns_message *m, enum dns_section section,
                            const struct dns_record *rr)
{
    if (section != DNS_ADDITIONAL || m->opt_at || m->octets[rr->at] != 0 ||
        !message_options_add_up(m->octets + rr->rdata_at, rr->rdata_len))
        return DNS_EFORMAT;
    m->opt_at = rr->at;
    m->opt_len = rr->end - rr->at;
    m->opt_payload = rr->rclass;
    return 0;
}

static void message_note_tsig(struct dns_message *m, const struct dns_record *rr, bool is_last)
{
    if (m->tsig_place == DNS_TSIG_NONE && is_last) {
        m->tsig_place = DNS_TSIG_LAST;
        m->tsig_at = rr->at;
    } else {
        m->tsig_place = DNS_TSIG_MISPLACED;
    }
}

static bool message_is_sig0(const struct dns_message *m, const struct dns_record *rr)
{
    return rr->type == DNS_TYPE_SIG && rr->rdata_len >= 2 &&
           dns_wire_u16_at(m->octets + rr->rdata_at) == 0;
}

static int message_walk_questions(struct dns_message *m, struct dns_reader *r)
{
    for (unsigned i = 0; i < m->count[DNS_QUESTION]; i++) {
        int error = i == 0 ? dns_name_read(r, &m->qname) : dns_name_skip(r);
        if (error < 0 || r->len - r->at < QUESTION_FIELDS)
            return DNS_EFORMAT;
        if (i == 0) {
            m->qtype = dns_wire_u16_at(r->octets + r->at);
            m->qclass = dns_wire_u16_at(r->octets + r->at + 2);
        }
        r->at += QUESTION_FIELDS;
    }
    return 0;
}

static int message_walk_records(struct dns_message *m, struct dns_reader *r,
                                enum dns_section section)
{
    for (unsigned i = 0; i < m->count[section]; i++) {
        bool is_last = section == DNS_ADDITIONAL && i + 1U == m->count[section];
        struct dns_record rr;
        if (message_read_record(r, &rr) < 0)
            return DNS_EFORMAT;
        if (rr.type == DNS_TYPE_OPT && message_note_opt(m, section, &rr) < 0)
            return DNS_EFORMAT;
        if (rr.type == DNS_TYPE_TSIG)
            message_note_tsig(m, &rr, is_last);
        if (section == DNS_ADDITIONAL && message_is_sig0(m, &rr))
            m->sig0 = true;
    }
    return 0;
}

static int message_walk_sections(struct dns_message *m, struct dns_reader *r)
{
    m->start[DNS_QUESTION] = r->at;
    if (message_walk_questions(m, r) < 0)
        return DNS_EFORMAT;
    for (enum dns_section s = DNS_ANSWER; s < DNS_SECTIONS; s++) {
        m->start[s] = r->at;
        if (message_walk_records(m, r, s) < 0)
            return DNS_EFORMAT;
    }
    m->start[DNS_SECTIONS] = r->at;
    return r->at == r->len ? 0 : DNS_EFORMAT;
}

int dns_message_parse(const uint8_t *octets, size_t len, struct dns_message *out)
{
    struct dns_message m = {.octets = octets, .len = len};
    struct dns_reader r = dns_wire_reader(octets, len);
    m.id = dns_wire_get_u16(&r);
    m.flags = dns_wire_get_u16(&r);
    for (int i = 0; i < DNS_SECTIONS; i++)
        m.count[i] = dns_wire_get_u16(&r);
    if (r.failed || message_walk_sections(&m, &r) < 0)
        return DNS_EFORMAT;
    *out = m;
    return 0;
}

void dns_message_record(const struct dns_message *m, size_t *at, struct dns_record *out)
{
    const uint8_t *octets = m->octets;
    size_t here = *at;
    out->at = here;
    while (octets[here] != 0 && octets[here] < 0xc0)
        here += 1U + octets[here];
    here += octets[here] == 0 ? 1 : 2;
    message_record_fields(octets, here, out);
    *at = out->end;
}

bool dns_message_same_question(const struct dns_message *a, const struct dns_message *b)
{
    return a->count[DNS_QUESTION] > 0 && b->count[DNS_QUESTION] > 0 && a->qtype == b->qtype &&
           a->qclass == b->qclass && dns_name_equal(&a->qname, &b->qname);
}

void dns_message_strip_tsig(struct dns_message *m)
{
    if (m->tsig_place != DNS_TSIG_LAST)
        return;
    m->len = m->tsig_at;
    m->start[DNS_SECTIONS] = m->len;
    m->count[DNS_ADDITIONAL]--;
    m->tsig_place = DNS_TSIG_NONE;
    m->tsig_at = 0;
}
