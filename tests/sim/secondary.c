/* The host's side: what comes, and NOTIFYs. */
#include "secondary.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "dice.h"
#include "trace.h"

#define SECONDARY_PORTS 1024 /* copies ask from here on */

struct copy *secondary_find(struct secondary *s, const struct paper_name *name)
{
    size_t low = 0, high = s->copy_count, number = 0;
    for (size_t i = 2; i <= name->octets[0]; i++)
        number = 10 * number + name->octets[i] - '0';
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (s->copies[middle].zone->number < number)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < s->copy_count && paper_is_name(name, &s->copies[low].zone->name);
    return found ? &s->copies[low] : NULL;
}

/* The NOTIFY, with the answer's bit, signed in turn; there is room for that. */
static size_t secondary_answer(struct secondary *s, struct seal *seal, uint8_t *octets, size_t len)
{
    octets[2] |= 0x80;
    if (!s->key)
        return len;
    seal_turn(seal);
    return seal_sign(seal, net_seconds(&s->host), octets, len);
}

/* What is in it: question, hint, OPT, and nothing of whoever may have made it up. */
static uint32_t secondary_read_hint(const struct zone *z, struct paper_reader *r)
{
    struct paper_record record;
    struct truth_item item = {0};
    uint32_t serial = 0;
    while (paper_next(r, &record)) {
        check_mark(&record);
        bool hint = record.section == 1 && truth_read(z, &record, &item) && item.soa;
        TRACE_CHECK(hint || record.type == PAPER_OPT, "a NOTIFY has more than its hint");
        serial = hint ? item.value : serial;
    }
    return serial;
}

size_t secondary_take(struct secondary *s, uint8_t *octets, size_t len)
{
    struct seal seal = {.key = s->key};
    struct paper_reader r;
    unsigned error;
    if (s->key && seal_verify(&seal, net_seconds(&s->host), octets, &len, &error) != SEAL_GOOD)
        return 0;
    if (!paper_read(&r, octets, len) || paper_opcode(&r) != 4 || r.flags & 0x8000)
        return 0;
    struct copy *c = secondary_find(s, &r.qname);
    TRACE_CHECK(c || !s->key, "a secondary was told of a zone that is not its own");
    if (!c)
        return 0;
    uint32_t serial = secondary_read_hint(c->zone, &r);
    tally.notifies++;
    trace_note("hears", s->host.place, c->zone->number, serial);
    if (!s->off && (!c->has || serial == 0 || truth_is_newer(serial, c->serial)))
        copy_refresh(c);
    return secondary_answer(s, &seal, octets, len);
}

static void secondary_notified(struct secondary *s, const struct datagram *d)
{
    uint8_t octets[1500 + SEAL_RECORD_MAX];
    if (d->len > 1500)
        return;
    memcpy(octets, d->octets, d->len);
    size_t len = secondary_take(s, octets, d->len);
    if (len > 0)
        net_send(&s->host,
                 &(struct datagram){.from = d->to, .to = d->from, .octets = octets, .len = len});
}

static void on_datagram(void *owner, const struct datagram *d)
{
    struct secondary *s = owner;
    if (d->to.port == 53) {
        secondary_notified(s, d);
        return;
    }
    for (size_t i = (size_t)(d->to.port - SECONDARY_PORTS); i < s->copy_count; i += 60000)
        if (copy_take_datagram(&s->copies[i], d))
            return;
}

static bool on_connection(void *owner, struct pipe_end *end)
{
    struct secondary *s = owner;
    door_open(s, end);
    return true;
}

static const struct host_events secondary_host_events = {.on_datagram = on_datagram,
                                                         .on_connection = on_connection};

void secondary_init(struct secondary *s, unsigned place, const struct seal_key *key)
{
    *s = (struct secondary){.address = net_address(NET_SECONDARY, place, 53), .key = key};
    s->host.address = net_address(NET_SECONDARY, place, 0);
    s->host.events = &secondary_host_events;
    s->host.owner = s;
    s->host.place = place;
    LIST_INIT(&s->lines);
    LIST_INIT(&s->doors);
    STAILQ_INIT(&s->queue);
    net_attach(&s->host);
}

static void on_due(void *owner)
{
    copy_refresh(owner);
}

static void on_patience(void *owner)
{
    copy_fail(owner, "timeout");
}

void secondary_own(struct secondary *s, size_t count)
{
    s->copies = calloc(count, sizeof *s->copies);
    assert(s->copies);
}

void secondary_add(struct secondary *s, struct zone *zone, uint64_t within)
{
    struct copy *c = &s->copies[s->copy_count++];
    *c = (struct copy){.secondary = s, .zone = zone};
    c->values = calloc(zone->records, sizeof *c->values);
    assert(c->values);
    c->due.on_time = on_due;
    c->patience.on_time = on_patience;
    c->due.owner = c->patience.owner = c;
    alarm_in(&c->due, dice_below(within));
}

void secondary_fail(struct secondary *s, bool silent)
{
    pipe_lose_host(&s->host, silent);
    while (!LIST_EMPTY(&s->lines))
        line_lose(LIST_FIRST(&s->lines));
    door_close_all(s);
}

void secondary_restart(struct secondary *s)
{
    for (size_t i = 0; i < s->copy_count; i++)
        if (s->copies[i].state == COPY_RESTS)
            alarm_in(&s->copies[i].due, dice_below(5000));
}

void secondary_fini(struct secondary *s)
{
    s->off = true;
    for (size_t i = 0; i < s->copy_count; i++)
        copy_fini(&s->copies[i]);
    secondary_fail(s, true);
    free(s->copies);
}
