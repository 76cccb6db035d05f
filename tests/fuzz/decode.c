#include "decode.h"

#include <string.h>

#define POINTERS_MAX 127

/* o: an octet, s: a character-string, n: a name; anything may follow. */
static const struct {
    uint16_t type;
    const char *fields;
} layouts[] = {
    {2, "n"},    {3, "n"},        {4, "n"},         {5, "n"},
    {6, "nn"},   {7, "n"},        {8, "n"},         {9, "n"},
    {12, "n"},   {14, "nn"},      {15, "oon"},      {17, "nn"},
    {18, "oon"}, {21, "oon"},     {26, "oonn"},     {24, "oooooooooooooooooon"},
    {30, "n"},   {33, "oooooon"}, {35, "oooosssn"},
};

static const char *fields_of(uint16_t type)
{
    for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
        if (layouts[i].type == type)
            return layouts[i].fields;
    return "";
}

/* One octet that belongs to a name. */
static uint8_t look(struct decode *d, const struct dns_message *m, size_t at)
{
    if (at < m->len)
        return m->octets[at];
    d->failed = true;
    return 0;
}

static void mark_place(struct decode *d, size_t at)
{
    if (at < DECODE_REACH)
        d->places[at / 8] |= (uint8_t)(1U << at % 8);
}

static bool is_place(const struct decode *d, size_t at)
{
    return d->places[at / 8] >> at % 8 & 1;
}

/* Returns the place behind the name where it stands. */
static size_t decode_name(struct decode *d, const struct dns_message *m, size_t at,
                          struct dns_writer *w)
{
    size_t end = 0, begin = w->at;

    for (unsigned pointers = 0; pointers <= POINTERS_MAX && !d->failed;) {
        size_t label = look(d, m, at);

        if (!end)
            mark_place(d, at);
        if (label >= 0xc0) {
            end = end ? end : at + 2;
            at = (label & 0x3f) << 8 | look(d, m, at + 1);
            d->stray |= !is_place(d, at);
            pointers++;
            continue;
        }
        if (label > 63 || w->at - begin + label >= DNS_NAME_MAX || at + label >= m->len)
            break;
        dns_wire_put_octets(w, m->octets + at, 1 + label);
        at += 1 + label;
        if (label == 0)
            return end ? end : at;
    }
    d->failed = true;
    return m->len;
}

static size_t decode_octets(struct decode *d, const struct dns_record *rr,
                            const struct dns_message *m, size_t at, struct dns_writer *w)
{
    size_t stop = at < rr->end ? at + 1 : at;

    d->failed |= stop == at;
    dns_wire_put_octets(w, m->octets + at, stop - at);
    return stop;
}

static size_t decode_string(struct decode *d, const struct dns_record *rr,
                            const struct dns_message *m, size_t at, struct dns_writer *w)
{
    size_t len = at < rr->end ? 1U + m->octets[at] : 1;

    if (len > rr->end - at) {
        d->failed = true;
        return at;
    }
    dns_wire_put_octets(w, m->octets + at, len);
    return at + len;
}

static void decode_rdata(struct decode *d, const struct dns_message *m, const struct dns_record *rr,
                         struct dns_writer *w)
{
    /* Names in RDATA end where it ends. */
    struct dns_message whole = *m;
    size_t at = rr->rdata_at, begin = w->at;

    whole.len = rr->end;
    for (const char *field = fields_of(rr->type); *field && !d->failed; field++) {
        if (*field == 'n')
            at = decode_name(d, &whole, at, w);
        else if (*field == 's')
            at = decode_string(d, rr, m, at, w);
        else
            at = decode_octets(d, rr, m, at, w);
    }
    if (!d->failed)
        dns_wire_put_octets(w, m->octets + at, rr->end - at);
    dns_wire_put_u32(w, (uint32_t)(w->at - begin));
}

void decode_record(struct decode *d, const struct dns_message *m, const struct dns_record *rr,
                   struct dns_writer *w)
{
    decode_name(d, m, rr->at, w);
    dns_wire_put_u16(w, rr->type);
    dns_wire_put_u16(w, rr->rclass);
    dns_wire_put_u32(w, rr->ttl);
    decode_rdata(d, m, rr, w);
}

void decode_section(struct decode *d, const struct dns_message *m, enum dns_section section,
                    struct dns_writer *w)
{
    size_t at = m->start[section];

    for (unsigned i = 0; i < m->count[section]; i++) {
        struct dns_record rr;

        dns_message_record(m, &at, &rr);
        if (!m->opt_at || rr.at != m->opt_at)
            decode_record(d, m, &rr, w);
    }
}

void decode_questions(struct decode *d, const struct dns_message *m, struct dns_writer *w)
{
    size_t at = m->start[DNS_QUESTION];

    for (unsigned i = 0; i < m->count[DNS_QUESTION] && !d->failed; i++) {
        at = decode_name(d, m, at, w);
        dns_wire_put_octets(w, m->octets + at, d->failed ? 0 : 4);
        at += 4;
    }
}
