/* Gathers what the other side needs to know, and prints the worksheet. */
#include "tools/snippet.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/ours.h"

#define SNIPPET_NO_SECRET "the-secret-goes-here"
#define SNIPPET_ANY_ZONE  "example.org"

static int snippet_add_zone(struct snippet *s, size_t *room, const struct dns_name *name)
{
    char text[DNS_NAME_TEXT_SIZE];
    if (s->zone_count == *room) {
        *room = *room ? 2 * *room : 16;
        char **zones = realloc(s->zones, *room * sizeof *zones);
        if (!zones)
            return DNS_EMEMORY;
        s->zones = zones;
    }
    s->zones[s->zone_count] = strdup(dns_name_to_text(name, text));
    return s->zones[s->zone_count++] ? 0 : DNS_EMEMORY;
}

/* Has one of the secondaries of this primary that stand before it the zone as well? */
static bool snippet_has_zone(const struct snippet *s, const struct peer *secondary,
                             const struct dns_name *name)
{
    const struct peer *other;
    size_t at = 0;
    while ((other = ours_next_across(s->config, s->peer, &at)) && other != secondary)
        if (peer_lists_zone(other, name))
            return true;
    return false;
}

static int snippet_add_zones(struct snippet *s, size_t *room, const struct peer *secondary)
{
    int error = 0;
    for (size_t i = 0; i < secondary->zone_count && error == 0; i++) {
        const struct zone_pattern *pattern = &secondary->zones[i];
        if (pattern->kind != ZONE_EXACT) {
            s->any = true;
            continue;
        }
        struct dns_name name = zone_pattern_name(pattern);
        if (s->peer->role == PEER_SECONDARY || !snippet_has_zone(s, secondary, &name))
            error = snippet_add_zone(s, room, &name);
    }
    return error;
}

static int snippet_find_zones(struct snippet *s)
{
    size_t room = 0, at = 0;
    if (s->zone)
        return snippet_add_zone(s, &room, s->zone);
    if (s->peer->role == PEER_SECONDARY)
        return snippet_add_zones(s, &room, s->peer);
    const struct peer *across;
    int error = 0;
    while (error == 0 && (across = ours_next_across(s->config, s->peer, &at)))
        error = snippet_add_zones(s, &room, across);
    return error;
}

/* Something must stand where the name of a zone goes. */
static int snippet_complete_zones(struct snippet *s)
{
    struct dns_name name;
    size_t room = 0;
    if (s->zone_count > 0)
        return 0;
    s->any = true;
    if (dns_name_from_text(SNIPPET_ANY_ZONE, &name) < 0)
        return DNS_EFORMAT;
    return snippet_add_zone(s, &room, &name);
}

static int snippet_find_addresses(struct snippet *s)
{
    int error = ours_asked_at(s->config, s->peer, &s->asked_at);
    for (size_t i = 0; i < s->peer->address.count && error == 0; i++) {
        struct address seen = ours_seen_from(s->config, s->peer, &s->peer->address.items[i]);
        error = ours_add(&s->seen_from, &seen);
    }
    return error;
}

static void snippet_find_key(struct snippet *s, bool secret)
{
    if (!peer_is_signed(s->peer))
        return;
    s->key = s->peer->keyring.keys[0];
    dns_name_to_text(&s->key->name, s->key_name);
    s->has_secret = secret && s->key->secret;
    if (s->has_secret)
        EVP_EncodeBlock((unsigned char *)s->secret, s->key->secret, (int)s->key->secret_len);
    else
        snprintf(s->secret, sizeof s->secret, SNIPPET_NO_SECRET);
}

int snippet_init(struct snippet *s, const struct config *config, const struct peer *peer,
                 const struct dns_name *zone, bool secret)
{
    *s = (struct snippet){.config = config, .peer = peer, .zone = zone};
    snippet_find_key(s, secret);
    int error = snippet_find_addresses(s);
    if (error == 0)
        error = snippet_find_zones(s);
    if (error == 0)
        error = snippet_complete_zones(s);
    if (error < 0)
        snippet_fini(s);
    return error;
}

void snippet_fini(struct snippet *s)
{
    for (size_t i = 0; i < s->zone_count; i++)
        free(s->zones[i]);
    free(s->zones);
    free(s->asked_at.items);
    free(s->seen_from.items);
    OPENSSL_cleanse(s->secret, sizeof s->secret);
    *s = (struct snippet){0};
}

