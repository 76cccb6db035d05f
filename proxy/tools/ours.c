/* What is configured comes first; what that leaves open is asked of the kernel, by connecting a UDP
 * socket, which sends nothing. */
#include "tools/ours.h"

#include <stdlib.h>
#include <unistd.h>

#include "net/socket.h"

const struct peer *ours_next_across(const struct config *config, const struct peer *peer,
                                    size_t *at)
{
    while (*at < config->peer_count) {
        const struct peer *other = &config->peers[(*at)++];
        if (other->role == peer->role)
            continue;
        if (peer->role == PEER_SECONDARY ? peer_has_primary(peer, other)
                                         : peer_has_primary(other, peer))
            return other;
    }
    return NULL;
}

static const struct address *ours_first(const struct address_list *list, enum address_family family)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].family == family && !address_is_any(&list->items[i]))
            return &list->items[i];
    return NULL;
}

struct address ours_source(const struct config *config, const struct peer *peer,
                           const struct address *to)
{
    const struct address *source = config->proxy.transparent ? NULL : peer_source(peer, to->family);
    const struct peer *across;
    size_t at = 0;
    while (!source && (across = ours_next_across(config, peer, &at))) {
        if (config->proxy.transparent)
            source = ours_first(&across->address, to->family);
        else if (peer->role == PEER_SECONDARY)
            source = ours_first(&across->listen, to->family);
    }
    struct address out = source ? *source : (struct address){.family = ADDRESS_NONE};
    out.port = 0;
    return out;
}

/* What the kernel would choose. */
static struct address ours_route(const struct address *to)
{
    struct address none = {.family = ADDRESS_NONE};
    int fd = socket_connect_udp(to, &none, false);
    if (fd < 0)
        return none;
    struct address local = socket_local(fd);
    close(fd);
    local.port = 0;
    return local;
}

struct address ours_seen_from(const struct config *config, const struct peer *peer,
                              const struct address *to)
{
    struct address source = ours_source(config, peer, to);
    bool open = source.family == ADDRESS_NONE && !config->proxy.transparent;
    return open ? ours_route(to) : source;
}

int ours_add(struct address_list *list, const struct address *a)
{
    if (a->family == ADDRESS_NONE || address_list_has(list, a))
        return 0;
    struct address *items = realloc(list->items, (list->count + 1) * sizeof *items);
    if (!items)
        return DNS_EMEMORY;
    list->items = items;
    list->items[list->count++] = *a;
    return 0;
}

static bool ours_has_loopback(const struct address_list *list, bool loopback)
{
    for (size_t i = 0; i < list->count; i++)
        if (address_is_loopback(&list->items[i]) == loopback)
            return true;
    return false;
}

/* What only this host reaches is for who is on it, unless there is nothing else to name. */
static bool ours_is_for(const struct peer *peer, const struct address_list *listeners,
                        const struct address *a)
{
    return peer_speaks(peer, a->family) &&
           (!address_is_loopback(a) || ours_has_loopback(&peer->address, true) ||
            !ours_has_loopback(listeners, false));
}

static int ours_add_listener(struct address_list *list, const struct peer *peer,
                             const struct address *listener)
{
    if (!address_is_any(listener))
        return ours_add(list, listener);
    for (size_t i = 0; i < peer->address.count; i++) {
        if (peer->address.items[i].family != listener->family)
            continue;
        struct address local = ours_route(&peer->address.items[i]);
        local.port = listener->port;
        int error = ours_add(list, &local);
        if (error < 0)
            return error;
    }
    return 0;
}

static int ours_add_listeners(struct address_list *list, const struct peer *peer,
                              const struct address_list *listeners)
{
    int error = 0;
    for (size_t i = 0; i < listeners->count && error == 0; i++)
        if (ours_is_for(peer, listeners, &listeners->items[i]))
            error = ours_add_listener(list, peer, &listeners->items[i]);
    return error;
}

static int ours_add_heard(struct address_list *list, const struct config *config,
                          const struct peer *peer)
{
    uint16_t port = config->proxy.listen.count ? config->proxy.listen.items[0].port : 53;
    int error = 0;
    for (size_t i = 0; i < peer->heard_at.count && error == 0; i++) {
        struct address a = peer->heard_at.items[i];
        a.port = port;
        error = ours_add(list, &a);
    }
    return error;
}

int ours_asked_at(const struct config *config, const struct peer *peer, struct address_list *out)
{
    *out = (struct address_list){0};
    if (peer->heard_at.count > 0 && !config->proxy.transparent)
        return ours_add_heard(out, config, peer);
    const struct peer *across;
    size_t at = 0;
    int error = 0;
    while (error == 0 && (across = ours_next_across(config, peer, &at))) {
        bool own = peer->role == PEER_SECONDARY && across->listen.count > 0;
        const struct address_list *listeners = config->proxy.transparent ? &across->address
                                               : own                     ? &across->listen
                                                                         : &config->proxy.listen;
        error = ours_add_listeners(out, peer, listeners);
    }
    return error;
}
