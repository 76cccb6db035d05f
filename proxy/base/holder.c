/* The kernel lists its sockets with local address, user and inode in /proc/net; what a process has
 * open leads to the inodes of its sockets. */
#include "base/holder.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ask.h"
#include "base/guise.h"

#define HOLDER_PROGRAM "tsig-proxy"
#define HOLDER_ASK_MS  100
#define HOLDER_LISTEN  0x0A /* the state of a TCP socket that waits for connections */

struct holder_socket {
    struct address at;
    unsigned state, user;
    unsigned long inode;
};

/* Words in the host's order, in hexadecimal. */
static struct address holder_address(const char *text, unsigned port)
{
    size_t len = strlen(text) / 2;
    uint8_t octets[16] = {0};
    if (len != 4 && len != 16)
        return (struct address){.family = ADDRESS_NONE};
    for (size_t i = 0; i < len; i += 4) {
        char part[9] = "";
        memcpy(part, text + 2 * i, 8);
        uint32_t word = (uint32_t)strtoul(part, NULL, 16);
        memcpy(octets + i, &word, 4);
    }
    return address_from_octets(len == 4 ? ADDRESS_IPV4 : ADDRESS_IPV6, octets, (uint16_t)port);
}

static bool holder_parse(const char *line, struct holder_socket *out)
{
    char text[33];
    unsigned port;
    if (sscanf(line, " %*u: %32[0-9A-F]:%X %*[0-9A-F]:%*X %X %*X:%*X %*X:%*X %*X %u %*u %lu", text,
               &port, &out->state, &out->user, &out->inode) != 5)
        return false;
    out->at = holder_address(text, port);
    return out->at.family != ADDRESS_NONE;
}

/* An IPv6 wildcard may take IPv4 as well. */
static bool holder_is_in_the_way(const struct address *at, const struct address *wanted)
{
    if (at->port != wanted->port)
        return false;
    if (at->family != wanted->family)
        return at->family == ADDRESS_IPV6 && address_is_any(at);
    return address_is_any(at) || address_is_any(wanted) || address_same_host(at, wanted);
}

/* ThreadSanitizer sees no descriptor of opendir's, only who had that number before. */
static DIR *holder_open(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (fd >= 0 && !folder)
        close(fd);
    return folder;
}

static bool holder_has_inode(const char *process, unsigned long inode)
{
    char path[sizeof "/proc//fd" + NAME_MAX], wanted[32], found[sizeof wanted];
    snprintf(wanted, sizeof wanted, "socket:[%lu]", inode);
    snprintf(path, sizeof path, "/proc/%s/fd", process);
    DIR *files = holder_open(path);
    bool has = false;
    for (const struct dirent *f; files && !has && (f = readdir(files));) {
        ssize_t len = readlinkat(dirfd(files), f->d_name, found, sizeof found);
        has = len == (ssize_t)strlen(wanted) && memcmp(found, wanted, (size_t)len) == 0;
    }
    if (files)
        closedir(files);
    return has;
}

static void holder_read_name(struct holder *out)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/%ld/comm", (long)out->process);
    FILE *in = fopen(path, "re");
    if (in && !fgets(out->name, sizeof out->name, in))
        out->name[0] = '\0';
    if (in)
        fclose(in);
    out->name[strcspn(out->name, "\n")] = '\0';
    for (char *c = out->name; *c; c++)
        if (!isgraph((unsigned char)*c))
            *c = '?';
}

/* The first process may hold what it has handed to another. */
static void holder_find_process(unsigned long inode, struct holder *out)
{
    DIR *all = holder_open("/proc");
    for (const struct dirent *p; all && out->process <= 1 && (p = readdir(all));)
        if (isdigit((unsigned char)p->d_name[0]) && holder_has_inode(p->d_name, inode))
            out->process = (pid_t)strtol(p->d_name, NULL, 10);
    if (all)
        closedir(all);
    if (out->process > 0)
        holder_read_name(out);
}

/* Who is not root sees no names, so the program is asked; nor can it tell whom the service is. */
static bool holder_is_ours(const struct config *config, const struct holder *h)
{
    struct address to = ask_where(&h->at);
    if (geteuid() == 0 && h->user != guise_user(config))
        return false;
    if (h->process > 0)
        return strcmp(h->name, HOLDER_PROGRAM) == 0;
    return ask_is_served(&to, 1, HOLDER_ASK_MS);
}

/* Each worker has one, and to find its process takes a walk through all of them. */
static bool holder_is_another_of(const struct holder *h, const struct holder_socket *s)
{
    return h->user == s->user && address_equal(&h->at, &s->at);
}

static enum holder_kind holder_look(const struct config *config, const struct address *wanted,
                                    const char *path, bool tcp, struct holder *out)
{
    enum holder_kind kind = HOLDER_UNSEEN;
    char line[512];
    FILE *in = fopen(path, "re");
    while (in && kind != HOLDER_OTHER && fgets(line, sizeof line, in)) {
        struct holder_socket s;
        if (!holder_parse(line, &s) || (tcp && s.state != HOLDER_LISTEN) ||
            !holder_is_in_the_way(&s.at, wanted) ||
            (kind == HOLDER_OURS && holder_is_another_of(out, &s)))
            continue;
        *out = (struct holder){.at = s.at, .user = s.user};
        holder_find_process(s.inode, out);
        kind = config && holder_is_ours(config, out) ? HOLDER_OURS : HOLDER_OTHER;
    }
    if (in)
        fclose(in);
    return kind;
}

enum holder_kind holder_find(const struct config *config, const struct address *wanted, bool tcp,
                             struct holder *out)
{
    bool four = wanted->family == ADDRESS_IPV4;
    const char *first = tcp ? "/proc/net/tcp" : "/proc/net/udp";
    const char *six = tcp ? "/proc/net/tcp6" : "/proc/net/udp6";
    enum holder_kind kind = four ? holder_look(config, wanted, first, tcp, out) : HOLDER_UNSEEN;
    if (kind == HOLDER_OTHER)
        return kind;
    enum holder_kind other = holder_look(config, wanted, six, tcp, out);
    return other > kind ? other : kind;
}
