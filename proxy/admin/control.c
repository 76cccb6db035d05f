/* A client has one pipe and one timer, and one way out: control_part, after which on_closed is the
 * last call. Its states follow from each other: it is read until its line is whole, then its answer
 * is awaited, written, and that is all. Every one of them is bounded by the timer, which is set
 * twice: for the line, and for the rest. */
#include "admin/control.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/dump.h"

#define CONTROL_LINE_MS   5000  /* a program sends it at once, a person types it */
#define CONTROL_BACKLOG   64    /* more than can be served at once: they have their turn */
#define CONTROL_ANSWER_MS 30000 /* a NOTIFY may be answered late; a large document read slowly */

/* A door and the pipe that listens there. */
struct control_hall {
    uv_pipe_t pipe;
    struct control *control;
    struct door door;
    bool waited_for; /* a connection that libuv has taken waits for the place of another */
};

static void on_connection(uv_stream_t *server, int status);

static void on_client_closed(uv_handle_t *handle)
{
    struct control_client *client = handle->data;
    struct control_hall *hall = client->control->hall;
    if (--client->open > 0)
        return;
    free(client->answer);
    client->answer = NULL;
    if (hall && hall->waited_for) {
        hall->waited_for = false;
        on_connection((uv_stream_t *)&hall->pipe, 0);
    }
}

static void control_part(struct control_client *client)
{
    if (uv_is_closing((uv_handle_t *)&client->pipe))
        return;
    uv_close((uv_handle_t *)&client->pipe, on_client_closed);
    uv_close((uv_handle_t *)&client->timer, on_client_closed);
}

static void on_late(uv_timer_t *timer)
{
    control_part(timer->data);
}

static void on_written(uv_write_t *write, int status)
{
    (void)status;
    control_part(write->data);
}

/* Takes the document; NULL: no memory for it. */
static void control_reply(struct control_client *client, json_t *document)
{
    size_t len;
    client->answer = dump_line(document, &len);
    json_decref(document);
    if (!client->answer) {
        control_part(client);
        return;
    }
    client->answer[len] = '\n';
    uv_buf_t out = uv_buf_init(client->answer, (unsigned)len + 1);
    if (uv_write(&client->write, (uv_stream_t *)&client->pipe, &out, 1, on_written) < 0)
        control_part(client);
}

static json_t *control_error(const char *sentence)
{
    return json_pack("{s:s}", "error", sentence);
}

static const struct {
    const char *name;
    unsigned least, most; /* words behind it */
} control_commands[] = {
    {"health", 0, 0}, {"status", 0, 0}, {"events", 0, 0},    {"config", 0, 0},
    {"reload", 0, 0}, {"notify", 1, 2}, {"log-level", 1, 1},
};

enum control_command {
    CONTROL_HEALTH,
    CONTROL_STATUS,
    CONTROL_EVENTS,
    CONTROL_CONFIG,
    CONTROL_RELOAD,
    CONTROL_NOTIFY,
    CONTROL_LOG_LEVEL,
    CONTROL_COMMANDS
};

static json_t *control_do(struct control_client *client, enum control_command command,
                          char *const *words)
{
    const struct admin_acts *acts = &client->control->acts;
    switch (command) {
    case CONTROL_HEALTH:
        return acts->health(acts->arg);
    case CONTROL_STATUS:
        return acts->status(acts->arg);
    case CONTROL_EVENTS:
        return acts->events(acts->arg);
    case CONTROL_CONFIG:
        return acts->settings(acts->arg);
    case CONTROL_RELOAD:
        return acts->reload(acts->arg);
    case CONTROL_NOTIFY:
        return acts->notify(acts->arg, words[0], words[1], client->ticket);
    case CONTROL_LOG_LEVEL:
        return acts->log_level(acts->arg, words[0]);
    default:
        assert(false);
        return NULL;
    }
}

static bool control_is_text(const char *line, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (line[i] < ' ' || line[i] > '~')
            return false;
    return true;
}

/* The words of a line, parted by single spaces; their number, or more than there is room for. */
static unsigned control_split(char *line, char *words[CONTROL_WORDS])
{
    unsigned count = 0;
    for (char *word; (word = strsep(&line, " ")); count++)
        if (count < CONTROL_WORDS)
            words[count] = word;
    return count;
}

static void control_carry_out(struct control_client *client, size_t len)
{
    char *words[CONTROL_WORDS] = {NULL};
    unsigned count = 0, i = 0;
    client->line[len] = '\0';
    if (control_is_text(client->line, len))
        count = control_split(client->line, words);
    while (count > 0 && i < CONTROL_COMMANDS && strcmp(control_commands[i].name, words[0]) != 0)
        i++;
    if (count == 0 || i == CONTROL_COMMANDS || count - 1 < control_commands[i].least ||
        count - 1 > control_commands[i].most) {
        control_reply(client, control_error("this line is no command of this version"));
        return;
    }
    json_t *document = control_do(client, (enum control_command)i, words + 1);
    if (document || i != CONTROL_NOTIFY)
        control_reply(client, document);
}

