#include "config/config.h"

#include <stdatomic.h>
#include <stdlib.h>

void text_list_fini(struct text_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct text_list){0};
}

struct config *config_ref(struct config *config)
{
    atomic_fetch_add_explicit(&config->refs, 1, memory_order_relaxed);
    return config;
}

bool config_is_shared(const struct config *config)
{
    return atomic_load_explicit(&config->refs, memory_order_acquire) > 1;
}

static void config_free_section(struct config_section *section)
{
    for (size_t i = 0; i < CONFIG_SECTION_ROWS; i++)
        free(section->texts[i]);
    free(section->label);
}

void config_unref(struct config *config)
{
    if (!config || atomic_fetch_sub_explicit(&config->refs, 1, memory_order_acq_rel) > 1)
        return;
    free(config->proxy.listen.items);
    free(config->proxy.proxy_listen.items);
    free(config->proxy.proxy_from.items);
    text_list_fini(&config->proxy.include);
    free(config->proxy.user);
    free(config->proxy.control);
    for (size_t i = 0; i < config->key_count; i++)
        tsig_key_fini(&config->keys[i]);
    for (size_t i = 0; i < config->peer_count; i++)
        peer_fini(&config->peers[i]);
    for (size_t i = 0; i < config->section_count; i++)
        config_free_section(&config->sections[i]);
    for (size_t i = 0; i < config->file_count; i++)
        free(config->files[i]);
    free(config->files);
    free(config->keys);
    free(config->peers);
    free(config->sections);
    free(config->by_label);
    lookup_free(config->lookup);
    free(config);
}
