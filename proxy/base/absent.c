#include "base/absent.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "config/setting.h"
#include "net/socket.h"

#define ABSENT_CURE "; if it comes later (VRRP, anycast), write 'freebind = yes' in [proxy]"

/* By binding to it, since routes and the kernel's settings make more addresses than interfaces
 * have. A family that is missing altogether is another matter. */
static bool absent_is_here(const struct address *a)
{
    struct address source = *a;
    source.port = 0;
    int fd = socket_open_tcp(a, &source, false);
    if (fd >= 0)
        close(fd);
    return fd != -EADDRNOTAVAIL;
}

static void absent_say(const struct config *config, const struct config_section *section,
                       const char *setting, const char *severity, const struct address *a)
{
    char text[ADDRESS_TEXT_SIZE];
    fprintf(stderr, "%s:%u: %s: '%s' has %s, which is no address of this host now",
            config->files[section->file], setting_line(section, setting), severity, setting,
            address_to_text(a, text));
}

static bool absent_allows_listen(const struct config *config, const struct config_section *section,
                                 const char *setting, const struct address_list *list)
{
    bool good = true;
    for (size_t i = 0; i < list->count; i++) {
        if (absent_is_here(&list->items[i]))
            continue;
        bool free = config->proxy.freebind;
        absent_say(config, section, setting, free ? "note" : "error", &list->items[i]);
        fputs(free ? ": it is served as soon as it is\n" : ABSENT_CURE "\n", stderr);
        good &= free;
    }
    return good;
}

/* Each question binds anew, so it is of use as soon as it is there. */
static void absent_look_at_source(const struct config *config, const struct config_section *section)
{
    const struct peer *peer = &config->peers[section->index];
    for (size_t i = 0; i < peer->source.count; i++) {
        if (absent_is_here(&peer->source.items[i]))
            continue;
        absent_say(config, section, "source", config->proxy.freebind ? "note" : "warning",
                   &peer->source.items[i]);
        fprintf(stderr, ": %s is not asked or told anything until it is\n", peer->name);
    }
}

/* On the path any address can be listened on, but for balancers. */
static bool absent_allows_section(const struct config *config, const struct config_section *section)
{
    const struct config_proxy *proxy = &config->proxy;
    bool good = true;
    if (section->kind == SETTING_PROXY) {
        good = absent_allows_listen(config, section, "proxy-listen", &proxy->proxy_listen);
        if (!proxy->transparent)
            good &= absent_allows_listen(config, section, "listen", &proxy->listen);
    } else if (section->kind != SETTING_KEY && !proxy->transparent) {
        good =
            absent_allows_listen(config, section, "listen", &config->peers[section->index].listen);
        absent_look_at_source(config, section);
    }
    return good;
}

bool absent_allows(const struct config *config)
{
    bool good = true;
    for (size_t i = 0; i < config->section_count; i++)
        good &= absent_allows_section(config, &config->sections[i]);
    return good;
}

static void absent_add(const struct address_list *list, struct own_address *out, size_t *count)
{
    for (size_t i = 0; i < list->count && *count < ABSENT_MOST; i++) {
        struct address a = list->items[i];
        size_t known = 0;
        while (known < *count && !address_same_host(&out[known].address, &a))
            known++;
        if (known < *count || address_is_any(&a))
            continue;
        a.port = 0;
        out[(*count)++] = (struct own_address){a, absent_is_here(&a)};
    }
}

size_t absent_list(const struct config *config, struct own_address out[ABSENT_MOST])
{
    size_t count = 0;
    absent_add(&config->proxy.proxy_listen, out, &count);
    if (config->proxy.transparent)
        return count;
    absent_add(&config->proxy.listen, out, &count);
    for (size_t i = 0; i < config->peer_count; i++) {
        absent_add(&config->peers[i].listen, out, &count);
        absent_add(&config->peers[i].source, out, &count);
    }
    return count;
}

const char *absent_cure(int error)
{
    return error == -EADDRNOTAVAIL ? ABSENT_CURE : "";
}
