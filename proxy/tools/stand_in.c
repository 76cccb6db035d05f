#include "tools/stand_in.h"

#include <fcntl.h>
#include <openssl/rand.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Of routes: one for each port, so that several stand in beside each other. */
#define STAND_IN_TABLE_FIRST 100000
#define STAND_IN_PREFERENCE  "1" /* behind the kernel's own table, before all others */
/* Above those that the kernel draws for others (net.ipv4.ip_local_port_range, as it comes). */
#define STAND_IN_PORT_FIRST 61000

extern char **environ;

static bool stand_in_run(const char *const words[])
{
    posix_spawn_file_actions_t quiet;
    pid_t child;
    int status = -1;
    union {
        const char *const *in;
        char *const *out;
    } argv = {.in = words};
    if (posix_spawn_file_actions_init(&quiet) != 0)
        return false;
    posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    bool ran = posix_spawnp(&child, *words, &quiet, NULL, argv.out, environ) == 0 &&
               waitpid(child, &status, 0) == child;
    posix_spawn_file_actions_destroy(&quiet);
    return ran && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static const char *stand_in_family(const struct stand_in *s)
{
    return s->as.family == ADDRESS_IPV4 ? "-4" : "-6";
}

static char *stand_in_host(const struct stand_in *s, char out[ADDRESS_TEXT_SIZE])
{
    struct address host = s->as;
    host.port = 0;
    host.scope = 0;
    return address_to_text(&host, out);
}

static bool stand_in_route(const struct stand_in *s, const char *what)
{
    char host[ADDRESS_TEXT_SIZE], table[16];
    snprintf(table, sizeof table, "%u", STAND_IN_TABLE_FIRST + s->as.port);
    return stand_in_run((const char *const[]){"ip", stand_in_family(s), "route", what, "local",
                                              stand_in_host(s, host), "dev", "lo", "table", table,
                                              NULL});
}

static bool stand_in_rule(const struct stand_in *s, const char *what)
{
    char host[ADDRESS_TEXT_SIZE], port[16], table[16];
    snprintf(port, sizeof port, "%u", s->as.port);
    snprintf(table, sizeof table, "%u", STAND_IN_TABLE_FIRST + s->as.port);
    return stand_in_run((const char *const[]){"ip", stand_in_family(s), "rule", what, "pref",
                                              STAND_IN_PREFERENCE, "to", stand_in_host(s, host),
                                              "dport", port, "lookup", table, NULL});
}

bool stand_in_begin(struct stand_in *s, const struct address *as)
{
    uint16_t random;
    if (geteuid() != 0 || RAND_bytes((unsigned char *)&random, sizeof random) != 1)
        return false;
    s->as = *as;
    s->as.port = (uint16_t)(STAND_IN_PORT_FIRST + random % (UINT16_MAX - STAND_IN_PORT_FIRST));
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGINT);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGHUP);
    sigaddset(&ending, SIGQUIT);
    sigaddset(&ending, SIGPIPE);
    sigprocmask(SIG_BLOCK, &ending, &s->before);
    if (stand_in_route(s, "replace") && stand_in_rule(s, "add"))
        return true;
    stand_in_route(s, "del");
    sigprocmask(SIG_SETMASK, &s->before, NULL);
    return false;
}

void stand_in_end(struct stand_in *s)
{
    stand_in_rule(s, "del");
    stand_in_route(s, "del");
    sigprocmask(SIG_SETMASK, &s->before, NULL);
}
