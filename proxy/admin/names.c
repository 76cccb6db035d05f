#include "admin/names.h"

#include <stdlib.h>

int names_init(struct names *names, const struct config *config)
{
    *names = (struct names){.peer_count = config->peer_numbers, .key_count = config->key_numbers};
    names->peers = calloc(names->peer_count + 1u, sizeof *names->peers);
    names->keys = calloc(names->key_count + 1u, sizeof *names->keys);
    if (!names->peers || !names->keys) {
        names_fini(names);
        return DNS_EMEMORY;
    }
    for (size_t i = 0; i < config->peer_count; i++)
        names->peers[config->peers[i].number] = &config->peers[i];
    for (size_t i = 0; i < config->section_count; i++) {
        const struct config_section *section = &config->sections[i];
        if (section->kind == SETTING_KEY)
            names->keys[config->keys[section->index].number] = section->label;
    }
    return 0;
}

void names_fini(struct names *names)
{
    free(names->peers);
    free(names->keys);
    *names = (struct names){0};
}

const struct peer *names_peer(const struct names *names, unsigned number)
{
    return number < names->peer_count ? names->peers[number] : NULL;
}

const char *names_key(const struct names *names, unsigned number)
{
    return number < names->key_count ? names->keys[number] : NULL;
}
