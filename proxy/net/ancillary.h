/* What the kernel says beside a datagram, and is told: the address it was sent to, and the one an
 * answer leaves from, as control messages. */
#ifndef NET_ANCILLARY_H
#define NET_ANCILLARY_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "config/address.h"

/* Room for all that a listener's socket asks to be told. */
union ancillary {
    struct cmsghdr align;
    uint8_t
        octets[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(struct sockaddr_in6))];
};

/* The address that a request was sent to; the listener's own when the kernel does not say. */
struct address ancillary_destination(struct msghdr *message, const struct address *local);

/* The answer leaves from where the request came to, which matters on a host with several
 * addresses. */
void ancillary_set_source(struct msghdr *message, union ancillary *control,
                          const struct address *from);

#endif
