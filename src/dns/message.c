/* The walk never goes back: names are validated where they stand, each record's fields are read
 * once, and what a later reader needs (the question, SOA, OPT, TSIG) is noted on the way. After it,
 * records can be stepped over without checks.
 *
 * Whole zones pass through here, so the walk has three steps. Any owner is read label by label
 * (dns_name_skip_noting); the common one, a pointer to a name that is known by now, takes one
 * comparison (memo_pass); and a run of records alike takes no more than seeing that they are. */
#include "dns/message.h"

#include <string.h>

#include "memo.h"

#define QUESTION_FIELDS 4  /* type and class */
#define RECORD_FIELDS   10 /* type, class, TTL and RDLENGTH */
#define RDATA_LEN_AT    8  /* among them */
#define OPTION_FIELDS   4  /* code and length */

/* The fields behind the owner name; the caller knows them to be there. */
static inline void message_record_fields(const uint8_t *octets, size_t at, struct dns_record *out)
{
    const uint8_t *fields = octets + at;
    out->type = dns_wire_u16_at(fields);
    out->rclass = dns_wire_u16_at(fields + 2);
    out->ttl = (uint32_t)dns_wire_u16_at(fields + 4) << 16 | dns_wire_u16_at(fields + 6);
    out->rdata_len = dns_wire_u16_at(fields + RDATA_LEN_AT);
    out->rdata_at = at + RECORD_FIELDS;
    out->end = out->rdata_at + out->rdata_len;
}

/* A record that the walk has passed. */
struct message_span {
    size_t at;     /* its owner's place */
    size_t fields; /* the place behind its owner */
    size_t end;
    bool common; /* its owner is what memo_pass takes */
};

static inline int message_pass(struct dns_reader *r, struct memo *memo, size_t at,
                               struct message_span *out)
{
    size_t fields = 0;
    if (r->len - at >= MEMO_OWNER_MAX + RECORD_FIELDS)
        fields = memo_pass(memo, r->octets, at);
    out->at = at;
    out->common = fields > 0;
    if (fields == 0) {
        r->at = at;
        if (dns_name_skip_noting(r, memo) < 0 || r->len - r->at < RECORD_FIELDS)
            return DNS_EFORMAT;
        fields = r->at;
    }
    out->fields = fields;
    out->end = fields + RECORD_FIELDS + dns_wire_u16_at(r->octets + fields + RDATA_LEN_AT);
    return out->end <= r->len ? 0 : DNS_EFORMAT;
}

/* Alike but for the label's octets, class, TTL and RDATA. Without branches, as only the answer is
 * easily foretold. */
static inline bool message_are_alike(const uint8_t *a, const uint8_t *b, size_t fields)
{
    const uint8_t *c = a + fields, *d = b + fields;
    int owner = (a[0] ^ b[0]) | (dns_wire_u16_at(c - 2) ^ dns_wire_u16_at(d - 2));
    int type = dns_wire_u16_at(c) ^ dns_wire_u16_at(d);
    int len = dns_wire_u16_at(c + RDATA_LEN_AT) ^ dns_wire_u16_at(d + RDATA_LEN_AT);
    return (owner | type | len) == 0;
}

/* How many records, `most` at most, follow this one that are alike? Its owner is a common one, so
 * they are good as it is. Where each begins is known without reading the one before, which keeps a
 * processor from waiting. */
