#include "draft.h"

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
        const struct config_section *old =
            before ? config_labels_find(before, section->kind, section->label) : NULL;
        *carry_number(next, section) = old ? *carry_number(before, old) : (*numbers)++;
    }
}
