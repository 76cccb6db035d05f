/* RESTS ─due, or a NOTIFY─▶ ASKS for the SOA ─newer─▶ TRANSFERS ─whole─▶ RESTS; whatever fails
 * goes back to RESTS and waits for RETRY. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "dice.h"
#include "secondary.h"
#include "trace.h"

#define COPY_PORTS 1024
#define COPY_TRIES 3
#define COPY_WAIT  3000  /* ms for an answer over UDP */
#define COPY_STALL 60000 /* ms with nothing moved over TCP */

static void copy_send(struct copy *c, const struct paper *p)
{
    struct secondary *s = c->secondary;
    struct datagram d = {
        .from = s->address, .to = s->targets[s->target], .octets = p->octets, .len = p->len};
    d.from.port = (uint16_t)(COPY_PORTS + (size_t)(c - s->copies) % 60000);
    net_send(&s->host, &d);
}

static bool copy_has_used(const struct copy *c, uint16_t id)
{
    for (unsigned i = 0; i < COPY_IDS && i < c->id_count; i++)
        if (c->ids[i] == id)
            return true;
    return false;
}

/* A question, signed afresh, with an ID that no late answer has. */
static const struct paper *copy_write(struct copy *c, uint16_t qtype)
{
    static struct paper page;
    struct secondary *s = c->secondary;
    do
        c->id = (uint16_t)dice_draw();
    while (copy_has_used(c, c->id));
    c->ids[c->id_count++ % COPY_IDS] = c->id;
    c->qtype = qtype;
    paper_begin(&page, c->id, 0);
    paper_question(&page, &c->zone->name, qtype);
    if (qtype == PAPER_IXFR)
        truth_put_soa(&page, 2, c->zone, c->serial);
    if (dice_chance(500))
        paper_opt(&page, 1232);
    seal_fini(&c->seal);
    c->seal = (struct seal){.key = s->key};
    if (s->key)
        page.len = seal_sign(&c->seal, net_seconds(&s->host), page.octets, page.len);
    seal_turn(&c->seal);
    check_note_asked(c->zone, qtype);
    return &page;
}

/* For the SOA; or at once for what has changed since. */
static void copy_ask(struct copy *c)
{
    bool ixfr = c->secondary->careless && dice_chance(300);
    const struct paper *page = copy_write(c, ixfr ? PAPER_IXFR : PAPER_SOA);
    c->count = 0;
    trace_note("asks", c->secondary->host.place, c->zone->number, c->id);
    if (!ixfr && c->secondary->careless && dice_chance(300)) {
        line_ask(c, page->octets, page->len);
        alarm_in(&c->patience, COPY_STALL);
        return;
    }
    copy_send(c, page);
    alarm_in(&c->patience, COPY_WAIT);
}

/* Not more at once than it may. */
static void copy_transfer(struct copy *c)
{
    struct secondary *s = c->secondary;
    if (s->most_transfers > 0 && s->transfers >= s->most_transfers) {
        alarm_stop(&c->patience);
        c->state = COPY_WAITS;
        STAILQ_INSERT_TAIL(&s->queue, c, queued);
        return;
    }
    s->transfers++;
    bool ixfr = c->has && dice_chance(800);
    c->state = COPY_TRANSFERS;
    c->count = 0;
    c->since = clock_now();
    const struct paper *page = copy_write(c, ixfr ? PAPER_IXFR : PAPER_AXFR);
    trace_note("transfers", s->host.place, c->zone->number, c->qtype);
    alarm_in(&c->patience, COPY_STALL);
    line_ask(c, page->octets, page->len);
}

void copy_refresh(struct copy *c)
{
    if (c->secondary->off || !c->secondary->host.up)
        return;
    if (c->state != COPY_RESTS) {
        c->again = true;
        return;
    }
    alarm_stop(&c->due);
    c->again = false;
    c->tries = 0;
    c->since = clock_now();
    c->state = COPY_ASKS;
    if (c->has)
        copy_ask(c);
    else
        copy_transfer(c);
}

static void copy_rest(struct copy *c, uint64_t seconds, bool answered)
{
    struct secondary *s = c->secondary;
    struct copy *next = STAILQ_FIRST(&s->queue);
    line_leave(c, answered);
    alarm_stop(&c->patience);
    seal_fini(&c->seal);
    s->transfers -= c->state == COPY_TRANSFERS;
    c->state = COPY_RESTS;
    if (next && s->transfers < s->most_transfers) {
        STAILQ_REMOVE_HEAD(&s->queue, queued);
        copy_transfer(next);
    }
    if (s->off)
        return;
    /* A tenth sooner or later, so that zones do not stay in step. */
    uint64_t ms = seconds * 1000;
    alarm_in(&c->due, c->again ? dice_between(1, 500) : ms - dice_below(ms / 10 + 1));
}

static void copy_expire(struct copy *c)
{
    if (!c->has || clock_now() - c->confirmed < 1000ull * c->zone->expire)
        return;
    trace_note("expired", c->secondary->host.place, c->zone->number, c->serial);
    c->has = false;
}

