#include <stdbool.h>
#include <string.h>

#include "admin/html.h"
#include "admin/page_parts.h"

#define PAGE_PEERS_MAX 60

static void page_peers_clock(FILE *out, const json_t *peer)
{
    const json_t *skew = json_object_get(peer, "skew");
    long long seconds = html_number(peer, "skew"), fudge = html_number(peer, "fudge");
    long long off = seconds < 0 ? -seconds : seconds;
    html_cell_begin(out, "Clock");
    if (json_is_number(skew) && off == 0)
        fputs("agrees with ours", out);
    else if (json_is_number(skew))
        fprintf(out,
                "%lld s %s<span class=\"sub\"><meter min=\"0\" max=\"%lld\" high=\"%lld\" "
                "value=\"%lld\"></meter> of %lld s allowed</span>",
                off, seconds < 0 ? "behind" : "ahead", fudge, fudge / 2, off, fudge);
    else
        fputs("&ndash;", out);
    html_cell_end(out);
}

static void page_peers_up(FILE *out, const json_t *peer)
{
    const json_t *up = json_object_get(peer, "up");
    html_cell_begin(out, "Answers");
    if (json_is_true(up))
        html_pill(out, "good", "yes");
    else if (json_is_false(up))
        html_pill(out, "bad", "no");
    else
        html_pill(out, "calm", "not asked yet");
    html_cell_end(out);
}

static void page_peers_row(FILE *out, const json_t *peer, long long now)
{
    const json_t *addresses = json_object_get(peer, "addresses"), *address;
    size_t i;
    fputs("<tr>", out);
    html_cell_begin(out, "Name");
    fputs("<span class=\"name\">", out);
    html_member(out, peer, "label");
    fputs("</span><span class=\"sub\">", out);
    json_array_foreach (addresses, i, address) {
        fputs(i > 0 ? ", " : "", out);
        html_text(out, json_string_value(address) ? json_string_value(address) : "");
    }
    fputs("</span>", out);
    html_cell_end(out);
    page_peers_up(out, peer);
    if (strcmp(html_string(peer, "role"), "secondary") == 0)
        page_zones_counted(out, peer);
    html_time_cell(out, "Last heard", now, json_object_get(peer, "last_heard"));
    page_peers_clock(out, peer);
    fputs("</tr>\n", out);
}

struct page_peers_table {
    FILE *out;
    const json_t *peers;
    const char *role;
    long long now;
    size_t shown;
};

/* Those of the role that want attention, or all others, while there is room. */
static void page_peers_rows(struct page_peers_table *t, bool troubled)
{
    const json_t *peer;
    size_t i;
    json_array_foreach (t->peers, i, peer) {
        if (t->shown == PAGE_PEERS_MAX)
            return;
        if (strcmp(html_string(peer, "role"), t->role) != 0 ||
            page_zones_want_attention(peer) != troubled)
            continue;
        page_peers_row(t->out, peer, t->now);
        t->shown++;
    }
}

static size_t page_peers_count(const json_t *peers, const char *role)
{
    const json_t *peer;
    size_t count = 0, i;
    json_array_foreach (peers, i, peer)
        count += strcmp(html_string(peer, "role"), role) == 0;
    return count;
}

void page_peers(FILE *out, const json_t *document, const char *role, const char *heading,
                long long now)
{
    static const char *const titles[] = {"Name", "Answers", "Zones", "Last heard", "Clock", NULL};
    static const char *const fewer[] = {"Name", "Answers", "Last heard", "Clock", NULL};
    bool secondary = strcmp(role, "secondary") == 0;
    struct page_peers_table t = {
        .out = out, .peers = json_object_get(document, "peers"), .role = role, .now = now};
    html_table_begin(out, heading, secondary ? titles : fewer);
    page_peers_rows(&t, true);
    page_peers_rows(&t, false);
    html_table_more(out, page_peers_count(t.peers, role), t.shown, "of them");
}
