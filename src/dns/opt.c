/* OPT is edited where it stands. Taking octets out moves the records behind it, so the compression
 * pointers among them are mended first; a message whose pointers could not all be told from other
 * octets is parsed again and given up if that fails. */
#include "dns/opt.h"

#include <assert.h>
#include <string.h>

#include "dns/rdata.h"

#define OPTION_FIELDS 4  /* code and length */
#define OPT_FIELDS    11 /* root owner, type, class, TTL, RDLENGTH */
#define POINTER       0xc0
#define POINTER_MASK  0x3fff
#define FLAG_DO       0x8000

/* Moves the pointer that a name may end with by `shift`, if it goes to `behind` or later. Returns
 * the offset behind the name, at most `end`: names in RDATA have not been validated. */
static size_t opt_mend_name(uint8_t *octets, size_t at, size_t end, size_t behind, size_t shift)
{
    while (at < end && octets[at] != 0 && octets[at] < POINTER)
        at += 1U + octets[at];
    if (at >= end)
        return end;
    if (octets[at] == 0)
        return at + 1;
    if (end - at < 2)
        return end;
    if ((dns_wire_u16_at(octets + at) & POINTER_MASK) >= behind)
        dns_wire_set_u16_at(octets + at, (uint16_t)(dns_wire_u16_at(octets + at) - shift));
    return at + 2;
}

/* The names in a record's RDATA. */
static void opt_mend_rdata(uint8_t *octets, const struct dns_record *rr, size_t behind,
                           size_t shift)
{
    const struct dns_rdata_layout *layout = dns_rdata_layout(rr->type);
    if (!layout)
        return;
    size_t at = rr->rdata_at + layout->octets;
    for (unsigned i = 0; i < layout->strings && at < rr->end; i++)
        at += 1U + octets[at];
    for (unsigned i = 0; i < layout->names && at < rr->end; i++)
        at = opt_mend_name(octets, at, rr->end, behind, shift);
}

/* Most put OPT last, but it may be anywhere in additional (RFC 6891 section 6.1.1), and names
 * behind it may point to each other. */
static void opt_mend_followers(uint8_t *octets, const struct dns_message *m, size_t shift)
{
    size_t behind = m->opt_at + m->opt_len;
    for (size_t at = behind; at < m->len;) {
        struct dns_record rr;
        dns_message_record(m, &at, &rr);
        opt_mend_name(octets, rr.at, rr.rdata_at, behind, shift);
        opt_mend_rdata(octets, &rr, behind, shift);
    }
}

/* Takes out the last `len` octets of the OPT record. */
static void opt_cut(uint8_t *octets, struct dns_message *m, size_t len)
{
    size_t behind = m->opt_at + m->opt_len;
    opt_mend_followers(octets, m, len);
    memmove(octets + behind - len, octets + behind, m->len - behind);
    m->opt_len -= len;
    m->len -= len;
    m->start[DNS_SECTIONS] = m->len;
}

/* Pointers may go to octets that only look like a name, and those were not mended. Nothing to do
 * when OPT was last, as it mostly is. */
static int opt_still_parses(const struct dns_message *m)
{
    struct dns_message again;
    return m->opt_at + m->opt_len == m->len ? 0 : dns_message_parse(m->octets, m->len, &again);
}

static bool opt_belongs_to_hop(uint16_t code, bool cookie)
{
    return code == DNS_OPTION_KEEPALIVE || (cookie && code == DNS_OPTION_COOKIE);
}

/* Moves the options to keep to the front; returns their size. They add up: the parse has seen to
 * it. */
static size_t opt_keep_options(uint8_t *options, size_t len, bool cookie)
{
    size_t kept = 0;
    for (size_t at = 0; at < len;) {
        size_t size = OPTION_FIELDS + (size_t)dns_wire_u16_at(options + at + 2);
        if (!opt_belongs_to_hop(dns_wire_u16_at(options + at), cookie)) {
            memmove(options + kept, options + at, size);
            kept += size;
        }
        at += size;
    }
    return kept;
}

