#include <stdlib.h>
#include <strings.h>

#include "draft.h"

static int carry_compare(const void *a, const void *b)
{
    const struct config_section *x = *(const struct config_section *const *)a;
    const struct config_section *y = *(const struct config_section *const *)b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return strcasecmp(x->label, y->label);
}

int config_carry_prepare(struct config *config)
{
    config->by_label = calloc(config->section_count + 1, sizeof *config->by_label);
    if (!config->by_label)
        return DNS_EMEMORY;
    for (size_t i = 0; i < config->section_count; i++)
        config->by_label[i] = &config->sections[i];
    qsort(config->by_label, config->section_count, sizeof *config->by_label, carry_compare);
    config_carry(config, NULL);
    return 0;
}

/* The section of the same kind and label, NULL if there is none. */
static const struct config_section *carry_find(const struct config *config,
                                               const struct config_section *like)
{
    const struct config_section **found = bsearch(&like, config->by_label, config->section_count,
                                                  sizeof *config->by_label, carry_compare);
    return found ? *found : NULL;
}

/* The number of what the section is read into. */
static unsigned *carry_number(const struct config *config, const struct config_section *section)
{
    return section->kind == SETTING_KEY ? &config->keys[section->index].number
                                        : &config->peers[section->index].number;
}

void config_carry(struct config *next, const struct config *before)
{
    next->peer_numbers = before ? before->peer_numbers : 0;
    next->key_numbers = before ? before->key_numbers : 0;
    for (size_t i = 0; i < next->section_count; i++) {
        const struct config_section *section = &next->sections[i];
        if (section->kind == SETTING_PROXY)
            continue;
        unsigned *numbers = section->kind == SETTING_KEY ? &next->key_numbers : &next->peer_numbers;
        const struct config_section *old = before ? carry_find(before, section) : NULL;
        *carry_number(next, section) = old ? *carry_number(before, old) : (*numbers)++;
    }
}
