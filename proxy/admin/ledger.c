/* What comes in is news of one pair; what it says of the zone's newest serial is weighed for all
 * pairs of that zone at once, so that each remembers since when it is behind. All that is known of
 * a zone stands in one part, found by its name. */
#include "admin/ledger.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "admin/pairs.h"
#include "dns/xfr.h"

#define LEDGER_PARTS_MOST 8
#define LEDGER_PART_LEAST 1024 /* pairs: fewer are not worth a part of their own */
#define LEDGER_STRIDE     64   /* pairs that a walk looks at while others wait */

struct ledger {
    unsigned count;
    struct ledger_part {
        pthread_mutex_t mutex;
        struct pairs *pairs; /* owned */
    } parts[LEDGER_PARTS_MOST];
};

struct ledger *ledger_new(unsigned pairs)
{
    struct ledger *l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    unsigned parts = pairs / LEDGER_PART_LEAST;
    parts = parts < 1 ? 1 : parts > LEDGER_PARTS_MOST ? LEDGER_PARTS_MOST : parts;
    /* Zones fall to parts by chance. */
    unsigned most = parts == 1 ? pairs : pairs / parts + pairs / parts / 8;
    for (; l->count < parts; l->count++) {
        struct ledger_part *part = &l->parts[l->count];
        part->pairs = pairs_new(most);
        if (!part->pairs) {
            ledger_free(l);
            return NULL;
        }
        pthread_mutex_init(&part->mutex, NULL);
    }
    return l;
}

void ledger_free(struct ledger *l)
{
    if (!l)
        return;
    for (unsigned i = 0; i < l->count; i++) {
        pairs_free(l->parts[i].pairs);
        pthread_mutex_destroy(&l->parts[i].mutex);
    }
    free(l);
}

/* Locked. */
static struct ledger_part *ledger_enter(struct ledger *l, const struct pairs_key *key)
{
    struct ledger_part *part = &l->parts[key->hash % l->count];
    pthread_mutex_lock(&part->mutex);
    return part;
}

static struct pairs_key ledger_key(unsigned secondary, unsigned primary,
                                   const struct dns_name *zone)
{
    return (struct pairs_key){secondary, primary, zone, pairs_hash_name(zone)};
}

static void ledger_leave(struct ledger_part *part)
{
    pthread_mutex_unlock(&part->mutex);
}

static bool ledger_is_behind(const struct pairs_zone *z, const struct pair *p)
{
    return z->has_newest && (!p->has_serial || p->serial != z->newest);
}

static void ledger_weigh(const struct pairs_zone *z, struct pair *p, int64_t now)
{
    if (!ledger_is_behind(z, p))
        p->behind_since = 0;
    else if (!p->behind_since)
        p->behind_since = (uint32_t)now;
}

static void ledger_set_newest(struct pairs *pairs, struct pairs_zone *z, uint32_t serial,
                              int64_t now)
{
    if (z->has_newest && z->newest == serial)
        return;
    z->has_newest = true;
    z->newest = serial;
    for (uint32_t i = z->pairs; i; i = pairs->pair[i - 1].behind)
        ledger_weigh(z, &pairs->pair[i - 1], now);
}

static void ledger_take_hint(struct pairs *pairs, struct pairs_zone *z, uint32_t serial,
                             int64_t now)
{
    if (!z->has_newest || dns_xfr_serial_newer(serial, z->newest))
        ledger_set_newest(pairs, z, serial, now);
}

/* What the primary answers always counts; what a NOTIFY says only when it is newer. */
static void ledger_learn(struct pairs *pairs, struct pairs_zone *z, const struct ledger_news *news)
{
    if (!news->has_soa)
        return;
    if (news->kind == LEDGER_NOTIFIED) {
        ledger_take_hint(pairs, z, news->soa.serial, news->now);
        return;
    }
    if (news->soa.has_timers) {
        z->has_timers = true;
        z->refresh = news->soa.refresh;
        z->expire = news->soa.expire;
    }
    ledger_set_newest(pairs, z, news->soa.serial, news->now);
}

static void ledger_set_serial(struct pair *p, uint32_t serial)
{
    p->has_serial = true;
    p->supposed = false;
    p->serial = serial;
}

/* Whoever has an older one asks for a transfer next. */
static void ledger_suppose(struct pair *p, const struct ledger_news *news)
{
    if (!p->has_serial) {
        ledger_set_serial(p, news->soa.serial);
        p->supposed = true;
    }
    if (p->serial == news->soa.serial)
        p->confirmed = (uint32_t)news->now;
}

