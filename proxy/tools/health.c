/* health: does the very instance of this configuration serve? It is asked itself, over its control
 * socket, else over HTTP, and says which configuration it has: whoever else answers there is not
 * it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arguments.h"
#include "base/call.h"
#include "base/command.h"
#include "base/tproxy.h"

static const char *health_text(const json_t *document, const char *key)
{
    const char *text = json_string_value(json_object_get(document, key));
    return text ? text : "";
}

/* Who may not see where the file is has to take its name. */
static bool health_is_of(const json_t *document, const char *file)
{
    char *path = realpath(file, NULL);
    bool same = strcmp(health_text(document, "config"), path ? path : file) == 0;
    free(path);
    return same;
}

/* The instance looks for rule and route; whoever asks may see the packet rules as well. */
static bool health_is_bypassed(const json_t *document)
{
    return json_is_true(json_object_get(document, "bypassed")) ||
           (json_is_true(json_object_get(document, "transparent")) && !tproxy_has_table());
}

static bool health_judge(const json_t *document, const struct call *call)
{
    long pid = (long)json_integer_value(json_object_get(document, "pid"));
    if (strcmp(health_text(document, "program"), "tsig-proxy") != 0)
        fputs("tsig-proxy: what answers there is another program\n", stderr);
    else if (!health_is_of(document, call->file))
        fprintf(stderr, "tsig-proxy: the instance that answers, process %ld, runs with %s\n", pid,
                health_text(document, "config"));
    else if (json_is_true(json_object_get(document, "draining")))
        fprintf(stderr, "tsig-proxy: process %ld is about to stop\n", pid);
    else if (!json_is_true(json_object_get(document, "ready")))
        fprintf(stderr, "tsig-proxy: process %ld does not serve\n", pid);
    else if (health_is_bypassed(document))
        fprintf(stderr,
                "tsig-proxy: packets pass by process %ld, unsigned; tsig-proxy check -c %s says "
                "what is missing\n",
                pid, call->file);
    else
        return true;
    return false;
}

static void health_say(const struct call *call, int control, int http)
{
    char text[ADDRESS_TEXT_SIZE];
    if (!*call->control && call->http.family == ADDRESS_NONE) {
        fprintf(stderr,
                "tsig-proxy: 'control' and 'http' are empty in %s, so nobody can be asked\n",
                call->file);
        return;
    }
    if (*call->control)
        fprintf(stderr, "tsig-proxy: no instance answers at %s: %s\n", call->control,
                strerror(-control));
    if (call->http.family != ADDRESS_NONE)
        fprintf(stderr, "tsig-proxy: no instance answers at http %s: %s\n",
                address_to_text(&call->http, text),
                http == -EPROTO ? "another program has this port" : strerror(-http));
}

int command_health(int argc, char **argv)
{
    const char *socket = NULL;
    const struct arguments_option options[] = {{'s', "socket", &socket, NULL}};
    struct arguments a = {.options = options, .option_count = 1};
    int given = arguments_read(&a, argc, argv);
    struct call call;
    json_t *document = NULL;
    if (given != ARGUMENTS_GO_ON)
        return given;
    if (call_find(&call, a.file, socket) < 0)
        return COMMAND_FAILED;
    int control = *call.control ? call_try(&call, "health", &document) : -ENOENT;
    int http = control < 0 && call.http.family != ADDRESS_NONE
                   ? call_get(&call, "/readyz", &document)
                   : -ENOENT;
    bool good = document && health_judge(document, &call);
    if (!document)
        health_say(&call, control, http);
    json_decref(document);
    return good ? COMMAND_DONE : COMMAND_FAILED;
}
