/* Whatever takes more than one line to see. A section at a time is held against the rest: a peer's
 * addresses against every listener, its keys against the other peers', its settings against each
 * other. All findings are told, errors as well as doubts. */
#include "config/check.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "balancers.h"
#include "config/setting.h"
#include "listeners.h"
#include "place.h"

struct check_key {
    size_t holder;     /* the first peer that has it; the number of peers: none has */
    const char *label; /* borrowed */
};

struct check {
    const struct config *config;
    struct place file; /* the main one as a whole */
    struct listeners listeners;
    struct check_key *keys; /* owned; in the order of the configuration's */
    size_t secondaries;
    const struct config_section *section; /* the one looked at */
};

/* The line of a setting of the section; the section's own for "". */
static struct place check_place(const struct check *c, const char *setting)
{
    return place_of(c->file, c->section, setting);
}

static const struct peer *check_peer_of(const struct check *c)
{
    return &c->config->peers[c->section->index];
}

/* Does the peer name a key, even one that is not there? */
static bool check_names_key(const struct check *c)
{
    return setting_line(c->section, "key") != 0;
}

static void check_proxy(const struct check *c)
{
    const struct config_proxy *proxy = &c->config->proxy;
    char text[ADDRESS_TEXT_SIZE];
    /* Who asks may stand in another folder than who serves. */
    if (proxy->control && *proxy->control && *proxy->control != '/')
        place_say(check_place(c, "control"), CONFIG_ERROR,
                  "'control' is a path that begins with '/', not '%s'", proxy->control);
    else if (proxy->control && strlen(proxy->control) > CONFIG_CONTROL_MAX)
        place_say(check_place(c, "control"), CONFIG_ERROR,
                  "'control' is longer than the %d octets that a socket's path may have",
                  CONFIG_CONTROL_MAX);
    if (proxy->http.family != ADDRESS_NONE && config_listeners_get(&c->listeners, &proxy->http))
        place_say(check_place(c, "http"), CONFIG_ERROR,
                  "%s is where this proxy itself listens; give 'http' another port",
                  address_to_text(&proxy->http, text));
    config_check_balancers(c->config, c->section, c->file);
}

static void check_addresses(const struct check *c)
{
    const struct peer *peer = check_peer_of(c);
    for (size_t i = 0; i < peer->address.count; i++) {
        char text[ADDRESS_TEXT_SIZE];
        const struct address *a = &peer->address.items[i];
        if (address_is_any(a))
            place_say(check_place(c, "address"), CONFIG_ERROR, "%s is no address of a server",
                      address_to_text(a, text));
        else if (config_listeners_get(&c->listeners, a))
            place_say(check_place(c, "address"), CONFIG_ERROR,
                      "%s is where this proxy itself listens; give the server's address or port",
                      address_to_text(a, text));
    }
}

static void check_from(const struct check *c)
{
    const struct peer *peer = check_peer_of(c);
    char text[ADDRESS_TEXT_SIZE];
    for (size_t i = 0; i < peer->from_count; i++)
        if (peer->from[i].length == 0)
            place_say(check_place(c, "from"), CONFIG_WARNING,
                      "'from' has %s/0: every address there is",
                      address_to_text(&peer->from[i].address, text));
}

/* A peer's own listener says who is meant, so it can be no one else's, nor be meant for all. */
static void check_listen(const struct check *c)
{
    const struct address_list *own = &check_peer_of(c)->listen;
    const struct address_list *all = &c->config->proxy.listen;
    for (size_t i = 0; i < own->count; i++) {
        char text[ADDRESS_TEXT_SIZE];
        address_to_text(&own->items[i], text);
        size_t rival = config_listeners_rival(&c->listeners, &own->items[i], c->section->index);
        if (rival < c->section->index)
            place_say(check_place(c, "listen"), CONFIG_ERROR,
                      "%s stands for %s already; a peer's 'listen' is its own", text,
                      c->config->peers[rival].name);
        for (size_t j = 0; j < all->count; j++)
            if (address_covers(&own->items[i], &all->items[j]))
                place_say(check_place(c, "listen"), CONFIG_ERROR,
                          "%s is in 'listen' of [proxy], too; a peer's 'listen' is its own", text);
    }
}

