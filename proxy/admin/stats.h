/* What is counted of events, by the lasting numbers of peers and keys: what a reload keeps goes on
 * counting, and whoever shows it leaves out what the configuration does not have any more. */
#ifndef ADMIN_STATS_H
#define ADMIN_STATS_H

#include "admin/counts.h"
#include "relay/report.h"

/* A peer's or a key's number where there is none. */
#define STATS_NOBODY 0x1fffffu

/* In the order of the metrics. A number's detail is given in brackets. */
enum stats_kind {
    STATS_REQUESTS = 1,  /* [operation, transport, result] */
    STATS_TSIG_FAILURES, /* by key [what failed] */
    STATS_TRANSFERS,     /* [operation, result] */
    STATS_REFRESHES,     /* [result] */
    STATS_TRANSFER_BYTES,
    STATS_DURATIONS,     /* of all peers [bucket] */
    STATS_DURATIONS_SUM, /* ms */
    STATS_NOTIFIES,      /* [result] */
    STATS_LIMITS,        /* [result] */
    /* Each the latest. */
    STATS_VERIFIED, /* by key: when, and the clock of who signed */
    STATS_CLOCK,    /* likewise, from what else shows it */
    STATS_HEARD,    /* when, from what did not verify, in seconds since 1970 */
    STATS_DOWN,     /* when it was tried in vain */
};

enum stats_operation {
    STATS_SOA,
    STATS_AXFR,
    STATS_IXFR,
    STATS_NOTIFY,
    STATS_QUERY,
    STATS_UPDATE,
    STATS_OTHER, /* nothing that could be read */
    STATS_OPERATIONS
};

const char *stats_operation_word(enum stats_operation operation);

struct stats_item {
    enum stats_kind kind;
    unsigned peer;
    unsigned key;
    enum stats_operation operation;
    enum relay_transport transport;
    unsigned what; /* an enum relay_result, a bucket, or what of a TSIG failed */
};

struct stats_item stats_item_of(uint64_t id);
uint64_t stats_id(const struct stats_item *item);

/* What failed of a TSIG: its error, or the result. */
const char *stats_failure_word(unsigned what);

/* Upper bounds of the buckets of durations, in ms; one more bucket is behind them. */
#define STATS_BOUNDS 10
extern const unsigned stats_bounds[STATS_BOUNDS];

/* Of the value of STATS_VERIFIED and STATS_CLOCK: when, and by how many seconds the clock was
 * ahead. */
int64_t stats_time(uint64_t value);
int64_t stats_skew(uint64_t value);

/* What an event says; `now` in seconds since 1970. By any thread. */
void stats_note(struct counts *counts, const struct relay_event *event, int64_t now);

#endif