int dns_opt_remove_hop_options(uint8_t *octets, struct dns_message *m, bool cookie)
{
    assert(m->octets == octets && m->tsig_place == DNS_TSIG_NONE);
    if (!m->opt_at)
        return 0;
    uint8_t *rdata = octets + m->opt_at + OPT_FIELDS;
    size_t len = m->opt_len - OPT_FIELDS;
    size_t kept = opt_keep_options(rdata, len, cookie);
    if (kept == len)
        return 0;
    dns_wire_set_u16_at(rdata - 2, (uint16_t)kept);
    opt_cut(octets, m, len - kept);
    return opt_still_parses(m);
}

int dns_opt_set_payload(uint8_t *octets, struct dns_message *m, uint16_t payload)
{
    if (!m->opt_at)
        return 0;
    dns_wire_set_u16_at(octets + m->opt_at + DNS_OPT_PAYLOAD_AT, payload);
    m->opt_payload = payload;
    return opt_still_parses(m);
}

int dns_opt_remove(uint8_t *octets, struct dns_message *m)
{
    assert(m->octets == octets && m->tsig_place == DNS_TSIG_NONE);
    if (!m->opt_at)
        return 0;
    opt_cut(octets, m, m->opt_len);
    m->opt_payload = 0;
    m->count[DNS_ADDITIONAL]--;
    dns_message_put_arcount(octets, m->count[DNS_ADDITIONAL]);
    int error = opt_still_parses(m);
    m->opt_at = 0;
    return error;
}

bool dns_opt_expire(const struct dns_message *m, uint32_t *seconds)
{
    if (!m->opt_at)
        return false;
    const uint8_t *options = m->octets + m->opt_at + OPT_FIELDS;
    size_t len = m->opt_len - OPT_FIELDS;
    for (size_t at = 0; at < len;) {
        size_t size = dns_wire_u16_at(options + at + 2);
        if (dns_wire_u16_at(options + at) == DNS_OPTION_EXPIRE && size == sizeof *seconds) {
            struct dns_reader r = dns_wire_reader(options + at + OPTION_FIELDS, size);
            *seconds = dns_wire_get_u32(&r);
            return true;
        }
        at += OPTION_FIELDS + size;
    }
    return false;
}

void dns_opt_write(struct dns_writer *w, uint16_t payload, uint16_t flags, int ede,
                   const char *text)
{
    size_t extra = text ? strlen(text) : 0;
    size_t option = ede == DNS_EDE_NONE ? 0 : OPTION_FIELDS + 2 + extra;
    assert(option <= UINT16_MAX);
    dns_wire_put_u8(w, 0);
    dns_wire_put_u16(w, DNS_TYPE_OPT);
    dns_wire_put_u16(w, payload);
    dns_wire_put_u16(w, 0); /* upper bits of the RCODE, version */
    dns_wire_put_u16(w, flags & FLAG_DO);
    dns_wire_put_u16(w, (uint16_t)option);
    if (ede == DNS_EDE_NONE)
        return;
    dns_wire_put_u16(w, DNS_OPTION_EDE);
    dns_wire_put_u16(w, (uint16_t)(2 + extra));
    dns_wire_put_u16(w, (uint16_t)ede);
    dns_wire_put_octets(w, (const uint8_t *)text, extra);
}

bool dns_opt_error(const struct dns_message *m, uint16_t *ede, const char **text, size_t *len)
{
    if (m->opt_len < OPT_FIELDS)
        return false;
    struct dns_reader r = dns_wire_reader(m->octets, m->opt_at + m->opt_len);
    r.at = m->opt_at + OPT_FIELDS;
    while (r.at < r.len && !r.failed) {
        uint16_t option = dns_wire_get_u16(&r);
        size_t size = dns_wire_get_u16(&r);
        const uint8_t *value = dns_wire_get_octets(&r, size);
        if (option != DNS_OPTION_EDE || !value || size < 2)
            continue;
        *ede = dns_wire_u16_at(value);
        *text = (const char *)value + 2;
        *len = size - 2;
        return true;
    }
    return false;
}