static bool check_same_secret(const struct tsig_key *a, const struct tsig_key *b)
{
    return a->secret && a->algorithm == b->algorithm && a->secret_len == b->secret_len &&
           CRYPTO_memcmp(a->secret, b->secret, a->secret_len) == 0;
}

/* One name with two secrets is what changing the secret takes. */
static void check_key_names(const struct check *c)
{
    const struct tsig_keyring *ring = &check_peer_of(c)->keyring;
    char text[DNS_NAME_TEXT_SIZE];
    for (size_t i = 0; i < ring->count; i++) {
        const struct tsig_key *key = ring->keys[i];
        unsigned namesakes = 0;
        bool same = false;
        for (size_t j = 0; j < i && key->name.len > 0; j++) {
            if (!dns_name_equal(&key->name, &ring->keys[j]->name))
                continue;
            namesakes++;
            same = same || check_same_secret(key, ring->keys[j]);
        }
        if (same)
            place_say(check_place(c, "key"), CONFIG_ERROR,
                      "two of the keys have the name '%s' and one secret",
                      dns_name_to_text(&key->name, text));
        else if (namesakes == 2)
            place_say(check_place(c, "key"), CONFIG_ERROR,
                      "more than two of the keys have the name '%s'; two do to change a secret",
                      dns_name_to_text(&key->name, text));
    }
}

static void check_heard_at(const struct check *c)
{
    if (check_names_key(c) && setting_line(c->section, "heard-at") != 0)
        place_say(check_place(c, "heard-at"), CONFIG_ERROR,
                  "'heard-at' means nothing with a 'key': what such a peer sends is known by its "
                  "TSIG, wherever it arrives");
}

static void check_key_sharing(const struct check *c)
{
    const struct tsig_keyring *ring = &check_peer_of(c)->keyring;
    for (size_t i = 0; i < ring->count; i++) {
        const struct check_key *key = &c->keys[ring->keys[i] - c->config->keys];
        if (key->holder < c->section->index)
            place_say(check_place(c, "key"), CONFIG_WARNING,
                      "[key %s] is shared with %s: either of them can pass for the other",
                      key->label, c->config->peers[key->holder].name);
    }
}

static bool check_lists_zones(const struct peer *secondary)
{
    for (size_t i = 0; i < secondary->zone_count; i++)
        if (secondary->zones[i].kind == ZONE_EXACT)
            return true;
    return false;
}

/* There must be names to ask for. */
static void check_poll(const struct check *c)
{
    const struct peer *primary = check_peer_of(c);
    bool listed = primary->poll == 0;
    for (size_t i = 0; i < c->config->peer_count && !listed; i++) {
        const struct peer *peer = &c->config->peers[i];
        listed = peer->role == PEER_SECONDARY && peer_has_primary(peer, primary) &&
                 check_lists_zones(peer);
    }
    if (!listed)
        place_say(check_place(c, "poll"), CONFIG_WARNING,
                  "'poll' asks for zones that secondaries of %s list by name, and there are none: "
                  "write them in 'zones' or 'zones-file'",
                  primary->name);
}

static void check_primary(const struct check *c)
{
    if (!check_names_key(c) && setting_line(c->section, "unsigned-notify") != 0)
        place_say(
            check_place(c, "unsigned-notify"), CONFIG_ERROR,
            "'unsigned-notify' means nothing without a 'key': all NOTIFYs of this primary are "
            "unsigned");
    check_poll(c);
}

static size_t check_count_role(const struct config *config, enum peer_role role)
{
    size_t count = 0;
    for (size_t i = 0; i < config->peer_count; i++)
        count += config->peers[i].role == role;
    return count;
}

/* On the path a packet rule hands what is sent to this address to a listener on the same port. */
static bool check_is_taken(const struct config *config, const struct address *a)
{
    for (size_t i = 0; i < config->proxy.listen.count; i++)
        if (config->proxy.listen.items[i].port == a->port &&
            config->proxy.listen.items[i].family == a->family)
            return true;
    return false;
}

static void check_taken(const struct check *c)
{
    const struct address_list *own = &check_peer_of(c)->address;
    char text[ADDRESS_TEXT_SIZE];
    for (size_t i = 0; i < own->count && c->config->proxy.transparent; i++)
        if (!check_is_taken(c->config, &own->items[i]))
            place_say(
                check_place(c, "address"), CONFIG_WARNING,
                "nothing in 'listen' has the port and family of %s: what is sent there passes the "
                "proxy by",
                address_to_text(&own->items[i], text));
}

