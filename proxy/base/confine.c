/* What is given up comes in the order in which it can: secrets are locked while this process may
 * lock memory, files and system calls are shut off once all has been opened. What a kernel does not
 * let us have is left out, and told by name in the log, in the status document, and by check. */
#include "base/confine.h"

#include <cap-ng.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "admin/line.h"
#include "base/fence.h"
#include "base/filter.h"
#include "base/user.h"
#include "base/vault.h"

#define CONFINE_TEXT_SIZE   160
#define CONFINE_ADVICE_SIZE 160

/* What is in force. Written before there are threads. */
static struct confine {
    bool wanted, privileges_fixed, filtered;
    int filter_error, fence_error;
    struct fence fence;
    enum vault vault;
    size_t vault_size;
    char *capabilities; /* owned */
} confine_state;

void confine_prepare(void)
{
    const char *supervisor = getenv("NOTIFY_SOCKET");
    confine_state.fence.speaks_abstract = supervisor && *supervisor == '@';
    /* libuv from 1.45 on would: it is a way around the system calls that are let through. */
    setenv("UV_USE_IO_URING", "0", 1);
    vault_prepare();
}

void confine_secrets(struct config *config)
{
    confine_state.vault = vault_open(config);
    confine_state.vault_size = vault_size(config);
}

void confine_caller(void)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || filter_load(true) < 0)
        return;
}

/* Libraries that look at a file once do so now. */
static void confine_warm(const struct config *config)
{
    json_object_seed(0);
    tzset();
    uid_t user;
    (void)user_find(config->proxy.user, &user);
}

void confine_self(const struct config *config, const struct seen *seen)
{
    struct confine *c = &confine_state;
    c->wanted = config->proxy.confine;
    capng_get_caps_process();
    c->capabilities = capng_print_caps_text(CAPNG_PRINT_BUFFER, CAPNG_PERMITTED);
    if (!c->wanted || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return;
    c->privileges_fixed = true;
    confine_warm(config);
    c->fence_error = fence_raise(&c->fence, config, seen);
    c->filter_error = filter_load(config->proxy.transparent);
    c->filtered = c->filter_error == 0;
}

/* Why something is not in force. */
static const char *confine_lack(const struct confine *c, int error, char *out)
{
    snprintf(out, CONFINE_TEXT_SIZE, c->wanted ? "no: %s" : "no", strerror(-error));
    return out;
}

static const char *confine_secrets_word(enum vault vault)
{
    static const char *const words[] = {"ordinary", "crowded", "unlocked", "locked"};
    return words[vault];
}

static const char *confine_advise(enum vault vault, size_t size, char *out)
{
    if (vault == VAULT_LOCKED)
        return NULL;
    snprintf(out, CONFINE_ADVICE_SIZE,
             "secrets may be swapped out; write LimitMEMLOCK=%zuM below [Service] (systemctl edit "
             "tsig-proxy), or call ulimit -l %zu before it",
             size >> 20, size >> 10);
    return out;
}

void confine_say(void)
{
    const struct confine *c = &confine_state;
    char seccomp[CONFINE_TEXT_SIZE] = "yes", landlock[CONFINE_TEXT_SIZE];
    char advice[CONFINE_ADVICE_SIZE];
    if (!c->filtered)
        confine_lack(c, c->filter_error, seccomp);
    if (c->fence.version > 0)
        snprintf(landlock, sizeof landlock, "%d", c->fence.version);
    else
        confine_lack(c, c->fence_error, landlock);
    line_say(LOG_NOTICE, "confined", "seccomp", seccomp, "landlock", landlock, "secrets",
             confine_secrets_word(c->vault), "capabilities", c->capabilities, "advice",
             confine_advise(c->vault, c->vault_size, advice), NULL);
}

/* "seccomp and Landlock 7, secrets locked". */
static const char *confine_sum_up(bool filtered, int landlock, enum vault vault, char *out)
{
    char version[32] = "";
    if (landlock > 0)
        snprintf(version, sizeof version, "Landlock %d", landlock);
    snprintf(out, CONFINE_TEXT_SIZE, "%s%s%s%s, secrets %s", filtered ? "seccomp" : "",
             filtered && landlock > 0 ? " and " : "", version,
             filtered || landlock > 0 ? "" : "its user alone", confine_secrets_word(vault));
    return out;
}

void confine_reloaded(const struct config *config)
{
    if (vault_holds(config))
        return;
    confine_state.vault = VAULT_CROWDED;
    line_say(LOG_WARNING, "confined", "secrets", confine_secrets_word(VAULT_CROWDED), "advice",
             "the locked memory is that of the start, and has no room for so many keys: those "
             "beyond may be swapped out; a restart makes it larger",
             NULL);
}

json_t *confine_to_json(void)
{
    const struct confine *c = &confine_state;
    char summary[CONFINE_TEXT_SIZE];
    return json_pack("{s:s, s:i, s:s, s:b, s:b, s:i, s:s}", "summary",
                     confine_sum_up(c->filtered, c->fence.version, c->vault, summary), "uid",
                     (int)geteuid(), "capabilities", c->capabilities ? c->capabilities : "",
                     "no_new_privileges", c->privileges_fixed, "seccomp", c->filtered, "landlock",
                     c->fence.version, "secrets", confine_secrets_word(c->vault));
}

const char *confine_why(const char *path, bool writing, int error)
{
    if (error == -EACCES && fence_keeps_from(&confine_state.fence, path, writing))
        return writing ? "it is not where this program may write since its start; a restart "
                         "changes that"
                       : "it is outside of the folders that this program may read since its start; "
                         "a restart changes that";
    return strerror(-error);
}

void confine_foretell(const struct config *config, const char *file, FILE *out)
{
    char summary[CONFINE_TEXT_SIZE], advice[CONFINE_ADVICE_SIZE];
    bool wanted = config->proxy.confine;
    enum vault vault = vault_foresee(config);
    confine_sum_up(wanted && filter_is_known(), wanted ? fence_version() : 0, vault, summary);
    fprintf(out, "%s: confined by %s\n", file, summary);
    if (confine_advise(vault, vault_size(config), advice))
        fprintf(out, "%s: %s\n", file, advice);
}

void confine_fini(void)
{
    fence_fini(&confine_state.fence);
    free(confine_state.capabilities);
    confine_state.capabilities = NULL;
}
