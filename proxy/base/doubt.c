/* Each doubt is a function that looks at the host and prints its warning, with what to write to be
 * rid of it. */
#include "base/doubt.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "admin/door.h"
#include "base/ask.h"
#include "base/tproxy.h"
#include "net/socket.h"

#define DOUBT_CONF            "/proc/sys/net/ipv4/conf"
#define DOUBT_PORT_START      1024 /* the kernel's own default */
#define DOUBT_BUFFER_WANTED   (8 << 20)
#define DOUBT_BUFFER_LEAST    (1 << 20)
#define DOUBT_FILES_WANTED    65536
#define DOUBT_FILES_LEAST     4096
#define DOUBT_ASK_MS          100
#define DOUBT_ASK_ALL_MS      300
#define DOUBT_INTERFACES_MOST 16

/* A number of the kernel's, or -1 where it has none. */
static int doubt_read(const char *path)
{
    int number = -1;
    FILE *in = fopen(path, "re");
    if (!in)
        return -1;
    if (fscanf(in, "%d", &number) != 1)
        number = -1;
    fclose(in);
    return number;
}

/* While a primary on the loopback address is down, whoever binds its port is the primary; unless
 * that takes a privilege, or the answers a key. */
static void doubt_loopback(const struct config *config)
{
    int start = doubt_read("/proc/sys/net/ipv4/ip_unprivileged_port_start");
    if (start < 0)
        start = DOUBT_PORT_START;
    for (size_t i = 0; i < config->peer_count; i++) {
        const struct peer *peer = &config->peers[i];
        for (size_t k = 0; k < peer->address.count; k++) {
            const struct address *a = &peer->address.items[k];
            char text[ADDRESS_TEXT_SIZE];
            if (peer->role != PEER_PRIMARY || peer_is_signed(peer) || !address_is_loopback(a) ||
                a->port < start)
                continue;
            fprintf(stderr,
                    "%s:%u: warning: while %s at %s is down any local user can take its place; use "
                    "a port below %d, such as 127.0.0.2@53\n",
                    peer->file, peer->line, peer->name, address_to_text(a, text), start);
        }
    }
}

struct doubt_interfaces {
    size_t count;
    char names[DOUBT_INTERFACES_MOST][IF_NAMESIZE];
};

/* What counts for an interface is the larger of its own number and that of all. */
static int doubt_rp_filter(const char *interface)
{
    char path[sizeof DOUBT_CONF "//rp_filter" + NAME_MAX];
    snprintf(path, sizeof path, DOUBT_CONF "/%s/rp_filter", interface);
    int own = doubt_read(path);
    int all = doubt_read(DOUBT_CONF "/all/rp_filter");
    return own > all ? own : all;
}

/* As sysctl(8) wants it: a dot within a name is a slash. */
static void doubt_print_setting(FILE *out, const char *interface)
{
    fputs(" net.ipv4.conf.", out);
    for (const char *c = interface; *c; c++)
        fputc(*c == '.' ? '/' : *c, out);
    fputs(".rp_filter=1", out);
}

static void doubt_say_rp_filter(const char *file, const struct doubt_interfaces *found)
{
    fprintf(stderr, "%s: warning: 'transparent' without rp_filter = 1 on", file);
    for (size_t i = 0; i < found->count; i++)
        fprintf(stderr, "%s %s", i ? "," : "", found->names[i]);
    fputs(": a host on one side can forge the NOTIFYs of a primary on the other; sysctl -w",
          stderr);
    doubt_print_setting(stderr, "all");
    for (size_t i = 0; i < found->count; i++)
        doubt_print_setting(stderr, found->names[i]);
    fputc('\n', stderr);
}

static bool doubt_is_filtered(const char *name)
{
    static const char *const doubt_none[] = {".", "..", "all", "default", "lo"};
    for (size_t i = 0; i < sizeof doubt_none / sizeof *doubt_none; i++)
        if (strcmp(name, doubt_none[i]) == 0)
            return true;
    int filter = doubt_rp_filter(name);
    return filter != 0 && filter != 2;
}

