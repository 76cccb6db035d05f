/* Peers: labels of keys and primaries become pointers. */
#include <stdlib.h>

#include "config/guess.h"
#include "config/setting.h"
#include "draft.h"

/* Every label is held against one that is missing: more guesses than these would take long. */
#define LINK_GUESSES_MOST 100

/* Says that a setting names a section that is not there. */
static void link_say_missing(struct draft *draft, const struct config_section *section,
                             const char *setting, enum setting_section kind, const char *label)
{
    const struct config *config = draft->config;
    struct guess guess = {.word = label};
    bool guessing = draft->guesses++ < LINK_GUESSES_MOST;
    for (size_t i = 0; guessing && i < config->section_count; i++)
        if (config->sections[i].kind == kind)
            guess_feed(&guess, config->sections[i].label);
    place_say(place_of(draft->place, section, setting), CONFIG_ERROR, "there is no [%s %s]%s%s%s",
              setting_section_text(kind),
              draft_looks_secret(label) ? "(a label that looks like a secret)" : label,
              guess.best ? "; did you mean '" : "", guess.best ? guess.best : "",
              guess.best ? "'?" : "");
}

static int link_keys(struct draft *draft, const struct config_section *section,
                     struct tsig_keyring *ring)
{
    const struct text_list *names = &draft->peers[section->index].key;
    if (names->count == 0)
        return 0;
    ring->keys = calloc(names->count, sizeof *ring->keys);
    if (!ring->keys)
        return DNS_EMEMORY;
    for (size_t i = 0; i < names->count; i++) {
        const struct config_section *key =
            config_labels_find(draft->config, SETTING_KEY, names->items[i]);
        if (!key)
            link_say_missing(draft, section, "key", SETTING_KEY, names->items[i]);
        else
            ring->keys[ring->count++] = &draft->config->keys[key->index];
    }
    return 0;
}

/* The primary that a secondary without `primary` means: the only one. */
static void link_only_primary(const struct draft *draft, const struct config_section *section,
                              struct peer *secondary)
{
    if (draft->primary_count == 1)
        secondary->primary[secondary->primary_count++] = draft->primary;
    else if (draft->primary_count > 1)
        place_say(place_of_header(draft->place, section), CONFIG_ERROR,
                  "[secondary %s] has no 'primary', and there are several to choose from",
                  section->label);
}

static int link_primaries(struct draft *draft, const struct config_section *section,
                          struct peer *secondary)
{
    const struct text_list *names = &draft->peers[section->index].primary;
    secondary->primary = calloc(names->count + 1, sizeof *secondary->primary);
    if (!secondary->primary)
        return DNS_EMEMORY;
    for (size_t i = 0; i < names->count; i++) {
        const struct config_section *primary =
            config_labels_find(draft->config, SETTING_PRIMARY, names->items[i]);
        if (!primary)
            link_say_missing(draft, section, "primary", SETTING_PRIMARY, names->items[i]);
        else
            secondary->primary[secondary->primary_count++] = &draft->config->peers[primary->index];
    }
    if (setting_line(section, "primary") == 0)
        link_only_primary(draft, section, secondary);
    return 0;
}

/* Moves what has been read into the peer. */
static int link_fill_peer(struct draft *draft, const struct config_section *section)
{
    const struct config *config = draft->config;
    struct peer *peer = &config->peers[section->index];
    struct draft_peer *from = &draft->peers[section->index];
    *peer = from->peer;
    peer->role = section->kind == SETTING_PRIMARY ? PEER_PRIMARY : PEER_SECONDARY;
    peer->name = section->label;
    peer->file = config->files[section->file];
    peer->line = section->line;
    if (peer->role == PEER_PRIMARY) {
        draft->primary = peer;
        draft->primary_count++;
    }
    peer->from = from->from.items;
    peer->from_count = from->from.count;
    /* On the path, what is none of the proxy's business goes on as it did before. */
    if (config->proxy.transparent && setting_line(section, "other") == 0)
        peer->other = PEER_PASS;
    from->peer = (struct peer){0};
    from->from = (struct prefix_list){0};
    return config_zones_make(&from->zones, draft->place, peer);
}

static bool link_is_peer(const struct config_section *section)
{
    return section->kind == SETTING_PRIMARY || section->kind == SETTING_SECONDARY;
}

int config_link_peers(struct draft *draft)
{
    struct config *config = draft->config;
    config->peers = calloc(draft->peer_count + 1, sizeof *config->peers);
    if (!config->peers)
        return DNS_EMEMORY;
    config->peer_count = draft->peer_count;
    for (size_t i = 0; i < config->section_count; i++) {
        const struct config_section *section = &config->sections[i];
        if (link_is_peer(section) && link_fill_peer(draft, section) < 0)
            return DNS_EMEMORY;
    }
    for (size_t i = 0; i < config->section_count; i++) {
        const struct config_section *section = &config->sections[i];
        if (!link_is_peer(section))
            continue;
        struct peer *peer = &config->peers[section->index];
        if (link_keys(draft, section, &peer->keyring) < 0)
            return DNS_EMEMORY;
        if (peer->role == PEER_SECONDARY && link_primaries(draft, section, peer) < 0)
            return DNS_EMEMORY;
    }
    return 0;
}

void config_link_release(struct draft_peer *peer)
{
    peer_fini(&peer->peer);
    free(peer->from.items);
    config_zones_release(&peer->zones);
    free(peer->zones_file);
    text_list_fini(&peer->key);
    text_list_fini(&peer->primary);
}
