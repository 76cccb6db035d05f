/* Sockets as this program needs them: made by hand, since libuv 1.44 can neither set SO_REUSEPORT
 * nor give the packet information of a datagram. All are non-blocking and close-on-exec; functions
 * that make one return it or a negative errno. */
#ifndef NET_SOCKET_H
#define NET_SOCKET_H

#include <sys/socket.h>

#include "relay/address.h"

socklen_t socket_from_address(const struct address *a, struct sockaddr_storage *out);
struct address socket_to_address(const struct sockaddr_storage *from);

int socket_listen_udp(const struct address *local);
int socket_listen_tcp(const struct address *local);

/* A connected UDP socket on a port that the kernel draws; `source` of family ADDRESS_NONE: any. */
int socket_connect_udp(const struct address *to, const struct address *source);

/* A TCP socket of the family of `to`, bound to `source` unless that is ADDRESS_NONE, not connected.
 */
int socket_open_tcp(const struct address *to, const struct address *source);

/* The local end; family ADDRESS_NONE when the kernel does not say. */
struct address socket_local(int fd);
struct address socket_remote(int fd);

#endif
