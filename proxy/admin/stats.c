/* Which numbers an event changes. Each request of a client is told by one event at its end, and so
 * is counted once; others tell of peers and keys on the way there. */
#include "admin/stats.h"

#include "dns/message.h"
#include "tsig/record.h"

/* An id: LATEST, kind, peer, key, operation, transport, what. */
#define STATS_KIND_AT      58
#define STATS_PEER_AT      37
#define STATS_KEY_AT       16
#define STATS_OPERATION_AT 13
#define STATS_TRANSPORT_AT 12
#define STATS_NUMBER       0x1fffffu
#define STATS_WHAT         0xfffu

/* A result behind the errors of TSIG. */
#define STATS_RESULT 0x100u

/* The skew stands in the lower half, so that the later value is the higher. */
#define STATS_SKEW_BITS 24
#define STATS_SKEW_HALF (INT64_C(1) << (STATS_SKEW_BITS - 1))

const unsigned stats_bounds[STATS_BOUNDS] = {10,   50,    100,   500,    1000,
                                             5000, 10000, 60000, 300000, 1800000};

const char *stats_operation_word(enum stats_operation operation)
{
    static const char *const words[STATS_OPERATIONS] = {
        [STATS_SOA] = "soa",       [STATS_AXFR] = "axfr",   [STATS_IXFR] = "ixfr",
        [STATS_NOTIFY] = "notify", [STATS_QUERY] = "query", [STATS_UPDATE] = "update",
        [STATS_OTHER] = "other",
    };
    return words[operation];
}

const char *stats_failure_word(unsigned what)
{
    return what >= STATS_RESULT ? report_result_word(what - STATS_RESULT)
                                : tsig_record_error_text((uint16_t)what);
}

uint64_t stats_id(const struct stats_item *item)
{
    uint64_t id = (uint64_t)item->kind << STATS_KIND_AT |
                  (uint64_t)(item->peer & STATS_NUMBER) << STATS_PEER_AT |
                  (uint64_t)(item->key & STATS_NUMBER) << STATS_KEY_AT |
                  (uint64_t)item->operation << STATS_OPERATION_AT |
                  (uint64_t)item->transport << STATS_TRANSPORT_AT | (item->what & STATS_WHAT);
    return item->kind >= STATS_VERIFIED ? id | COUNTS_LATEST : id;
}

struct stats_item stats_item_of(uint64_t id)
{
    return (struct stats_item){
        .kind = (id & ~COUNTS_LATEST) >> STATS_KIND_AT,
        .peer = id >> STATS_PEER_AT & STATS_NUMBER,
        .key = id >> STATS_KEY_AT & STATS_NUMBER,
        .operation = id >> STATS_OPERATION_AT & 7,
        .transport = id >> STATS_TRANSPORT_AT & 1,
        .what = id & STATS_WHAT,
    };
}

int64_t stats_time(uint64_t value)
{
    return (int64_t)(value >> STATS_SKEW_BITS);
}

int64_t stats_skew(uint64_t value)
{
    return (int64_t)(value & ((1u << STATS_SKEW_BITS) - 1)) - STATS_SKEW_HALF;
}

static unsigned stats_peer(const struct peer *peer)
{
    return peer ? peer->number : STATS_NOBODY;
}

static unsigned stats_key(const struct relay_event *event)
{
    const struct tsig_key *key = event->key ? event->key : event->expected;
    return key ? key->number : STATS_NOBODY;
}

static enum stats_operation stats_operation(const struct relay_event *event)
{
    if (event->opcode == DNS_OPCODE_NOTIFY)
        return STATS_NOTIFY;
    if (event->opcode == DNS_OPCODE_UPDATE)
        return STATS_UPDATE;
    switch (event->qtype) {
    case 0:
        return STATS_OTHER;
    case DNS_TYPE_SOA:
        return STATS_SOA;
    case DNS_TYPE_AXFR:
        return STATS_AXFR;
    case DNS_TYPE_IXFR:
        return STATS_IXFR;
    default:
        return STATS_QUERY;
    }
}

static void stats_add(struct counts *counts, const struct stats_item *item, uint64_t more)
{
    counts_add(counts, stats_id(item), more);
}

static void stats_set(struct counts *counts, enum stats_kind kind, unsigned peer, uint64_t value)
{
    const struct stats_item item = {.kind = kind, .peer = peer};
    counts_set(counts, stats_id(&item), value);
}

static void stats_count(struct counts *counts, enum stats_kind kind,
                        const struct relay_event *event)
{
    const struct stats_item item = {
        .kind = kind, .peer = stats_peer(event->peer), .what = event->result};
    stats_add(counts, &item, 1);
}

/* A client's request has found its end. */
static void stats_count_request(struct counts *counts, const struct relay_event *event)
{
    const struct stats_item item = {.kind = STATS_REQUESTS,
                                    .peer = stats_peer(event->peer),
                                    .operation = stats_operation(event),
                                    .transport = event->transport,
                                    .what = event->result};
    stats_add(counts, &item, 1);
}

static void stats_count_failure(struct counts *counts, const struct relay_event *event)
{
    struct stats_item item = {.kind = STATS_TSIG_FAILURES,
                              .peer = stats_peer(event->peer),
                              .key = stats_key(event),
                              .what = STATS_RESULT + event->result};
    if (tsig_record_error_text(event->tsig_error))
        item.what = event->tsig_error;
    stats_add(counts, &item, 1);
}

