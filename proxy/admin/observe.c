/* What an event says of a secondary's copy of a zone is decided here: the ledger knows no events.
 * Whatever shows anything of it reads the parts by itself, on the main thread. */
#include "admin/observe.h"

#include <stdlib.h>
#include <time.h>

#include "admin/names.h"
#include "admin/stats.h"

struct observe *observe_new(unsigned status_zones)
{
    struct observe *o = calloc(1, sizeof *o);
    if (!o)
        return NULL;
    events_init(&o->events);
    notified_init(&o->notified);
    o->started = observe_now();
    o->counts = counts_new();
    o->ledger = ledger_new(status_zones);
    o->failures = failures_new();
    if (o->counts && o->ledger && o->failures)
        return o;
    observe_free(o);
    return NULL;
}

void observe_free(struct observe *o)
{
    if (!o)
        return;
    counts_free(o->counts);
    ledger_free(o->ledger);
    failures_free(o->failures);
    notified_fini(&o->notified);
    events_fini(&o->events);
    free(o);
}

int64_t observe_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return now.tv_sec;
}

/* Primaries of one secondary have the same zones: they stand there as the first. */
static unsigned observe_primary(const struct peer *secondary)
{
    return secondary->primary[0]->number;
}

static bool observe_is_secondary(const struct peer *peer)
{
    return peer && peer->role == PEER_SECONDARY && peer->primary_count > 0;
}

static struct ledger_news observe_news(const struct relay_event *event,
                                       const struct peer *secondary, enum ledger_news_kind kind,
                                       int64_t now)
{
    return (struct ledger_news){
        .kind = kind,
        .secondary = secondary->number,
        .primary = observe_primary(secondary),
        .zone = event->zone,
        .has_soa = event->has_serial,
        .soa = {.serial = event->serial,
                .has_timers = event->has_timers,
                .refresh = event->refresh,
                .expire = event->expire},
        .has_client_serial = event->has_client_serial,
        .client_serial = event->client_serial,
        .result = event->result,
        .rcode = event->has_rcode ? (uint8_t)event->rcode : 0,
        .now = now,
    };
}

/* A copy of a NOTIFY. Who acknowledges it has the zone; anybody can send one for a zone that nobody
 * has. */
static void observe_notify(struct observe *o, const struct relay_event *event, int64_t now)
{
    uint32_t number = notified_add(&o->notified, event, now);
    if (number == 0 || !observe_is_secondary(event->peer))
        return;
    struct ledger_news news = observe_news(event, event->peer, LEDGER_NOTIFIED, now);
    news.notice = number;
    news.known = event->result == RESULT_OK || peer_lists_zone(event->peer, event->zone);
    ledger_note(o->ledger, &news);
}

static enum ledger_news_kind observe_kind(const struct relay_event *event)
{
    /* It was told of a version, and comes for it over TCP if it wants it. */
    if (event->result == RESULT_TRUNCATED)
        return LEDGER_ANSWERED;
    if (event->result != RESULT_OK && event->result != RESULT_SERIAL_CHANGED)
        return LEDGER_FAILED;
    if (event->type == EVENT_TRANSFER)
        return LEDGER_TRANSFERRED;
    return event->qtype == DNS_TYPE_IXFR ? LEDGER_UP_TO_DATE : LEDGER_ANSWERED;
}

/* A secondary's question for a zone has found its end. True: its serial is news for people. */
static bool observe_question(struct observe *o, const struct relay_event *event, int64_t now)
{
    const struct peer *secondary = event->client;
    if (!observe_is_secondary(secondary) || !event->zone)
        return false;
    struct ledger_news news = observe_news(event, secondary, observe_kind(event), now);
    /* Whatever anybody asks in a peer's name, a zone that no primary has told of is none. */
    news.known =
        news.kind == LEDGER_FAILED ? peer_lists_zone(secondary, event->zone) : news.has_soa;
    struct ledger_told told = ledger_note(o->ledger, &news);
    if (told.notice)
        notified_follow(&o->notified, told.notice, now);
    return told.serial_is_news;
}

static void observe_refusal(struct observe *o, const struct relay_event *event, int64_t now)
{
    if (!observe_is_secondary(event->peer) || !event->zone)
        return;
    struct ledger_news news = observe_news(event, event->peer, LEDGER_REFUSED, now);
    ledger_note(o->ledger, &news);
}

static bool observe_ledger(struct observe *o, const struct relay_event *event, int64_t now)
{
    switch (event->type) {
    case EVENT_NOTIFIED:
    case EVENT_POLL:
        if (event->peer && event->has_serial)
            ledger_hint(o->ledger, event->peer->number, event->zone, event->serial,
                        event->type == EVENT_POLL, now);
        return false;
    case EVENT_NOTIFY:
        observe_notify(o, event, now);
        return false;
    case EVENT_REFRESH:
    case EVENT_TRANSFER:
        return observe_question(o, event, now);
    case EVENT_REFUSED:
        observe_refusal(o, event, now);
        return false;
    case EVENT_TSIG_FAILURE:
        if (event->result == RESULT_REFUSED)
            observe_refusal(o, event, now);
        return false;
    default:
        return false;
    }
}

void observe_event(void *observe, const struct relay_event *event)
{
    struct observe *o = observe;
    int64_t now = observe_now();
    stats_note(o->counts, event, now);
    bool news = observe_ledger(o, event, now);
    enum config_log_level level = events_level(event, news);
    if (events_is_failure(event, level))
        failures_note(o->failures, event, level, now);
    events_log(&o->events, event, level);
}

json_t *observe_failures(struct observe *o)
{
    return failures_to_json(o->failures);
}

/* Reloads. */

static bool observe_is_gone(void *arg, unsigned secondary, unsigned primary,
                            const struct dns_name *zone)
{
    const struct peer *peer = names_peer(arg, secondary);
    return !observe_is_secondary(peer) || observe_primary(peer) != primary ||
           !peer_has_zone(peer, zone);
}

static void observe_expect(struct observe *o, const struct peer *secondary, int64_t now)
{
    if (!observe_is_secondary(secondary))
        return;
    for (size_t i = 0; i < secondary->zone_count; i++) {
        if (secondary->zones[i].kind != ZONE_EXACT)
            continue;
        struct dns_name zone = zone_pattern_name(&secondary->zones[i]);
        ledger_expect(o->ledger, secondary->number, observe_primary(secondary), &zone, now);
    }
}

void observe_reloaded(struct observe *o, const struct config *config, bool successful, int64_t now)
{
    o->reload_failed = !successful;
    if (!successful)
        return;
    o->loaded = now;
    struct names names;
    /* Without memory for it, what is gone stays, and is not shown. */
    if (names_init(&names, config) == 0) {
        ledger_prune(o->ledger, observe_is_gone, &names);
        names_fini(&names);
    }
    for (size_t i = 0; i < config->peer_count; i++)
        observe_expect(o, &config->peers[i], now);
}
