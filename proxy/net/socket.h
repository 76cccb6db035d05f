/* Sockets as this program needs them: made by hand, since libuv 1.44 can neither set SO_REUSEPORT
 * nor give the packet information of a datagram. All are non-blocking and close-on-exec; functions
 * that make one return it or a negative errno. */
#ifndef NET_SOCKET_H
#define NET_SOCKET_H

#include <sys/socket.h>
#include <sys/uio.h>

#include "config/address.h"

socklen_t socket_from_address(const struct address *a, struct sockaddr_storage *out);
struct address socket_to_address(const struct sockaddr_storage *from);

/* On each packet of a transparent socket, so that rules for what leaves this host tell ours from
 * others'. */
#define SOCKET_MARK 0x5302

/* What a UDP listener asks for, and a socket that many share. NOTIFYs for all zones of a primary
 * that starts, or SOA questions of all zones of a secondary, come at once: the kernel's usual 208
 * KiB hold some 270, this some 20000. */
#define SOCKET_UDP_BUFFER (8 << 20)

/* Asks for that much room. Without the privilege, as much as net.core.rmem_max allows: too little
 * is no reason to serve nobody. */
void socket_widen(int fd);

/* What a listener's address may be. */
enum socket_kind {
    SOCKET_PLAIN,      /* one of this host's */
    SOCKET_FREE,       /* ... or one that is to come (IP_FREEBIND and its IPv6 twin) */
    SOCKET_TRANSPARENT /* takes packets for any address, and tells which it was (IP_TRANSPARENT,
                          IP_RECVORIGDSTADDR and their IPv6 twins; needs CAP_NET_RAW or
                          CAP_NET_ADMIN) */
};

/* The TCP socket does not listen yet, so that no connection is taken that would be lost if a later
 * address fails. */
int socket_bind_udp(const struct address *local, enum socket_kind kind);
int socket_bind_tcp(const struct address *local, enum socket_kind kind);

/* Could it be had by who shares it with nobody? Beside others it would take datagrams of theirs.
 * Negative errno. */
int socket_try_udp(const struct address *local, enum socket_kind kind);

/* A connected UDP socket on a port that the kernel draws; `source` of family ADDRESS_NONE: any.
 * `transparent`: `source` may be another host's address. */
int socket_connect_udp(const struct address *to, const struct address *source, bool transparent);

/* A TCP socket of the family of `to`, bound to `source` unless that is ADDRESS_NONE, not
 * connected. */
int socket_open_tcp(const struct address *to, const struct address *source, bool transparent);

/* Closes a connection so that the other side sees an error, not an end of file. */
void socket_reset(int fd);

/* For calls that read these octets, though their types say they may write them. */
static inline struct iovec socket_part(const uint8_t *octets, size_t len)
{
    union {
        const uint8_t *in;
        void *out;
    } base = {.in = octets};
    return (struct iovec){base.out, len};
}

/* The local end; family ADDRESS_NONE when the kernel does not say. */
struct address socket_local(int fd);
struct address socket_remote(int fd);

#endif
