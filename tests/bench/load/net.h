/* Sockets of the loads: IPv4 on loopback, datagrams by the burst. */
#ifndef NET_H
#define NET_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "config/address.h"

#define NET_BURST    64
#define NET_DATAGRAM 1500

/* One datagram, come or to be sent; `local` is our end. */
struct net_datagram {
    struct sockaddr_in far;
    struct in_addr local;
    size_t len;
    uint8_t octets[NET_DATAGRAM];
};

/* Ends the program with a sentence unless `good`. */
void net_must(bool good, const char *what);

/* From the command line: "127.0.0.1@53". */
struct sockaddr_in net_place(const char *text);

/* The address of a secondary: 127.1.0.0 for the first, then one after another. */
struct in_addr net_secondary(size_t number);

/* A datagram socket with much room, at `place` (NULL: every address, any port). */
int net_udp(const struct sockaddr_in *place);
/* Returns how many came, at most NET_BURST. */
size_t net_receive(int fd, struct net_datagram *burst);
/* Sends all of them, each from its `local`. */
void net_send(int fd, struct net_datagram *burst, size_t count);

int net_listen(const struct sockaddr_in *place);
/* Begins to connect, from `local` unless it is NULL. */
int net_connect(const struct sockaddr_in *place, const struct in_addr *local);

/* Waits for one of two sockets to be readable; false when that takes longer than `ms`. */
bool net_wait(int one, int other, int ms);

/* Seconds, from anywhere. */
double net_clock(void);

#endif
