/* First everything that can fail: read, check, host, numbers, MACs, ports. Then the switch, which
 * allocates nothing and cannot fail. */
#include "reload.h"

#include <stdio.h>
#include <stdlib.h>

#include "admin/line.h"
#include "base/confine.h"
#include "base/host.h"
#include "base/load.h"
#include "base/trial.h"
#include "config/setting.h"

/* Findings stand above the line that says what came of them. */
static void reload_tell(struct reload *r)
{
    if (!r->out || fflush(r->out) != 0 || !r->findings)
        return;
    fputs(r->findings + r->told, stderr);
    r->told = r->findings_len;
}

static void reload_refuse(struct reload *r, const char *result, const char *advice)
{
    reload_tell(r);
    snprintf(r->advice, sizeof r->advice, "%s", advice);
    line_say(LOG_WARNING, "reload-refused", "config", r->file, "result", result, "advice", advice,
             NULL);
}

/* What this program is set up for once, at its start. */
static bool reload_keeps_fixed(struct reload *r, const struct config *next)
{
    const struct setting *changed = setting_changed(&r->config->proxy, &next->proxy);
    char advice[128];
    if (!changed)
        return true;
    snprintf(advice, sizeof advice, "'%s' takes a restart; nothing has changed", changed->name);
    reload_refuse(r, "not-supported", advice);
    return false;
}

static bool reload_prepare(struct reload *r, struct config *next)
{
    struct address failed = {.family = ADDRESS_NONE};
    char text[ADDRESS_TEXT_SIZE], why[TRIAL_WHY_SIZE], advice[sizeof r->advice];
    int error = crew_prepare(r->crew, next, &failed);
    if (error == 0)
        error = crew_start(r->crew);
    if (error == 0)
        return true;
    snprintf(advice, sizeof advice, "cannot listen on %s: %s; nothing has changed",
             failed.family == ADDRESS_NONE ? "anything" : address_to_text(&failed, text),
             trial_why(NULL, &failed, error, why));
    reload_refuse(r, "no-socket", advice);
    return false;
}

/* The office first: it closes again what it has opened, and needs no thread for that. */
static bool reload_prepare_all(struct reload *r, struct config *next)
{
    if (office_prepare(r->office, next, r->out) < 0) {
        reload_refuse(r, "no-socket", "'control' or 'http' cannot be had; nothing has changed");
        return false;
    }
    if (reload_prepare(r, next))
        return true;
    office_abandon(r->office);
    return false;
}

static void reload_say(struct reload *r, uint64_t now)
{
    char snapshots[16], seconds[24];
    uint64_t oldest = now;
    reload_tell(r);
    snprintf(snapshots, sizeof snapshots, "%u", snapshots_count(&r->snapshots, &oldest));
    snprintf(seconds, sizeof seconds, "%llu", (unsigned long long)(now - oldest) / 1000);
    line_say(LOG_NOTICE, "reloaded", "config", r->file, "old-in-use", snapshots, "oldest", seconds,
             NULL);
}

static bool reload_read(struct reload *r, struct config **next)
{
    seen_fini(&r->seen);
    *next = load_config_seen(r->file, &r->seen, r->out);
    if (*next && host_allows_reload(*next, r->out)) {
        config_carry(*next, r->config);
        return true;
    }
    reload_refuse(r, "malformed", "its errors are on standard error; nothing has changed");
    return false;
}

static void reload_switch(struct reload *r, struct config *next)
{
    uint64_t now = uv_hrtime() / 1000000;
    crew_commit(r->crew);
    office_commit(r->office);
    line_configure(next->proxy.log_level, next->proxy.log_format);
    snapshots_add(&r->snapshots, r->config, now);
    r->config = next;
    r->successful = true;
    reload_say(r, now);
    confine_reloaded(next);
}

static void reload_try(struct reload *r)
{
    struct config *next = NULL;
    if (reload_read(r, &next) && reload_keeps_fixed(r, next) && reload_prepare_all(r, next))
        reload_switch(r, next);
    else
        config_unref(next);
}

void reload_all(struct reload *r)
{
    r->successful = false;
    free(r->findings);
    r->findings = NULL;
    r->told = 0;
    if (r->crew->draining) {
        reload_refuse(r, "stopped", "the proxy is about to stop");
        return;
    }
    r->out = open_memstream(&r->findings, &r->findings_len);
    if (!r->out) {
        reload_refuse(r, "no-memory", "there is no memory for it; nothing has changed");
        return;
    }
    reload_try(r);
    fclose(r->out);
    r->out = NULL;
}

void reload_fini(struct reload *r)
{
    snapshots_fini(&r->snapshots);
    seen_fini(&r->seen);
    config_unref(r->config);
    free(r->findings);
}
