/* Happy path: read the configuration, give up root, bind everything, serve until SIGTERM, SIGINT or
 * SIGQUIT, drain, leave. Whatever fails before the program serves ends it with a sentence on
 * standard error. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "acts.h"
#include "admin/line.h"
#include "admin/output.h"
#include "base/arguments.h"
#include "base/command.h"
#include "base/confine.h"
#include "base/doors.h"
#include "base/host.h"
#include "base/load.h"
#include "base/process.h"
#include "base/trial.h"
#include "base/user.h"
#include "gateway.h"
#include "net/crew.h"
#include "office.h"
#include "reload.h"
#include "tell.h"
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
    struct observe *observe; /* owned */
    struct reload reload;
    struct tell tell;
    struct acts acts;
    struct office office;
    struct supervisor supervisor;
    uv_signal_t signals[RUN_SIGNALS];
    struct watch watch;
    struct gateway gateway;
};

static void run_reload(void *arg)
{
    struct run *run = arg;
    /* It is refused, and nobody is to take the program for one that goes on. */
    if (run->crew.draining) {
        reload_all(&run->reload);
        return;
    }
    supervisor_reloading(&run->supervisor);
    reload_all(&run->reload);
    gateway_set(&run->gateway, run->reload.config);
    observe_reloaded(run->observe, run->reload.config, run->reload.successful, time(NULL));
    supervisor_ready(&run->supervisor);
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
        gateway_set(&run->gateway, NULL);
        supervisor_stopping(&run->supervisor);
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

/* The addresses that are served, as they would be written in `listen` or `proxy-listen`. */
static char *run_listen_text(const struct ports *ports, bool proxied)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (!out)
        return NULL;
    for (unsigned i = 0; i < ports->count; i++) {
        const struct endpoint *e = ports->items[i];
        char address[ADDRESS_TEXT_SIZE];
        if (e->place == 0 && e->proxied == proxied)
            fprintf(out, "%s%s", ftell(out) > 0 ? "," : "", address_to_text(&e->local, address));
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

static void run_answer(void *arg, uint64_t ticket, json_t *document)
{
    struct run *run = arg;
    control_answer(&run->office.control, ticket, document);
}

/* What others ask this program by. */
static int run_open_office(struct run *run)
{
    struct acts *acts = &run->acts;
    *acts = (struct acts){run->observe,  &run->crew, &run->reload, &run->tell,
                          &run->gateway, run_reload, run};
    const struct admin_acts all = acts_of(acts);
    const struct supervisor_events events = {acts_live, acts_say_status, acts};
    supervisor_init(&run->supervisor, &run->loop, &events);
    office_init(&run->office, &run->loop, &all);
    run->tell.answer = run_answer;
    run->tell.arg = run;
    return office_prepare(&run->office, run->reload.config, stderr);
}

static void run_close_office(struct run *run)
{
    supervisor_close(&run->supervisor);
    office_close(&run->office);
    tell_close(&run->tell);
}

static int run_prepare(struct run *run, struct config *config)
{
    struct address failed = {.family = ADDRESS_NONE};
    int error = crew_prepare(&run->crew, config, &failed);
    if (error < 0) {
        char text[ADDRESS_TEXT_SIZE], why[TRIAL_WHY_SIZE];
        fprintf(stderr, "tsig-proxy: cannot listen on %s: %s\n",
                failed.family == ADDRESS_NONE ? "anything" : address_to_text(&failed, text),
                trial_why(NULL, &failed, error, why));
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
    confine_self(config, &run->reload.seen);
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
    gateway_init(&run->gateway, &run->loop, run->reload.file);
    gateway_set(&run->gateway, run->reload.config);
    crew_commit(&run->crew);
    office_commit(&run->office);
    observe_reloaded(run->observe, run->reload.config, true, time(NULL));
    supervisor_ready(&run->supervisor);
    char workers[16];
    char *listen = run_listen_text(&run->crew.ports, false);
    char *proxied = run_listen_text(&run->crew.ports, true);
    snprintf(workers, sizeof workers, "%u", run->crew.serving);
    /* What was said of a large configuration may fill the pipe, and nobody is served yet. */
    (void)output_wait(STDERR_FILENO, 1000);
    confine_say();
    line_say(LOG_NOTICE, "started", "version", TSIG_PROXY_VERSION, "config", run->reload.file,
             "listen", listen, "workers", workers, "proxy-listen",
             proxied && *proxied ? proxied : NULL, NULL);
    free(listen);
    free(proxied);
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

/* Negative: it cannot serve, which has been said. */
static int run_begin(struct run *run)
{
    int error = run_open_office(run);
    if (error == 0)
        error = run_prepare(run, run->reload.config);
    return error == 0 ? run_settle(run, run->reload.config) : error;
}

static int run_fail(int error)
{
    fprintf(stderr, "tsig-proxy: cannot begin: %s\n", uv_strerror(error));
    return COMMAND_FAILED;
}

/* First the user, then the sockets: the kernel lets one user alone add more to a port. */
static int run_all(struct run *run)
{
    const struct engine_sink sink = {.report = observe_event, .arg = run->observe};
    struct config *config = run->reload.config;
    int status = COMMAND_FAILED;
    if (!host_allows(config, &run->reload.seen, run->reload.file))
        return status;
    doors_make_room(config);
    if (user_become(config) < 0)
        return status;
    int error = crew_init(&run->crew, &run->loop, &sink, config);
    if (error == 0)
        error = tell_init(&run->tell, &run->loop, &run->crew);
    if (error < 0)
        return run_fail(error);
    if (run_begin(run) == 0) {
        run_serve(run);
        run_close_signals(run);
        watch_close(&run->watch);
        gateway_close(&run->gateway);
        status = COMMAND_DONE;
    } else {
        crew_drain(&run->crew);
    }
    run_close_office(run);
    uv_run(&run->loop, UV_RUN_DEFAULT);
    tell_fini(&run->tell);
    crew_fini(&run->crew);
    return status;
}

static int run_observed(struct run *run)
{
    run->observe = observe_new(run->reload.config->proxy.status_zones);
    if (!run->observe)
        fputs("tsig-proxy: no memory for what status-zones says\n", stderr);
    int status = run->observe ? run_all(run) : COMMAND_FAILED;
    uv_loop_close(&run->loop);
    observe_free(run->observe);
    return status;
}

int command_run(int argc, char **argv)
{
    static struct run run;
    const char *file;
    int given = arguments_read_file(&file, argc, argv);
    if (given != ARGUMENTS_GO_ON)
        return given;
    process_ignore_signals();
    struct seen seen = {0};
    struct config *config = load_config_seen(file, &seen, stderr);
    if (!config) {
        seen_fini(&seen);
        return COMMAND_FAILED;
    }
    run.reload = (struct reload){
        .crew = &run.crew, .office = &run.office, .file = file, .config = config, .seen = seen};
    confine_secrets(config);
    line_configure(config->proxy.log_level, config->proxy.log_format);
    run_raise_limit();
    int error = uv_loop_init(&run.loop);
    int status = error < 0 ? run_fail(error) : run_observed(&run);
    reload_fini(&run.reload);
    watch_fini(&run.watch);
    confine_fini();
    return status;
}
