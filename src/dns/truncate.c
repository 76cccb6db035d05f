#include "dns/truncate.h"

#include <assert.h>
#include <string.h>

#include "dns/xfr.h"

/* Leaves out all sections from `first` on, OPT excepted: it has no pointers and none go into it
 * that stay. */
static void truncate_leave_out(uint8_t *octets, struct dns_message *m, enum dns_section first)
{
    size_t end = m->start[first];
    if (first == DNS_ANSWER) {
        m->soas = 0;
        m->soa_before = 0;
        m->soa_at = 0;
    }
    for (enum dns_section s = first; s < DNS_SECTIONS; s++) {
        m->count[s] = s == DNS_ADDITIONAL && m->opt_at ? 1 : 0;
        dns_wire_set_u16_at(octets + DNS_COUNTS_AT + 2 * (size_t)s, m->count[s]);
        m->start[s] = end;
    }
    if (m->opt_at) {
        memmove(octets + end, octets + m->opt_at, m->opt_len);
        m->opt_at = end;
        end += m->opt_len;
    }
    m->start[DNS_SECTIONS] = end;
    m->len = end;
    m->sig0 = false;
}

/* RFC 8945 section 5.3: TC set, RCODE 0, its upper bits in OPT included (RFC 6891
 * section 6.1.3). */
static void truncate_mark(uint8_t *octets, struct dns_message *m)
{
    m->flags = (uint16_t)((m->flags | DNS_FLAG_TC) & ~DNS_MASK_RCODE);
    dns_wire_set_u16_at(octets + DNS_FLAGS_AT, m->flags);
    if (m->opt_at)
        octets[m->opt_at + DNS_OPT_RCODE_AT] = 0;
}

void dns_truncate_to_question(uint8_t *octets, struct dns_message *m)
{
    truncate_leave_out(octets, m, DNS_ANSWER);
}

bool dns_truncate_opens_with_soa(const struct dns_message *m)
{
    struct dns_message first = *m;
    uint32_t serial;
    first.count[DNS_ANSWER] = m->count[DNS_ANSWER] > 0;
    return dns_xfr_soa_serial(&first, DNS_ANSWER, &serial);
}

void dns_truncate_to_soa(uint8_t *octets, struct dns_message *m)
{
    assert(m->count[DNS_ANSWER] > 0);
    size_t at = m->start[DNS_ANSWER];
    struct dns_record soa;
    dns_message_record(m, &at, &soa);
    m->start[DNS_AUTHORITY] = soa.end;
    truncate_leave_out(octets, m, DNS_AUTHORITY);
    m->count[DNS_ANSWER] = 1;
    m->soas = 1;
    dns_wire_set_u16_at(octets + DNS_COUNTS_AT + 2 * (size_t)DNS_ANSWER, 1);
    m->flags &= (uint16_t)~DNS_FLAG_TC;
    dns_wire_set_u16_at(octets + DNS_FLAGS_AT, m->flags);
}

/* RFC 1995 section 2: what does not fit is answered with the version. */
static bool truncate_is_ixfr(const struct dns_message *m)
{
    return m->qtype == DNS_TYPE_IXFR && dns_message_rcode(m) == DNS_RCODE_NOERROR &&
           dns_truncate_opens_with_soa(m);
}

int dns_truncate(uint8_t *octets, struct dns_message *m, size_t limit)
{
    assert(m->octets == octets && m->tsig_place == DNS_TSIG_NONE);
    if (m->len <= limit)
        return 0;
    if (m->count[DNS_ANSWER] > 0) {
        truncate_leave_out(octets, m, DNS_ADDITIONAL);
        if (m->len <= limit)
            return 0;
        truncate_leave_out(octets, m, DNS_AUTHORITY);
        if (m->len <= limit)
            return 0;
    }
    if (truncate_is_ixfr(m)) {
        dns_truncate_to_soa(octets, m);
        if (m->len <= limit)
            return 0;
    }
    truncate_leave_out(octets, m, DNS_ANSWER);
    truncate_mark(octets, m);
    return m->len <= limit ? 0 : DNS_ESPACE;
}
