/* Each address of each peer is held against all listeners, so these are sorted once. Wildcards have
 * the least octets: they stand first among those of their family and port. */
#include "listeners.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Family and port alone. */
static int listeners_order_ports(const struct address *x, const struct address *y)
{
    if (x->family != y->family)
        return x->family < y->family ? -1 : 1;
    return x->port < y->port ? -1 : x->port > y->port;
}

/* Zone indexes aside. */
static int listeners_order(const struct address *x, const struct address *y)
{
    int order = listeners_order_ports(x, y);
    return order != 0 ? order : memcmp(x->octets, y->octets, sizeof x->octets);
}

static int listeners_compare(const void *a, const void *b)
{
    const struct listener *x = a, *y = b;
    int order = listeners_order(&x->address, &y->address);
    return order != 0 ? order : x->owner < y->owner ? -1 : x->owner > y->owner;
}

static void listeners_add(struct listeners *listeners, const struct address_list *list,
                          unsigned owner)
{
    for (size_t i = 0; i < list->count; i++)
        listeners->items[listeners->count++] =
            (struct listener){.address = list->items[i], .owner = owner};
}

int config_listeners_make(const struct config *config, struct listeners *out)
{
    size_t count = config->proxy.listen.count + config->proxy.proxy_listen.count;
    for (size_t i = 0; i < config->peer_count; i++)
        count += config->peers[i].listen.count;
    *out = (struct listeners){.items = calloc(count + 1, sizeof *out->items)};
    if (!out->items)
        return DNS_EMEMORY;
    listeners_add(out, &config->proxy.listen, 0);
    listeners_add(out, &config->proxy.proxy_listen, 0);
    for (size_t i = 0; i < config->peer_count; i++)
        listeners_add(out, &config->peers[i].listen, (unsigned)i + 1);
    assert(out->count == count);
    qsort(out->items, out->count, sizeof *out->items, listeners_compare);
    return 0;
}

void config_listeners_fini(struct listeners *listeners)
{
    free(listeners->items);
    *listeners = (struct listeners){0};
}

/* The place of the first that does not come before `a`. */
static size_t listeners_find(const struct listeners *listeners, const struct address *a)
{
    size_t low = 0, high = listeners->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (listeners_order(&listeners->items[middle].address, a) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The first from the owner `least` on that listens on this very address; NULL if there is none. */
static const struct listener *listeners_first(const struct listeners *listeners,
                                              const struct address *a, unsigned least)
{
    for (size_t i = listeners_find(listeners, a); i < listeners->count; i++) {
        const struct listener *found = &listeners->items[i];
        if (listeners_order(&found->address, a) != 0)
            return NULL;
        if (found->owner >= least && address_same_host(&found->address, a))
            return found;
    }
    return NULL;
}

static struct address listeners_any(const struct address *a)
{
    return (struct address){.family = a->family, .port = a->port};
}

bool config_listeners_get(const struct listeners *listeners, const struct address *a)
{
    struct address any = listeners_any(a);
    if (address_is_loopback(a) && listeners_first(listeners, &any, 0))
        return true;
    return !address_is_any(a) && listeners_first(listeners, a, 0);
}

/* The owner of the first of all listeners with this family and port, [proxy] excepted. */
static unsigned listeners_least_owner(const struct listeners *listeners, const struct address *any)
{
    unsigned least = 0;
    for (size_t i = listeners_find(listeners, any); i < listeners->count; i++) {
        const struct listener *found = &listeners->items[i];
        if (listeners_order_ports(&found->address, any) != 0)
            break;
        if (found->owner > 0 && (least == 0 || found->owner < least))
            least = found->owner;
    }
    return least;
}

size_t config_listeners_rival(const struct listeners *listeners, const struct address *listener,
                              size_t count)
{
    struct address any = listeners_any(listener);
    unsigned owner = 0;
    if (address_is_any(listener)) {
        owner = listeners_least_owner(listeners, &any);
    } else {
        const struct listener *same = listeners_first(listeners, listener, 1);
        const struct listener *wildcard = listeners_first(listeners, &any, 1);
        owner = same ? same->owner : 0;
        if (wildcard && (owner == 0 || wildcard->owner < owner))
            owner = wildcard->owner;
    }
    return owner > 0 && owner <= count ? owner - 1 : count;
}
