/* First one socket of each address, of those before if it is served already; then as many more as
 * there are workers. */
#include "net/ports.h"

#include <errno.h>
#include <stdlib.h>

#include "config/setting.h"

bool ports_are_proxied(const struct config *config, const struct address_list *list)
{
    return list == &config->proxy.proxy_listen;
}

enum socket_kind ports_kind(const struct config_proxy *proxy, bool proxied)
{
    if (proxy->transparent && !proxied)
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

/* What is wanted at an address. */
struct port {
    const struct address *local;
    bool proxied;
    enum socket_kind kind;
};

static bool ports_serve(const struct endpoint *e, const struct port *port)
{
    return e->proxied == port->proxied && address_equal(&e->local, port->local);
}

static bool ports_have(const struct ports *ports, const struct port *port)
{
    for (unsigned i = 0; i < ports->count; i++)
        if (ports_serve(ports->items[i], port))
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

static int ports_keep(struct ports *ports, const struct ports *before, const struct port *port)
{
    int error = 0;
    for (unsigned i = 0; i < before->count && error == 0; i++)
        if (ports_serve(before->items[i], port))
            error = ports_add(ports, endpoint_ref(before->items[i]));
    return error;
}

static int ports_open_one(struct ports *ports, const struct port *port, unsigned place)
{
    struct endpoint *e;
    int error = endpoint_open(port->local, port->kind, port->proxied, &e);
    if (error < 0)
        return error;
    e->place = place;
    return ports_add(ports, e);
}

static int ports_open_list(struct ports *ports, const struct ports *before,
                           const struct config *config, const struct address_list *list,
                           struct address *failed)
{
    bool proxied = ports_are_proxied(config, list);
    int error = 0;
    for (size_t i = 0; i < list->count && error == 0; i++) {
        struct port port = {&list->items[i], proxied, ports_kind(&config->proxy, proxied)};
        if (ports_have(ports, &port))
            continue;
        error = ports_keep(ports, before, &port);
        if (error == 0 && !ports_have(ports, &port))
            error = ports_open_one(ports, &port, 0);
        if (ports_forgive(config, list, error))
            error = 0;
        if (error < 0)
            *failed = *port.local;
    }
    return error;
}

/* The kernel spreads what comes to an address over its sockets as soon as they are bound, so those
 * that join others come last: nothing can fail behind them. */
static int ports_widen(struct ports *ports, const struct config_proxy *proxy, unsigned workers)
{
    int error = 0;
    for (unsigned i = 0, first = ports->count; i < first && error == 0; i++) {
        const struct endpoint *e = ports->items[i];
        struct port port = {&e->local, e->proxied, ports_kind(proxy, e->proxied)};
        bool last = i + 1 == first || !ports_serve(ports->items[i + 1], &port);
        for (unsigned k = e->place + 1; last && k < workers && error == 0; k++)
            error = ports_open_one(ports, &port, k);
    }
    return error;
}

int ports_open(struct ports *out, const struct ports *before, const struct config *config,
               unsigned workers, struct address *failed)
{
    *out = (struct ports){0};
    int error = ports_open_list(out, before, config, &config->proxy.listen, failed);
    if (error == 0)
        error = ports_open_list(out, before, config, &config->proxy.proxy_listen, failed);
    for (size_t i = 0; i < config->peer_count && error == 0; i++)
        error = ports_open_list(out, before, config, &config->peers[i].listen, failed);
    if (error == 0)
        error = ports_widen(out, &config->proxy, workers);
    if (error < 0)
        ports_close(out);
    return error;
}

bool ports_greet(const struct ports *ports)
{
    for (unsigned i = 0; i < ports->count; i++)
        if (ports->items[i]->proxied)
            return true;
    return false;
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
    for (unsigned i = 0; i < before->count; i++) {
        const struct endpoint *e = before->items[i];
        struct port port = {.local = &e->local, .proxied = e->proxied};
        before->items[i]->gone = !ports_have(ports, &port);
    }
    /* Again for those that stay, which changes nothing; they are bound, and the kernel has nothing
     * against hearing them. */
    for (unsigned i = 0; i < ports->count; i++)
        (void)endpoint_listen(ports->items[i]);
    ports_close(before);
}