static void ledger_learn_copy(struct pair *p, const struct ledger_news *news)
{
    if (news->has_client_serial)
        ledger_set_serial(p, news->client_serial);
    switch (news->kind) {
    case LEDGER_UP_TO_DATE:
    case LEDGER_TRANSFERRED:
        /* Who has a newer one than the primary is told the primary's, and keeps its own. */
        if (news->has_soa && (news->kind == LEDGER_TRANSFERRED || !news->has_client_serial))
            ledger_set_serial(p, news->soa.serial);
        p->confirmed = (uint32_t)news->now;
        break;
    case LEDGER_ANSWERED:
        if (news->has_soa)
            ledger_suppose(p, news);
        break;
    case LEDGER_FAILED:
        if (p->supposed) {
            p->has_serial = p->supposed = false;
            p->confirmed = 0;
        }
        break;
    case LEDGER_REFUSED:
    case LEDGER_NOTIFIED:
        break;
    }
}

static void ledger_note_question(struct pair *p, const struct ledger_news *news)
{
    int64_t interval = p->asked ? news->now - p->asked : 0;
    /* A SOA question and the transfer that follows are one. */
    if (interval > 1)
        p->interval = interval > UINT32_MAX ? UINT32_MAX : (uint32_t)interval;
    p->asked = (uint32_t)news->now;
}

/* That a SOA was answered does not mend a transfer that failed, but it ends a refusal. */
static void ledger_note_failure(struct pair *p, const struct ledger_news *news)
{
    bool failed = news->kind == LEDGER_FAILED || news->kind == LEDGER_REFUSED;
    if (news->kind == LEDGER_ANSWERED && !p->refused)
        return;
    p->failure = failed ? (uint8_t)news->result : RESULT_OK;
    p->failure_rcode = news->rcode;
    p->refused = news->kind == LEDGER_REFUSED;
}

static void ledger_note_notify(struct pair *p, const struct ledger_news *news)
{
    p->notified = (uint32_t)news->now;
    p->notified_result = (uint8_t)news->result;
    p->notified_rcode = news->rcode;
    p->notice = news->notice;
}

static struct ledger_told ledger_tell(struct pair *p, const struct ledger_news *news)
{
    struct ledger_told out = {0};
    if (news->kind >= LEDGER_FAILED || !news->has_soa)
        return out;
    out.serial_is_news =
        !p->told_at || p->told != news->soa.serial || news->now - p->told_at >= LEDGER_TELL_AGAIN;
    if (out.serial_is_news) {
        p->told = news->soa.serial;
        p->told_at = (uint32_t)news->now;
    }
    if (news->kind == LEDGER_TRANSFERRED) {
        out.notice = p->notice;
        p->notice = 0;
    }
    return out;
}

static struct ledger_told ledger_note_pair(struct pairs *pairs, struct pair *p,
                                           const struct ledger_news *news)
{
    struct pairs_zone *z = &pairs->zone[p->zone - 1];
    if (!p->created)
        p->created = (uint32_t)news->now;
    ledger_learn(pairs, z, news);
    if (news->kind == LEDGER_NOTIFIED)
        ledger_note_notify(p, news);
    else
        ledger_note_failure(p, news);
    if (news->kind <= LEDGER_FAILED)
        ledger_note_question(p, news);
    ledger_learn_copy(p, news);
    ledger_weigh(z, p, news->now);
    return ledger_tell(p, news);
}

struct ledger_told ledger_note(struct ledger *l, const struct ledger_news *news)
{
    struct ledger_told out = {0};
    const struct pairs_key key = ledger_key(news->secondary, news->primary, news->zone);
    struct ledger_part *part = ledger_enter(l, &key);
    struct pair *p = news->known ? pairs_touch(part->pairs, &key) : pairs_find(part->pairs, &key);
    if (p)
        out = ledger_note_pair(part->pairs, p, news);
    ledger_leave(part);
    return out;
}

void ledger_hint(struct ledger *l, unsigned primary, const struct dns_name *zone, uint32_t serial,
                 bool answered, int64_t now)
{
    const struct pairs_key key = ledger_key(0, primary, zone);
    struct ledger_part *part = ledger_enter(l, &key);
    struct pairs_zone *z = pairs_zone_of(part->pairs, &key);
    if (z && answered)
        ledger_set_newest(part->pairs, z, serial, now);
    else if (z)
        ledger_take_hint(part->pairs, z, serial, now);
    ledger_leave(part);
}

