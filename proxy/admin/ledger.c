/* What comes in is news of one pair; what it says of the zone's newest serial is weighed for all
 * pairs of that zone at once, so that each remembers since when it is behind. */
#include "admin/ledger.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "admin/pairs.h"

struct ledger {
    pthread_mutex_t mutex;
    struct pairs *pairs; /* owned */
};

struct ledger *ledger_new(unsigned pairs)
{
    struct ledger *l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    pthread_mutex_init(&l->mutex, NULL);
    l->pairs = pairs_new(pairs);
    if (l->pairs)
        return l;
    ledger_free(l);
    return NULL;
}

void ledger_free(struct ledger *l)
{
    if (!l)
        return;
    pairs_free(l->pairs);
    pthread_mutex_destroy(&l->mutex);
    free(l);
}

/* RFC 1982: they differ by 2^31 at the most, or have no order. */
static bool ledger_is_newer(uint32_t a, uint32_t b)
{
    return a != b && a - b < UINT32_C(0x80000000);
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
        p->behind_since = now;
}

static void ledger_set_newest(struct ledger *l, struct pairs_zone *z, uint32_t serial, int64_t now)
{
    if (z->has_newest && z->newest == serial)
        return;
    z->has_newest = true;
    z->newest = serial;
    for (uint32_t i = z->pairs; i; i = l->pairs->pair[i - 1].behind)
        ledger_weigh(z, &l->pairs->pair[i - 1], now);
}

/* What the primary answers always counts; what a NOTIFY says only when it is newer. */
static void ledger_learn(struct ledger *l, struct pairs_zone *z, const struct ledger_news *news)
{
    if (!news->has_soa)
        return;
    if (news->kind == LEDGER_NOTIFIED) {
        if (!z->has_newest || ledger_is_newer(news->soa.serial, z->newest))
            ledger_set_newest(l, z, news->soa.serial, news->now);
        return;
    }
    if (news->soa.has_timers) {
        z->has_timers = true;
        z->refresh = news->soa.refresh;
        z->expire = news->soa.expire;
    }
    ledger_set_newest(l, z, news->soa.serial, news->now);
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
        p->confirmed = news->now;
}

static void ledger_learn_copy(struct pair *p, const struct ledger_news *news)
{
    if (news->has_client_serial)
        ledger_set_serial(p, news->client_serial);
    switch (news->kind) {
    case LEDGER_TRANSFERRED:
    case LEDGER_UP_TO_DATE:
        if (news->has_soa)
            ledger_set_serial(p, news->soa.serial);
        p->confirmed = news->now;
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
    case LEDGER_NOTIFIED:
        break;
    }
}

static void ledger_note_question(struct pair *p, int64_t now)
{
    int64_t interval = p->asked ? now - p->asked : 0;
    /* A SOA question and the transfer that follows are one. */
    if (interval > 1)
        p->interval = interval > UINT32_MAX ? UINT32_MAX : (uint32_t)interval;
    p->asked = now;
}

static void ledger_note_pair(struct ledger *l, struct pair *p, const struct ledger_news *news)
{
    struct pairs_zone *z = &l->pairs->zone[p->zone - 1];
    ledger_learn(l, z, news);
    if (news->kind != LEDGER_NOTIFIED)
        ledger_note_question(p, news->now);
    ledger_learn_copy(p, news);
    ledger_weigh(z, p, news->now);
}

void ledger_note(struct ledger *l, const struct ledger_news *news)
{
    pthread_mutex_lock(&l->mutex);
    struct pair *p = pairs_touch(l->pairs, news->secondary, news->primary, news->zone);
    if (p)
        ledger_note_pair(l, p, news);
    pthread_mutex_unlock(&l->mutex);
}

static void ledger_describe(const struct pairs_zone *z, const struct pair *p, int64_t now,
                            struct ledger_entry *out)
{
    uint32_t patience = z->refresh > p->interval ? z->refresh : p->interval;
    *out = (struct ledger_entry){
        .secondary = p->secondary,
        .primary = z->primary,
        .has_serial = p->has_serial,
        .serial = p->serial,
        .has_newest = z->has_newest,
        .newest = z->newest,
        .asked = p->asked,
        .confirmed = p->confirmed,
        .behind_since = p->behind_since,
        .zone.len = z->len,
    };
    memcpy(out->zone.octets, z->name, z->len);
    if (p->asked && patience && now - p->asked > patience)
        out->silent_since = p->asked;
    if (p->confirmed && z->has_timers)
        out->expires = p->confirmed + z->expire;
    if (!z->has_newest)
        out->state = LEDGER_UNKNOWN;
    else if (out->expires && now >= out->expires)
        out->state = LEDGER_EXPIRED;
    else if (out->silent_since)
        out->state = LEDGER_SILENT;
    else
        out->state = p->behind_since ? LEDGER_BEHIND : LEDGER_CURRENT;
}

void ledger_walk(struct ledger *l, int64_t now,
                 void (*look)(void *arg, const struct ledger_entry *entry), void *arg)
{
    const struct pairs *pairs = l->pairs;
    pthread_mutex_lock(&l->mutex);
    for (uint32_t i = 0; i < pairs->pairs; i++) {
        const struct pair *p = &pairs->pair[i];
        struct ledger_entry entry;
        if (!p->zone)
            continue;
        ledger_describe(&pairs->zone[p->zone - 1], p, now, &entry);
        look(arg, &entry);
    }
    pthread_mutex_unlock(&l->mutex);
}

void ledger_prune(struct ledger *l, bool (*is_gone)(void *arg, unsigned peer), void *arg)
{
    struct pairs *pairs = l->pairs;
    pthread_mutex_lock(&l->mutex);
    for (uint32_t i = 0; i < pairs->pairs; i++) {
        const struct pair *p = &pairs->pair[i];
        if (p->zone &&
            (is_gone(arg, p->secondary) || is_gone(arg, pairs->zone[p->zone - 1].primary)))
            pairs_drop(pairs, i + 1);
    }
    pthread_mutex_unlock(&l->mutex);
}
