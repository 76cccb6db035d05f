/* What systemd is told of the service, if it asks for it by NOTIFY_SOCKET: sd_notify(3), whose few
 * datagrams take no library. Nothing here ever waits. */
#ifndef ADMIN_SUPERVISOR_H
#define ADMIN_SUPERVISOR_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <uv.h>

#define SUPERVISOR_STATUS_SIZE 512

struct supervisor_events {
    bool (*live)(void *arg); /* false: the service is to be started anew */
    /* Writes one line: how things are. */
    void (*status)(void *arg, char out[SUPERVISOR_STATUS_SIZE]);
    void *arg;
};

struct supervisor {
    int fd; /* -1: nobody asks */
    struct sockaddr_un to;
    socklen_t to_len;
    uv_timer_t beat;
    uint64_t beat_ms; /* 0: nobody waits for it */
    uv_timer_t look;  /* at the status */
    struct supervisor_events events;
    char told[SUPERVISOR_STATUS_SIZE];
};

/* Takes NOTIFY_SOCKET and WATCHDOG_USEC, which nobody else is to see, out of the environment. Keeps
 * no loop running. */
void supervisor_init(struct supervisor *s, uv_loop_t *loop, const struct supervisor_events *events);

/* It serves; the loop beats from now on. After a reload as well, whatever came of that. */
void supervisor_ready(struct supervisor *s);
void supervisor_reloading(struct supervisor *s);
void supervisor_stopping(struct supervisor *s);

/* Then the loop must run to its end. */
void supervisor_close(struct supervisor *s);

#endif
