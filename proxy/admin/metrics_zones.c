#include "admin/metrics_parts.h"
#include "admin/rows.h"
#include "admin/series.h"

static void metrics_zones_write_states(const struct metrics *m, const struct rows *rows, FILE *out)
{
    const struct config *config = m->source->config;
    series_head(out, "zones", SERIES_GAUGE, "Zones of a secondary by the state of its copy.");
    for (size_t i = 0; i < config->peer_count; i++) {
        const struct peer *peer = &config->peers[i];
        for (int state = 0; peer->role == PEER_SECONDARY && state < LEDGER_STATES; state++)
            SERIES(out, "zones", (double)rows_count(rows, peer, state), "peer", peer->name, "state",
                   rows_state_word(state));
    }
}

enum metrics_of_zone { METRICS_SERIAL, METRICS_REFRESHED, METRICS_BEHIND, METRICS_EXPIRE };

/* False: it has none. */
static bool metrics_zones_value(const struct ledger_entry *e, enum metrics_of_zone what,
                                double *value)
{
    switch (what) {
    case METRICS_SERIAL:
        *value = e->serial;
        return e->has_serial;
    case METRICS_REFRESHED:
        *value = (double)e->confirmed;
        return e->confirmed;
    case METRICS_BEHIND:
        *value = (double)e->behind_since;
        return e->behind_since;
    case METRICS_EXPIRE:
        *value = (double)e->expires;
        return e->expires;
    }
    return false;
}

static void metrics_zones_write_rows(const struct metrics *m, const struct rows *rows, FILE *out)
{
    static const struct {
        const char *name;
        const char *help;
    } gauges[] = {
        [METRICS_SERIAL] = {"zone_serial", "The serial that a secondary has of a zone."},
        [METRICS_REFRESHED] = {"zone_refreshed_timestamp_seconds",
                               "When a secondary's copy was last confirmed."},
        [METRICS_BEHIND] = {"zone_behind_since_timestamp_seconds",
                            "Since when there is a newer serial than a secondary has."},
        [METRICS_EXPIRE] = {"zone_expire_timestamp_seconds",
                            "When a secondary's copy expires unless it is confirmed."},
    };
    for (size_t i = 0; i < sizeof gauges / sizeof *gauges; i++) {
        series_head(out, gauges[i].name, SERIES_GAUGE, gauges[i].help);
        for (size_t row = 0; row < rows->count; row++) {
            const struct ledger_entry *e = &rows->items[row];
            char zone[DNS_NAME_TEXT_SIZE];
            double value;
            if (metrics_zones_value(e, i, &value))
                SERIES(out, gauges[i].name, value, "zone", dns_name_to_text(&e->zone, zone), "peer",
                       names_peer(&m->names, e->secondary)->name);
        }
    }
}

int metrics_write_zones(const struct metrics *m, FILE *out)
{
    struct rows rows;
    int error = rows_init(&rows, m->source->observe->ledger, &m->names,
                          m->source->config->proxy.metrics_zones, m->now);
    if (error < 0)
        return error;
    metrics_zones_write_states(m, &rows, out);
    metrics_zones_write_rows(m, &rows, out);
    rows_fini(&rows);
    return 0;
}
