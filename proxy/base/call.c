/* Blocking, with a time limit for each step, and bounded in what is read: who answers may be anyone
 * who has taken the place of the program. */
#include "base/call.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/load.h"
#include "config/setting.h"
#include "net/socket.h"

#define CALL_WAIT_S 40 /* a little longer than the program gives anyone */
#define CALL_HTTP_S 5
#define CALL_ROOM   4096
#define CALL_MOST   (256u << 20)

/* Where they are unless a file says otherwise. */
static void call_take_defaults(struct call *call)
{
    const struct setting *http = setting_find(SETTING_PROXY, "http");
    snprintf(call->control, sizeof call->control, "%s",
             setting_find(SETTING_PROXY, "control")->initial);
    if (address_from_text(http->initial, http->port, &call->http) < 0)
        call->http.family = ADDRESS_NONE;
}

int call_find(struct call *call, const char *file, const char *socket)
{
    *call = (struct call){.file = file};
    struct config *config = load_proxy(file);
    if (config) {
        snprintf(call->control, sizeof call->control, "%s", config->proxy.control);
        call->http = config->proxy.http;
    } else if (access(file, R_OK) < 0 && errno == EACCES) {
        call_take_defaults(call);
    } else {
        fprintf(stderr, "tsig-proxy: cannot read %s: %s\n", file, strerror(errno));
        return -1;
    }
    config_unref(config);
    if (socket)
        snprintf(call->control, sizeof call->control, "%s", socket);
    confine_caller();
    return 0;
}

static int call_limit(int fd, int seconds)
{
    const struct timeval limit = {.tv_sec = seconds};
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) < 0)
        return -errno;
    return 0;
}

static int call_send(int fd, const char *text)
{
    for (size_t len = strlen(text); len > 0;) {
        ssize_t sent = send(fd, text, len, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR)
            return -errno;
        text += sent > 0 ? sent : 0;
        len -= sent > 0 ? (size_t)sent : 0;
    }
    return 0;
}

/* All there is to read, up to the end; owned, and ended by NUL. */
static int call_receive(int fd, char **text, size_t *len)
{
    FILE *out = open_memstream(text, len);
    char room[CALL_ROOM];
    ssize_t got = 1;
    size_t all = 0;
    if (!out)
        return -ENOMEM;
    while (got > 0 && all <= CALL_MOST) {
        got = recv(fd, room, sizeof room, 0);
        if (got > 0)
            all += fwrite(room, 1, (size_t)got, out);
        else if (got < 0 && errno == EINTR)
            got = 1;
    }
    int error = got < 0 ? -errno : all > CALL_MOST ? -EMSGSIZE : 0;
    if (fclose(out) == 0 && error == 0)
        return 0;
    free(*text);
    *text = NULL;
    return error < 0 ? error : -ENOMEM;
}

/* One question and its answer; the descriptor is closed. */
static int call_exchange(int fd, int seconds, const char *question, char **text, size_t *len)
{
    int error = call_limit(fd, seconds);
    if (error == 0)
        error = call_send(fd, question);
    if (error == 0)
        error = call_receive(fd, text, len);
    close(fd);
    return error;
}

static int call_connect(const char *path)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len >= sizeof name.sun_path)
        return -ENAMETOOLONG;
    memcpy(name.sun_path, path, len);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&name, sizeof name) == 0)
        return fd;
    int error = -errno;
    if (fd >= 0)
        close(fd);
    return error;
}

static int call_parse(const char *text, size_t len, json_t **out)
{
    *out = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    return json_is_object(*out) ? 0 : -EPROTO;
}

int call_try(const struct call *call, const char *line, json_t **out)
{
    char *question, *text = NULL;
    size_t len = 0;
    int fd = call_connect(call->control);
    if (fd < 0)
        return fd;
    if (asprintf(&question, "%s\n", line) < 0) {
        close(fd);
        return -ENOMEM;
    }
    int error = call_exchange(fd, CALL_WAIT_S, question, &text, &len);
    free(question);
    if (error == 0)
        error = call_parse(text, len, out);
    free(text);
    return error;
}

static void call_say(const struct call *call, int error)
{
    if (!*call->control)
        fprintf(stderr, "tsig-proxy: 'control' is empty in %s, so the program cannot be asked\n",
                call->file);
    else if (error == -ENOENT || error == -ECONNREFUSED)
        fprintf(stderr,
                "tsig-proxy: no instance answers at %s; is it running? (systemctl status "
                "tsig-proxy)\n",
                call->control);
    else if (error == -EACCES)
        fprintf(stderr,
                "tsig-proxy: %s: Permission denied; ask as root, or as a member of the socket's "
                "group\n",
                call->control);
    else
        fprintf(stderr, "tsig-proxy: %s: %s\n", call->control, strerror(-error));
}

json_t *call_ask(const struct call *call, const char *line)
{
    json_t *document = NULL;
    int error = *call->control ? call_try(call, line, &document) : -ENOENT;
    if (error == 0)
        return document;
    call_say(call, error);
    return NULL;
}

static int call_connect_http(const struct call *call)
{
    struct address to = call->http;
    struct sockaddr_storage name;
    if (address_is_any(&to))
        to = address_loopback(to.family, to.port);
    socklen_t len = socket_from_address(&to, &name);
    int fd = socket(name.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    int error = call_limit(fd, CALL_HTTP_S);
    if (error == 0 && connect(fd, (const struct sockaddr *)&name, len) == 0)
        return fd;
    error = error < 0 ? error : -errno;
    close(fd);
    return error;
}

int call_get(const struct call *call, const char *path, json_t **out)
{
    char question[256], *text = NULL;
    size_t len = 0;
    int fd = call_connect_http(call);
    if (fd < 0)
        return fd;
    snprintf(question, sizeof question, "GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n", path);
    int error = call_exchange(fd, CALL_HTTP_S, question, &text, &len);
    const char *body = text ? strstr(text, "\r\n\r\n") : NULL;
    if (error == 0)
        error = body ? call_parse(body + 4, len - (size_t)(body + 4 - text), out) : -EPROTO;
    free(text);
    return error;
}
