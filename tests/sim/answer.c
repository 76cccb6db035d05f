/* A request is looked at by the judge first: nothing may come here that no right secondary has
 * asked. Then a transfer is a list of items, laid out in messages as this primary does. */
#include "answer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "dice.h"
#include "trace.h"

#define ANSWER_MESSAGE 60000 /* octets of a message at most, but for wide ones */

struct answer_task {
    struct primary *primary;
    struct zone *zone;
    struct paper_reader request;
    uint32_t serial; /* an IXFR's */
    struct seal seal;
    bool tcp;
    struct truth_item *items; /* owned */
    size_t count, room;
};

static struct paper answer_page;

void answer_fini(struct answer *a)
{
    free(a->octets);
}

static void answer_add(struct answer *a, const uint8_t *octets, size_t len)
{
    if (a->len + len + 2 > a->room) {
        a->room = 2 * (a->len + len + 2);
        a->octets = realloc(a->octets, a->room);
        assert(a->octets);
    }
    paper_put_u16(a->octets + a->len, (uint16_t)len);
    memcpy(a->octets + a->len + 2, octets, len);
    a->len += len + 2;
    a->count++;
}

/* The page, signed as this primary does. */
static void answer_finish(struct answer *a, struct answer_task *t, bool last)
{
    struct primary *p = t->primary;
    bool bare = p->key && a->count > 0 && !last && a->count % p->manner.signs_every != 0;
    if (bare)
        seal_pass(&t->seal, answer_page.octets, answer_page.len);
    else if (p->key)
        answer_page.len =
            seal_sign(&t->seal, net_seconds(&p->host), answer_page.octets, answer_page.len);
    answer_add(a, answer_page.octets, answer_page.len);
}

static void answer_begin(const struct answer_task *t, unsigned rcode, bool question)
{
    paper_begin(&answer_page, t->request.id, (uint16_t)(1 << 15 | 1 << 10 | rcode));
    if (question)
        paper_question(&answer_page, &t->zone->name, t->request.qtype);
}

static void answer_item(struct answer_task *t, bool soa, unsigned index, uint32_t value)
{
    if (t->count == t->room) {
        t->room = 2 * t->room + 64;
        t->items = realloc(t->items, t->room * sizeof *t->items);
        assert(t->items);
    }
    t->items[t->count++] = (struct truth_item){soa, index, value};
}

static void answer_list_all(struct answer_task *t)
{
    const struct version *v = truth_newest(t->zone);
    answer_item(t, true, 0, v->serial);
    for (unsigned i = 0; i < t->zone->records; i++)
        if (v->values[i])
            answer_item(t, false, i, v->values[i]);
    answer_item(t, true, 0, v->serial);
}

static void answer_list_step(struct answer_task *t, const struct version *from,
                             const struct version *to)
{
    answer_item(t, true, 0, from->serial);
    for (unsigned i = 0; i < t->zone->records; i++)
        if (from->values[i] && from->values[i] != to->values[i])
            answer_item(t, false, i, from->values[i]);
    answer_item(t, true, 0, to->serial);
    for (unsigned i = 0; i < t->zone->records; i++)
        if (to->values[i] && from->values[i] != to->values[i])
            answer_item(t, false, i, to->values[i]);
}

/* From version to version, or in one step. */
static void answer_list_steps(struct answer_task *t, const struct version *from)
{
    const struct version *newest = truth_newest(t->zone);
    bool condensed = dice_chance(300);
    answer_item(t, true, 0, newest->serial);
    for (const struct version *v = from; v != newest;) {
        const struct version *next = condensed ? newest : v + 1;
        answer_list_step(t, v, next);
        v = next;
    }
    answer_item(t, true, 0, newest->serial);
}

static void answer_list(struct answer_task *t)
{
    const struct version *newest = truth_newest(t->zone);
    if (t->request.qtype == PAPER_AXFR) {
        answer_list_all(t);
        return;
    }
    const struct version *from = truth_version(t->zone, t->serial);
    if (t->serial == newest->serial || truth_is_newer(t->serial, newest->serial))
        answer_item(t, true, 0, newest->serial);
    else if (!from || t->primary->manner.axfr_alone)
        answer_list_all(t);
    else
        answer_list_steps(t, from);
}

/* As many items as go into one message, to its very end where they are wide: no room is left for a
 * TSIG that comes on top; returns how many are done. */
