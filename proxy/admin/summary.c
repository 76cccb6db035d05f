#include "admin/summary.h"

static const char *summary_plural(size_t count)
{
    return count == 1 ? "" : "s";
}

/* The first row is the worst. */
static void summary_write_trouble(FILE *out, const struct names *names, const struct rows *rows)
{
    static const char *const phrases[LEDGER_STATES] = {
        [LEDGER_BEHIND] = "is behind on",
        [LEDGER_SILENT] = "is silent about",
        [LEDGER_EXPIRED] = "has let expire",
    };
    const struct ledger_entry *worst = &rows->items[0];
    char zone[DNS_NAME_TEXT_SIZE], when[ROWS_TIME_SIZE], why[ROWS_WHY_SIZE];
    int64_t since = worst->state == LEDGER_EXPIRED  ? worst->expires
                    : worst->state == LEDGER_SILENT ? worst->silent_since
                                                    : worst->behind_since;
    size_t others = rows->counts[LEDGER_BEHIND] + rows->counts[LEDGER_SILENT] +
                    rows->counts[LEDGER_EXPIRED] - 1;
    fprintf(out, "secondary %s %s %s since %s: %s", names_peer(names, worst->secondary)->name,
            phrases[worst->state], dns_name_to_text(&worst->zone, zone), rows_time(since, when),
            rows_why(worst, why));
    if (others > 0)
        fprintf(out, "; %zu more of %zu copies are behind, silent or expired", others, rows->total);
}

/* A secondary of which nothing is known; `*count` of them. */
static const struct peer *summary_find_unseen(const struct config *config, const struct rows *rows,
                                              size_t *count)
{
    const struct peer *first = NULL;
    *count = 0;
    for (size_t i = 0; i < config->peer_count; i++) {
        const struct peer *peer = &config->peers[i];
        if (peer->role != PEER_SECONDARY || rows_know(rows, peer))
            continue;
        if (++*count == 1)
            first = peer;
    }
    return first;
}

static size_t summary_count_secondaries(const struct config *config, const struct peer **last)
{
    size_t count = 0;
    for (size_t i = 0; i < config->peer_count; i++) {
        if (config->peers[i].role != PEER_SECONDARY)
            continue;
        *last = &config->peers[i];
        count++;
    }
    return count;
}

static void summary_write_well(FILE *out, const struct config *config, const struct rows *rows)
{
    const struct peer *one = NULL;
    size_t secondaries = summary_count_secondaries(config, &one), unseen;
    const struct peer *first = summary_find_unseen(config, rows, &unseen);
    if (unseen == secondaries)
        fprintf(out, "no secondary has asked for anything yet");
    else if (unseen > 0)
        fprintf(out, "no zone is behind; nothing is known yet of secondary %s", first->name);
    else if (rows->counts[LEDGER_UNKNOWN] > 0)
        fprintf(out, "no zone is behind; nothing is known yet of %zu of %zu copies",
                rows->counts[LEDGER_UNKNOWN], rows->total);
    else if (secondaries == 1)
        fprintf(out, "secondary %s has every zone", one->name);
    else
        fprintf(out, "all %zu secondaries have every zone", secondaries);
    if (unseen > 1 && unseen < secondaries)
        fprintf(out, " and %zu other%s", unseen - 1, summary_plural(unseen - 1));
}

/* Those that were asked last in vain. */
static void summary_write_primaries(FILE *out, const struct config *config, const struct view *view)
{
    for (size_t i = 0; i < config->peer_count; i++) {
        const struct peer *peer = &config->peers[i];
        struct view_peer seen = view_peer(view, peer->number);
        char when[ROWS_TIME_SIZE];
        if (peer->role == PEER_PRIMARY && seen.in_vain) {
            fprintf(out, "; primary %s did not answer at %s", peer->name,
                    rows_time(seen.in_vain, when));
            return;
        }
    }
}

void summary_write(FILE *out, const struct config *config, const struct names *names,
                   const struct rows *rows, const struct view *view)
{
    if (rows->count > 0 && rows->items[0].state >= LEDGER_BEHIND)
        summary_write_trouble(out, names, rows);
    else
        summary_write_well(out, config, rows);
    summary_write_primaries(out, config, view);
}
