/* Each metric whole before the next, as the format wants it. What was counted for peers and keys
 * that the configuration does not have any more is left out. Of zones and of the process tell
 * metrics_zones.c and metrics_process.c. */
#include "admin/line.h"
#include "admin/metrics_parts.h"
#include "admin/peers.h"
#include "admin/series.h"

/* "unknown" for nobody; NULL: gone. */
static const char *metrics_peer(const struct names *names, unsigned number)
{
    if (number == STATS_NOBODY)
        return "unknown";
    const struct peer *peer = names_peer(names, number);
    return peer ? peer->name : NULL;
}

static const char *metrics_key(const struct names *names, unsigned number)
{
    return number == STATS_NOBODY ? "unknown" : names_key(names, number);
}

static void metrics_write_request(FILE *out, const char *name, const char *peer,
                                  const struct stats_item *item, double value)
{
    SERIES(out, name, value, "peer", peer, "operation", stats_operation_word(item->operation),
           "transport", item->transport == RELAY_TCP ? "tcp" : "udp", "result",
           report_result_word(item->what));
}

static void metrics_write_counted(const struct metrics *m, FILE *out, const char *name,
                                  const struct stats_item *item, double value)
{
    const char *peer = metrics_peer(&m->names, item->peer);
    const char *key = metrics_key(&m->names, item->key);
    if (!peer)
        return;
    switch (item->kind) {
    case STATS_REQUESTS:
        metrics_write_request(out, name, peer, item, value);
        break;
    case STATS_TSIG_FAILURES:
        if (key)
            SERIES(out, name, value, "peer", peer, "key", key, "error",
                   stats_failure_word(item->what));
        break;
    case STATS_TRANSFERS:
        SERIES(out, name, value, "peer", peer, "type", stats_operation_word(item->operation),
               "result", report_result_word(item->what));
        break;
    case STATS_LIMITS:
        SERIES(out, name, value, "limit", report_result_word(item->what), "peer", peer);
        break;
    case STATS_TRANSFER_BYTES:
        SERIES(out, name, value, "peer", peer);
        break;
    default:
        SERIES(out, name, value, "peer", peer, "result", report_result_word(item->what));
        break;
    }
}

static void metrics_write_counts(const struct metrics *m, FILE *out)
{
    static const struct {
        enum stats_kind kind;
        const char *name;
        const char *help;
    } counters[] = {
        {STATS_REQUESTS, "requests_total", "Requests that found their end, by who asked."},
        {STATS_TSIG_FAILURES, "tsig_failures_total",
         "TSIGs of requests and answers that failed or were missing, by whose they were."},
        {STATS_TRANSFERS, "transfers_total", "Zone transfers that ended, by who asked."},
        {STATS_REFRESHES, "refreshes_total",
         "SOA questions, and IXFRs that found the secondary up to date, by who asked."},
        {STATS_TRANSFER_BYTES, "transfer_bytes_total",
         "Octets of transfers, by who was sent them."},
        {STATS_NOTIFIES, "notify_total",
         "NOTIFYs: from a primary taken, to a secondary answered or not."},
        {STATS_LIMITS, "limits_total", "How often a bound was reached, by who reached it."},
    };
    for (size_t i = 0; i < sizeof counters / sizeof *counters; i++) {
        size_t end;
        series_head(out, counters[i].name, SERIES_COUNTER, counters[i].help);
        for (size_t at = view_begin(&m->view, counters[i].kind, &end); at < end; at++) {
            struct stats_item item = stats_item_of(m->view.items[at].id);
            metrics_write_counted(m, out, counters[i].name, &item, (double)m->view.items[at].value);
        }
    }
}

static uint64_t metrics_bucket(const struct view *view, unsigned bucket)
{
    size_t end;
    for (size_t at = view_begin(view, STATS_DURATIONS, &end); at < end; at++)
        if (stats_item_of(view->items[at].id).what == bucket)
            return view->items[at].value;
    return 0;
}

static void metrics_write_durations(const struct metrics *m, FILE *out)
{
    static const char name[] = "transfer_duration_seconds_bucket";
    uint64_t sum = 0;
    char bound[32];
    series_head(out, "transfer_duration_seconds", SERIES_HISTOGRAM,
                "How long transfers took that a secondary could use.");
    for (unsigned i = 0; i < STATS_BOUNDS; i++) {
        sum += metrics_bucket(&m->view, i);
        snprintf(bound, sizeof bound, "%g", stats_bounds[i] / 1000.0);
        SERIES(out, name, (double)sum, "le", bound);
    }
    sum += metrics_bucket(&m->view, STATS_BOUNDS);
    SERIES(out, name, (double)sum, "le", "+Inf");
    series_write_bare(out, "transfer_duration_seconds_sum",
                      (double)view_find(&m->view, STATS_DURATIONS_SUM, 0, 0) / 1000.0);
    series_write_bare(out, "transfer_duration_seconds_count", (double)sum);
}