void copy_fail(struct copy *c, const char *why)
{
    struct secondary *s = c->secondary;
    TRACE_CHECK(!check_is_quiet(c->since) || s->off, "secondary %u gets no %u of %s: %s",
                s->host.place, c->qtype, c->zone->text, why);
    trace_note("fails", s->host.place, c->zone->number, c->qtype);
    s->target = (s->target + 1) % s->target_count;
    copy_expire(c);
    if (c->state == COPY_ASKS && ++c->tries < COPY_TRIES && s->host.up && !s->off) {
        line_leave(c, false);
        copy_ask(c);
        return;
    }
    copy_rest(c, c->zone->retry, false);
}

/* It is as the primary says. */
static void copy_confirm(struct copy *c)
{
    c->confirmed = clock_now();
    copy_rest(c, c->zone->refresh, true);
}

/* Over UDP: all of it, or its newest SOA alone when that is all there is room for. */
static void copy_take_increment(struct copy *c, struct paper_reader *r)
{
    bool cut = r->flags & 0x200;
    enum take taken = cut ? TAKE_MORE : take_message(c, r);
    trace_note("told", c->secondary->host.place, c->zone->number, taken);
    tally.answers++;
    if (taken == TAKE_MORE) {
        TRACE_CHECK(cut || c->count == 1, "an IXFR of %s over UDP is not whole", c->zone->text);
        copy_transfer(c);
    } else if (taken == TAKE_BROKEN) {
        copy_fail(c, "a broken answer");
    } else {
        copy_confirm(c);
    }
}

static void copy_take_answer(struct copy *c, struct paper_reader *r)
{
    if (paper_rcode(r) != 0) {
        copy_fail(c, "an error");
        return;
    }
    if (c->qtype == PAPER_IXFR) {
        copy_take_increment(c, r);
        return;
    }
    uint32_t newest = take_soa(c, r);
    tally.answers++;
    trace_note("told", c->secondary->host.place, c->zone->number, newest);
    line_leave(c, true);
    if (truth_is_newer(newest, c->serial))
        copy_transfer(c);
    else
        copy_confirm(c);
}

/* No right party sends what it has not asked for. */
static void copy_check_id(const struct copy *c, const struct datagram *d)
{
    bool own =
        d->tainted || d->recorded || d->from.port != 53 || copy_has_used(c, paper_u16(d->octets));
    TRACE_CHECK(own, "secondary %u got an answer to somebody else", c->secondary->host.place);
}

bool copy_take_datagram(struct copy *c, const struct datagram *d)
{
    struct secondary *s = c->secondary;
    struct paper_reader r;
    uint8_t octets[4096];
    size_t len = d->len;
    unsigned error;
    if (s->copy_count < 60000)
        copy_check_id(c, d);
    if (c->state != COPY_ASKS || c->line || len > sizeof octets || len < 12 ||
        paper_u16(d->octets) != c->id)
        return false;
    memcpy(octets, d->octets, len);
    enum seal_verdict verdict = SEAL_GOOD;
    if (s->key)
        verdict = seal_verify(&c->seal, net_seconds(&s->host), octets, &len, &error);
    TRACE_CHECK(verdict != SEAL_BAD || error > 0 || d->tainted || d->recorded,
                "secondary %u got an answer about %s that is not for it", s->host.place,
                c->zone->text);
    if (verdict != SEAL_GOOD)
        return true;
    if (!s->key && d->tainted)
        return true; /* it would believe it: nothing protects it */
    if (paper_read(&r, octets, len))
        copy_take_answer(c, &r);
    return true;
}

/* Over TCP nobody but its proxy is at the other end, so what does not verify is that one's
 * fault. */
static bool copy_verify(struct copy *c, uint8_t *octets, size_t *len)
{
    struct secondary *s = c->secondary;
    unsigned error;
    if (!s->key)
        return true;
    enum seal_verdict verdict = seal_verify(&c->seal, net_seconds(&s->host), octets, len, &error);
    bool right = verdict == SEAL_GOOD && error == 0;
    bool excused = line_is_altered(c->line) || verdict == SEAL_LATE || error > 0 ||
                   (verdict == SEAL_NONE && *len >= 12 && (octets[3] & 15) > 0);
    TRACE_CHECK(right || excused, "secondary %u got an answer about %s that does not verify",
                s->host.place, c->zone->text);
    return right;
}

void copy_take_message(struct copy *c, uint8_t *octets, size_t len)
{
    struct paper_reader r;
    if (!copy_verify(c, octets, &len) || !paper_read(&r, octets, len)) {
        copy_fail(c, "a bad answer");
        return;
    }
    alarm_in(&c->patience, COPY_STALL);
    if (c->state == COPY_ASKS) {
        copy_take_answer(c, &r);
        return;
    }
    switch (take_message(c, &r)) {
    case TAKE_MORE:
        break;
    case TAKE_BROKEN:
        copy_fail(c, "a broken transfer");
        break;
    case TAKE_WHOLE:
    case TAKE_CURRENT:
        trace_note("has", c->secondary->host.place, c->zone->number, c->serial);
        tally.transfers++;
        copy_confirm(c);
        break;
    }
}

void copy_fini(struct copy *c)
{
    alarm_stop(&c->due);
    alarm_stop(&c->patience);
    line_leave(c, false);
    seal_fini(&c->seal);
    free(c->items);
    free(c->values);
}
