#include "net/ports.h"

#include <errno.h>
#include <stdlib.h>

#include "config/setting.h"

enum socket_kind ports_kind(const struct config_proxy *proxy)
{
    if (proxy->transparent)
        return SOCKET_TRANSPARENT;
    return proxy->freebind ? SOCKET_FREE : SOCKET_PLAIN;
}

bool ports_forgive(const struct config *config, const struct address_list *list, int error)
{
    if (error != -EAFNOSUPPORT || list != &config->proxy.listen)
        return false;
    for (size_t i = 0; i < config->section_count; i++)
        if (config->sections[i].kind == SETTING_PROXY &&
            setting_line(&config->sections[i], "listen") > 0)
            return false;
    return true;
}

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
                           const struct config *config, const struct address_list *list,
                           struct address *failed)
{
    int error = 0;
    for (size_t i = 0; i < list->count && error == 0; i++) {
        const struct address *local = &list->items[i];
        if (ports_have(ports, local))
            continue;
        error = ports_keep(ports, before, local);
        if (error == 0 && !ports_have(ports, local))
            error = ports_open_one(ports, local, 0, ports_kind(&config->proxy));
        if (ports_forgive(config, list, error))
            error = 0;
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

int ports_open(struct ports *out, const struct ports *before, const struct config *config,
               unsigned workers, struct address *failed)
{
    *out = (struct ports){0};
    int error = ports_open_list(out, before, config, &config->proxy.listen, failed);
    for (size_t i = 0; i < config->peer_count && error == 0; i++)
        error = ports_open_list(out, before, config, &config->peers[i].listen, failed);
    if (error == 0)
        error = ports_widen(out, ports_kind(&config->proxy), workers);
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
