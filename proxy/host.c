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

/* One socket of each family that is listened on. */
static int host_try_transparent(const struct config *config)
{
    struct address none = {.family = ADDRESS_NONE};
    for (size_t i = 0; i < config->proxy.listen.count; i++) {
        int fd = socket_open_tcp(&config->proxy.listen.items[i], &none, true);
        if (fd < 0)
            return fd;
        close(fd);
    }
    return 0;
}

static bool host_may_be_transparent(const struct config *config, const char *file)
{
    int error = config->proxy.transparent ? host_try_transparent(config) : 0;
    if (error == -EPERM)
        fprintf(stderr, "%s: error: 'transparent' needs CAP_NET_RAW; %s\n", file,
                HOST_GIVE("CAP_NET_RAW CAP_NET_BIND_SERVICE", "cap_net_raw,cap_net_bind_service"));
    else if (error < 0)
        fprintf(
            stderr,
            "%s: error: this kernel makes no transparent sockets: %s; it needs CONFIG_NFT_TPROXY\n",
            file, strerror(-error));
    return error == 0;
}

/* Binds without listening, so that a proxy that runs is not disturbed. */
static bool host_may_bind(const struct address_list *list, const char *file)
{
    for (size_t i = 0; i < list->count; i++) {
        char text[RELAY_ADDRESS_TEXT_SIZE];
        int fd = socket_open_tcp(&list->items[i], &list->items[i], false);
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

bool host_allows(const struct config *config, const char *file)
{
    bool good = host_has_user(config, file);
    bool bind = host_may_bind(&config->proxy.listen, file);
    for (size_t i = 0; i < config->peer_count && bind; i++)
        bind = host_may_bind(&config->peers[i].listen, file);
    bool transparent = host_may_be_transparent(config, file);
    return good && bind && transparent;
}
