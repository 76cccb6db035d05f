/* DNS messages over one connection of a proxy, as proxy/net/stream.h has them. */
#ifndef SIM_TUBE_H
#define SIM_TUBE_H

#include "dns/frame.h"
#include "pipe.h"
#include "relay/relay.h"

struct tube_events {
    void (*on_connected)(void *owner);
    void (*on_message)(void *owner, uint8_t *octets, size_t len);
    void (*on_handed)(void *owner);  /* may be NULL */
    void (*on_drained)(void *owner); /* may be NULL */
    void (*on_half_closed)(void *owner);
    void (*on_end)(void *owner);
};

struct tube {
    struct pipe_end *end; /* NULL: it is closed, or broken */
    bool open;
    bool paused;
    bool pumping;
    bool closed;
    struct dns_frame frame;
    const struct tube_events *events;
    void *owner;
};

/* With events and owner set. */
void tube_accept(struct tube *t, struct pipe_end *end);
void tube_connect(struct tube *t, struct host *host, const struct address *from,
                  const struct address *to);

int tube_send(struct tube *t, const struct relay_packet *packet); /* negative when it is broken */
bool tube_is_backed_up(const struct tube *t);
bool tube_is_quiet(const struct tube *t); /* open, and nothing of a next message has come */
void tube_pause(struct tube *t);
void tube_resume(struct tube *t);
void tube_put_back(struct tube *t, size_t len);
void tube_fin(struct tube *t);
void tube_close(struct tube *t, bool reset);

#endif
