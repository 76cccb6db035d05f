/* Stands in front of a server, carries octets both ways, and counts the connections that are open
 * at once. What it has counted is printed when it is ended (SIGTERM). */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "load.h"
#include "net.h"

#define COUNT_ROOM   65536
#define COUNT_EVENTS 256

/* One end of a connection, with what was read here and goes to the other end. */
struct end {
    int fd;
    struct end *other;
    bool has_ended; /* nothing more comes from here */
    size_t at, len;
    struct end *next; /* of those that are closed, and freed after the turn */
    uint8_t room[COUNT_ROOM];
};

struct count {
    struct sockaddr_in server;
    int events, listener;
    size_t open, most, total;
    struct end *closed;
};

static volatile sig_atomic_t count_is_over;

static void on_signal(int number)
{
    (void)number;
    count_is_over = 1;
}

static struct end *count_end(int fd)
{
    struct end *end = calloc(1, sizeof *end);
    net_must(end, "calloc");
    end->fd = fd;
    return end;
}

/* Reads where there is room, waits to write where something is left. */
static void count_watch(const struct count *count, struct end *end)
{
    bool reads = end->at == end->len && !end->has_ended;
    bool writes = end->other->at < end->other->len;
    struct epoll_event event = {.events = (reads ? EPOLLIN : 0) | (writes ? EPOLLOUT : 0),
                                .data.ptr = end};
    if (epoll_ctl(count->events, EPOLL_CTL_MOD, end->fd, &event) < 0)
        net_must(epoll_ctl(count->events, EPOLL_CTL_ADD, end->fd, &event) == 0, "epoll_ctl");
}

static void count_close(struct count *count, struct end *end)
{
    struct end *both[] = {end, end->other};
    for (size_t i = 0; i < 2; i++) {
        close(both[i]->fd);
        both[i]->fd = -1;
        both[i]->next = count->closed;
        count->closed = both[i];
    }
    count->open--;
}

static void count_accept(struct count *count)
{
    for (int fd; (fd = accept4(count->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
        struct end *client = count_end(fd), *server = count_end(net_connect(&count->server, NULL));
        client->other = server;
        server->other = client;
        count_watch(count, client);
        count_watch(count, server);
        count->total++;
        if (++count->open > count->most)
            count->most = count->open;
    }
}

/* What is left of `end`'s goes to the other; false: that failed. */
static bool count_write(struct end *end)
{
    while (end->at < end->len) {
        ssize_t sent = send(end->other->fd, end->room + end->at, end->len - end->at, 0);
        if (sent < 0)
            return errno == EAGAIN || errno == ENOTCONN;
        end->at += (size_t)sent;
    }
    end->at = end->len = 0;
    if (end->has_ended)
        (void)shutdown(end->other->fd, SHUT_WR);
    return true;
}

static bool count_read(struct end *end)
{
    ssize_t got = recv(end->fd, end->room, sizeof end->room, 0);
    if (got < 0)
        return errno == EAGAIN;
    end->has_ended = got == 0;
    end->len = (size_t)got;
    return count_write(end);
}

static void count_serve(struct count *count, struct end *end, uint32_t events)
{
    bool good = true;
    if (end->fd < 0)
        return;
    if (end->at == end->len && !end->has_ended && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
        good = count_read(end);
    if (good && (events & EPOLLOUT))
        good = count_write(end->other);
    bool both = end->has_ended && end->other->has_ended && end->len == 0 && end->other->len == 0;
    if (!good || both || (events & EPOLLERR) || ((events & EPOLLHUP) && end->has_ended)) {
        count_close(count, end);
        return;
    }
    count_watch(count, end);
    count_watch(count, end->other);
}

static void count_turn(struct count *count)
{
    struct epoll_event events[COUNT_EVENTS];
    int happened = epoll_wait(count->events, events, COUNT_EVENTS, -1);
    for (int i = 0; i < happened; i++) {
        if (events[i].data.ptr)
            count_serve(count, events[i].data.ptr, events[i].events);
        else
            count_accept(count);
    }
    while (count->closed) {
        struct end *end = count->closed;
        count->closed = end->next;
        free(end);
    }
}

int load_count(char **arguments)
{
    static struct count count;
    const struct sockaddr_in listen = net_place(arguments[0]);
    const struct sigaction over = {.sa_handler = on_signal};
    struct epoll_event event = {.events = EPOLLIN};
    count.server = net_place(arguments[1]);
    count.events = epoll_create1(EPOLL_CLOEXEC);
    count.listener = net_listen(&listen);
    net_must(count.events >= 0 && sigaction(SIGTERM, &over, NULL) == 0, "epoll_create1");
    net_must(epoll_ctl(count.events, EPOLL_CTL_ADD, count.listener, &event) == 0, "epoll_ctl");
    printf("ready\n");
    while (!count_is_over)
        count_turn(&count);
    printf("most=%zu total=%zu\n", count.most, count.total);
    return 0;
}