/* By the file system: a service may be kept from the sockets that getifaddrs and its like need. */
static void doubt_forgery(const struct config *config, const char *file)
{
    struct doubt_interfaces found = {0};
    DIR *interfaces = config->proxy.transparent ? opendir(DOUBT_CONF) : NULL;
    if (!interfaces)
        return;
    for (const struct dirent *i;
         (i = readdir(interfaces)) && found.count < DOUBT_INTERFACES_MOST;) {
        size_t len = strlen(i->d_name);
        if (len < IF_NAMESIZE && !doubt_is_filtered(i->d_name))
            memcpy(found.names[found.count++], i->d_name, len + 1);
    }
    closedir(interfaces);
    if (found.count > 0)
        doubt_say_rp_filter(file, &found);
}

static void doubt_path(const struct config *config, const char *file)
{
    char lack[TPROXY_LACK_SIZE], cure[TPROXY_CURE_SIZE];
    if (tproxy_is_there(config, lack))
        return;
    fprintf(stderr,
            "%s: warning: 'transparent' with %s: what primaries and secondaries send each other "
            "passes by the proxy, unsigned; as root: %s\n",
            file, lack, tproxy_cure(config, file, cure));
}

/* As the listeners will ask for it. */
static int doubt_buffer(void)
{
    int wanted = DOUBT_BUFFER_WANTED, given = -1;
    socklen_t len = sizeof given;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &wanted, sizeof wanted) < 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &wanted, sizeof wanted);
    getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &given, &len);
    close(fd);
    return given < 0 ? -1 : given / 2; /* the kernel doubles it, for what it needs itself */
}

static void doubt_room(const char *file)
{
    int octets = doubt_buffer();
    if (octets < 0 || octets >= DOUBT_BUFFER_LEAST)
        return;
    fprintf(
        stderr,
        "%s: warning: the kernel gives a UDP address room for %d KiB, so that bursts of NOTIFYs "
        "or queries are lost; sysctl -w net.core.rmem_max=%d\n",
        file, octets / 1024, DOUBT_BUFFER_WANTED);
}

/* What the program can raise its own limit to. */
static void doubt_files(const char *file)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_max >= DOUBT_FILES_LEAST)
        return;
    fprintf(stderr,
            "%s: warning: %lu files may be open at once, so that some %lu clients can be connected "
            "and others wait; write LimitNOFILE=%d below [Service] (systemctl edit tsig-proxy), "
            "or call ulimit -n %d before it\n",
            file, (unsigned long)files.rlim_max, (unsigned long)files.rlim_max / 3,
            DOUBT_FILES_WANTED, DOUBT_FILES_WANTED);
}

static long doubt_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Two proxies of one user can share an address; other servers there are found when it is bound. */
static bool doubt_can_share(const struct address *listener)
{
    int fd = socket_bind_tcp(listener, SOCKET_PLAIN);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static void doubt_listeners(const struct address_list *list, const char *file, long deadline)
{
    for (size_t i = 0; i < list->count; i++) {
        long left = deadline - doubt_now_ms();
        struct address to = ask_where(&list->items[i]);
        char text[ADDRESS_TEXT_SIZE];
        if (left <= 0)
            return;
        if (!ask_is_served(&to, 1, left < DOUBT_ASK_MS ? (int)left : DOUBT_ASK_MS) ||
            !doubt_can_share(&list->items[i]))
            continue;
        fprintf(
            stderr,
            "%s: warning: another tsig-proxy answers at %s already; each of the two would get a "
            "part of the requests: if it has another configuration, stop one\n",
            file, address_to_text(&to, text));
    }
}

/* Who has the control socket of this configuration is no other. */
static bool doubt_runs(const struct config *config)
{
    pid_t holder;
    return *config->proxy.control && door_try(config->proxy.control, &holder) == -EADDRINUSE;
}

static void doubt_others(const struct config *config, const char *file)
{
    if (doubt_runs(config))
        return;
    long deadline = doubt_now_ms() + DOUBT_ASK_ALL_MS;
    doubt_listeners(&config->proxy.listen, file, deadline);
    for (size_t i = 0; i < config->peer_count; i++)
        doubt_listeners(&config->peers[i].listen, file, deadline);
}

void doubt_host(const struct config *config, const char *file)
{
    doubt_loopback(config);
    doubt_path(config, file);
    doubt_forgery(config, file);
    doubt_room(file);
    doubt_files(file);
    doubt_others(config, file);
}