static void on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *out)
{
    struct control_client *client = handle->data;
    size_t used = client->asked ? 0 : client->len;
    (void)wanted;
    *out = uv_buf_init(client->line + used, (unsigned)(CONTROL_LINE_MAX - used));
}

/* Who has only said that there is no more to come waits for the answer still. */
static bool control_is_gone(const struct control_client *client)
{
    struct pollfd there = {.fd = -1};
    if (uv_fileno((const uv_handle_t *)&client->pipe, &there.fd) < 0)
        return true;
    return poll(&there, 1, 0) > 0 && there.revents & (POLLHUP | POLLERR);
}

/* Nothing more is wanted of it, but to know whether it waits. */
static void control_hear_on(struct control_client *client, ssize_t len)
{
    if (len >= 0)
        return;
    if (len == UV_EOF && !control_is_gone(client))
        uv_read_stop((uv_stream_t *)&client->pipe);
    else
        control_part(client);
}

static void on_octets(uv_stream_t *stream, ssize_t len, const uv_buf_t *in)
{
    struct control_client *client = stream->data;
    (void)in;
    if (client->asked) {
        control_hear_on(client, len);
        return;
    }
    /* -ENOBUFS: the line is full, and no end in sight. */
    if (len < 0) {
        control_part(client);
        return;
    }
    client->len += (size_t)len;
    const char *end = memchr(client->line, '\n', client->len);
    if (!end)
        return;
    client->asked = true;
    uv_timer_start(&client->timer, on_late, CONTROL_ANSWER_MS, 0);
    control_carry_out(client, (size_t)(end - client->line));
}

static struct control_client *control_find_place(struct control *control)
{
    for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++)
        if (control->clients[i].open == 0)
            return &control->clients[i];
    return NULL;
}

static void on_connection(uv_stream_t *server, int status)
{
    struct control_hall *hall = server->data;
    struct control *control = hall->control;
    struct control_client *client = control_find_place(control);
    if (status < 0)
        return;
    if (!client) {
        hall->waited_for = true;
        return;
    }
    *client = (struct control_client){.control = control, .open = 2, .ticket = ++control->tickets};
    uv_pipe_init(control->loop, &client->pipe, 0);
    uv_timer_init(control->loop, &client->timer);
    client->pipe.data = client->timer.data = client->write.data = client;
    uv_unref((uv_handle_t *)&client->pipe);
    uv_unref((uv_handle_t *)&client->timer);
    if (uv_accept(server, (uv_stream_t *)&client->pipe) < 0 ||
        uv_read_start((uv_stream_t *)&client->pipe, on_room, on_octets) < 0) {
        control_part(client);
        return;
    }
    uv_timer_start(&client->timer, on_late, CONTROL_LINE_MS, 0);
}

void control_init(struct control *control, uv_loop_t *loop, const struct admin_acts *acts)
{
    *control = (struct control){.loop = loop, .acts = *acts};
}

static void on_hall_closed(uv_handle_t *handle)
{
    free(handle->data);
}

/* The path first: the loop closes the descriptor in its next turn. */
void control_shut(struct control_hall *hall)
{
    if (!hall)
        return;
    door_close(&hall->door);
    uv_close((uv_handle_t *)&hall->pipe, on_hall_closed);
}

/* The pipe owns the descriptor it is given; the door keeps its own. */
static int control_listen(struct control_hall *hall)
{
    int fd = fcntl(hall->door.fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    int error = uv_pipe_open(&hall->pipe, fd);
    if (error < 0) {
        close(fd);
        return error;
    }
    return uv_listen((uv_stream_t *)&hall->pipe, CONTROL_BACKLOG, on_connection);
}

int control_open(struct control *control, const char *path, struct control_hall **out,
                 pid_t *holder)
{
    struct control_hall *hall = calloc(1, sizeof *hall);
    if (!hall)
        return -ENOMEM;
    int error = door_open(&hall->door, path, holder);
    if (error < 0) {
        free(hall);
        return error;
    }
    uv_pipe_init(control->loop, &hall->pipe, 0);
    uv_unref((uv_handle_t *)&hall->pipe);
    hall->pipe.data = hall;
    hall->control = control;
    error = control_listen(hall);
    if (error < 0)
        control_shut(hall);
    else
        *out = hall;
    return error;
}

void control_use(struct control *control, struct control_hall *hall)
{
    control_shut(control->hall);
    control->hall = hall;
}

const char *control_path(const struct control *control)
{
    return control->hall ? control->hall->door.path : NULL;
}

bool control_stands(const struct control *control)
{
    return control->hall && door_stands(&control->hall->door);
}

void control_answer(struct control *control, uint64_t ticket, json_t *document)
{
    for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        struct control_client *client = &control->clients[i];
        if (client->open == 2 && client->ticket == ticket && !client->answer &&
            !uv_is_closing((uv_handle_t *)&client->pipe)) {
            control_reply(client, document);
            return;
        }
    }
    json_decref(document);
}

void control_close(struct control *control)
{
    control_use(control, NULL);
    for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++)
        if (control->clients[i].open > 0)
            control_part(&control->clients[i]);
}
