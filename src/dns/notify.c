#include "dns/notify.h"

#include "dns/opt.h"
#include "dns/xfr.h"

#define NOTIFY_SOA_FIXED     20     /* serial, refresh, retry, expire, minimum */
#define NOTIFY_QNAME_POINTER 0xc00c /* the question's name stands behind the header */

/* The names of an SOA's RDATA, and where its numbers are. */
struct notify_soa {
    struct dns_record record;
    struct dns_name mname;
    struct dns_name rname;
    size_t numbers_at;
};

static bool notify_read_soa(const struct dns_message *m, struct notify_soa *soa)
{
    struct dns_reader r = dns_wire_reader(m->octets, soa->record.end);
    struct dns_name owner;
    r.at = soa->record.at;
    if (soa->record.type != DNS_TYPE_SOA || soa->record.rclass != m->qclass ||
        dns_name_read(&r, &owner) < 0 || !dns_name_equal(&owner, &m->qname))
        return false;
    r.at = soa->record.rdata_at;
    if (dns_name_read(&r, &soa->mname) < 0 || dns_name_read(&r, &soa->rname) < 0)
        return false;
    soa->numbers_at = r.at;
    return soa->record.end - r.at == NOTIFY_SOA_FIXED;
}

/* The zone's SOA in the answer section; false if there is none. */
static bool notify_find_hint(const struct dns_message *m, struct notify_soa *out)
{
    size_t at = m->start[DNS_ANSWER];
    for (unsigned i = 0; i < m->count[DNS_ANSWER]; i++) {
        dns_message_record(m, &at, &out->record);
        if (notify_read_soa(m, out))
            return true;
    }
    return false;
}

/* With its names in full, but for its owner. */
static void notify_write_hint(const struct dns_message *m, const struct notify_soa *soa,
                              struct dns_writer *w)
{
    dns_wire_put_u16(w, NOTIFY_QNAME_POINTER);
    dns_wire_put_u16(w, DNS_TYPE_SOA);
    dns_wire_put_u16(w, soa->record.rclass);
    dns_wire_put_u32(w, soa->record.ttl);
    dns_wire_put_u16(w, (uint16_t)(soa->mname.len + soa->rname.len + NOTIFY_SOA_FIXED));
    dns_name_write(w, &soa->mname);
    dns_name_write(w, &soa->rname);
    dns_wire_put_octets(w, m->octets + soa->numbers_at, NOTIFY_SOA_FIXED);
}

/* The question, and the hint behind it. Where nothing stood between them the octets are good as
 * they are: pointers lead back, to one of the two. False without a hint. */
static bool notify_write_body(const struct dns_message *m, struct dns_writer *w)
{
    struct notify_soa soa;
    bool hint = notify_find_hint(m, &soa);
    bool plain = m->start[DNS_ANSWER] == DNS_HEADER_SIZE + (size_t)m->qname.len + 4;
    if (plain && hint && soa.record.at == m->start[DNS_ANSWER]) {
        dns_wire_put_octets(w, m->octets + DNS_HEADER_SIZE, soa.record.end - DNS_HEADER_SIZE);
        return true;
    }
    dns_name_write(w, &m->qname);
    dns_wire_put_u16(w, m->qtype);
    dns_wire_put_u16(w, m->qclass);
    if (hint)
        notify_write_hint(m, &soa, w);
    return hint;
}

bool dns_notify_write(const struct dns_message *m, struct dns_writer *w)
{
    bool opt = m->opt_len > 0;
    size_t counts_at = w->at + DNS_COUNTS_AT;
    dns_wire_put_u16(w, m->id);
    dns_wire_put_u16(w, m->flags);
    dns_wire_put_u16(w, 1);
    dns_wire_put_u16(w, 0);
    dns_wire_put_u16(w, 0);
    dns_wire_put_u16(w, opt ? 1 : 0);
    bool hint = notify_write_body(m, w);
    if (opt)
        dns_opt_write(w, m->opt_payload, dns_wire_u16_at(m->octets + m->opt_at + DNS_OPT_FLAGS_AT),
                      DNS_EDE_NONE, NULL);
    if (!w->failed && hint)
        dns_wire_set_u16_at(w->octets + counts_at + 2 * (size_t)DNS_ANSWER, 1);
    return !w->failed;
}

bool dns_notify_serial(const struct dns_message *m, uint32_t *serial)
{
    return dns_xfr_soa_serial(m, DNS_ANSWER, serial);
}
