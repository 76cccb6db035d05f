/* Octets in and out of one TCP connection, of a client or to a server.
 *
 * Happy path: while the connection is open, octets are read to where on_room says; what is written
 * goes out at once, and what the kernel does not take is kept and written later. While anything is
 * kept the connection is backed up: its owner writes no more than it must until on_drained.
 *
 * An end of file may be that of the peer's sending alone: on_half_closed.
 *
 * Failure: on_end is called once, for any error or an end of file; the owner then closes the
 * connection. After conn_close no event comes any more, and on_closed is the last call: release
 * there. */
#ifndef NET_CONN_H
#define NET_CONN_H

#include <stdbool.h>
#include <uv.h>

#include "config/address.h"

/* Reads, of 4 KiB, of input that is thrown away at the end: a largest message in all, so that a
 * peer that goes on sending cannot hold the loop. */
#define CONN_DISCARD_MAX 16

/* Octets that the kernel takes of what a client is sent, beyond what is on its way: enough that a
 * fast reader never waits for us. */
#define CONN_UNSENT_MAX (64 << 10)

/* Reads that found their room full, after which others have their turn: of the largest, 2 MiB. */
#define CONN_READS_MAX 4

enum conn_state {
    CONN_CONNECTING,
    CONN_OPEN,
    CONN_PAUSED,
    CONN_HALF_CLOSED, /* nothing more to read, and may still be written to */
    CONN_PARTING,     /* likewise, the other way round */
    CONN_ENDED,
    CONN_CLOSED
};

struct conn_events {
    void (*on_connected)(void *owner); /* of conn_connect */
    uv_buf_t (*on_room)(void *owner);  /* an empty one ends the connection */
    void (*on_octets)(void *owner, size_t len);
    void (*on_drained)(void *owner); /* no longer backed up */
    /* The peer sends no more and may still read. NULL: that is its end, too. */
    void (*on_half_closed)(void *owner);
    void (*on_end)(void *owner);
    void (*on_closed)(void *owner);
};

struct conn {
    uv_tcp_t tcp;
    uv_connect_t connect;
    enum conn_state state;
    size_t backlog; /* octets the kernel has not taken yet */
    size_t *total;  /* borrowed: of all connections of this loop */
    unsigned reads; /* full ones, one after another in this turn of the loop */
    const struct conn_events *events;
    void *owner;
};

/* What has come cannot be kept: that is its end. */
void conn_lose(struct conn *c);

/* With events, owner and total set. Takes a client's connection, or connects `fd`; it is taken
 * over. Negative: libuv's error; the connection is to be closed all the same. */
int conn_accept(struct conn *c, uv_loop_t *loop, int fd);
int conn_connect(struct conn *c, uv_loop_t *loop, int fd, const struct address *to);

/* Negative when the connection is broken, and then it stays so. */
int conn_write(struct conn *c, const uv_buf_t *bufs, unsigned count);
bool conn_is_broken(const struct conn *c);
bool conn_is_backed_up(const struct conn *c);
/* Octets that the peer has not acknowledged yet: while this changes, it reads. */
size_t conn_unread(const struct conn *c);

/* Octets have come that were not read yet. */
bool conn_has_input(const struct conn *c);

/* Reading rests and goes on. */
void conn_pause(struct conn *c);
void conn_resume(struct conn *c);

/* Tells the peer that nothing more comes. on_end when it has closed as well, or says anything.
 * False: there is nothing to wait for. */
bool conn_part(struct conn *c);

/* The one way out. `reset`: the peer sees an error, not an end of file. */
void conn_close(struct conn *c, bool reset);

#endif
