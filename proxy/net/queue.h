/* What one read has brought leaves in one write: messages for one connection, gathered.
 *
 * Happy path: while a room is open, messages that lie in it wait here, prefixes, TSIG records and
 * small messages copied, large ones where they lie; queue_flush, or a message for another
 * connection or from elsewhere, or no room for more, sends them.
 *
 * Failure: what cannot be sent ends the connection (conn_is_broken), which whoever replies asks
 * after the flush. */
#ifndef NET_QUEUE_H
#define NET_QUEUE_H

#include "net/conn.h"
#include "relay/relay.h"

/* Two buffers a message: more than a read brings of messages that are not copied. */
#define QUEUE_BUFFERS 256
/* Copied messages, of which a read may bring many, and the TSIG records of those that are not. */
#define QUEUE_COPIES 131072
/* A buffer more in a write costs about as much as this many octets copied. */
#define QUEUE_COPY_MAX 1024

/* Octets that stay where they are until queue_leave. */
struct queue_room {
    const uint8_t *octets;
    size_t len;
};

/* Zeroed is empty. */
struct queue {
    struct conn *to; /* NULL: nothing waits */
    struct queue_room room;
    unsigned count;
    size_t used;
    uv_buf_t buffers[QUEUE_BUFFERS];
    uint8_t copies[QUEUE_COPIES];
};

/* Messages in this room may wait; returns the one before, which queue_leave takes back. What waits
 * is sent. */
struct queue_room queue_enter(struct queue *q, const uint8_t *octets, size_t len);
void queue_leave(struct queue *q, struct queue_room before);

/* Negative when the connection is broken. */
int queue_send(struct queue *q, struct conn *to, const struct relay_packet *packet);
void queue_flush(struct queue *q);

/* Before anything else is done with the connection. */
void queue_flush_to(struct queue *q, const struct conn *to);

#endif
