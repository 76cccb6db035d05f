#include "check.h"

#include "clock.h"
#include "trace.h"

/* A question may wait so long for its turn, and a recording be good for so long. */
#define CHECK_AGE (600 * 1000)

static uint64_t check_quiet_since, check_age;

void check_begin(void)
{
    check_quiet_since = UINT64_MAX;
    check_age = CHECK_AGE;
}

void check_set_quiet(uint64_t since)
{
    check_quiet_since = since;
}

bool check_is_quiet(uint64_t since)
{
    return since >= check_quiet_since;
}

void check_allow_age(uint64_t ms)
{
    check_age = CHECK_AGE + ms > check_age ? CHECK_AGE + ms : check_age;
}

static unsigned check_kind(uint16_t qtype)
{
    return qtype == PAPER_SOA ? 0 : qtype == PAPER_AXFR ? 1 : 2;
}

void check_note_asked(struct zone *z, uint16_t qtype)
{
    z->asked[check_kind(qtype)] = clock_now() + 1;
}

static bool check_was_asked(const struct zone *z, unsigned kind)
{
    return z->asked[kind] > 0 && clock_now() + 1 - z->asked[kind] <= check_age;
}

void check_request(const struct zone *z, const struct paper_reader *r)
{
    TRACE_CHECK(z && paper_opcode(r) == 0 && !(r->flags & 0x8000),
                "a primary was asked what no secondary asks");
    bool known = r->qtype == PAPER_SOA || r->qtype == PAPER_AXFR || r->qtype == PAPER_IXFR;
    TRACE_CHECK(known, "a primary was asked for type %u", r->qtype);
    /* The SOA may be asked in place of an IXFR. */
    bool asked = check_was_asked(z, check_kind(r->qtype)) ||
                 (r->qtype == PAPER_SOA && (z->polled || check_was_asked(z, 2)));
    TRACE_CHECK(asked, "a primary was asked type %u of %s by nobody", r->qtype, z->text);
}

void check_serial(const struct zone *z, const struct paper_reader *r, uint32_t serial)
{
    if (r->qtype != PAPER_IXFR)
        return;
    bool was = z->forgotten > 0 || truth_version(z, serial);
    TRACE_CHECK(was, "a primary was asked for %s from serial %u, that never was", z->text, serial);
}

void check_mark(const struct paper_record *record)
{
    bool marked =
        record->type == PAPER_A && record->rdata_len == 4 && paper_u32(record->rdata) == TRUTH_MARK;
    for (size_t i = 0; i < record->owner.len; i++)
        marked |= record->owner.octets[i] >= 'A' && record->owner.octets[i] <= 'Z';
    TRACE_CHECK(!marked, "a record of a forger came through");
}

void check_question(const struct zone *z, uint16_t qtype, const struct paper_reader *r)
{
    TRACE_CHECK(paper_is_name(&r->qname, &z->name) && r->qtype == qtype,
                "the answer to a question about %s is to another one", z->text);
}

void check_fresh(const struct zone *z, uint32_t serial, uint64_t since)
{
    const struct version *v = truth_version(z, serial);
    TRACE_CHECK(v, "a secondary was told serial %u of %s, that never was", serial, z->text);
    TRACE_CHECK(truth_was_newest_since(v, since),
                "a secondary was told serial %u of %s from before", serial, z->text);
}

void check_record(const struct zone *z, const struct truth_item *item)
{
    for (size_t i = z->count; i-- > z->forgotten;)
        if (item->soa ? z->versions[i].serial == item->value
                      : z->versions[i].values[item->index] == item->value)
            return;
    TRACE_CHECK(false, "a transfer of %s has a record that never was", z->text);
}

void check_copy(const struct zone *z, uint32_t serial, const uint32_t *values, uint64_t since)
{
    check_fresh(z, serial, since);
    const struct version *v = truth_version(z, serial);
    for (unsigned i = 0; i < z->records; i++)
        TRACE_CHECK(values[i] == v->values[i],
                    "a transfer of %s, serial %u, looks whole and differs in record %u", z->text,
                    serial, i);
}
