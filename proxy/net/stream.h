/* DNS messages over one TCP connection, of a client or to a server.
 *
 * Happy path: octets are read into the engine's room; each whole message is handed to on_message
 * where it lies; what is sent goes out with the rest of what that read brings, or is kept by the
 * connection. While anything is kept the stream is backed up: the owner then pauses where the
 * messages come from, so that no more than one message of each source is ever held.
 *
 * Failure: as of a connection (conn.h): on_end once, then the owner closes the stream, and
 * on_closed is the last call. */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include "dns/frame.h"
#include "net/conn.h"
#include "net/engine.h"

/* Octets that are read at once where many slow readers make memory dear. */
#define STREAM_READ_LEAST 32768

struct stream_events {
    void (*on_connected)(void *owner);
    void (*on_message)(void *owner, uint8_t *octets, size_t len); /* octets may be altered */
    /* All that one read brought has been handed over; may be NULL. */
    void (*on_handed)(void *owner);
    void (*on_drained)(void *owner);     /* may be NULL */
    void (*on_half_closed)(void *owner); /* of an accepted one */
    void (*on_end)(void *owner);
    void (*on_closed)(void *owner);
};

struct stream {
    struct conn conn;
    bool pumping; /* messages are being handed over: a pause or resume is for that loop to see */
    struct dns_frame frame;
    size_t read_size; /* octets to read at once, up to ENGINE_ROOM */
    struct engine *engine;
    const struct stream_events *events;
    void *owner;
};

/* With events, owner and read_size set. As conn_accept and conn_connect: when they fail, the
 * stream is to be closed all the same. */
int stream_accept(struct stream *s, struct engine *engine, int fd);
int stream_connect(struct stream *s, struct engine *engine, int fd, const struct address *to);

/* Negative when the connection is broken. What came with the read that is being handed over may
 * wait until all of it has been, or for stream_flush. */
int stream_send(struct stream *s, const struct relay_packet *packet);
void stream_flush(struct stream *s);
bool stream_is_broken(const struct stream *s);
bool stream_is_backed_up(const struct stream *s);
size_t stream_unread(const struct stream *s); /* conn_unread */
/* Open, and nothing of a next message has come. */
bool stream_is_quiet(const struct stream *s);

void stream_pause(struct stream *s);
void stream_resume(struct stream *s);

/* The message that on_message was just given will be given again, once the stream is resumed. */
void stream_put_back(struct stream *s, size_t len);
/* Something has come that was not read yet. */
bool stream_has_input(const struct stream *s);

/* The one way out. `reset`: the peer sees an error, not an end of file. */
bool stream_part(struct stream *s); /* as conn_part */
void stream_close(struct stream *s, bool reset);

#endif
