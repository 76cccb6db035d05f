/* Compression is done anew because pointers count from the start of a message: a record copied into
 * another message would point to other octets. The suffixes of names are remembered in a small hash
 * table, so the work for each name is bounded. What does not fit makes the writer fail, and the
 * writer is set back to before that record. */
#include "dns/split.h"

#include <assert.h>
#include <string.h>

#include "dns/rdata.h"

#define QUESTION_FIELDS 4 /* type, class */
#define RECORD_FIELDS   8 /* type, class, TTL */
#define POINTER         0xc000
#define POINTER_MASK    0x3fff /* and the last offset that a pointer reaches */

/* Where suffixes of names written so far begin, by their hash; 0: none. A newer one takes the place
 * of an older one, so the work for each name is bounded and only the size suffers. */
#define SLOTS 1024

struct suffixes {
    uint16_t at[SLOTS];
};

/* Where each label of a name begins, and the slot of the suffix that begins there. */
struct labels {
    unsigned count;
    uint8_t at[DNS_NAME_MAX / 2];
    uint16_t slot[DNS_NAME_MAX / 2];
};

/* FNV-1a, from the root on, so that each octet is looked at once however many suffixes it is in. */
static void split_find_labels(const struct dns_name *name, struct labels *out)
{
    out->count = 0;
    for (unsigned i = 0; name->octets[i] != 0; i += 1U + name->octets[i])
        out->at[out->count++] = (uint8_t)i;
    uint32_t hash = 2166136261U;
    for (unsigned k = out->count; k-- > 0;) {
        const uint8_t *label = name->octets + out->at[k];
        for (unsigned i = 0; i <= *label; i++)
            hash = (hash ^ label[i]) * 16777619U;
        out->slot[k] = (uint16_t)((hash ^ hash >> 16) % SLOTS);
    }
}

/* Is the name written at `at` this one, octet by octet? Letter case counts: a secondary gets what
 * the primary has (RFC 5936 section 3.4). What was written here has whole labels and points
 * backwards only, but the name that is being written has no end yet. */
static bool split_written_at(const struct dns_writer *w, size_t at, const uint8_t *name)
{
    while (at < w->at) {
        uint8_t label = w->octets[at];
        if (label >= POINTER >> 8) {
            at = dns_wire_u16_at(w->octets + at) & POINTER_MASK;
            continue;
        }
        if (label != *name || memcmp(w->octets + at, name, 1U + label) != 0)
            return false;
        if (label == 0)
            return true;
        at += 1U + label;
        name += 1U + label;
    }
    return false;
}

static void split_put_compressed(struct dns_writer *w, struct suffixes *known,
                                 const struct dns_name *name)
{
    struct labels labels;
    split_find_labels(name, &labels);
    for (unsigned k = 0; k < labels.count && !w->failed; k++) {
        const uint8_t *suffix = name->octets + labels.at[k];
        uint16_t *known_at = &known->at[labels.slot[k]];
        size_t here = w->at;
        if (*known_at != 0 && split_written_at(w, *known_at, suffix)) {
            dns_wire_put_u16(w, POINTER | *known_at);
            return;
        }
        dns_wire_put_octets(w, suffix, 1U + *suffix);
        if (here <= POINTER_MASK)
            *known_at = (uint16_t)here;
    }
    dns_wire_put_u8(w, 0);
}

static int split_copy_name(struct dns_reader *r, struct dns_writer *w, struct suffixes *known,
                           bool compress)
{
    struct dns_name name;
    if (dns_name_read(r, &name) < 0)
        return DNS_EFORMAT;
    if (compress)
        split_put_compressed(w, known, &name);
    else
        dns_name_write(w, &name);
    return 0;
}

static void split_copy(struct dns_reader *r, struct dns_writer *w, size_t len)
{
    const uint8_t *octets = dns_wire_get_octets(r, len);
    if (octets)
        dns_wire_put_octets(w, octets, len);
}

static void split_copy_string(struct dns_reader *r, struct dns_writer *w)
{
    size_t len = dns_wire_get_u8(r);
    dns_wire_put_u8(w, (uint8_t)len);
    split_copy(r, w, len);
}

/* The reader ends where the RDATA ends; each layout has a name last, which does not read from a
 * reader that has failed. */
static int split_copy_rdata(struct dns_reader *r, struct dns_writer *w, struct suffixes *known,
                            const struct dns_rdata_layout *layout)
{
    if (layout) {
        split_copy(r, w, layout->octets);
        for (unsigned i = 0; i < layout->strings; i++)
            split_copy_string(r, w);
        for (unsigned i = 0; i < layout->names; i++)
            if (split_copy_name(r, w, known, layout->compress) < 0)
                return DNS_EFORMAT;
    }
    split_copy(r, w, r->len - r->at);
    return 0;
}

/* When it does not fit the writer has failed. */
static int split_copy_record(const struct dns_message *m, const struct dns_record *rr,
                             struct dns_writer *w, struct suffixes *known)
{
    struct dns_reader r = dns_wire_reader(m->octets, rr->end);
    r.at = rr->at;
    if (split_copy_name(&r, w, known, true) < 0)
        return DNS_EFORMAT;
    split_copy(&r, w, RECORD_FIELDS);
    dns_wire_put_u16(w, 0);
    r.at = rr->rdata_at;
    size_t rdata_at = w->at;
    if (split_copy_rdata(&r, w, known, dns_rdata_layout(rr->type)) < 0)
        return DNS_EFORMAT;
    if (!w->failed)
        dns_wire_set_u16_at(w->octets + rdata_at - 2, (uint16_t)(w->at - rdata_at));
    return 0;
}