static void check_secondary(const struct check *c)
{
    const struct peer *peer = check_peer_of(c);
    check_taken(c);
    if (!check_names_key(c)) {
        place_say(check_place(c, "address"), CONFIG_WARNING,
                  "[secondary %s] has no 'key': it is known by its address alone", peer->name);
        if (peer->allow & PEER_UPDATE)
            place_say(check_place(c, "allow"), CONFIG_ERROR,
                      "'allow' has update, which takes a 'key'");
    }
    for (size_t i = 0; i < peer->primary_count && peer->unknown_key == PEER_PASS; i++)
        if (peer_is_signed(peer->primary[i]))
            place_say(
                check_place(c, "unknown-key"), CONFIG_ERROR,
                "'unknown-key = pass' cannot go with the 'key' of [primary %s], whose answers are "
                "all to be verified",
                peer->primary[i]->name);
    if (check_names_key(c) && peer->unknown_key == PEER_PASS)
        place_say(
            check_place(c, "unknown-key"), CONFIG_ERROR,
            "'unknown-key = pass' is for a secondary without 'key': nothing that does not verify "
            "passes for one that has it");
    if (peer->mode == PEER_OBSERVE)
        place_say(check_place(c, "mode"), CONFIG_WARNING,
                  "'mode = observe' lets requests without TSIG through");
    if (c->secondaries > 1 && setting_line(c->section, "zones") == 0 &&
        setting_line(c->section, "zones-file") == 0)
        place_say(check_place(c, "zones"), CONFIG_WARNING,
                  "[secondary %s] has no 'zones' beside other secondaries: it is given every zone",
                  peer->name);
}

static void check_peer(const struct check *c)
{
    check_addresses(c);
    check_from(c);
    check_listen(c);
    check_key_names(c);
    check_key_sharing(c);
    check_heard_at(c);
    if (check_peer_of(c)->role == PEER_PRIMARY)
        check_primary(c);
    else
        check_secondary(c);
}

static void check_key(const struct check *c)
{
    if (c->keys[c->section->index].holder == c->config->peer_count)
        place_say(check_place(c, ""), CONFIG_WARNING, "[key %s] is used by no peer",
                  c->section->label);
}

/* Who is the first to have each key. */
static int check_find_holders(struct check *c)
{
    const struct config *config = c->config;
    c->keys = calloc(config->key_count + 1, sizeof *c->keys);
    if (!c->keys)
        return DNS_EMEMORY;
    for (size_t i = 0; i < config->key_count; i++)
        c->keys[i].holder = config->peer_count;
    for (size_t i = config->peer_count; i-- > 0;)
        for (size_t k = 0; k < config->peers[i].keyring.count; k++)
            c->keys[config->peers[i].keyring.keys[k] - config->keys].holder = i;
    for (size_t i = 0; i < config->section_count; i++)
        if (config->sections[i].kind == SETTING_KEY)
            c->keys[config->sections[i].index].label = config->sections[i].label;
    return 0;
}

static void check_sections(struct check *c)
{
    for (size_t i = 0; i < c->config->section_count; i++) {
        c->section = &c->config->sections[i];
        if (c->section->kind == SETTING_PROXY)
            check_proxy(c);
        else if (c->section->kind == SETTING_KEY)
            check_key(c);
        else
            check_peer(c);
    }
}

int check_config(const struct config *config, struct config_report *report)
{
    struct check c = {.config = config, .file = {.report = report, .config = config}};
    c.secondaries = check_count_role(config, PEER_SECONDARY);
    if (check_count_role(config, PEER_PRIMARY) == 0)
        place_say(c.file, CONFIG_ERROR, "there is no [primary LABEL] section");
    if (c.secondaries == 0)
        place_say(c.file, CONFIG_ERROR, "there is no [secondary LABEL] section");
    int error = config_listeners_make(config, &c.listeners);
    if (error == 0)
        error = check_find_holders(&c);
    if (error == 0)
        check_sections(&c);
    config_listeners_fini(&c.listeners);
    free(c.keys);
    return error;
}
