#include "host.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net/socket.h"

#define HOST_GIVE(caps, lower)                                                                     \
    "run it as root, or give it " caps " (systemd: AmbientCapabilities=" caps                      \
    "; a container: --cap-add; by hand: setcap " lower "+ep on the program)"

static bool host_has_user(const struct config *config, const char *file)
{
    const char *user = config->proxy.user;
    if (geteuid() != 0 || *user == '\0' || getpwnam(user))
        return true;
    fprintf(stderr,
            "%s: error: there is no user '%s' on this host; create it, or set 'user' in [proxy]\n",
            file, user);
    return false;
}

static bool host_may_be_transparent(enum address_family family, const char *file)
{
    struct address none = {.family = ADDRESS_NONE}, any = {.family = family};
    int fd = socket_open_tcp(&any, &none, true);
    if (fd >= 0) {
        close(fd);
        return true;
    }
    if (fd == -EPERM)
        fprintf(stderr, "%s: error: 'transparent' needs CAP_NET_RAW; %s\n", file,
                HOST_GIVE("CAP_NET_RAW CAP_NET_BIND_SERVICE", "cap_net_raw,cap_net_bind_service"));
    else
        fprintf(stderr,
                "%s: error: this kernel makes no transparent IPv%d sockets: %s; it needs "
                "CONFIG_NETFILTER_XT_TARGET_TPROXY or CONFIG_NFT_TPROXY\n",
                file, family, strerror(-fd));
    return false;
}

static bool host_may_bind(const struct address_list *list, const char *file)
{
    for (size_t i = 0; i < list->count; i++) {
        char text[RELAY_ADDRESS_TEXT_SIZE];
        int fd = socket_listen_tcp(&list->items[i], false);
        if (fd >= 0)
            close(fd);
        if (fd != -EACCES)
            continue;
        fprintf(stderr, "%s: error: cannot listen on %s without CAP_NET_BIND_SERVICE; %s\n", file,
                address_to_text(&list->items[i], text),
                HOST_GIVE("CAP_NET_BIND_SERVICE", "cap_net_bind_service"));
        return false;
    }
    return true;
}

static bool host_has_family(const struct config *config, enum address_family family)
{
    for (size_t i = 0; i < config->proxy.listen.count; i++)
        if (config->proxy.listen.items[i].family == family)
            return true;
    return false;
}

bool host_allows(const struct config *config, const char *file)
{
    bool good = host_has_user(config, file);
    good &= host_may_bind(&config->proxy.listen, file);
    for (int family = ADDRESS_IPV4; family <= ADDRESS_IPV6 && config->proxy.transparent;
         family += 2)
        if (host_has_family(config, (enum address_family)family))
            good &= host_may_be_transparent((enum address_family)family, file);
    return good;
}