static const struct snippet_server snippet_servers[] = {
    {"bind", true, snippet_bind_secondary, snippet_bind_primary},
    {"nsd", true, snippet_nsd_secondary, snippet_nsd_primary},
    {"knot", true, snippet_knot_secondary, snippet_knot_primary},
    {"powerdns", true, snippet_powerdns_secondary, snippet_powerdns_primary},
    {"yadifa", true, snippet_yadifa_secondary, snippet_yadifa_primary},
    {"unbound", false, snippet_unbound_secondary, NULL},
    {"dnsmasq", false, NULL, snippet_dnsmasq_primary},
    {"axfrdns", false, NULL, snippet_axfrdns_primary},
};

const struct snippet_server *snippet_server_at(size_t i)
{
    return i < sizeof snippet_servers / sizeof *snippet_servers ? &snippet_servers[i] : NULL;
}

const char *snippet_refuse(const struct snippet_server *server, const struct peer *peer)
{
    if (peer->role == PEER_SECONDARY && !server->secondary)
        return "takes no zones from others: it can be a primary alone";
    if (peer->role == PEER_PRIMARY && !server->primary)
        return "gives no zones away: it can be a secondary alone";
    if (peer_is_signed(peer) && !server->keys)
        return "knows no TSIG, and this peer has a key: take 'key' out of its section";
    return NULL;
}

static void snippet_put_addresses(const char *label, const struct address_list *list)
{
    if (list->count == 0)
        printf("  %-20s (no route to it from here)\n", label);
    for (size_t i = 0; i < list->count; i++) {
        struct address host = list->items[i];
        char text[ADDRESS_TEXT_SIZE], port[16] = "";
        if (host.port)
            snprintf(port, sizeof port, " port %u", host.port);
        host.port = 0;
        printf("  %-20s %s%s\n", i ? "" : label, address_to_text(&host, text), port);
    }
}

/* Whence its own requests must come. */
static void snippet_put_from(const struct peer *peer)
{
    const char *what = peer->role == PEER_SECONDARY ? "its requests from" : "its NOTIFYs from";
    char text[ADDRESS_TEXT_SIZE];
    for (size_t i = 0; i < peer->address.count; i++) {
        struct address host = peer->address.items[i];
        host.port = 0;
        printf("  %-20s %s\n", i ? "" : what, address_to_text(&host, text));
    }
    for (size_t i = 0; i < peer->from_count; i++)
        printf("  %-20s %s/%u\n", "", address_to_text(&peer->from[i].address, text),
               peer->from[i].length);
}

static void snippet_put_key(const struct snippet *s)
{
    if (!s->key) {
        printf("  %-20s none\n", "TSIG key");
        return;
    }
    printf("  %-20s %s\n", "TSIG key", s->key_name);
    printf("  %-20s %s\n", "algorithm", s->key->algorithm->text);
    if (s->has_secret)
        printf("  %-20s %s\n", "secret", s->secret);
    else if (s->key->secret)
        printf("  %-20s tsig-proxy show --secret %s\n", "secret", s->peer->name);
    else
        printf("  %-20s a credential of the service\n", "secret");
}

void snippet_worksheet(const struct snippet *s)
{
    bool secondary = s->peer->role == PEER_SECONDARY;
    printf("%s %s\n\n", secondary ? "secondary" : "primary", s->peer->name);
    for (size_t i = 0; i < s->zone_count && (!s->any || s->zone_count > 1 || s->zone); i++)
        printf("  %-20s %s\n", i ? "" : "zones", s->zones[i]);
    if (s->any && !s->zone)
        printf("  %-20s as the two sides agree: patterns stand for them here\n", "zones");
    snippet_put_addresses(secondary ? "primary (to ask)" : "NOTIFYs go to", &s->asked_at);
    snippet_put_addresses(secondary ? "NOTIFYs come from" : "transfers go to", &s->seen_from);
    snippet_put_addresses(secondary ? "its NOTIFY address" : "it is asked at", &s->peer->address);
    snippet_put_from(s->peer);
    snippet_put_key(s);
    puts("\nAddresses are those of this host: where NAT changes them, the other side sees others.");
}