void ledger_expect(struct ledger *l, unsigned secondary, unsigned primary,
                   const struct dns_name *zone, int64_t now)
{
    const struct pairs_key key = ledger_key(secondary, primary, zone);
    struct ledger_part *part = ledger_enter(l, &key);
    if (!pairs_are_full(part->pairs)) {
        struct pair *p = pairs_touch(part->pairs, &key);
        if (p && !p->created)
            p->created = (uint32_t)now;
    }
    ledger_leave(part);
}

/* Of one that has asked nothing yet, since it could have. */
static int64_t ledger_silent_since(const struct pairs_zone *z, const struct pair *p, int64_t now)
{
    uint32_t patience = z->refresh > p->interval ? z->refresh : p->interval;
    uint32_t since = p->asked ? p->asked : p->created;
    /* Nobody's timer is good to the second. */
    int64_t slack = patience / 16 + 1;
    return patience && now - since > patience + slack ? since : 0;
}

static enum ledger_state ledger_state_of(const struct ledger_entry *entry, int64_t now)
{
    if (!entry->has_newest)
        return LEDGER_UNKNOWN;
    if (entry->expires && now >= entry->expires)
        return LEDGER_EXPIRED;
    if (entry->silent_since)
        return LEDGER_SILENT;
    if (!entry->asked && !entry->notified)
        return LEDGER_UNKNOWN;
    return entry->behind_since ? LEDGER_BEHIND : LEDGER_CURRENT;
}

static void ledger_describe(const struct pairs_zone *z, const struct pair *p, int64_t now,
                            struct ledger_entry *out)
{
    *out = (struct ledger_entry){
        .secondary = p->secondary,
        .primary = z->primary,
        .has_serial = p->has_serial,
        .serial = p->serial,
        .has_newest = z->has_newest,
        .newest = z->newest,
        .refresh = z->refresh,
        .expire = z->expire,
        .failure = p->failure,
        .failure_rcode = p->failure_rcode,
        .notified_result = p->notified_result,
        .notified_rcode = p->notified_rcode,
        .created = p->created,
        .asked = p->asked,
        .confirmed = p->confirmed,
        .behind_since = p->behind_since,
        .silent_since = ledger_silent_since(z, p, now),
        .expires = p->confirmed && z->has_timers ? (int64_t)p->confirmed + z->expire : 0,
        .notified = p->notified,
        .zone.len = z->len,
    };
    memcpy(out->zone.octets, z->name, z->len);
    out->state = ledger_state_of(out, now);
}

/* From this place on, so many; false: there are no more. */
static bool ledger_walk_on(struct ledger_part *part, uint32_t from, int64_t now,
                           void (*look)(void *arg, const struct ledger_entry *entry), void *arg)
{
    const struct pairs *pairs = part->pairs;
    pthread_mutex_lock(&part->mutex);
    uint32_t i = from;
    for (; i < pairs->pairs && i < from + LEDGER_STRIDE; i++) {
        const struct pair *p = &pairs->pair[i];
        struct ledger_entry entry;
        if (!p->zone)
            continue;
        ledger_describe(&pairs->zone[p->zone - 1], p, now, &entry);
        look(arg, &entry);
    }
    bool more = i < pairs->pairs;
    ledger_leave(part);
    return more;
}

void ledger_walk(struct ledger *l, int64_t now,
                 void (*look)(void *arg, const struct ledger_entry *entry), void *arg)
{
    for (unsigned i = 0; i < l->count; i++) {
        uint32_t from = 0;
        while (ledger_walk_on(&l->parts[i], from, now, look, arg))
            from += LEDGER_STRIDE;
    }
}

/* From this place on, so many; false: there are no more. */
static bool ledger_prune_on(struct ledger_part *part, uint32_t from, ledger_gone is_gone, void *arg)
{
    struct pairs *pairs = part->pairs;
    pthread_mutex_lock(&part->mutex);
    uint32_t at = from;
    for (; at < pairs->pairs && at < from + LEDGER_STRIDE; at++) {
        const struct pair *p = &pairs->pair[at];
        if (!p->zone)
            continue;
        const struct pairs_zone *z = &pairs->zone[p->zone - 1];
        struct dns_name name = {.len = z->len};
        memcpy(name.octets, z->name, z->len);
        if (is_gone(arg, p->secondary, z->primary, &name))
            pairs_drop(pairs, at + 1);
    }
    bool more = at < pairs->pairs;
    ledger_leave(part);
    return more;
}

void ledger_prune(struct ledger *l, ledger_gone is_gone, void *arg)
{
    for (unsigned i = 0; i < l->count; i++) {
        uint32_t from = 0;
        while (ledger_prune_on(&l->parts[i], from, is_gone, arg))
            from += LEDGER_STRIDE;
    }
}
