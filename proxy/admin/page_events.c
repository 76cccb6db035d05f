#include <stdbool.h>
#include <string.h>

#include "admin/html.h"
#include "admin/page_parts.h"

#define PAGE_EVENTS_MAX 20

static void page_events_notify(FILE *out, const json_t *notify, long long now)
{
    const json_t *after = json_object_get(notify, "transfer_after_seconds");
    bool good = strcmp(html_string(notify, "result"), "ok") == 0;
    fputs("<tr>", out);
    html_time_cell(out, "When", now, json_object_get(notify, "time"));
    html_cell_begin(out, "Zone");
    fputs("<span class=\"name\">", out);
    html_member(out, notify, "zone");
    fputs("</span><span class=\"sub\">", out);
    html_member(out, notify, "serial");
    fputs("</span>", out);
    html_cell_end(out);
    html_member_cell(out, "From", notify, "primary");
    html_cell_begin(out, "To");
    html_member(out, notify, "secondary");
    fputs("<span class=\"sub\">", out);
    html_member(out, notify, "address");
    fputs("</span>", out);
    html_cell_end(out);
    html_cell_begin(out, "Answer");
    html_pill(out, good ? "good" : "bad",
              *html_string(notify, "rcode") ? html_string(notify, "rcode")
                                            : html_string(notify, "result"));
    fprintf(out, "<span class=\"sub\">%lld ms, copies: %lld</span>",
            html_number(notify, "milliseconds"), html_number(notify, "tries"));
    html_cell_end(out);
    html_cell_begin(out, "Transfer");
    if (json_is_number(after))
        fprintf(out, "%lld s after", html_number(notify, "transfer_after_seconds"));
    else
        fputs("none yet", out);
    html_cell_end(out);
    fputs("</tr>\n", out);
}

void page_notifies(FILE *out, const json_t *document, long long now)
{
    static const char *const titles[] = {"When", "Zone", "From", "To", "Answer", "Transfer", NULL};
    const json_t *notifies = json_object_get(document, "notifies"), *notify;
    size_t i;
    if (json_array_size(notifies) == 0)
        return;
    html_table_begin(out, "NOTIFYs", titles);
    json_array_foreach (notifies, i, notify) {
        if (i == PAGE_EVENTS_MAX)
            break;
        page_events_notify(out, notify, now);
    }
    html_table_more(out, json_array_size(notifies), i, "NOTIFYs");
}

static void page_events_part(FILE *out, const json_t *failure, const char *key, const char *before)
{
    if (!json_is_string(json_object_get(failure, key)))
        return;
    fputs(before, out);
    html_member(out, failure, key);
}

static void page_events_failure(FILE *out, const json_t *failure, long long now)
{
    bool bad = strcmp(html_string(failure, "level"), "error") == 0;
    fputs("<tr>", out);
    html_time_cell(out, "When", now, json_object_get(failure, "time"));
    html_cell_begin(out, "What");
    html_pill(out, bad ? "bad" : "warn", html_string(failure, "result"));
    fputs("<span class=\"sub\">", out);
    html_member(out, failure, "event");
    fputs("</span>", out);
    html_cell_end(out);
    html_cell_begin(out, "Who");
    fputs("<span class=\"name\">", out);
    html_text(out, *html_string(failure, "peer") ? html_string(failure, "peer") : "a stranger");
    fputs("</span><span class=\"sub\">", out);
    page_events_part(out, failure, "address", "");
    page_events_part(out, failure, "zone", " zone ");
    page_events_part(out, failure, "key", " key ");
    fputs("</span>", out);
    html_cell_end(out);
    html_cell_begin(out, "What mends it");
    page_events_part(out, failure, "advice", "<code class=\"mend\">");
    fputs(json_is_string(json_object_get(failure, "advice")) ? "</code>" : "", out);
    html_cell_end(out);
    fputs("</tr>\n", out);
}

void page_failures(FILE *out, const json_t *document, long long now)
{
    static const char *const titles[] = {"When", "What", "Who", "What mends it", NULL};
    const json_t *failures = json_object_get(document, "failures"), *failure;
    size_t i;
    if (json_array_size(failures) == 0)
        return;
    html_table_begin(out, "Refusals and failures", titles);
    json_array_foreach (failures, i, failure) {
        if (i == PAGE_EVENTS_MAX)
            break;
        page_events_failure(out, failure, now);
    }
    html_table_more(out, json_array_size(failures), i, "of them");
}

void page_limits(FILE *out, const json_t *document)
{
    static const char *const titles[] = {"Limit", "Of", "Times", NULL};
    const json_t *limits = json_object_get(document, "limits"), *limit;
    size_t i;
    if (json_array_size(limits) == 0)
        return;
    html_table_begin(out, "Limits that were reached", titles);
    json_array_foreach (limits, i, limit) {
        if (i == PAGE_EVENTS_MAX)
            break;
        fputs("<tr>", out);
        html_member_cell(out, "Limit", limit, "limit");
        html_member_cell(out, "Of", limit, "peer");
        html_member_cell(out, "Times", limit, "count");
        fputs("</tr>\n", out);
    }
    html_table_more(out, json_array_size(limits), i, "of them");
}
