/* show: what stands beside the proxy, made from its configuration: what a peer is to be told, in
 * words or in the terms of its server; the packet rules of a transparent gateway. */
#include <stdio.h>
#include <string.h>

#include "base/arguments.h"
#include "base/command.h"
#include "base/load.h"
#include "config/names.h"
#include "tools/rules.h"
#include "tools/snippet.h"

struct show_options {
    const char *file;
    const char *label;                   /* NULL: packet rules are wanted */
    const struct snippet_server *server; /* NULL: the worksheet */
    const struct dns_name *zone;
    bool sidecar;
    bool secret;
};

static int show_rules(const struct config *config, const struct show_options *o)
{
    if (!config->proxy.transparent) {
        fprintf(stderr, "%s: error: 'transparent = yes' in [proxy] is what packet rules are for\n",
                o->file);
        return COMMAND_FAILED;
    }
    rules_script(config, o->sidecar);
    return COMMAND_DONE;
}

static int show_peer(const struct config *config, const struct peer *peer,
                     const struct show_options *o)
{
    const char *problem = o->server ? snippet_refuse(o->server, peer) : NULL;
    if (problem) {
        fprintf(stderr, "tsig-proxy: show: %s %s\n", o->server->name, problem);
        return COMMAND_FAILED;
    }
    struct snippet s;
    if (snippet_init(&s, config, peer, o->zone, o->secret) < 0) {
        fputs("tsig-proxy: show: out of memory\n", stderr);
        return COMMAND_FAILED;
    }
    if (!o->server)
        snippet_worksheet(&s);
    else if (peer->role == PEER_SECONDARY)
        o->server->secondary(&s);
    else
        o->server->primary(&s);
    snippet_fini(&s);
    return COMMAND_DONE;
}

/* A primary and a secondary may have one label: then it is both. */
static int show_peers(const struct config *config, const struct show_options *o)
{
    int status = COMMAND_DONE;
    bool found = false;
    for (size_t i = 0; i < config->peer_count; i++) {
        const struct peer *peer = &config->peers[i];
        if (strcmp(peer->name, o->label) != 0)
            continue;
        if (found)
            puts("");
        found = true;
        if (show_peer(config, peer, o) != COMMAND_DONE)
            status = COMMAND_FAILED;
    }
    if (found)
        return status;
    fprintf(stderr, "tsig-proxy: show: %s names no peer '%s'; there are", o->file, o->label);
    for (size_t i = 0; i < config->peer_count; i++)
        fprintf(stderr, " %s", config->peers[i].name);
    fputc('\n', stderr);
    return COMMAND_FAILED;
}

static const struct snippet_server *show_find_server(const char *name)
{
    const struct snippet_server *server;
    for (size_t i = 0; (server = snippet_server_at(i)); i++)
        if (strcmp(server->name, name) == 0)
            return server;
    return NULL;
}

static const char *show_server_at(size_t i)
{
    const struct snippet_server *server = snippet_server_at(i);
    return server ? server->name : NULL;
}

static int show_load(const struct show_options *o)
{
    struct config *config = load_config(o->file);
    if (!config)
        return COMMAND_FAILED;
    int status = o->label ? show_peers(config, o) : show_rules(config, o);
    config_unref(config);
    return status;
}

int command_show(int argc, char **argv)
{
    struct show_options o = {0};
    struct dns_name zone;
    const char *format = NULL, *zone_text = NULL, *problem = NULL;
    bool tproxy = false;
    const struct arguments_option options[] = {{.name = "tproxy", .given = &tproxy},
                                               {.name = "sidecar", .given = &o.sidecar},
                                               {.letter = 'f', .name = "format", .value = &format},
                                               {.name = "zone", .value = &zone_text},
                                               {.name = "secret", .given = &o.secret}};
    struct arguments a = {.options = options, .option_count = 5, .most = 1};
    int given = arguments_read(&a, argc, argv);
    if (given != ARGUMENTS_GO_ON)
        return given;
    if (tproxy == (a.count == 1) || (o.sidecar && !tproxy))
        return command_usage("show", "give a peer, or --tproxy");
    o.server = format ? show_find_server(format) : NULL;
    if (format && !o.server)
        return command_unknown_word("show", "format", format, show_server_at);
    if (zone_text)
        problem = config_name_read(zone_text, &zone);
    if (problem)
        return command_usage("show", "'%s' %s", zone_text, problem);
    o.zone = zone_text ? &zone : NULL;
    o.file = a.file;
    o.label = a.count ? *a.words : NULL;
    return show_load(&o);
}
