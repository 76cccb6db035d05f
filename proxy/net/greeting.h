/* A balancer's connection before its header has said who asks.
 *
 * Happy path: greeting_accept looks whether its host is believed, reads the header and not an octet
 * behind it, and hands the connection on to a session as that client's. Where there is no place for
 * it as yet, it waits.
 *
 * Failure: what comes from elsewhere, brings no header in time, or a bad one, is reset and
 * reported. One that ends without having said anything is no news: a balancer has looked whether
 * the port is open. */
#ifndef NET_GREETING_H
#define NET_GREETING_H

#include "net/places.h"
#include "relay/proxied.h"

/* Of one worker. A balancer writes its header with the first packet, so that few are ever under
 * way; for a new one the oldest makes room of those from which nothing has come. */
#define GREETINGS_MOST 64

struct greeting {
    struct engine *engine;
    int fd;
    struct address balancer;
    struct proxied header;
    enum proxied_state state;
    uv_poll_t poll;
    uv_timer_t late;
    unsigned handles;     /* still to be closed by libuv */
    struct waiter waiter; /* for its client's place */
    TAILQ_ENTRY(greeting) entry;
};

/* Takes over a connection. False: there are too many as yet, and it was not taken. */
bool greeting_accept(struct engine *engine, int fd);

/* None of them has asked anything. */
void greeting_close_all(struct engine *engine);

#endif
