#include <stdlib.h>
#include <strings.h>

#include "config/setting.h"
#include "draft.h"

/* Kind and label alone. */
static int labels_order(const struct config_section *x, enum setting_section kind,
                        const char *label)
{
    if (x->kind != kind)
        return x->kind < kind ? -1 : 1;
    return strcasecmp(x->label, label);
}

/* For qsort: of those with one label the first of the file comes first. */
static int labels_compare(const void *a, const void *b)
{
    const struct config_section *x = *(const struct config_section *const *)a;
    const struct config_section *y = *(const struct config_section *const *)b;
    int order = labels_order(x, y->kind, y->label);
    return order != 0 ? order : x < y ? -1 : x > y;
}

const struct config_section *config_labels_find(const struct config *config,
                                                enum setting_section kind, const char *label)
{
    size_t low = 0, high = config->section_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (labels_order(config->by_label[middle], kind, label) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    bool found =
        low < config->section_count && labels_order(config->by_label[low], kind, label) == 0;
    return found ? config->by_label[low] : NULL;
}

/* A section before this one that keeps it from its label: one of its kind, or a peer of the other
 * role, as the log names peers by label alone. */
static const struct config_section *labels_find_rival(const struct config *config,
                                                      const struct config_section *section)
{
    static const enum setting_section others[SETTING_SECTIONS] = {
        [SETTING_PROXY] = SETTING_PROXY,
        [SETTING_KEY] = SETTING_KEY,
        [SETTING_PRIMARY] = SETTING_SECONDARY,
        [SETTING_SECONDARY] = SETTING_PRIMARY,
    };
    const struct config_section *rival = config_labels_find(config, section->kind, section->label);
    if (rival < section)
        return rival;
    rival = config_labels_find(config, others[section->kind], section->label);
    return rival && rival < section ? rival : NULL;
}

static void labels_check(const struct draft *draft, const struct config_section *section)
{
    const struct config_section *rival = labels_find_rival(draft->config, section);
    struct place place = place_of_header(draft->place, section);
    if (!rival)
        return;
    char title[DRAFT_TITLE_SIZE];
    draft_title(rival, title);
    if (rival->kind == section->kind)
        place_say(place, CONFIG_ERROR, "%s is already in " PLACE_LINE, title,
                  PLACE_LINE_ARGS(place, rival->file, rival->line));
    else
        place_say(place, CONFIG_ERROR, "the label '%s' is taken: %s is in " PLACE_LINE,
                  section->label, title, PLACE_LINE_ARGS(place, rival->file, rival->line));
}

int config_labels_prepare(struct draft *draft)
{
    struct config *config = draft->config;
    config->by_label = calloc(config->section_count + 1, sizeof *config->by_label);
    if (!config->by_label)
        return DNS_EMEMORY;
    for (size_t i = 0; i < config->section_count; i++)
        config->by_label[i] = &config->sections[i];
    qsort(config->by_label, config->section_count, sizeof *config->by_label, labels_compare);
    for (size_t i = 0; i < config->section_count; i++)
        labels_check(draft, &config->sections[i]);
    return 0;
}
