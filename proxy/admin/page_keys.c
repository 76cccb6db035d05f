#include "admin/html.h"
#include "admin/page_parts.h"

#define PAGE_KEYS_MAX 60
/* A key that others of its peer have been used after, and itself not for so long, can go. */
#define PAGE_KEYS_UNUSED_S (30 * 86400LL)

static long long page_keys_last(const json_t *keys)
{
    const json_t *key;
    long long last = 0;
    size_t i;
    json_array_foreach (keys, i, key)
        if (html_number(key, "last_used") > last)
            last = html_number(key, "last_used");
    return last;
}

static void page_keys_use(FILE *out, const json_t *key, long long newest, long long now)
{
    const json_t *used = json_object_get(key, "last_used");
    html_cell_begin(out, "Last used");
    if (!json_is_number(used)) {
        fputs("not since this program started", out);
    } else if (now - html_number(key, "last_used") > PAGE_KEYS_UNUSED_S &&
               newest > now - PAGE_KEYS_UNUSED_S) {
        html_pill(out, "calm", "can go");
        fputs(" not used for ", out);
        html_duration(out, now, used);
    } else {
        html_time(out, now, used);
    }
    html_cell_end(out);
}

static void page_keys_row(FILE *out, const json_t *peer, const json_t *key, long long now)
{
    fputs("<tr>", out);
    html_cell_begin(out, "Key");
    fputs("<span class=\"name\">", out);
    html_member(out, key, "name");
    fputs("</span>", out);
    html_cell_end(out);
    html_member_cell(out, "Of", peer, "label");
    html_member_cell(out, "Algorithm", key, "algorithm");
    page_keys_use(out, key, page_keys_last(json_object_get(peer, "keys")), now);
    html_cell_begin(out, "Failures");
    if (html_number(key, "failures") > 0)
        fprintf(out, "<span class=\"state warn\">%lld</span>", html_number(key, "failures"));
    else
        fputs("none", out);
    html_cell_end(out);
    fputs("</tr>\n", out);
}

void page_keys(FILE *out, const json_t *document, long long now)
{
    static const char *const titles[] = {"Key", "Of", "Algorithm", "Last used", "Failures", NULL};
    const json_t *peers = json_object_get(document, "peers"), *peer, *key;
    size_t all = 0, shown = 0, i, k;
    html_table_begin(out, "Keys", titles);
    json_array_foreach (peers, i, peer) {
        json_array_foreach (json_object_get(peer, "keys"), k, key) {
            if (++all > PAGE_KEYS_MAX)
                continue;
            page_keys_row(out, peer, key, now);
            shown++;
        }
    }
    html_table_more(out, all, shown, "keys");
}
