#include "config/config.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "draft.h"

struct config *config_ref(struct config *config)
{
    atomic_fetch_add_explicit(&config->refs, 1, memory_order_relaxed);
    return config;
}

void config_release_peer(struct peer *peer)
{
    free(peer->address.items);
    free(peer->listen.items);
    free(peer->source.items);
    free(peer->from);
    free(peer->zones);
    free(peer->keyring.keys);
    free(peer->primary);
}

void config_unref(struct config *config)
{
    if (!config || atomic_fetch_sub_explicit(&config->refs, 1, memory_order_acq_rel) > 1)
        return;
    free(config->proxy.listen.items);
    free(config->proxy.user);
    free(config->proxy.control);
    for (size_t i = 0; i < config->key_count; i++)
        tsig_key_fini(&config->keys[i]);
    for (size_t i = 0; i < config->peer_count; i++)
        config_release_peer(&config->peers[i]);
    for (size_t i = 0; i < config->section_count; i++)
        free(config->sections[i].label);
    free(config->keys);
    free(config->peers);
    free(config->sections);
    free(config->by_label);
    free(config);
}
