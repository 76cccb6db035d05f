/* First everything that can fail: read, check, host, numbers, MACs, ports. Then the switch, which
 * allocates nothing and cannot fail. */
#include "reload.h"

#include <stdio.h>

#include "admin/line.h"
#include "base/absent.h"
#include "base/host.h"
#include "base/load.h"
#include "config/setting.h"

static void reload_refuse(const char *file, const char *result, const char *advice)
{
    line_say(LOG_WARNING, "reload-refused", "config", file, "result", result, "advice", advice,
             NULL);
}

/* What this program is set up for once, at its start. */
static bool reload_keeps_fixed(const struct config *before, const struct config *next,
                               const char *file)
{
    const struct setting *changed = setting_changed(&before->proxy, &next->proxy);
    char advice[128];
    if (!changed)
        return true;
    snprintf(advice, sizeof advice, "'%s' takes a restart; nothing has changed", changed->name);
    reload_refuse(file, "not-supported", advice);
    return false;
}

static bool reload_prepare(struct crew *crew, struct config *next, const char *file)
{
    struct address failed = {.family = ADDRESS_NONE};
    char text[ADDRESS_TEXT_SIZE], advice[ADDRESS_TEXT_SIZE + 256];
    int error = crew_prepare(crew, next, &failed);
    if (error == 0)
        error = crew_start(crew);
    if (error == 0)
        return true;
    snprintf(advice, sizeof advice, "cannot listen on %s: %s%s; nothing has changed",
             failed.family == ADDRESS_NONE ? "anything" : address_to_text(&failed, text),
             uv_strerror(error), absent_cure(error));
    reload_refuse(file, "no-socket", advice);
    return false;
}

static void reload_say(struct reload *r, uint64_t now)
{
    char snapshots[16], seconds[24];
    uint64_t oldest = now;
    snprintf(snapshots, sizeof snapshots, "%u", snapshots_count(&r->snapshots, &oldest));
    snprintf(seconds, sizeof seconds, "%llu", (unsigned long long)(now - oldest) / 1000);
    line_say(LOG_NOTICE, "reloaded", "config", r->file, "old-in-use", snapshots, "oldest", seconds,
             NULL);
}

void reload_all(struct reload *r)
{
    if (r->crew->draining) {
        reload_refuse(r->file, "stopped", "the proxy is about to stop");
        return;
    }
    seen_fini(&r->seen);
    struct config *next = load_config_seen(r->file, &r->seen);
    if (!next || !host_allows_reload(next)) {
        reload_refuse(r->file, "malformed",
                      "its errors are on standard error; nothing has changed");
        config_unref(next);
        return;
    }
    config_carry(next, r->config);
    if (!reload_keeps_fixed(r->config, next, r->file) || !reload_prepare(r->crew, next, r->file)) {
        config_unref(next);
        return;
    }
    uint64_t now = uv_hrtime() / 1000000;
    crew_commit(r->crew);
    line_configure(next->proxy.log_level, next->proxy.log_format);
    snapshots_add(&r->snapshots, r->config, now);
    r->config = next;
    reload_say(r, now);
}
