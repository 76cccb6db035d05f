/* One leg's way to a server: a question at an outlet, over UDP, or a TCP connection. It belongs to
 * one owner at a time; a TCP connection may pass from one to another between two requests
 * (upstream_adopt).
 *
 * Happy path: it is opened and adopted; once connected, what is sent goes out and each message
 * that comes is handed to the owner, until the owner closes it.
 *
 * Failure: a TCP connection that is refused, closed or broken is told once by on_end, or by what
 * upstream_send returns; the owner then closes it. Over UDP an error of the network, which anyone
 * may have sent, is a loss like any other: the owner's timer sees to it. */
#ifndef NET_UPSTREAM_H
#define NET_UPSTREAM_H

#include "net/outlet.h"
#include "net/stream.h"

/* A primary that has not closed its end after this long will not. */
#define UPSTREAM_PARTING_MS 1000

struct upstream_events {
    void (*on_connected)(void *owner, unsigned leg);
    void (*on_message)(void *owner, unsigned leg, uint8_t *octets, size_t len);
    void (*on_handed)(void *owner, unsigned leg); /* all that came has been; may be NULL */
    void (*on_end)(void *owner, unsigned leg);    /* refused or closed; close it then */
};

struct upstream {
    struct engine *engine;
    enum relay_transport transport;
    struct address to;
    struct address source;
    const struct upstream_events *events;
    void *owner;
    unsigned leg; /* the owner's number for it */
    bool placed;  /* it has a place among the sockets, which is this one's: */
    struct shares_owner holder;
    struct slot *slot; /* owned; TCP: its place at a primary; NULL: it needs none */
    bool rests;        /* between two requests, or it parts: in the engine's list */
    TAILQ_ENTRY(upstream) entry;
    LIST_ENTRY(upstream) kept;
    TAILQ_ENTRY(upstream) parting;
    uint64_t parted;         /* ms */
    struct outlet_user user; /* UDP */
    struct stream stream;    /* TCP; else undefined */
};

/* A place for a socket, if this holder may have one; connections that rest make room for it. */
bool upstream_reserve(struct engine *engine, struct shares_owner holder);
void upstream_release(struct engine *engine, struct shares_owner holder);

/* A UDP one is ready when this returns, a TCP one when on_connected is called. Negative errno
 * when no socket can be made, and nothing is to be closed then; what the other side refuses is
 * told by on_end. */
int upstream_open(struct engine *engine, enum relay_transport transport, const struct address *to,
                  const struct address *source, struct upstream **out);
void upstream_adopt(struct upstream *up, const struct upstream_events *events, void *owner,
                    unsigned leg);

/* Negative when a TCP connection is broken; over UDP a loss is nothing new. */
int upstream_send(struct upstream *up, const struct relay_packet *packet);
void upstream_pause(struct upstream *up);
void upstream_resume(struct upstream *up);

/* Nothing asked and nothing half-read: fit to carry another request. */
bool upstream_is_quiet(const struct upstream *up);

/* Is anything asked on it? The one that has rested for longest is told that it ended when there are
 * no places left. */
bool upstream_may_rest(const struct upstream *up); /* nobody wants its place */
void upstream_set_resting(struct upstream *up, bool rests);

/* Its places are given back; that at a primary, which may count the connection until it has closed
 * it, when it has. No event comes after this; the memory is released in its own time. */
void upstream_close(struct upstream *up);

/* The engine's connections that part. */
void upstream_init_parting(struct engine *engine);
void upstream_close_parting(struct engine *engine);

#endif
