/* DNS messages over one TCP connection, of a client or to a server.
 *
 * Happy path: octets are read into the frame buffer; each whole message is handed to on_message
 * where it lies; what is sent goes out at once or is kept by the connection. While anything is kept
 * the stream is backed up: the owner then pauses where the messages come from, so that no more than
 * one message of each source is ever held.
 *
 * Failure: as of a connection (conn.h): on_end once, then the owner closes the stream, and
 * on_closed is the last call. */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include "dns/frame.h"
#include "net/conn.h"
#include "net/engine.h"

struct stream_events {
    void (*on_connected)(void *owner);
    void (*on_message)(void *owner, uint8_t *octets, size_t len); /* octets may be altered */
    void (*on_drained)(void *owner);                              /* may be NULL */
    void (*on_half_closed)(void *owner);                          /* of an accepted one */
    void (*on_end)(void *owner);
    void (*on_closed)(void *owner);
};

struct stream {
    struct conn conn;
    bool pumping; /* messages are being handed over: a pause or resume is for that loop to see */
    struct dns_frame frame;
    size_t first_size; /* of the frame buffer */
    const struct stream_events *events;
    void *owner;
};

/* With events, owner and first_size set. As conn_accept and conn_connect: when they fail, the
 * stream is to be closed all the same. */
int stream_accept(struct stream *s, uv_loop_t *loop, int fd);
int stream_connect(struct stream *s, uv_loop_t *loop, int fd, const struct address *to);

/* Negative when the connection is broken. */
int stream_send(struct stream *s, const struct relay_packet *packet);
bool stream_is_broken(const struct stream *s);
bool stream_is_backed_up(const struct stream *s);
size_t stream_unread(const struct stream *s); /* conn_unread */
/* Open, and nothing of a next message has come. */
bool stream_is_quiet(const struct stream *s);

void stream_pause(struct stream *s);
void stream_resume(struct stream *s);

/* The one way out. `reset`: the peer sees an error, not an end of file. */
void stream_close(struct stream *s, bool reset);

#endif
