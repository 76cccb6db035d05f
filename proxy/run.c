/* Happy path: read the configuration, give up root, bind everything, serve until SIGTERM, SIGINT or
 * SIGQUIT, drain, leave. Whatever fails before the program serves ends it with a sentence on
 * standard error. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "admin/events.h"
#include "admin/line.h"
#include "admin/output.h"
#include "base/absent.h"
#include "base/arguments.h"
#include "base/command.h"
#include "base/host.h"
#include "base/load.h"
#include "base/process.h"
#include "base/user.h"
#include "net/crew.h"
#include "reload.h"
#include "watch.h"

/* Those that mean something; all others are ignored or end the program for good reason. */
static const struct {
    int number;
    const char *name;
    bool ends;
} run_signals[] = {
    {SIGTERM, "SIGTERM", true},
    {SIGINT, "SIGINT", true},
    {SIGQUIT, "SIGQUIT", true},
    {SIGHUP, "SIGHUP", false},
};

#define RUN_SIGNALS (sizeof run_signals / sizeof *run_signals)

struct run {
    uv_loop_t loop;
    struct crew crew;
    struct events events;
    struct reload reload;
    uv_signal_t signals[RUN_SIGNALS];
    struct watch watch;
};

static void run_reload(void *arg)
{
    struct run *run = arg;
    reload_all(&run->reload);
    watch_set(&run->watch, run->reload.config->proxy.watch, &run->reload.seen);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct run *run = handle->data;
    size_t i = 0;
    while (run_signals[i].number != number)
        i++;
    if (run_signals[i].ends) {
        watch_stop(&run->watch);
        crew_drain(&run->crew);
        line_say(LOG_NOTICE, "draining", "signal", run_signals[i].name, NULL);
    } else {
        run_reload(run);
    }
}

static void run_open_signals(struct run *run)
{
    for (size_t i = 0; i < RUN_SIGNALS; i++) {
        uv_signal_t *handle = &run->signals[i];
        uv_signal_init(&run->loop, handle);
        handle->data = run;
        uv_signal_start(handle, on_signal, run_signals[i].number);
        uv_unref((uv_handle_t *)handle);
    }
}

/* The addresses that are served, as they would be written in `listen`. */
static char *run_listen_text(const struct ports *ports)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (!out)
        return NULL;
    for (unsigned i = 0; i < ports->count; i++) {
        char address[ADDRESS_TEXT_SIZE];
        if (ports->items[i]->place == 0)
            fprintf(out, "%s%s", i ? "," : "", address_to_text(&ports->items[i]->local, address));
    }
    fclose(out);
    return text;
}

/* Two descriptors a transfer: the usual soft limit of 1024 would not do for many. */
static void run_raise_limit(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0)
        return;
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

static int run_prepare(struct run *run, struct config *config)
{
    struct address failed = {.family = ADDRESS_NONE};
    int error = crew_prepare(&run->crew, config, &failed);
    if (error < 0) {
        char text[ADDRESS_TEXT_SIZE];
        fprintf(stderr, "tsig-proxy: cannot listen on %s: %s%s\n",
                failed.family == ADDRESS_NONE ? "anything" : address_to_text(&failed, text),
                uv_strerror(error), absent_cure(error));
    }
    return error;
}

/* Threads come after this: rights are given up for the one that says so, and those it starts. */
static int run_settle(struct run *run, const struct config *config)
{
    if (user_settle(config) < 0) {
        crew_abandon(&run->crew);
        return -1;
    }
    int error = crew_start(&run->crew);
    if (error < 0)
        fprintf(stderr, "tsig-proxy: cannot start a thread: %s\n", uv_strerror(error));
    return error;
}

static void run_serve(struct run *run)
{
    run_open_signals(run);
    watch_init(&run->watch, &run->loop, run_reload, run);
    watch_set(&run->watch, run->reload.config->proxy.watch, &run->reload.seen);
    crew_commit(&run->crew);
    char workers[16];
    char *listen = run_listen_text(&run->crew.ports);
    snprintf(workers, sizeof workers, "%u", run->crew.serving);
    /* What was said of a large configuration may fill the pipe, and nobody is served yet. */
    (void)output_wait(STDERR_FILENO, 1000);
    line_say(LOG_NOTICE, "started", "version", TSIG_PROXY_VERSION, "config", run->reload.file,
             "listen", listen, "workers", workers, NULL);
    free(listen);
    uv_run(&run->loop, UV_RUN_DEFAULT);
    line_say(LOG_NOTICE, "stopped", NULL);
}

static void run_close_signals(struct run *run)
{
    /* A signal that comes now finds no handler any more and has nothing to add. */
    sigset_t late;
    sigemptyset(&late);
    for (size_t i = 0; i < RUN_SIGNALS; i++)
        sigaddset(&late, run_signals[i].number);
    sigprocmask(SIG_BLOCK, &late, NULL);
    for (size_t i = 0; i < RUN_SIGNALS; i++)
        uv_close((uv_handle_t *)&run->signals[i], NULL);
}

/* First the user, then the sockets: the kernel lets one user alone add more to a port. */
static int run_all(struct run *run)
{
    const struct engine_sink sink = {.report = events_log, .arg = &run->events};
    struct config *config = run->reload.config;
    int status = COMMAND_FAILED;
    if (!host_allows(config, run->reload.file) || user_become(config) < 0 ||
        crew_init(&run->crew, &run->loop, &sink, config) < 0)
        return status;
    if (run_prepare(run, config) == 0 && run_settle(run, config) == 0) {
        run_serve(run);
        run_close_signals(run);
        watch_close(&run->watch);
        status = COMMAND_DONE;
    } else {
        crew_drain(&run->crew);
    }
    uv_run(&run->loop, UV_RUN_DEFAULT);
    crew_fini(&run->crew);
    return status;
}

int command_run(int argc, char **argv)
{
    static struct run run;
    const char *file;
    int given = arguments_read_file(&file, argc, argv);
    if (given != ARGUMENTS_GO_ON)
        return given;
    process_keep_to_itself();
    process_ignore_signals();
    struct seen seen = {0};
    struct config *config = load_config_seen(file, &seen);
    if (!config) {
        seen_fini(&seen);
        return COMMAND_FAILED;
    }
    run.reload = (struct reload){.crew = &run.crew, .file = file, .config = config, .seen = seen};
    line_configure(config->proxy.log_level, config->proxy.log_format);
    events_init(&run.events);
    run_raise_limit();
    uv_loop_init(&run.loop);
    int status = run_all(&run);
    uv_loop_close(&run.loop);
    snapshots_fini(&run.reload.snapshots);
    seen_fini(&run.reload.seen);
    watch_fini(&run.watch);
    config_unref(run.reload.config);
    return status;
}
