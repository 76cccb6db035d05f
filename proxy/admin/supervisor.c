#include "admin/supervisor.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SUPERVISOR_LOOK_MS 30000

static void supervisor_tell(const struct supervisor *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* One datagram, as which the assignments count together. */
static void supervisor_tell(const struct supervisor *s, const char *format, ...)
{
    char text[SUPERVISOR_STATUS_SIZE + 64];
    va_list args;
    if (s->fd < 0)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    /* Who does not hear it is not told again: there is nobody else to tell. */
    (void)sendto(s->fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL,
                 (const struct sockaddr *)&s->to, s->to_len);
}

static void on_beat(uv_timer_t *timer)
{
    struct supervisor *s = timer->data;
    if (s->events.live(s->events.arg))
        supervisor_tell(s, "WATCHDOG=1");
}

static void supervisor_say_status(struct supervisor *s)
{
    char text[SUPERVISOR_STATUS_SIZE] = "";
    s->events.status(s->events.arg, text);
    text[strcspn(text, "\n")] = '\0';
    if (strcmp(text, s->told) == 0)
        return;
    memcpy(s->told, text, sizeof text);
    supervisor_tell(s, "STATUS=%s", text);
}

static void on_look(uv_timer_t *timer)
{
    supervisor_say_status(timer->data);
}

/* A path, or a name of the abstract kind, which begins with '@'. */
static void supervisor_open(struct supervisor *s, const char *name)
{
    size_t len = name ? strlen(name) : 0;
    s->fd = -1;
    if (len < 2 || len >= sizeof s->to.sun_path || (*name != '/' && *name != '@'))
        return;
    s->to = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(s->to.sun_path, name, len);
    if (*name == '@')
        *s->to.sun_path = '\0';
    s->to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

/* Twice as often as asked for. The time may be meant for another process. */
static uint64_t supervisor_beat_ms(void)
{
    const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    if (!usec || (pid && strtol(pid, NULL, 10) != getpid()))
        return 0;
    return strtoull(usec, NULL, 10) / 2000;
}

void supervisor_init(struct supervisor *s, uv_loop_t *loop, const struct supervisor_events *events)
{
    *s = (struct supervisor){.events = *events};
    supervisor_open(s, getenv("NOTIFY_SOCKET"));
    s->beat_ms = s->fd >= 0 ? supervisor_beat_ms() : 0;
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    uv_timer_init(loop, &s->beat);
    uv_timer_init(loop, &s->look);
    uv_unref((uv_handle_t *)&s->beat);
    uv_unref((uv_handle_t *)&s->look);
    s->beat.data = s->look.data = s;
}

void supervisor_ready(struct supervisor *s)
{
    if (s->fd < 0)
        return;
    supervisor_tell(s, "READY=1");
    supervisor_say_status(s);
    uv_timer_start(&s->look, on_look, SUPERVISOR_LOOK_MS, SUPERVISOR_LOOK_MS);
    if (s->beat_ms > 0)
        uv_timer_start(&s->beat, on_beat, 0, s->beat_ms);
}

void supervisor_reloading(struct supervisor *s)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    supervisor_tell(s, "RELOADING=1\nMONOTONIC_USEC=%lld",
                    (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

void supervisor_stopping(struct supervisor *s)
{
    supervisor_tell(s, "STOPPING=1\nSTATUS=draining");
    uv_timer_stop(&s->look);
}

void supervisor_close(struct supervisor *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
    uv_close((uv_handle_t *)&s->beat, NULL);
    uv_close((uv_handle_t *)&s->look, NULL);
}
