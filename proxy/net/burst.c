#include "net/burst.h"

#include <errno.h>
#include <stdlib.h>

/* The kernel has written over these. */
static void burst_renew(struct burst *b)
{
    for (int i = 0; i < b->used; i++) {
        b->messages[i].msg_hdr.msg_namelen = sizeof b->from[i];
        b->messages[i].msg_hdr.msg_controllen = sizeof b->control[i];
    }
    b->used = 0;
}

int burst_init(struct burst *b)
{
    *b = (struct burst){.octets = malloc(BURST_SIZE * sizeof *b->octets)};
    if (!b->octets)
        return -ENOMEM;
    for (int i = 0; i < BURST_SIZE; i++) {
        b->parts[i] = (struct iovec){b->octets[i], DNS_MESSAGE_MAX};
        b->connected[i].msg_hdr = (struct msghdr){.msg_iov = &b->parts[i], .msg_iovlen = 1};
        b->messages[i].msg_hdr = (struct msghdr){.msg_iov = &b->parts[i],
                                                 .msg_iovlen = 1,
                                                 .msg_name = &b->from[i],
                                                 .msg_control = &b->control[i]};
    }
    b->used = BURST_SIZE;
    burst_renew(b);
    return 0;
}

void burst_fini(struct burst *b)
{
    free(b->octets);
    b->octets = NULL;
}

int burst_receive(struct burst *b, int fd)
{
    burst_renew(b);
    int count = recvmmsg(fd, b->messages, BURST_SIZE, 0, NULL);
    b->used = count < 0 ? 0 : count;
    return b->used;
}

int burst_receive_connected(struct burst *b, int fd)
{
    int count = recvmmsg(fd, b->connected, BURST_SIZE, 0, NULL);
    return count < 0 ? 0 : count;
}