static unsigned message_count_alike(const struct dns_reader *r, struct message_span span,
                                    unsigned most)
{
    const uint8_t *first = r->octets + span.at;
    size_t len = span.end - span.at;
    unsigned count = 0;
    for (size_t at = span.end; count < most && r->len - at >= len; at += len) {
        if (!message_are_alike(r->octets + at, first, span.fields - span.at))
            break;
        count++;
    }
    return count;
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

static void message_note_soa(struct dns_message *m, const struct dns_record *rr, unsigned left)
{
    if (m->soas++ > 0)
        return;
    m->soa_at = rr->at;
    m->soa_before = (uint16_t)(m->count[DNS_ANSWER] - left);
}

static bool message_is_sig0(const struct dns_message *m, const struct dns_record *rr)
{
    return rr->type == DNS_TYPE_SIG && rr->rdata_len >= 2 &&
           dns_wire_u16_at(m->octets + rr->rdata_at) == 0;
}

/* `left`: this one and those that follow it in its section. */
static int message_note(struct dns_message *m, enum dns_section section, struct message_span span,
                        unsigned left)
{
    struct dns_record rr = {.at = span.at};
    message_record_fields(m->octets, span.fields, &rr);
    if (section == DNS_ANSWER && rr.type == DNS_TYPE_SOA)
        message_note_soa(m, &rr, left);
    if (rr.type == DNS_TYPE_OPT && message_note_opt(m, section, &rr) < 0)
        return DNS_EFORMAT;
    if (rr.type == DNS_TYPE_TSIG)
        message_note_tsig(m, &rr, section == DNS_ADDITIONAL && left == 1);
    if (section == DNS_ADDITIONAL && message_is_sig0(m, &rr))
        m->sig0 = true;
    return 0;
}

/* Without branches: types come in no order that could be foretold, but few of them are these. */
static inline bool message_is_noted(uint16_t type)
{
    return (type == DNS_TYPE_SOA) | (type == DNS_TYPE_OPT) | (type == DNS_TYPE_TSIG) |
           (type == DNS_TYPE_SIG);
}

static int message_walk_questions(struct dns_message *m, struct dns_reader *r, struct memo *memo)
{
    for (unsigned i = 0; i < m->count[DNS_QUESTION]; i++) {
        int error = i == 0 ? dns_name_read(r, &m->qname) : dns_name_skip(r);
        if (error < 0 || r->len - r->at < QUESTION_FIELDS)
            return DNS_EFORMAT;
        if (i == 0) {
            m->qtype = dns_wire_u16_at(r->octets + r->at);
            m->qclass = dns_wire_u16_at(r->octets + r->at + 2);
            memo_note_target(memo, DNS_HEADER_SIZE, m->qname.len, 0);
        }
        r->at += QUESTION_FIELDS;
    }
    return 0;
}

static int message_walk_records(struct dns_message *m, struct dns_reader *r, struct memo *memo,
                                enum dns_section section)
{
    size_t at = r->at, last_len = 0;
    for (unsigned left = m->count[section]; left > 0; left--) {
        struct message_span span;
        if (message_pass(r, memo, at, &span) < 0)
            return DNS_EFORMAT;
        size_t len = span.end - at;
        at = span.end;
        if (message_is_noted(dns_wire_u16_at(r->octets + span.fields))) {
            if (message_note(m, section, span, left) < 0)
                return DNS_EFORMAT;
        } else if (span.common && len == last_len) {
            unsigned alike = message_count_alike(r, span, left - 1);
            left -= alike;
            at += alike * len;
        }
        last_len = len;
    }
    r->at = at;
    return 0;
}

static int message_walk_sections(struct dns_message *m, struct dns_reader *r)
{
    struct memo memo = {.owner = {.pointer = 0}};
    m->start[DNS_QUESTION] = r->at;
    if (message_walk_questions(m, r, &memo) < 0)
        return DNS_EFORMAT;
    for (enum dns_section s = DNS_ANSWER; s < DNS_SECTIONS; s++) {
        m->start[s] = r->at;
        if (message_walk_records(m, r, &memo, s) < 0)
            return DNS_EFORMAT;
    }
    m->start[DNS_SECTIONS] = r->at;
    return r->at == r->len ? 0 : DNS_EFORMAT;
}

int dns_message_parse(const uint8_t *octets, size_t len, struct dns_message *out)
{
    struct dns_message m = {.octets = octets, .len = len};
    struct dns_reader r = dns_wire_reader(octets, len);
    if (len < DNS_HEADER_SIZE)
        return DNS_EFORMAT;
    m.id = dns_wire_u16_at(octets);
    m.flags = dns_wire_u16_at(octets + DNS_FLAGS_AT);
    for (size_t i = 0; i < DNS_SECTIONS; i++)
        m.count[i] = dns_wire_u16_at(octets + DNS_COUNTS_AT + 2 * i);
    r.at = DNS_HEADER_SIZE;
    if (message_walk_sections(&m, &r) < 0)
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
