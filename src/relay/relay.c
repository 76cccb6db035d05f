#include "relay/relay.h"

#include <stdlib.h>

struct relay *relay_new(struct config *config, const struct relay_world *world)
{
    struct relay *relay = calloc(1, sizeof *relay);
    if (!relay)
        return NULL;
    relay->config = config_ref(config);
    relay->world = *world;
    relay->macs = calloc(config->key_count ? config->key_count : 1, sizeof *relay->macs);
    relay->servers = calloc(config->peer_count ? config->peer_count : 1, sizeof *relay->servers);
    if (!relay->macs || !relay->servers)
        goto fail;
    for (size_t i = 0; i < config->key_count; i++)
        if (tsig_mac_init(&relay->macs[i], &config->keys[i]) < 0)
            goto fail;
    return relay;
fail:
    relay_free(relay);
    return NULL;
}

void relay_free(struct relay *relay)
{
    if (!relay)
        return;
    for (size_t i = 0; relay->macs && i < relay->config->key_count; i++)
        tsig_mac_fini(&relay->macs[i]);
    free(relay->macs);
    free(relay->servers);
    config_unref(relay->config);
    free(relay);
}

struct tsig_mac *relay_mac(struct relay *relay, const struct tsig_key *key)
{
    return &relay->macs[key->index];
}

void relay_report(const struct relay *relay, const struct relay_event *event)
{
    relay->world.report(relay->world.arg, event);
}
