/* libmicrohttpd parses the requests and has the connections; who may ask is here, and what is
 * answered in documents.c. A connection may be idle for HTTP_IDLE_S, and has HTTP_LIFE_MS in
 * all: then its socket is shut down, which libmicrohttpd notices. */
#include "admin/http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/documents.h"
#include "net/socket.h"

/* Descriptors of those that places.c sets aside for administration. */
#define HTTP_CONNECTIONS_MAX 16
#define HTTP_BACKLOG         64
#define HTTP_PER_ADDRESS_MAX 12 /* a browser has six */
#define HTTP_MEMORY          16384
#define HTTP_IDLE_S          10
#define HTTP_LIFE_MS         120000 /* for who reads a large document over a thin line */
#define HTTP_SWEEP_MS        5000

struct http_connection {
    int fd;
    uint64_t until; /* ms */
    LIST_ENTRY(http_connection) entry;
};

struct http {
    uv_poll_t poll;
    uv_timer_t timer; /* libmicrohttpd's */
    uv_timer_t sweep;
    unsigned open; /* handles that are not closed yet */
    uv_loop_t *loop;
    struct MHD_Daemon *daemon;
    struct address local;
    struct documents documents;
    LIST_HEAD(http_connections, http_connection) connections;
};

/* Requests. */

static bool http_host_is(const char *host, const char *name)
{
    size_t len = strlen(name);
    return strncasecmp(host, name, len) == 0 && (host[len] == '\0' || host[len] == ':');
}

/* A page of another's that a browser here has open may send it anywhere, by a name of its own:
 * whose name leads to a loopback address is not to be trusted. */
static bool http_is_addressed(const struct http *http, struct MHD_Connection *connection)
{
    const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host");
    struct address bare = http->local;
    char name[ADDRESS_TEXT_SIZE + 2], text[ADDRESS_TEXT_SIZE];
    if (!address_is_loopback(&http->local))
        return true;
    bare.port = 0;
    snprintf(name, sizeof name, bare.family == ADDRESS_IPV6 ? "[%s]" : "%s",
             address_to_text(&bare, text));
    return host && (http_host_is(host, name) || http_host_is(host, "localhost"));
}

static bool http_has_body(struct MHD_Connection *connection)
{
    const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");
    return (length && strcmp(length, "0") != 0) ||
           MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Transfer-Encoding");
}

/* Called twice: when the head of a request is there, where only a refusal may follow at once, and
 * when it is whole. */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *body,
                                  size_t *body_len, void **state)
{
    struct http *http = arg;
    (void)version;
    (void)body;
    (void)body_len;
    bool first = !*state;
    *state = http;
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return documents_refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET and HEAD alone\n");
    if (http_has_body(connection))
        return documents_refuse(connection, MHD_HTTP_BAD_REQUEST, "a body is of no use here\n");
    if (first)
        return MHD_YES;
    enum document document = documents_find(path);
    if (document == DOCUMENTS)
        return documents_refuse(connection, MHD_HTTP_NOT_FOUND, "there is nothing here\n");
    if (!documents_is_probed(document) && !http_is_addressed(http, connection))
        return documents_refuse(connection, MHD_HTTP_FORBIDDEN,
                                "ask by the address, or as localhost\n");
    return documents_answer(&http->documents, connection, document, uv_hrtime() / 1000000);
}

/* Connections. */

static void on_connection_news(void *arg, struct MHD_Connection *connection, void **own,
                               enum MHD_ConnectionNotificationCode code)
{
    struct http *http = arg;
    struct http_connection *c = *own;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (c)
            LIST_REMOVE(c, entry);
        free(c);
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    c = info ? calloc(1, sizeof *c) : NULL;
    *own = c;
    /* One that cannot be looked after is idle for ten seconds at most, but for as long as it
     * likes. */
    if (!c) {
        if (info)
            shutdown(info->connect_fd, SHUT_RDWR);
        return;
    }
    *c = (struct http_connection){.fd = info->connect_fd,
                                  .until = uv_now(http->loop) + HTTP_LIFE_MS};
    LIST_INSERT_HEAD(&http->connections, c, entry);
    if (!uv_is_active((uv_handle_t *)&http->sweep))
        uv_timer_again(&http->sweep);
}

