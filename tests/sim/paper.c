/* Writing is for messages that are small or known to fit; reading trusts nothing. */
#include "paper.h"

#include <assert.h>
#include <string.h>

uint16_t paper_u16(const uint8_t *octets)
{
    return (uint16_t)(octets[0] << 8 | octets[1]);
}

void paper_put_u16(uint8_t *octets, uint16_t value)
{
    octets[0] = (uint8_t)(value >> 8);
    octets[1] = (uint8_t)value;
}

uint32_t paper_u32(const uint8_t *octets)
{
    return (uint32_t)paper_u16(octets) << 16 | paper_u16(octets + 2);
}

void paper_put_u32(uint8_t *octets, uint32_t value)
{
    paper_put_u16(octets, (uint16_t)(value >> 16));
    paper_put_u16(octets + 2, (uint16_t)value);
}

static void paper_put(struct paper *p, const void *octets, size_t len)
{
    assert(p->len + len <= PAPER_MAX);
    memcpy(p->octets + p->len, octets, len);
    p->len += len;
}

static void paper_add_u16(struct paper *p, uint16_t value)
{
    uint8_t octets[2];
    paper_put_u16(octets, value);
    paper_put(p, octets, sizeof octets);
}

static void paper_count(struct paper *p, unsigned section)
{
    uint8_t *at = p->octets + 4 + 2 * section;
    paper_put_u16(at, (uint16_t)(paper_u16(at) + 1));
}

void paper_begin(struct paper *p, uint16_t id, uint16_t flags)
{
    memset(p->octets, 0, 12);
    paper_put_u16(p->octets, id);
    paper_put_u16(p->octets + 2, flags);
    p->len = 12;
}

void paper_question(struct paper *p, const struct dns_name *name, uint16_t type)
{
    paper_put(p, name->octets, name->len);
    paper_add_u16(p, type);
    paper_add_u16(p, 1);
    paper_count(p, 0);
}

/* Behind a question, the apex is a pointer to it. */
void paper_record(struct paper *p, unsigned section, const char *label, const struct dns_name *zone,
                  uint16_t type)
{
    if (label) {
        uint8_t len = (uint8_t)strlen(label);
        paper_put(p, &len, 1);
        paper_put(p, label, len);
    }
    if (paper_u16(p->octets + 4) > 0)
        paper_add_u16(p, 0xc000 | 12);
    else
        paper_put(p, zone->octets, zone->len);
    paper_add_u16(p, type);
    paper_add_u16(p, 1);
    paper_put(p, "\0\0\16\20", 4); /* an hour */
    paper_count(p, section);
}

void paper_rdata(struct paper *p, const uint8_t *octets, size_t len)
{
    paper_add_u16(p, (uint16_t)len);
    paper_put(p, octets, len);
}

void paper_opt(struct paper *p, uint16_t payload)
{
    paper_put(p, "\0", 1);
    paper_add_u16(p, PAPER_OPT);
    paper_add_u16(p, payload);
    paper_put(p, "\0\0\0\0\0\0", 6);
    paper_count(p, 3);
}

static bool paper_fail(struct paper_reader *r)
{
    r->failed = true;
    return false;
}

/* A name from `at` on; where it ends in its place. 0: no name. */
static size_t paper_read_name(const struct paper_reader *r, size_t at, struct paper_name *out)
{
    size_t behind = 0;
    out->len = 0;
    for (unsigned jumps = 0; at < r->len && jumps < 64;) {
        uint8_t len = r->octets[at];
        if (len >= 0xc0) {
            if (at + 2 > r->len)
                return 0;
            behind = behind ? behind : at + 2;
            at = paper_u16(r->octets + at) & 0x3fff;
            jumps++;
            continue;
        }
        if (len >= 0x40 || at + 1 + len > r->len || out->len + 1 + len > sizeof out->octets)
            return 0;
        memcpy(out->octets + out->len, r->octets + at, 1u + len);
        out->len += 1u + len;
        at += 1u + len;
        if (len == 0)
            return behind ? behind : at;
    }
    return 0;
}

bool paper_read(struct paper_reader *r, const uint8_t *octets, size_t len)
{
    *r = (struct paper_reader){.octets = octets, .len = len, .at = 12, .section = 1};
    if (len < 12)
        return paper_fail(r);
    r->id = paper_u16(octets);
    r->flags = paper_u16(octets + 2);
    for (unsigned i = 0; i < 4; i++)
        r->counts[i] = paper_u16(octets + 4 + 2 * i);
    if (r->counts[0] > 1)
        return paper_fail(r);
    if (r->counts[0] == 0)
        return true;
    size_t at = paper_read_name(r, r->at, &r->qname);
    if (at == 0 || at + 4 > len)
        return paper_fail(r);
    r->qtype = paper_u16(octets + at);
    r->at = at + 4;
    return true;
}

bool paper_next(struct paper_reader *r, struct paper_record *out)
{
    while (r->section < 4 && r->counts[r->section] == 0)
        r->section++;
    if (r->failed || r->section == 4)
        return false;
    r->counts[r->section]--;
    size_t at = paper_read_name(r, r->at, &out->owner);
    if (at == 0 || at + 10 > r->len)
        return paper_fail(r);
    out->at = r->at;
    out->section = r->section;
    out->type = paper_u16(r->octets + at);
    out->rclass = paper_u16(r->octets + at + 2);
    out->ttl = paper_u32(r->octets + at + 4);
    out->rdata_len = paper_u16(r->octets + at + 8);
    out->rdata = r->octets + at + 10;
    r->at = at + 10 + out->rdata_len;
    return r->at <= r->len || paper_fail(r);
}

bool paper_is_name(const struct paper_name *a, const struct dns_name *b)
{
    return a->len == b->len && memcmp(a->octets, b->octets, a->len) == 0;
}
