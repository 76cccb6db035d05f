/* Top down: the one sentence that says how things are; what is not as it should be; then each
 * table, the troubled first, with as many rows as can be taken in at a glance. The whole comes from
 * the status document, so that nothing can be seen here that a program could not see as well. */
#include "admin/page.h"

#include <openssl/evp.h>
#include <string.h>

#include "admin/html.h"
#include "admin/page_parts.h"
#include "admin/page_style.h"

#define PAGE_RENEW_S 15

const char *page_policy(void)
{
    static char policy[256];
    unsigned char digest[EVP_MAX_MD_SIZE], text[EVP_MAX_MD_SIZE * 2];
    unsigned len = 0;
    if (*policy)
        return policy;
    /* Without memory the page is plain, and nothing is let in. */
    if (EVP_Digest(page_style, strlen(page_style), digest, &len, EVP_sha256(), NULL) != 1)
        return "default-src 'none'; frame-ancestors 'none'";
    EVP_EncodeBlock(text, digest, (int)len);
    snprintf(policy, sizeof policy,
             "default-src 'none'; style-src 'sha256-%s'; img-src data:; base-uri 'none'; "
             "form-action 'none'; frame-ancestors 'none'",
             (const char *)text);
    return policy;
}

/* The worst that is the case. */
enum page_mood { PAGE_GOOD, PAGE_WARN, PAGE_BAD };

static const struct {
    const char *class;
    const char *colour;
} page_moods[] = {
    [PAGE_GOOD] = {"good", "1a9a55"},
    [PAGE_WARN] = {"warn", "d98a00"},
    [PAGE_BAD] = {"bad", "d0342c"},
};

static enum page_mood page_mood_of_zones(const json_t *zones)
{
    enum page_mood mood = PAGE_GOOD;
    const json_t *zone;
    size_t i;
    json_array_foreach (zones, i, zone) {
        const char *state = html_string(zone, "state");
        if (strcmp(state, "behind") == 0 || strcmp(state, "expired") == 0)
            return PAGE_BAD;
        if (strcmp(state, "silent") == 0)
            mood = PAGE_WARN;
    }
    return mood;
}

static bool page_is_refused(const json_t *document)
{
    const json_t *config = json_object_get(document, "config");
    return json_is_false(json_object_get(config, "last_reload_successful"));
}

static enum page_mood page_mood_of(const json_t *document)
{
    enum page_mood mood = page_mood_of_zones(json_object_get(document, "zones"));
    const json_t *peer;
    size_t i;
    json_array_foreach (json_object_get(document, "peers"), i, peer)
        if (json_is_false(json_object_get(peer, "up")))
            mood = PAGE_BAD;
    if (json_is_true(json_object_get(document, "bypassed")))
        mood = PAGE_BAD;
    if (mood == PAGE_GOOD &&
        (page_is_refused(document) || json_is_true(json_object_get(document, "draining"))))
        mood = PAGE_WARN;
    return mood;
}

static void page_head(FILE *out, enum page_mood mood, bool still)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta name=\"color-scheme\" content=\"light dark\">\n",
          out);
    if (!still)
        fprintf(out, "<meta http-equiv=\"refresh\" content=\"%d\">\n", PAGE_RENEW_S);
    /* The tab shows how things are. */
    fprintf(
        out,
        "<link rel=\"icon\" href=\"data:image/svg+xml,%%3Csvg xmlns='http://www.w3.org/2000/svg' "
        "viewBox='0 0 16 16'%%3E%%3Ccircle cx='8' cy='8' r='7' fill='%%23%s'/%%3E%%3C/svg%%3E\">\n",
        page_moods[mood].colour);
    fputs("<title>tsig-proxy</title>\n<style>", out);
    fputs(page_style, out);
    fputs("</style></head>\n<body>\n", out);
}

static void page_addresses(FILE *out, const char *before, const json_t *addresses)
{
    const json_t *address;
    size_t i;
    json_array_foreach (addresses, i, address) {
        fputs(i > 0 ? ", " : before, out);
        html_text(out, json_string_value(address) ? json_string_value(address) : "");
    }
}

static void page_facts(FILE *out, const json_t *document, long long now)
{
    const json_t *config = json_object_get(document, "config");
    const json_t *confinement = json_object_get(document, "confinement");
    fputs("<p class=\"facts\">Version ", out);
    html_member(out, document, "version");
    fputs(", process ", out);
    html_member(out, document, "pid");
    fputs(", started ", out);
    html_time(out, now, json_object_get(document, "started"));
    fputs(", workers: ", out);
    html_member(out, document, "workers");
    page_addresses(out, ", at ", json_object_get(document, "listeners"));
    page_addresses(out, ", for balancers at ", json_object_get(document, "proxy_listeners"));
    fputs(".<br>", out);
    html_member(out, config, "file");
    fputs(" read ", out);
    html_time(out, now, json_object_get(config, "loaded"));
    if (html_number(config, "old_in_use") > 0)
        fprintf(out, "; %lld before it still in use", html_number(config, "old_in_use"));
    if (confinement) {
        fputs(".<br>Confined by ", out);
        html_member(out, confinement, "summary");
    }
    fputs(".</p>\n", out);
}

static void page_absent(FILE *out, const json_t *document)
{
    const json_t *absent = json_object_get(document, "absent");
    page_addresses(out, "<p class=\"note\">Not on this host now: ", absent);
    fputs(json_array_size(absent) > 0 ? ". It serves what comes.</p>\n" : "", out);
}

static void page_notes(FILE *out, const json_t *document)
{
    page_absent(out, document);
    if (page_is_refused(document))
        fputs("<p class=\"note\">The last reload was refused, so the configuration before it is in "
              "force: <code>tsig-proxy check</code> says what is wrong.</p>\n",
              out);
    if (json_is_true(json_object_get(document, "draining")))
        fputs("<p class=\"note\">Draining: it finishes what is in flight, and stops.</p>\n", out);
    if (json_is_true(json_object_get(document, "bypassed")))
        fputs("<p class=\"note\">Packets pass by, unsigned: rules or routes of this gateway are "
              "gone; "
              "<code>tsig-proxy check</code> says which.</p>\n",
              out);
    if (html_number(document, "log_lines_dropped") > 0)
        fprintf(out,
                "<p class=\"note\">%lld lines of the log were lost, because who reads it is too "
                "slow.</p>\n",
                html_number(document, "log_lines_dropped"));
}

void page_write(FILE *out, const json_t *document, bool still)
{
    long long now = html_number(document, "now");
    enum page_mood mood = page_mood_of(document);
    page_head(out, mood, still);
    fprintf(out, "<header class=\"%s\"><h1>tsig-proxy</h1>\n<p class=\"summary\">",
            page_moods[mood].class);
    html_member(out, document, "summary");
    fputs("</p>\n", out);
    page_facts(out, document, now);
    page_notes(out, document);
    fputs("</header>\n<main>\n", out);
    page_peers(out, document, "secondary", "Secondaries", now);
    page_zones(out, document, now);
    page_failures(out, document, now);
    page_notifies(out, document, now);
    page_peers(out, document, "primary", "Primaries", now);
    page_keys(out, document, now);
    page_limits(out, document);
    fputs("</main>\n<footer>", out);
    if (still)
        fputs("This page stands still; <a href=\"./\">renew it</a>.", out);
    else
        fprintf(out, "Renews itself every %d s; <a href=\"still\">hold it</a>.", PAGE_RENEW_S);
    fputs(" For programs: <a href=\"status.json\">status.json</a>, "
          "<a href=\"metrics\">metrics</a>.</footer>\n</body></html>\n",
          out);
}
