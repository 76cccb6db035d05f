#include <stdbool.h>
#include <string.h>

#include "admin/html.h"
#include "admin/page_parts.h"

#define PAGE_ZONES_MAX     60
#define PAGE_ZONES_CURRENT 20 /* of those that are as they should be: to see that they are there */

/* How a state looks; those that want attention come first. */
static const struct page_zones_state {
    const char *word;
    const char *class;
    const char *said;
} page_zones_states[] = {
    {"expired", "bad", "expired"},    {"behind", "bad", "behind"},   {"silent", "warn", "silent"},
    {"unknown", "calm", "not known"}, {"current", "good", "has it"},
};

#define PAGE_ZONES_STATES (sizeof page_zones_states / sizeof *page_zones_states)

static bool page_zones_has(const json_t *zone, const struct page_zones_state *state)
{
    return strcmp(html_string(zone, "state"), state->word) == 0;
}

static void page_zones_row(FILE *out, const json_t *zone, const struct page_zones_state *state,
                           long long now)
{
    const json_t *since = json_object_get(zone, "behind_since");
    if (!json_is_number(since))
        since = json_object_get(zone, "silent_since");
    fputs("<tr>", out);
    html_cell_begin(out, "Zone");
    fputs("<span class=\"name\">", out);
    html_member(out, zone, "zone");
    fputs("</span>", out);
    html_cell_end(out);
    html_member_cell(out, "Secondary", zone, "secondary");
    html_cell_begin(out, "State");
    html_pill(out, state->class, state->said);
    if (json_is_number(since)) {
        fputs(" for ", out);
        html_duration(out, now, since);
    }
    fputs("<span class=\"sub\">", out);
    html_member(out, zone, "why");
    fputs("</span>", out);
    html_cell_end(out);
    html_cell_begin(out, "Serial");
    html_member(out, zone, "serial");
    if (html_number(zone, "newest") != html_number(zone, "serial")) {
        fputs("<span class=\"sub\">newest ", out);
        html_member(out, zone, "newest");
        fputs("</span>", out);
    }
    html_cell_end(out);
    html_time_cell(out, "Confirmed", now, json_object_get(zone, "confirmed"));
    html_time_cell(out, "Copy expires", now, json_object_get(zone, "expires"));
    fputs("</tr>\n", out);
}

void page_zones(FILE *out, const json_t *document, long long now)
{
    static const char *const titles[] = {"Zone",      "Secondary",    "State", "Serial",
                                         "Confirmed", "Copy expires", NULL};
    const json_t *zones = json_object_get(document, "zones"), *zone;
    size_t shown = 0, i;
    if (json_array_size(zones) == 0)
        return;
    html_table_begin(out, "Zones at the secondaries", titles);
    for (unsigned s = 0; s < PAGE_ZONES_STATES; s++) {
        bool last = s + 1 == PAGE_ZONES_STATES;
        size_t most = last ? PAGE_ZONES_CURRENT : PAGE_ZONES_MAX;
        json_array_foreach (zones, i, zone) {
            if (shown >= PAGE_ZONES_MAX || most == 0)
                break;
            if (!page_zones_has(zone, &page_zones_states[s]))
                continue;
            page_zones_row(out, zone, &page_zones_states[s], now);
            shown++;
            most--;
        }
    }
    size_t left_out = (size_t)html_number(document, "zones_left_out");
    html_table_more(out, json_array_size(zones) + left_out, shown, "zones");
}

bool page_zones_want_attention(const json_t *peer)
{
    const json_t *own = json_object_get(peer, "zones");
    return json_is_false(json_object_get(peer, "up")) || html_number(own, "expired") > 0 ||
           html_number(own, "behind") > 0 || html_number(own, "silent") > 0;
}

long long page_zones_sum(const json_t *peer)
{
    const json_t *counts = json_object_get(peer, "zones");
    long long sum = 0;
    for (unsigned s = 0; s < PAGE_ZONES_STATES; s++)
        sum += html_number(counts, page_zones_states[s].word);
    return sum;
}

/* "3 behind, 120 have it" of those with this secondary. */
void page_zones_counted(FILE *out, const json_t *peer)
{
    const json_t *counts = json_object_get(peer, "zones");
    bool any = false;
    html_cell_begin(out, "Zones");
    for (unsigned s = 0; s < PAGE_ZONES_STATES; s++) {
        long long count = html_number(counts, page_zones_states[s].word);
        if (count == 0)
            continue;
        fprintf(out, "%s<span class=\"state %s\">%lld %s</span>", any ? " " : "",
                page_zones_states[s].class, count,
                s + 1 == PAGE_ZONES_STATES ? "current" : page_zones_states[s].said);
        any = true;
    }
    if (!any)
        fputs("&ndash;", out);
    html_cell_end(out);
}
