#include "net/ports.h"

#include <errno.h>
#include <stdlib.h>

static bool ports_have(const struct ports *ports, const struct address *local)
{
    for (unsigned i = 0; i < ports->count; i++)
        if (address_equal(&ports->items[i]->local, local))
            return true;
    return false;
}

/* Takes the reference. */
static int ports_add(struct ports *ports, struct endpoint *e)
{
    struct endpoint **items = reallocarray(ports->items, ports->count + 1, sizeof *items);
    if (!items) {
        endpoint_unref(e);
        return -ENOMEM;
    }
    ports->items = items;
    items[ports->count++] = e;
    return 0;
}

static int ports_keep(struct ports *ports, const struct ports *before, const struct address *local)
{
    int error = 0;
    for (unsigned i = 0; i < before->count && error == 0; i++)
        if (address_equal(&before->items[i]->local, local))
            error = ports_add(ports, endpoint_ref(before->items[i]));
    return error;
}

static int ports_open_one(struct ports *ports, const struct address *local, unsigned place,
                          enum socket_kind kind)
{
    struct endpoint *e;
    int error = endpoint_open(local, kind, &e);
    if (error < 0)
        return error;
    e->place = place;
    return ports_add(ports, e);
}

static int ports_open_list(struct ports *ports, const struct ports *before,
                           const struct address_list *list, enum socket_kind kind,
                           struct address *failed)
{
    int error = 0;
    for (size_t i = 0; i < list->count && error == 0; i++) {
        const struct address *local = &list->items[i];
        if (ports_have(ports, local))
            continue;
        error = ports_keep(ports, before, local);
        if (error == 0 && !ports_have(ports, local))
            error = ports_open_one(ports, local, 0, kind);
        if (error < 0)
            *failed = *local;
    }
    return error;
}

/* The kernel spreads what comes to an address over its sockets as soon as they are bound, so those
 * that join others come last: nothing can fail behind them. */
static int ports_widen(struct ports *ports, enum socket_kind kind, unsigned workers)
{
    int error = 0;
    for (unsigned i = 0, first = ports->count; i < first && error == 0; i++) {
        const struct endpoint *e = ports->items[i];
        bool last = i + 1 == first || !address_equal(&e->local, &ports->items[i + 1]->local);
        for (unsigned k = e->place + 1; last && k < workers && error == 0; k++)
            error = ports_open_one(ports, &e->local, k, kind);
    }
    return error;
}

static enum socket_kind ports_kind(const struct config_proxy *proxy)
{
    if (proxy->transparent)
        return SOCKET_TRANSPARENT;
    return proxy->freebind ? SOCKET_FREE : SOCKET_PLAIN;
}

int ports_open(struct ports *out, const struct ports *before, const struct config *config,
               unsigned workers, struct address *failed)
{
    enum socket_kind kind = ports_kind(&config->proxy);
    *out = (struct ports){0};
    int error = ports_open_list(out, before, &config->proxy.listen, kind, failed);
    for (size_t i = 0; i < config->peer_count && error == 0; i++)
        error = ports_open_list(out, before, &config->peers[i].listen, kind, failed);
    if (error == 0)
        error = ports_widen(out, kind, workers);
    if (error < 0)
        ports_close(out);
    return error;
}

void ports_close(struct ports *ports)
{
    for (unsigned i = 0; i < ports->count; i++)
        endpoint_unref(ports->items[i]);
    free(ports->items);
    *ports = (struct ports){0};
}

void ports_take_over(const struct ports *ports, struct ports *before)
{
    for (unsigned i = 0; i < before->count; i++)
        before->items[i]->gone = !ports_have(ports, &before->items[i]->local);
    /* Again for those that stay, which changes nothing; they are bound, and the kernel has nothing
     * against hearing them. */
    for (unsigned i = 0; i < ports->count; i++)
        (void)endpoint_listen(ports->items[i]);
    ports_close(before);
}