static void stats_count_duration(struct counts *counts, uint64_t ms)
{
    struct stats_item item = {.kind = STATS_DURATIONS};
    while (item.what < STATS_BOUNDS && ms > stats_bounds[item.what])
        item.what++;
    stats_add(counts, &item, 1);
    item = (struct stats_item){.kind = STATS_DURATIONS_SUM};
    stats_add(counts, &item, ms);
}

static void stats_count_transfer(struct counts *counts, const struct relay_event *event)
{
    struct stats_item item = {.kind = STATS_TRANSFERS,
                              .peer = stats_peer(event->peer),
                              .operation = stats_operation(event),
                              .what = event->result};
    stats_add(counts, &item, 1);
    item = (struct stats_item){.kind = STATS_TRANSFER_BYTES, .peer = stats_peer(event->peer)};
    stats_add(counts, &item, event->octets);
    if (event->result == RESULT_OK || event->result == RESULT_SERIAL_CHANGED)
        stats_count_duration(counts, event->milliseconds);
}

/* It has said something; what verified is told by itself. */
static void stats_hear(struct counts *counts, const struct peer *peer, const struct tsig_key *key,
                       int64_t now)
{
    if (peer && !key)
        stats_set(counts, STATS_HEARD, peer->number, (uint64_t)now);
}

static bool stats_is_silence(enum relay_result result)
{
    return result == RESULT_TIMEOUT || result == RESULT_CANNOT_CONNECT || result == RESULT_CLOSED ||
           result == RESULT_ASLEEP;
}

/* It was asked, or told something. */
static void stats_hear_or_not(struct counts *counts, const struct relay_event *event, int64_t now)
{
    if (event->has_rcode)
        stats_hear(counts, event->peer, event->key, now);
    else if (event->peer && stats_is_silence(event->result))
        stats_set(counts, STATS_DOWN, event->peer->number, (uint64_t)now);
}

static uint64_t stats_clock(int64_t now, int64_t skew)
{
    if (skew >= STATS_SKEW_HALF)
        skew = STATS_SKEW_HALF - 1;
    if (skew < -STATS_SKEW_HALF)
        skew = -STATS_SKEW_HALF;
    return (uint64_t)now << STATS_SKEW_BITS | (uint64_t)(skew + STATS_SKEW_HALF);
}

/* A clock tells as much, whether the peer shows it or says so of ours. */
static void stats_see_clock(struct counts *counts, const struct relay_event *event, int64_t now)
{
    if (event->peer && event->has_skew)
        stats_set(counts, STATS_CLOCK, event->peer->number, stats_clock(now, event->skew));
}

static void stats_verify(struct counts *counts, const struct relay_event *event, int64_t now)
{
    const struct stats_item item = {
        .kind = STATS_VERIFIED, .peer = stats_peer(event->peer), .key = stats_key(event)};
    counts_set(counts, stats_id(&item), stats_clock(now, event->skew));
}

static void stats_end(struct counts *counts, const struct relay_event *event, int64_t now)
{
    const struct peer *server = event->server;
    stats_count_request(counts, event);
    stats_hear(counts, event->peer, event->key, now);
    if (server && !peer_is_signed(server))
        stats_hear(counts, server, NULL, now);
}

/* What is no end of a client's request, or is one before anything was asked. */
static void stats_note_other(struct counts *counts, const struct relay_event *event, int64_t now)
{
    switch (event->type) {
    case EVENT_UPSTREAM_FAILURE:
        stats_hear_or_not(counts, event, now);
        break;
    case EVENT_POLL:
        stats_hear(counts, event->peer, event->key, now);
        break;
    case EVENT_OBSERVED:
        stats_count_failure(counts, event);
        break;
    case EVENT_TSIG_FAILURE:
        if (event->result != RESULT_NEXT_KEY)
            stats_count_failure(counts, event);
        if (event->result == RESULT_REFUSED)
            stats_count_request(counts, event);
        stats_see_clock(counts, event, now);
        break;
    case EVENT_CLOCK_SKEW:
        stats_see_clock(counts, event, now);
        break;
    case EVENT_IGNORED:
        /* Of what had no room, its end tells too. */
        if (event->result == RESULT_JUNK)
            stats_count_request(counts, event);
        break;
    case EVENT_LIMIT:
        stats_count(counts, STATS_LIMITS, event);
        break;
    default: /* refused, joined */
        stats_count_request(counts, event);
        break;
    }
}

void stats_note(struct counts *counts, const struct relay_event *event, int64_t now)
{
    switch (event->type) {
    case EVENT_VERIFIED:
        stats_verify(counts, event, now);
        break;
    case EVENT_TRANSFER:
        stats_count_transfer(counts, event);
        stats_end(counts, event, now);
        break;
    case EVENT_REFRESH:
        stats_count(counts, STATS_REFRESHES, event);
        stats_end(counts, event, now);
        break;
    case EVENT_NOTIFIED:
        stats_count(counts, STATS_NOTIFIES, event);
        stats_end(counts, event, now);
        break;
    case EVENT_REQUEST:
        stats_end(counts, event, now);
        break;
    case EVENT_NOTIFY:
        if (event->result != RESULT_ASLEEP && event->result != RESULT_GIVEN_UP)
            stats_count(counts, STATS_NOTIFIES, event);
        stats_hear_or_not(counts, event, now);
        break;
    default:
        stats_note_other(counts, event, now);
        break;
    }
}
