/* Each act makes its answer from what the main thread sees: the crew, the last reload, and what the
 * observer has counted. None of them waits; a NOTIFY's answer comes through tell.c. */
#include "acts.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "admin/line.h"
#include "admin/settings.h"
#include "admin/text.h"
#include "base/absent.h"
#include "base/confine.h"
#include "config/setting.h"

/* What the program knows of itself, gathered for one call. */
struct acts_view {
    struct crew_facts facts;
    struct status_source source;
    struct address *listeners; /* owned */
    struct own_address own[ABSENT_MOST];
};

/* Those that are served, each once. */
static size_t acts_list_listeners(const struct crew *crew, bool proxied, struct address *out)
{
    size_t count = 0;
    for (unsigned i = 0; i < crew->ports.count; i++) {
        const struct endpoint *e = crew->ports.items[i];
        if (e->place == 0 && e->proxied == proxied)
            out[count++] = e->local;
    }
    return count;
}

static void acts_look_at_listeners(const struct crew *crew, struct acts_view *view)
{
    struct crew_facts *facts = &view->facts;
    size_t direct = acts_list_listeners(crew, false, view->listeners);
    facts->listeners = view->listeners;
    facts->proxied_count = acts_list_listeners(crew, true, view->listeners + direct);
    facts->listener_count = direct + facts->proxied_count;
}

static void acts_look(const struct acts *acts, struct acts_view *view)
{
    const struct crew *crew = acts->crew;
    uint64_t now = uv_hrtime() / 1000000, oldest = now;
    *view = (struct acts_view){
        .facts = {.workers = crew->serving, .draining = crew->draining, .memory = crew->memory},
        .source = {.observe = acts->observe,
                   .config = acts->reload->config,
                   .file = acts->reload->file,
                   .facts = &view->facts},
        .listeners = calloc(crew->ports.count + 1, sizeof *view->listeners),
    };
    view->facts.old_in_use = snapshots_count(&acts->reload->snapshots, &oldest);
    view->facts.oldest_seconds = (unsigned)((now - oldest) / 1000);
    if (view->listeners)
        acts_look_at_listeners(crew, view);
}

/* What takes a look at the host. */
static void acts_look_around(const struct acts *acts, struct acts_view *view)
{
    acts_look(acts, view);
    view->facts.own = view->own;
    view->facts.own_count = absent_list(acts->reload->config, view->own);
}

/* By the path that leads to it from anywhere: who asks may have another name for it. */
static json_t *acts_file(const struct acts *acts)
{
    char *path = realpath(acts->reload->file, NULL);
    const char *file = path ? path : acts->reload->file;
    json_t *text = text_to_json(file, strlen(file));
    free(path);
    return text;
}

static json_t *acts_health(void *arg)
{
    const struct acts *acts = arg;
    bool turns = crew_turns(acts->crew, uv_hrtime() / 1000000);
    bool ready = acts->crew->serving > 0 && !acts->crew->draining && turns;
    return json_pack("{s:s, s:s, s:i, s:o, s:b, s:b, s:b, s:b}", "program", "tsig-proxy", "version",
                     TSIG_PROXY_VERSION, "pid", (int)getpid(), "config", acts_file(acts), "ready",
                     ready, "draining", acts->crew->draining, "transparent",
                     acts->reload->config->proxy.transparent, "bypassed", acts->gateway->bypassed);
}

static json_t *acts_status(void *arg)
{
    const struct acts *acts = arg;
    struct acts_view view;
    acts_look_around(acts, &view);
    json_t *document = status_document(&view.source);
    free(view.listeners);
    if (document) {
        json_object_set_new(document, "bypassed", json_boolean(acts->gateway->bypassed));
        json_object_set_new(document, "confinement", confine_to_json());
    }
    return document;
}

static json_t *acts_events(void *arg)
{
    const struct acts *acts = arg;
    return json_pack("{s:o}", "failures", observe_failures(acts->observe));
}

static json_t *acts_settings(void *arg)
{
    const struct acts *acts = arg;
    return settings_document(acts->reload->config);
}

static int acts_metrics(void *arg, FILE *out)
{
    struct acts_view view;
    acts_look_around(arg, &view);
    int error = metrics_write(&view.source, out);
    free(view.listeners);
    return error;
}

/* The lines of a text. */
static json_t *acts_lines(const char *text)
{
    json_t *lines = json_array();
    while (text && *text) {
        size_t len = strcspn(text, "\n");
        json_array_append_new(lines, text_to_json(text, len));
        text += len + (text[len] == '\n');
    }
    return lines;
}

static json_t *acts_reload(void *arg)
{
    const struct acts *acts = arg;
    acts->reload_now(acts->arg);
    json_t *answer = json_pack("{s:b, s:o}", "successful", acts->reload->successful, "findings",
                               acts_lines(acts->reload->findings));
    if (!acts->reload->successful)
        json_object_set_new(answer, "error", json_string(acts->reload->advice));
    return answer;
}

/* Until the next reload, which brings the configuration's. */
static json_t *acts_log_level(void *arg, const char *level)
{
    const struct acts *acts = arg;
    const char *const *words = setting_find(SETTING_PROXY, "log-level")->choices;
    unsigned i = 0;
    while (words[i] && strcmp(words[i], level) != 0)
        i++;
    if (!words[i])
        return json_pack("{s:s}", "error", "the levels are error, warning, notice, info and debug");
    line_configure((enum config_log_level)i, acts->reload->config->proxy.log_format);
    return json_pack("{s:s}", "log_level", words[i]);
}

static json_t *acts_notify(void *arg, const char *zone, const char *secondary, uint64_t ticket)
{
    const struct acts *acts = arg;
    return tell_zone(acts->tell, acts->reload->config, zone, secondary, ticket);
}

struct admin_acts acts_of(struct acts *acts)
{
    return (struct admin_acts){
        .health = acts_health,
        .status = acts_status,
        .events = acts_events,
        .settings = acts_settings,
        .reload = acts_reload,
        .log_level = acts_log_level,
        .notify = acts_notify,
        .metrics = acts_metrics,
        .arg = acts,
    };
}

void acts_say_status(void *arg, char out[SUPERVISOR_STATUS_SIZE])
{
    struct acts_view view;
    acts_look(arg, &view);
    char *summary = status_summary(&view.source);
    snprintf(out, SUPERVISOR_STATUS_SIZE, "%s", summary ? summary : "");
    free(summary);
    free(view.listeners);
}

bool acts_live(void *arg)
{
    const struct acts *acts = arg;
    return crew_turns(acts->crew, uv_hrtime() / 1000000);
}