static void on_sweep(uv_timer_t *sweep)
{
    struct http *http = sweep->data;
    struct http_connection *c;
    LIST_FOREACH(c, &http->connections, entry)
    if (uv_now(http->loop) >= c->until)
        shutdown(c->fd, SHUT_RDWR);
    if (LIST_EMPTY(&http->connections))
        uv_timer_stop(sweep);
}

/* The loop. */

static void on_timeout(uv_timer_t *timer);

static void http_run(struct http *http)
{
    MHD_UNSIGNED_LONG_LONG ms = 0;
    MHD_run(http->daemon);
    if (MHD_get_timeout(http->daemon, &ms) == MHD_YES)
        uv_timer_start(&http->timer, on_timeout, ms, 0);
    else
        uv_timer_stop(&http->timer);
}

static void on_timeout(uv_timer_t *timer)
{
    http_run(timer->data);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    http_run(poll->data);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct http *http = handle->data;
    if (--http->open == 0)
        free(http);
}

/* Of one whose daemon runs. */
static int http_watch(struct http *http)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    int error = info ? uv_poll_init(http->loop, &http->poll, info->epoll_fd) : -ENOSYS;
    if (error < 0)
        return error;
    uv_timer_init(http->loop, &http->timer);
    uv_timer_init(http->loop, &http->sweep);
    http->poll.data = http->timer.data = http->sweep.data = http;
    http->open = 3;
    uv_unref((uv_handle_t *)&http->poll);
    uv_unref((uv_handle_t *)&http->timer);
    uv_unref((uv_handle_t *)&http->sweep);
    uv_timer_start(&http->sweep, on_sweep, HTTP_SWEEP_MS, HTTP_SWEEP_MS);
    return uv_poll_start(&http->poll, UV_READABLE, on_ready);
}

int http_bind(const struct address *local)
{
    struct sockaddr_storage name;
    const int on = 1;
    socklen_t len = socket_from_address(local, &name);
    int fd = socket(name.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (local->family == ADDRESS_IPV6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(fd, (const struct sockaddr *)&name, len) == 0 && listen(fd, HTTP_BACKLOG) == 0)
        return fd;
    int error = -errno;
    close(fd);
    return error;
}

static struct MHD_Daemon *http_start(struct http *http, int fd)
{
    return MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, http,
                            MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
                            (unsigned)HTTP_CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
                            (unsigned)HTTP_PER_ADDRESS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
                            (unsigned)HTTP_IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                            (size_t)HTTP_MEMORY, MHD_OPTION_NOTIFY_CONNECTION, on_connection_news,
                            http, MHD_OPTION_END);
}

int http_open(uv_loop_t *loop, const struct address *local, const struct admin_acts *acts,
              struct http **out)
{
    struct http *http = calloc(1, sizeof *http);
    if (!http)
        return -ENOMEM;
    *http = (struct http){.loop = loop, .local = *local, .documents.acts = *acts};
    LIST_INIT(&http->connections);
    int fd = http_bind(local);
    int error = fd < 0 ? fd : 0;
    if (error == 0)
        http->daemon = http_start(http, fd);
    if (error == 0 && !http->daemon) {
        close(fd);
        error = -ENOMEM;
    }
    if (error == 0)
        error = http_watch(http);
    if (error < 0)
        http_shut(http);
    else
        *out = http;
    return error;
}

void http_shut(struct http *http)
{
    if (!http)
        return;
    bool watched = http->open > 0;
    if (watched) {
        uv_poll_stop(&http->poll);
        uv_close((uv_handle_t *)&http->poll, on_handle_closed);
        uv_close((uv_handle_t *)&http->timer, on_handle_closed);
        uv_close((uv_handle_t *)&http->sweep, on_handle_closed);
    }
    if (http->daemon)
        MHD_stop_daemon(http->daemon);
    documents_fini(&http->documents);
    if (!watched)
        free(http);
}

const struct address *http_address(const struct http *http)
{
    return &http->local;
}
