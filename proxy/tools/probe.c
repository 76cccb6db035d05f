/* probe: reads the configuration, and has each peer tried that it names, or the one that is asked
 * for: primaries first, then secondaries, each of them followed by the proxy itself as that
 * secondary would ask it. What is tried with each is in the files beside this one. */
#include "tools/probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arguments.h"
#include "base/command.h"
#include "base/load.h"
#include "config/names.h"
#include "tools/ours.h"

#define PROBE_WAIT_MS 2000

const char *probe_role(const struct peer *peer)
{
    return peer->role == PEER_PRIMARY ? "primary" : "secondary";
}

const char *probe_label(const struct probe *p, const struct tsig_key *key)
{
    size_t place = (size_t)(key - p->config->keys);
    for (size_t i = 0; i < p->config->section_count; i++) {
        const struct config_section *section = &p->config->sections[i];
        if (section->kind == SETTING_KEY && section->index == place)
            return section->label;
    }
    return "?";
}

static bool probe_has_zone(const struct probe_zones *zones, const struct dns_name *name)
{
    for (size_t i = 0; i < zones->count; i++)
        if (dns_name_equal(&zones->names[i], name))
            return true;
    return false;
}

static void probe_add_zones(struct probe_zones *zones, const struct peer *secondary)
{
    for (size_t i = 0; i < secondary->zone_count; i++) {
        const struct zone_pattern *pattern = &secondary->zones[i];
        if (pattern->kind != ZONE_EXACT) {
            zones->any = true;
            continue;
        }
        struct dns_name name = zone_pattern_name(pattern);
        if (probe_has_zone(zones, &name))
            continue;
        if (zones->count < PROBE_ZONES_MAX)
            zones->names[zones->count++] = name;
        else
            zones->more++;
    }
}

void probe_find_zones(const struct probe *p, const struct peer *peer, struct probe_zones *out)
{
    *out = (struct probe_zones){.count = 0};
    if (p->zone) {
        out->names[out->count++] = *p->zone;
        return;
    }
    if (peer->role == PEER_SECONDARY) {
        probe_add_zones(out, peer);
        return;
    }
    const struct peer *across;
    size_t at = 0;
    while ((across = ours_next_across(p->config, peer, &at)))
        probe_add_zones(out, across);
}

void probe_say_zones(struct probe *p, const struct probe_zones *zones)
{
    if (zones->more)
        findings_note(&p->findings, "%zu zones more are listed; one of them: --zone ZONE",
                      zones->more);
    if (zones->count == 0)
        findings_note(&p->findings, "no zone is listed by name: --zone ZONE tries one");
}

struct talk_place probe_place(const struct probe *p, const struct peer *peer,
                              const struct address *to, bool tcp)
{
    return (struct talk_place){
        .to = *to,
        .source = ours_source(p->config, peer, to),
        .transparent = p->config->proxy.transparent,
        .tcp = tcp,
        .key = peer_is_signed(peer) ? peer->keyring.keys[0] : NULL,
        .fudge = p->config->proxy.fudge,
        .wait_ms = PROBE_WAIT_MS,
        .edns = peer->edns == PEER_EDNS_PASS,
    };
}

static void probe_one(struct probe *p, const struct peer *peer)
{
    /* A credential is there for the service alone. */
    if (peer_is_signed(peer) && !peer->keyring.keys[0]->secret) {
        findings_head(&p->findings, "%s %s", probe_role(peer), peer->name);
        findings_mend(&p->findings, "the secret of [key %s] is not to be had here",
                      probe_label(p, peer->keyring.keys[0]));
        findings_cure(&p->findings, "give probe $CREDENTIALS_DIRECTORY, as in: systemd-run --pty "
                                    "-p LoadCredential=NAME:FILE tsig-proxy probe");
        return;
    }
    if (peer->role == PEER_PRIMARY) {
        probe_primary(p, peer);
        return;
    }
    if (p->zone && !peer_has_zone(peer, p->zone)) {
        char zone[DNS_NAME_TEXT_SIZE];
        findings_head(&p->findings, "secondary %s", peer->name);
        findings_mend(&p->findings, "its 'zones' do not have %s", dns_name_to_text(p->zone, zone));
        findings_cure(&p->findings, "add it to 'zones' in [secondary %s], and reload", peer->name);
    }
    probe_secondary(p, peer);
    probe_proxy(p, peer);
}

static bool probe_all(struct probe *p, const char *label)
{
    bool found = false;
    for (int role = PEER_PRIMARY; role <= PEER_SECONDARY; role++) {
        for (size_t i = 0; i < p->config->peer_count; i++) {
            const struct peer *peer = &p->config->peers[i];
            if ((int)peer->role != role || (label && strcmp(peer->name, label) != 0))
                continue;
            found = true;
            probe_one(p, peer);
        }
    }
    return found;
}

static int probe_run(struct probe *p, const char *label)
{
    int status = COMMAND_FAILED;
    if (probe_all(p, label))
        status = findings_end(&p->findings) ? COMMAND_DONE : COMMAND_FAILED;
    else if (label)
        fprintf(stderr, "tsig-proxy: probe: %s names no peer '%s'\n", p->file, label);
    else
        fprintf(stderr, "tsig-proxy: probe: %s names no peers\n", p->file);
    findings_fini(&p->findings);
    return status;
}

static int probe_file(struct probe *p, const char *label)
{
    struct config *config = load_config(p->file);
    if (!config)
        return COMMAND_FAILED;
    p->config = config;
    p->is_down = calloc(config->peer_count + 1, sizeof *p->is_down);
    int status = COMMAND_FAILED;
    if (p->is_down)
        status = probe_run(p, label);
    else
        fputs("tsig-proxy: probe: out of memory\n", stderr);
    free(p->is_down);
    config_unref(config);
    return status;
}

static int probe_read_arguments(struct probe *p, int argc, char **argv)
{
    const char *zone_text = NULL;
    const struct arguments_option known[] = {{0, "zone", &zone_text, NULL},
                                             {0, "notify", NULL, &p->notify},
                                             {0, "zonemd", NULL, &p->zonemd}};
    struct arguments a = {.options = known, .option_count = 3, .most = 1};
    struct dns_name zone;
    int given = arguments_read(&a, argc, argv);
    if (given != ARGUMENTS_GO_ON)
        return given;
    const char *problem = zone_text ? config_name_read(zone_text, &zone) : NULL;
    if (problem)
        return command_usage("probe", "'%s' %s", zone_text, problem);
    p->file = a.file;
    p->zone = zone_text ? &zone : NULL;
    int status = probe_file(p, a.count ? *a.words : NULL);
    p->zone = NULL;
    return status;
}

int command_probe(int argc, char **argv)
{
    struct probe *p = calloc(1, sizeof *p);
    if (!p) {
        fputs("tsig-proxy: probe: out of memory\n", stderr);
        return COMMAND_FAILED;
    }
    int status = probe_read_arguments(p, argc, argv);
    free(p);
    return status;
}