static size_t answer_page_fill(struct answer_task *t, size_t from)
{
    size_t key = t->primary->key ? SEAL_RECORD_MAX : 0;
    size_t most = t->zone->wide ? PAPER_MAX - key : ANSWER_MESSAGE;
    unsigned records = 0;
    for (; from < t->count && records < t->primary->manner.records; from++, records++) {
        const struct truth_item *item = &t->items[from];
        size_t size = item->soa ? 64 : truth_size(t->zone, item->value);
        if (answer_page.len + size > most)
            break;
        if (item->soa)
            truth_put_soa(&answer_page, 1, t->zone, item->value);
        else
            truth_put_record(&answer_page, t->zone, item->index, item->value);
    }
    return from;
}

static void answer_transfer(struct answer *a, struct answer_task *t)
{
    bool no_question = t->primary->manner.no_question;
    unsigned spoilt = dice_chance(t->primary->manner.spoils) ? (unsigned)dice_below(4) + 1 : 0;
    answer_list(t);
    for (size_t done = 0; done < t->count;) {
        answer_begin(t, 0, a->count == 0 || !no_question);
        done = answer_page_fill(t, done);
        if (spoilt > 0 && --spoilt == 0) {
            /* Not a message any more, or not of this transfer. With another QDCOUNT it might be
             * one that is well made, so that one stays. */
            size_t at = dice_below(10);
            answer_page.octets[at < 4 ? at : at + 2] ^= (uint8_t)(1u << dice_below(8));
            tally.faults++;
        }
        answer_finish(a, t, done == t->count);
    }
    free(t->items);
}

/* Its zones are numbered one after another, and named by that. */
static struct zone *answer_find(const struct primary *p, const struct paper_name *name)
{
    size_t number = 0, first = p->zones[0]->number;
    for (size_t i = 2; i <= name->octets[0]; i++)
        number = 10 * number + name->octets[i] - '0';
    bool found = number >= first && number - first < p->zone_count &&
                 paper_is_name(name, &p->zones[number - first]->name);
    return found ? p->zones[number - first] : NULL;
}

/* The SOA that an IXFR carries. */
static bool answer_read_serial(struct answer_task *t)
{
    struct paper_reader r = t->request;
    struct paper_record record;
    struct truth_item item;
    while (paper_next(&r, &record)) {
        check_mark(&record);
        if (record.section == 2 && truth_read(t->zone, &record, &item) && item.soa)
            t->serial = item.value;
        else if (record.section == 2)
            return false;
    }
    return !r.failed;
}

static bool answer_verify(struct answer_task *t, uint8_t *octets, size_t *len)
{
    struct primary *p = t->primary;
    unsigned error;
    t->seal.key = p->key;
    if (!p->key) {
        TRACE_CHECK(seal_mac_len(octets, *len) == 0, "a primary without key got a TSIG");
        return true;
    }
    return seal_verify(&t->seal, net_seconds(&p->host), octets, len, &error) == SEAL_GOOD;
}

static bool answer_soa(struct answer *a, struct answer_task *t)
{
    answer_begin(t, 0, true);
    truth_put_soa(&answer_page, 1, t->zone, truth_newest(t->zone)->serial);
    answer_finish(a, t, true);
    return false;
}

bool answer_make(struct answer *a, struct primary *p, uint8_t *octets, size_t len, bool tcp)
{
    struct answer_task t = {.primary = p, .tcp = tcp};
    *a = (struct answer){0};
    if (!answer_verify(&t, octets, &len) || !paper_read(&t.request, octets, len))
        return false;
    seal_turn(&t.seal);
    t.zone = answer_find(p, &t.request.qname);
    check_request(t.zone, &t.request);
    if (!answer_read_serial(&t))
        return false;
    trace_note(tcp ? "asked.tcp" : "asked.udp", p->host.place, t.zone->number, t.request.qtype);
    bool transfer = t.request.qtype == PAPER_AXFR || t.request.qtype == PAPER_IXFR;
    check_serial(t.zone, &t.request, t.serial);
    if (!transfer || !tcp)
        return answer_soa(a, &t);
    answer_transfer(a, &t);
    bool cut = dice_chance(p->manner.cuts);
    tally.faults += cut;
    seal_fini(&t.seal);
    return cut;
}
