/* UDP is tried without sharing the port, since beside a proxy that runs a shared one would take
 * datagrams of its; what that one holds is recognised by holder.c. TCP takes nothing until it
 * listens. */
#include "base/trial.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/absent.h"
#include "base/guise.h"
#include "base/holder.h"
#include "config/setting.h"
#include "net/ports.h"

struct trial {
    const struct config *config;
    const char *file;
    const struct config_section *section; /* NULL: [proxy], which is not there */
    const char *setting;                  /* that has the list */
    bool lacks_right;                     /* is said once */
};

/* By address, where the name cannot be seen: the stub has no other. */
static bool trial_is_resolved(const struct holder *h)
{
    static const uint8_t trial_stub[] = {127, 0, 0};
    return strncmp(h->name, "systemd-resolve", 15) == 0 ||
           (h->process == 0 && h->at.family == ADDRESS_IPV4 && h->at.port == 53 &&
            memcmp(h->at.octets, trial_stub, sizeof trial_stub) == 0 &&
            (h->at.octets[3] == 53 || h->at.octets[3] == 54));
}

static void trial_name(const struct holder *h, char *out, size_t size)
{
    const struct passwd *user = getpwuid(h->user);
    if (h->process > 0)
        snprintf(out, size, "%s, process %ld,", h->name, (long)h->process);
    else if (trial_is_resolved(h))
        snprintf(out, size, "systemd-resolved");
    else if (user)
        snprintf(out, size, "a program of %.32s", user->pw_name);
    else
        snprintf(out, size, "a program of user %lu", (unsigned long)h->user);
}

static void trial_say_holder(const struct holder *h, char out[TRIAL_WHY_SIZE])
{
    char name[64], at[ADDRESS_TEXT_SIZE];
    trial_name(h, name, sizeof name);
    address_to_text(&h->at, at);
    if (trial_is_resolved(h))
        snprintf(out, TRIAL_WHY_SIZE,
                 "address already in use: %s has %s; write DNSStubListener=no in "
                 "/etc/systemd/resolved.conf and restart it, or name in 'listen' the addresses "
                 "of this host that peers use",
                 name, at);
    else
        snprintf(out, TRIAL_WHY_SIZE,
                 "address already in use: %s has %s%s; stop it, or give it or 'listen' another "
                 "address or port",
                 name, at, h->process > 0 ? "" : " (which one says, as root, ss -lnptu)");
}

const char *trial_why(const struct config *config, const struct address *a, int error,
                      char out[TRIAL_WHY_SIZE])
{
    struct holder h;
    if (error == -EADDRINUSE && (holder_find(config, a, false, &h) == HOLDER_OTHER ||
                                 holder_find(config, a, true, &h) == HOLDER_OTHER))
        trial_say_holder(&h, out);
    else if (error == -EADDRINUSE)
        snprintf(out, TRIAL_WHY_SIZE,
                 "address already in use; by whom says, as root, ss -lnptu sport = :%u", a->port);
    else if (error == -EAFNOSUPPORT)
        snprintf(out, TRIAL_WHY_SIZE, "this kernel has no %s; leave it out of 'listen'",
                 a->family == ADDRESS_IPV6 ? "IPv6" : "IPv4");
    else
        snprintf(out, TRIAL_WHY_SIZE, "%s%s", strerror(-error), absent_cure(error));
    return out;
}

/* Without the right to transparent sockets, that to the port is tried alone. */
static int trial_udp(const struct address *a, enum socket_kind kind)
{
    int error = socket_try_udp(a, kind);
    return error == -EPERM && kind != SOCKET_PLAIN ? socket_try_udp(a, SOCKET_PLAIN) : error;
}

static int trial_tcp(const struct address *a, enum socket_kind kind)
{
    int fd = socket_bind_tcp(a, kind);
    if (fd == -EPERM && kind != SOCKET_PLAIN)
        fd = socket_bind_tcp(a, SOCKET_PLAIN);
    if (fd >= 0)
        close(fd);
    return fd < 0 ? fd : 0;
}

/* Negative errno. What a proxy of ours has can be had. */
static int trial_bind(const struct config *config, const struct address *a, bool proxied,
                      const char **transport)
{
    struct guise guise;
    struct holder h;
    enum socket_kind kind = ports_kind(&config->proxy, proxied);
    guise_put_on(&guise, config);
    int udp = proxied ? 0 : trial_udp(a, kind);
    int tcp = trial_tcp(a, kind);
    guise_take_off(&guise);
    if (udp == -EADDRINUSE && holder_find(config, a, false, &h) == HOLDER_OURS)
        udp = 0;
    if (tcp == -EADDRINUSE && holder_find(config, a, true, &h) == HOLDER_OURS)
        tcp = 0;
    *transport = udp < 0 && tcp < 0 ? "" : udp < 0 ? " over UDP" : " over TCP";
    if (udp < 0)
        return udp;
    return tcp;
}

/* Once: for another port it would be the same. */
static void trial_say_right(struct trial *t, const char *at)
{
    if (!t->lacks_right)
        fprintf(stderr, "%s: error: cannot listen on %s without CAP_NET_BIND_SERVICE; %s\n",
                t->file, at, TRIAL_GIVE("CAP_NET_BIND_SERVICE", "cap_net_bind_service"));
    t->lacks_right = true;
}

static void trial_say(const struct trial *t, const struct address *a, const char *transport,
                      int error)
{
    unsigned line = t->section ? setting_line(t->section, t->setting) : 0;
    bool forgiven = ports_forgive(t->config, &t->config->proxy.listen, error);
    char text[ADDRESS_TEXT_SIZE], why[TRIAL_WHY_SIZE];
    if (line > 0)
        fprintf(stderr, "%s:%u: error", t->config->files[t->section->file], line);
    else
        fprintf(stderr, "%s: %s", t->file, forgiven ? "warning" : "error");
    fprintf(stderr, ": cannot listen on %s%s: %s\n", address_to_text(a, text), transport,
            trial_why(t->config, a, error, why));
}

static bool trial_one(struct trial *t, const struct address_list *list, const struct address *a)
{
    const char *transport;
    char text[ADDRESS_TEXT_SIZE];
    int error = trial_bind(t->config, a, ports_are_proxied(t->config, list), &transport);
    if (error == 0 || error == -EADDRNOTAVAIL)
        return true;
    if (error == -EACCES)
        trial_say_right(t, address_to_text(a, text));
    else
        trial_say(t, a, transport, error);
    return ports_forgive(t->config, list, error);
}

static bool trial_list(struct trial *t, const struct address_list *list)
{
    bool good = true;
    for (size_t i = 0; i < list->count; i++)
        good &= trial_one(t, list, &list->items[i]);
    return good;
}

bool trial_allows(const struct config *config, const char *file)
{
    struct trial t = {.config = config, .file = file, .setting = "listen"};
    for (size_t i = 0; i < config->section_count && !t.section; i++)
        if (config->sections[i].kind == SETTING_PROXY)
            t.section = &config->sections[i];
    bool good = trial_list(&t, &config->proxy.listen);
    t.setting = "proxy-listen";
    good &= trial_list(&t, &config->proxy.proxy_listen);
    t.setting = "listen";
    for (size_t i = 0; i < config->section_count; i++) {
        t.section = &config->sections[i];
        if (t.section->kind != SETTING_PROXY && t.section->kind != SETTING_KEY)
            good &= trial_list(&t, &config->peers[t.section->index].listen);
    }
    return good;
}
