#include "base/host.h"

#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/absent.h"
#include "base/doubt.h"
#include "base/readable.h"
#include "base/trial.h"
#include "net/socket.h"

static bool host_has_user(const struct config *config, const char *file)
{
    const char *user = config->proxy.user;
    if (geteuid() != 0 || !*user || getpwnam(user))
        return true;
    fprintf(stderr,
            "%s: error: there is no user '%s' on this host; create it, or set 'user' in [proxy]\n",
            file, user);
    return false;
}

/* One socket of each family that is listened on. */
static int host_try_transparent(const struct config *config)
{
    struct address none = {.family = ADDRESS_NONE};
    for (size_t i = 0; i < config->proxy.listen.count; i++) {
        int fd = socket_open_tcp(&config->proxy.listen.items[i], &none, true);
        if (fd >= 0)
            close(fd);
        else if (fd != -EAFNOSUPPORT)
            return fd;
    }
    return 0;
}

static bool host_may_be_transparent(const struct config *config, const char *file)
{
    int error = config->proxy.transparent ? host_try_transparent(config) : 0;
    if (error == -EPERM)
        fprintf(stderr, "%s: error: 'transparent' needs CAP_NET_RAW; %s\n", file,
                TRIAL_GIVE("CAP_NET_RAW CAP_NET_BIND_SERVICE", "cap_net_raw,cap_net_bind_service"));
    else if (error < 0)
        fprintf(
            stderr,
            "%s: error: this kernel makes no transparent sockets: %s; it needs CONFIG_NFT_TPROXY\n",
            file, strerror(-error));
    return error == 0;
}

/* Is it an address of one of this host's interfaces? */
static bool host_has_address(const struct ifaddrs *interfaces, const struct address *a)
{
    for (const struct ifaddrs *i = interfaces; i; i = i->ifa_next) {
        struct sockaddr_storage name = {0};
        if (!i->ifa_addr)
            continue;
        if (i->ifa_addr->sa_family == AF_INET)
            memcpy(&name, i->ifa_addr, sizeof(struct sockaddr_in));
        else if (i->ifa_addr->sa_family == AF_INET6)
            memcpy(&name, i->ifa_addr, sizeof(struct sockaddr_in6));
        struct address own = socket_to_address(&name);
        if (own.family != ADDRESS_NONE && address_same_host(&own, a))
            return true;
    }
    return false;
}

static bool host_wildcard_covers(const struct address_list *list, const struct address *a)
{
    for (size_t i = 0; i < list->count; i++)
        if (address_is_any(&list->items[i]) && address_covers(&list->items[i], a))
            return true;
    return false;
}

static bool host_is_heard_by_all(const struct config *config, const struct address *a)
{
    return host_wildcard_covers(&config->proxy.listen, a) ||
           host_wildcard_covers(&config->proxy.proxy_listen, a);
}

/* What is sent to a peer must not come back to ourselves; behind a wildcard only the host knows. */
static bool host_is_no_peer(const struct config *config, FILE *out)
{
    struct ifaddrs *interfaces = NULL;
    bool good = true;
    if (config->proxy.transparent || getifaddrs(&interfaces) < 0)
        return true;
    for (size_t i = 0; i < config->peer_count; i++) {
        const struct peer *peer = &config->peers[i];
        for (size_t k = 0; k < peer->address.count; k++) {
            const struct address *a = &peer->address.items[k];
            char text[ADDRESS_TEXT_SIZE];
            if (!host_is_heard_by_all(config, a) || !host_has_address(interfaces, a))
                continue;
            fprintf(out,
                    "%s:%u: error: %s of %s is an address of this host, where this proxy itself "
                    "listens; give the server's address or port\n",
                    peer->file, peer->line, address_to_text(a, text), peer->name);
            good = false;
        }
    }
    freeifaddrs(interfaces);
    return good;
}

bool host_allows(const struct config *config, const struct seen *seen, const char *file)
{
    bool good = host_has_user(config, file);
    good &= host_is_no_peer(config, stderr);
    good &= absent_allows(config);
    bool bind = trial_allows(config, file);
    bool transparent = host_may_be_transparent(config, file);
    readable_doubt(config, seen, file);
    doubt_host(config, file);
    return good && bind && transparent;
}

bool host_allows_reload(const struct config *config, FILE *out)
{
    return host_is_no_peer(config, out);
}
