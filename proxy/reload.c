/* First everything that can fail: read, check, host, numbers, MACs, ports. Then the switch, which
 * allocates nothing and cannot fail. */
#include "reload.h"

#include <stdio.h>

#include "admin/line.h"
#include "base/host.h"
#include "base/load.h"
#include "config/setting.h"
#include "net/retired.h"

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

static bool reload_prepare(struct worker *worker, struct config *next, const char *file,
                           struct worker_change *change)
{
    struct address failed = {.family = ADDRESS_NONE};
    char text[ADDRESS_TEXT_SIZE], advice[ADDRESS_TEXT_SIZE + 128];
    int error = worker_prepare(worker, next, change, &failed);
    if (error == 0)
        return true;
    snprintf(advice, sizeof advice, "cannot listen on %s: %s; nothing has changed",
             failed.family == ADDRESS_NONE ? "anything" : address_to_text(&failed, text),
             uv_strerror(error));
    reload_refuse(file, "no-socket", advice);
    return false;
}

void reload_all(struct worker *worker, const char *file, struct config **config)
{
    struct worker_change change;
    char snapshots[16];
    if (worker->state != WORKER_RUNNING) {
        reload_refuse(file, "stopped", "the proxy is about to stop");
        return;
    }
    struct config *next = load_config(file);
    if (!next || !host_allows_reload(next)) {
        reload_refuse(file, "malformed", "its errors are on standard error; nothing has changed");
        config_unref(next);
        return;
    }
    config_carry(next, *config);
    if (!reload_keeps_fixed(*config, next, file) || !reload_prepare(worker, next, file, &change)) {
        config_unref(next);
        return;
    }
    worker_commit(worker, &change);
    line_configure(next->proxy.log_level, next->proxy.log_format);
    config_unref(*config);
    *config = next;
    snprintf(snapshots, sizeof snapshots, "%u", retired_count(&worker->engine));
    line_say(LOG_NOTICE, "reloaded", "config", file, "old-in-use", snapshots, NULL);
}
