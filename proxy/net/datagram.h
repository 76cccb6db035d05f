/* One UDP listener: requests come in bursts with the address they were sent to, answers leave from
 * it. */
#ifndef NET_DATAGRAM_H
#define NET_DATAGRAM_H

#include "net/flow.h"

struct datagram {
    struct engine *engine;
    struct address local;
    uv_poll_t poll;
    int fd;
};

/* Negative errno. On failure nothing is to be closed. */
int datagram_open(struct datagram *d, struct engine *engine, const struct address *local);

/* Takes no more requests; what is in flight is still answered. */
void datagram_drain(struct datagram *d);
void datagram_close(struct datagram *d);

#endif