void dns_split_init(struct dns_split *s, const struct dns_message *message,
                    const struct dns_message *question, size_t limit, bool first)
{
    *s = (struct dns_split){
        .message = message,
        .question = question,
        .limit = limit,
        .at = message->start[DNS_ANSWER],
        .first = first,
    };
    for (int i = 0; i < DNS_SECTIONS; i++)
        s->left[i] = message->count[i];
    if (message->opt_at)
        s->left[DNS_ADDITIONAL]--;
}

/* All questions of the message, or the request's when a first message came without. */
static int split_put_questions(struct dns_split *s, struct dns_writer *w, struct suffixes *known)
{
    const struct dns_message *from = s->message;
    if (s->first && from->count[DNS_QUESTION] == 0) {
        from = s->question;
        s->left[DNS_QUESTION] = from->count[DNS_QUESTION];
    }
    struct dns_reader r = dns_wire_reader(from->octets, from->len);
    r.at = from->start[DNS_QUESTION];
    for (unsigned i = 0; i < s->left[DNS_QUESTION]; i++) {
        if (split_copy_name(&r, w, known, true) < 0)
            return DNS_EFORMAT;
        split_copy(&r, w, QUESTION_FIELDS);
    }
    return w->failed ? DNS_ESPACE : 0;
}

/* The next record that is not OPT. */
static void split_next_record(const struct dns_message *m, size_t *at, struct dns_record *out)
{
    do
        dns_message_record(m, at, out);
    while (m->opt_at && out->at == m->opt_at);
}

/* As many records as fit, counted by section. */
static int split_put_records(struct dns_split *s, struct dns_writer *w, struct suffixes *known,
                             uint16_t count[DNS_SECTIONS])
{
    for (int section = DNS_ANSWER; section < DNS_SECTIONS; section++) {
        while (s->left[section] > 0) {
            size_t before = w->at, at = s->at;
            struct dns_record rr;
            split_next_record(s->message, &at, &rr);
            if (split_copy_record(s->message, &rr, w, known) < 0)
                return DNS_EFORMAT;
            if (w->failed) {
                w->failed = false;
                w->at = before;
                return 0;
            }
            s->at = at;
            s->left[section]--;
            count[section]++;
        }
    }
    return 0;
}

static void split_put_header(const struct dns_message *m, const uint16_t count[DNS_SECTIONS],
                             struct dns_writer *w)
{
    dns_wire_put_u16(w, m->id);
    dns_wire_put_u16(w, m->flags);
    for (int i = 0; i < DNS_SECTIONS; i++)
        dns_wire_put_u16(w, count[i]);
}

static bool split_any_left(const struct dns_split *s)
{
    return s->left[DNS_ANSWER] > 0 || s->left[DNS_AUTHORITY] > 0 || s->left[DNS_ADDITIONAL] > 0;
}

/* Something must have been written, and more than an IXFR's opening SOA. */
static bool split_wrote_enough(const struct dns_split *s, const uint16_t count[DNS_SECTIONS])
{
    if (!split_any_left(s))
        return true;
    if (s->first && s->question->qtype == DNS_TYPE_IXFR && s->left[DNS_ANSWER] > 0)
        return count[DNS_ANSWER] > 1;
    return count[DNS_ANSWER] > 0 || count[DNS_AUTHORITY] > 0 || count[DNS_ADDITIONAL] > 0;
}

/* Questions and records, into a writer that leaves room for OPT. */
static int split_put_body(struct dns_split *s, struct dns_writer *w, uint16_t count[DNS_SECTIONS])
{
    struct suffixes known = {{0}};
    int error = split_put_questions(s, w, &known);
    if (error < 0)
        return error;
    count[DNS_QUESTION] = (uint16_t)s->left[DNS_QUESTION];
    s->left[DNS_QUESTION] = 0;
    error = split_put_records(s, w, &known, count);
    if (error < 0)
        return error;
    return split_wrote_enough(s, count) ? 0 : DNS_ESPACE;
}

int dns_split_next(struct dns_split *s, struct dns_writer *w)
{
    const struct dns_message *m = s->message;
    assert(w->at == 0 && !w->failed && w->size >= s->limit);
    if (s->limit < DNS_HEADER_SIZE + m->opt_len)
        return DNS_ESPACE;
    uint16_t count[DNS_SECTIONS] = {0};
    struct dns_writer out = dns_wire_writer(w->octets, s->limit - m->opt_len);
    split_put_header(m, count, &out);
    int error = split_put_body(s, &out, count);
    if (error < 0)
        return error;
    out.size = s->limit;
    if (m->opt_at) {
        dns_wire_put_octets(&out, m->octets + m->opt_at, m->opt_len);
        count[DNS_ADDITIONAL]++;
    }
    w->at = out.at;
    out.at = 0;
    split_put_header(m, count, &out);
    s->first = false;
    return split_any_left(s) ? 1 : 0;
}
