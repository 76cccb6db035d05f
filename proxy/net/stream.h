/* DNS messages over one TCP connection, of a client or to a server.
 *
 * Happy path: octets are read into the frame buffer; each whole message is handed to on_message
 * where it lies; what is sent goes out at once, and what the kernel does not take is kept and
 * written later. While anything is kept the stream is backed up: the owner then pauses where the
 * messages come from, so that no more than one message of each source is ever held.
 *
 * Failure: on_end is called once, for an end of file or any error; the owner then closes the
 * stream. After stream_close no event comes any more, and on_closed is the last call: release
 * there. */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <uv.h>

#include "dns/frame.h"
#include "net/engine.h"

enum stream_state {
    STREAM_UNUSED,
    STREAM_CONNECTING,
    STREAM_OPEN,
    STREAM_PAUSED,
    STREAM_ENDED,
    STREAM_CLOSED
};

struct stream_events {
    void (*on_connected)(void *owner);
    void (*on_message)(void *owner, uint8_t *octets, size_t len); /* octets may be altered */
    void (*on_drained)(void *owner);                              /* no longer backed up */
    void (*on_end)(void *owner);
    void (*on_closed)(void *owner);
};

struct stream {
    uv_tcp_t tcp;
    uv_connect_t connect;
    enum stream_state state;
    bool pumping; /* messages are being handed over: a pause or resume is for that loop to see */
    struct dns_frame frame;
    size_t first_size; /* of the frame buffer */
    size_t backlog;    /* octets the kernel has not taken yet */
    const struct stream_events *events;
    void *owner;
};

/* Takes a client from a listener, or connects `fd`, which is taken over. Negative: libuv's error;
 * the stream is to be closed all the same. */
int stream_accept(struct stream *s, struct engine *engine, uv_stream_t *listener);
int stream_connect(struct stream *s, struct engine *engine, int fd, const struct address *to);

/* Negative when the connection is broken. */
int stream_send(struct stream *s, const struct relay_packet *packet);
bool stream_is_broken(const struct stream *s);
bool stream_is_backed_up(const struct stream *s);
/* Octets that the peer has not acknowledged yet: while this changes, it reads. */
size_t stream_unread(const struct stream *s);

void stream_pause(struct stream *s);
void stream_resume(struct stream *s);

/* The one way out. `reset`: the peer sees an error, not an end of file. */
void stream_close(struct stream *s, bool reset);

#endif