static void metrics_write_key_use(const struct metrics *m, FILE *out)
{
    static const char name[] = "key_last_used_timestamp_seconds";
    size_t end;
    series_head(out, name, SERIES_GAUGE, "When a message was last verified with the key.");
    for (size_t at = view_begin(&m->view, STATS_VERIFIED, &end); at < end; at++) {
        struct stats_item item = stats_item_of(m->view.items[at].id);
        const char *peer = metrics_peer(&m->names, item.peer);
        const char *key = metrics_key(&m->names, item.key);
        if (peer && key)
            SERIES(out, name, (double)stats_time(m->view.items[at].value), "peer", peer, "key",
                   key);
    }
}

static void metrics_write_peers(const struct metrics *m, FILE *out)
{
    const struct config *config = m->source->config;
    series_head(out, "clock_skew_seconds", SERIES_GAUGE,
                "How far a peer's clock was ahead of ours when last seen.");
    for (size_t i = 0; i < config->peer_count; i++) {
        struct view_peer seen = view_peer(&m->view, config->peers[i].number);
        if (seen.has_skew)
            SERIES(out, "clock_skew_seconds", (double)seen.skew, "peer", config->peers[i].name);
    }
    series_head(out, "peer_up", SERIES_GAUGE, "Whether a peer spoke or answered when last tried.");
    for (size_t i = 0; i < config->peer_count; i++) {
        struct view_peer seen = view_peer(&m->view, config->peers[i].number);
        if (seen.heard || seen.in_vain)
            SERIES(out, "peer_up", !seen.in_vain, "peer", config->peers[i].name);
    }
}

static void metrics_write_connections(const struct metrics *m, FILE *out)
{
    const struct config *config = m->source->config;
    struct memory *memory = m->source->facts->memory;
    static const struct shares_owner strangers = {SHARES_STRANGER, 0};
    unsigned clients = memory ? shares_held(memory->shares, SHARES_CONNECTIONS, strangers) : 0;
    unsigned servers = 0;
    for (size_t i = 0; i < config->peer_count; i++)
        *(config->peers[i].role == PEER_PRIMARY ? &servers : &clients) +=
            peers_connections(memory, &config->peers[i]);
    series_head(out, "connections", SERIES_GAUGE,
                "TCP connections: of clients to the proxy, and of the proxy to primaries.");
    SERIES(out, "connections", clients, "side", "client");
    SERIES(out, "connections", servers, "side", "server");
}

static void metrics_write_own(const struct metrics *m, FILE *out)
{
    const struct crew_facts *facts = m->source->facts;
    char text[ADDRESS_TEXT_SIZE];
    series_head(out, "address_here", SERIES_GAUGE,
                "Whether this host has an address that is listened on or spoken from.");
    for (size_t i = 0; i < facts->own_count; i++)
        SERIES(out, "address_here", facts->own[i].here, "address",
               address_to_text(&facts->own[i].address, text));
}

static void metrics_write_program(const struct metrics *m, FILE *out)
{
    const struct observe *o = m->source->observe;
    series_head(out, "build_info", SERIES_GAUGE, "The version.");
    SERIES(out, "build_info", 1, "version", TSIG_PROXY_VERSION);
    series_head(out, "config_last_reload_successful", SERIES_GAUGE,
                "Whether the last configuration that was read is in force.");
    series_write_bare(out, "config_last_reload_successful", !o->reload_failed);
    series_head(out, "config_last_reload_success_timestamp_seconds", SERIES_GAUGE,
                "Since when the configuration is in force.");
    series_write_bare(out, "config_last_reload_success_timestamp_seconds", (double)o->loaded);
    series_head(out, "config_generations", SERIES_GAUGE,
                "Configurations that something goes by, the one in force included.");
    series_write_bare(out, "config_generations", m->source->facts->old_in_use + 1.0);
    series_head(out, "log_lines_dropped_total", SERIES_COUNTER,
                "Lines of the log for which its reader had no room.");
    series_write_bare(out, "log_lines_dropped_total", (double)line_lost());
}

int metrics_write(const struct status_source *source, FILE *out)
{
    struct metrics m = {.source = source, .now = observe_now()};
    if (names_init(&m.names, source->config) < 0)
        return DNS_EMEMORY;
    view_init(&m.view, source->observe->counts);
    metrics_write_program(&m, out);
    metrics_write_counts(&m, out);
    metrics_write_durations(&m, out);
    metrics_write_key_use(&m, out);
    metrics_write_peers(&m, out);
    metrics_write_connections(&m, out);
    metrics_write_own(&m, out);
    int error = metrics_write_zones(&m, out);
    metrics_write_process(source->observe->started, out);
    view_fini(&m.view);
    names_fini(&m.names);
    return error;
}
