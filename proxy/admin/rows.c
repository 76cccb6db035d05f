/* Two walks over the ledger: the first takes what is not current, the second what there is room
 * for. In between things may change, so nothing relies on the two agreeing. */
#include "admin/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dns/text.h"
#include "dns/xfr.h"

struct rows_walk {
    struct rows *rows;
    const struct names *names;
    bool current; /* the second walk */
};

const char *rows_state_word(enum ledger_state state)
{
    static const char *const words[LEDGER_STATES] = {
        [LEDGER_CURRENT] = "current", [LEDGER_UNKNOWN] = "unknown", [LEDGER_BEHIND] = "behind",
        [LEDGER_SILENT] = "silent",   [LEDGER_EXPIRED] = "expired",
    };
    return words[state];
}

const char *rows_time(int64_t seconds, char out[ROWS_TIME_SIZE])
{
    time_t when = seconds;
    struct tm utc;
    strftime(out, ROWS_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&when, &utc));
    return out;
}

static void rows_take(void *arg, const struct ledger_entry *entry)
{
    const struct rows_walk *walk = arg;
    struct rows *rows = walk->rows;
    bool current = entry->state == LEDGER_CURRENT;
    if (!names_peer(walk->names, entry->secondary) || !names_peer(walk->names, entry->primary))
        return;
    if (!walk->current) {
        rows->counts[entry->state]++;
        rows->total++;
        rows->by_peer[(size_t)entry->secondary * LEDGER_STATES + entry->state]++;
    }
    if (current == walk->current && rows->count < rows->most)
        rows->items[rows->count++] = *entry;
}

static int rows_compare(const void *a, const void *b)
{
    const struct ledger_entry *x = a;
    const struct ledger_entry *y = b;
    if (x->state != y->state)
        return x->state > y->state ? -1 : 1;
    size_t least = x->zone.len < y->zone.len ? x->zone.len : y->zone.len;
    int order = memcmp(x->zone.octets, y->zone.octets, least);
    if (order == 0)
        order = x->zone.len < y->zone.len ? -1 : x->zone.len > y->zone.len;
    if (order == 0)
        order = x->secondary < y->secondary ? -1 : x->secondary > y->secondary;
    return order;
}

int rows_init(struct rows *rows, struct ledger *ledger, const struct names *names, size_t most,
              int64_t now)
{
    struct rows_walk walk = {.rows = rows, .names = names};
    *rows = (struct rows){.most = most};
    rows->items = calloc(most + 1, sizeof *rows->items);
    rows->by_peer = calloc((names->peer_count + 1u) * (size_t)LEDGER_STATES, sizeof *rows->by_peer);
    if (!rows->items || !rows->by_peer) {
        rows_fini(rows);
        return DNS_EMEMORY;
    }
    ledger_walk(ledger, now, rows_take, &walk);
    walk.current = true;
    if (rows->count < most)
        ledger_walk(ledger, now, rows_take, &walk);
    qsort(rows->items, rows->count, sizeof *rows->items, rows_compare);
    return 0;
}

void rows_fini(struct rows *rows)
{
    free(rows->items);
    free(rows->by_peer);
    *rows = (struct rows){0};
}

size_t rows_count(const struct rows *rows, const struct peer *secondary, enum ledger_state state)
{
    return rows->by_peer[(size_t)secondary->number * LEDGER_STATES + state];
}

bool rows_know(const struct rows *rows, const struct peer *secondary)
{
    for (int state = 0; state < LEDGER_STATES; state++)
        if (state != LEDGER_UNKNOWN && rows_count(rows, secondary, state) > 0)
            return true;
    return false;
}

/* "answered REFUSED", "timeout" */
static const char *rows_result(enum relay_result result, unsigned rcode, char *out, size_t size)
{
    char text[DNS_TEXT_SIZE];
    if (result != RESULT_ERROR)
        return report_result_word(result);
    snprintf(out, size, "answered %s", dns_text_rcode(rcode, text));
    return out;
}

static const char *rows_why_behind(const struct ledger_entry *e, char *out)
{
    char what[64], when[ROWS_TIME_SIZE];
    if (e->has_serial && dns_xfr_serial_newer(e->serial, e->newest))
        snprintf(
            out, ROWS_WHY_SIZE,
            "it has serial %u, and the primary's was set back to %u; raise that above, or have "
            "the zone transferred anew there",
            e->serial, e->newest);
    else if (e->failure != RESULT_OK)
        snprintf(out, ROWS_WHY_SIZE, "its last question came to nothing: %s",
                 rows_result(e->failure, e->failure_rcode, what, sizeof what));
    else if (e->notified >= e->behind_since && e->notified_result != RESULT_OK)
        snprintf(out, ROWS_WHY_SIZE, "it did not take the NOTIFY: %s",
                 rows_result(e->notified_result, e->notified_rcode, what, sizeof what));
    else if (e->notified >= e->behind_since)
        snprintf(out, ROWS_WHY_SIZE, "it took the NOTIFY at %s and has not transferred since",
                 rows_time(e->notified, when));
    else if (e->asked >= e->behind_since)
        snprintf(out, ROWS_WHY_SIZE, "it has asked at %s and not transferred",
                 rows_time(e->asked, when));
    else
        snprintf(out, ROWS_WHY_SIZE, "it has not been told, and has not asked since");
    return out;
}

const char *rows_why(const struct ledger_entry *e, char out[ROWS_WHY_SIZE])
{
    char when[ROWS_TIME_SIZE], what[64];
    switch (e->state) {
    case LEDGER_BEHIND:
        return rows_why_behind(e, out);
    case LEDGER_SILENT:
        snprintf(out, ROWS_WHY_SIZE, "it has asked nothing since %s, and REFRESH is %u s%s%s",
                 rows_time(e->silent_since, when), e->refresh,
                 e->failure != RESULT_OK ? "; its last question came to nothing: " : "",
                 e->failure != RESULT_OK
                     ? rows_result(e->failure, e->failure_rcode, what, sizeof what)
                     : "");
        return out;
    case LEDGER_EXPIRED:
        snprintf(out, ROWS_WHY_SIZE, "its copy was confirmed last at %s, and EXPIRE is %u s",
                 rows_time(e->confirmed, when), e->expire);
        return out;
    case LEDGER_UNKNOWN:
        if (e->asked)
            snprintf(out, ROWS_WHY_SIZE, "no primary has answered for it yet");
        else
            snprintf(out, ROWS_WHY_SIZE, "it has not asked since %s", rows_time(e->created, when));
        return out;
    default:
        return NULL;
    }
}
