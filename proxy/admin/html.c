/* Text is escaped here and nowhere else: whoever writes markup writes constants of its own, and
 * what comes from the document goes through these. */
#include "admin/html.h"

#include <stdbool.h>
#include <time.h>

void html_text(FILE *out, const char *text)
{
    for (const char *c = text; *c; c++) {
        switch (*c) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        case '\'':
            fputs("&#39;", out);
            break;
        default:
            fputc(*c, out);
        }
    }
}

const char *html_string(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

long long html_number(const json_t *object, const char *key)
{
    return (long long)json_number_value(json_object_get(object, key));
}

void html_member(FILE *out, const json_t *object, const char *key)
{
    const json_t *member = json_object_get(object, key);
    if (json_is_string(member))
        html_text(out, json_string_value(member));
    else if (json_is_number(member))
        fprintf(out, "%lld", (long long)json_number_value(member));
}

char *html_span(long long seconds, char out[HTML_SPAN_SIZE])
{
    if (seconds < 120)
        snprintf(out, HTML_SPAN_SIZE, "%lld s", seconds);
    else if (seconds < 7200)
        snprintf(out, HTML_SPAN_SIZE, "%lld min", seconds / 60);
    else if (seconds < 172800)
        snprintf(out, HTML_SPAN_SIZE, "%lld h", seconds / 3600);
    else
        snprintf(out, HTML_SPAN_SIZE, "%lld d", seconds / 86400);
    return out;
}

/* The time itself, for who points at it; false when it is none. */
static bool html_time_begin(FILE *out, const json_t *time)
{
    char text[32];
    struct tm utc;
    time_t at = (time_t)json_number_value(time);
    if (!json_is_number(time) || !gmtime_r(&at, &utc) ||
        !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc)) {
        fputs("&ndash;", out);
        return false;
    }
    fprintf(out, "<time datetime=\"%s\" title=\"%s\">", text, text);
    return true;
}

void html_duration(FILE *out, long long now, const json_t *time)
{
    char span[HTML_SPAN_SIZE];
    long long at = (long long)json_number_value(time);
    if (html_time_begin(out, time))
        fprintf(out, "%s</time>", html_span(now > at ? now - at : 0, span));
}

void html_time(FILE *out, long long now, const json_t *time)
{
    char span[HTML_SPAN_SIZE];
    long long at = (long long)json_number_value(time);
    bool past = at <= now;
    if (html_time_begin(out, time))
        fprintf(out, "%s%s%s</time>", past ? "" : "in ",
                html_span(past ? now - at : at - now, span), past ? " ago" : "");
}

void html_table_begin(FILE *out, const char *heading, const char *const *titles)
{
    fputs("<section><h2>", out);
    html_text(out, heading);
    fputs("</h2>\n<table><thead><tr>", out);
    for (; *titles; titles++) {
        fputs("<th scope=\"col\">", out);
        html_text(out, *titles);
        fputs("</th>", out);
    }
    fputs("</tr></thead><tbody>\n", out);
}

void html_cell_begin(FILE *out, const char *title)
{
    fputs("<td data-title=\"", out);
    html_text(out, title);
    fputs("\"><div>", out);
}

void html_cell_end(FILE *out)
{
    fputs("</div></td>", out);
}

void html_pill(FILE *out, const char *class, const char *text)
{
    fprintf(out, "<span class=\"state %s\">", class);
    html_text(out, text);
    fputs("</span>", out);
}

void html_member_cell(FILE *out, const char *title, const json_t *object, const char *key)
{
    html_cell_begin(out, title);
    html_member(out, object, key);
    html_cell_end(out);
}

void html_time_cell(FILE *out, const char *title, long long now, const json_t *time)
{
    html_cell_begin(out, title);
    html_time(out, now, time);
    html_cell_end(out);
}

/* "and 17 more" */
void html_table_more(FILE *out, size_t all, size_t shown, const char *what)
{
    fputs("</tbody></table>\n", out);
    if (all > shown)
        fprintf(out,
                "<p class=\"more\">and %zu more %s: see <a href=\"status.json\">"
                "status.json</a></p>\n",
                all - shown, what);
    fputs("</section>\n", out);
}
