/* The network between the hosts of a play: addresses, datagrams, and what becomes of them on the
 * way. Connections are in pipe.h. */
#ifndef SIM_NET_H
#define SIM_NET_H

#include <sys/queue.h>

#include "clock.h"
#include "config/address.h"

#define NET_SECONDS 1700000000 /* the right time at the beginning of a play */

/* Whose addresses: 10.ROLE.x.y. */
enum net_role { NET_PRIMARY, NET_PROXY, NET_MOVING, NET_SECONDARY, NET_STRANGER, NET_ROLES };

struct pipe_end;

struct datagram {
    struct address from;
    struct address to;
    const uint8_t *octets; /* borrowed */
    size_t len;
    bool tainted;  /* forged, or altered on its way: no right party has sent it so from there */
    bool recorded; /* sent once more by who has heard it; and what it was answered */
};

struct host_events {
    void (*on_datagram)(void *owner, const struct datagram *d);
    /* Takes it, or refuses. */
    bool (*on_connection)(void *owner, struct pipe_end *end);
};

/* What becomes of what a host sends and gets; chances in a thousand. */
struct weather {
    unsigned loss;
    unsigned twice;
    unsigned corrupt; /* of datagrams, and of a piece of what comes over TCP */
    unsigned reset;   /* of a connection, by a piece of it */
    unsigned stall;   /* likewise: it stands still for up to a minute */
    unsigned delay;   /* ms */
    unsigned spread;  /* ms more, at random */
};

struct host {
    struct address address; /* its own, port 0 */
    const struct host_events *events;
    void *owner;
    bool up;
    unsigned side;  /* bits: it reaches whoever shares one */
    int64_t skew;   /* ms that its clock is ahead */
    int64_t drift;  /* millionths that its clock is fast */
    unsigned place; /* for the trace */
    struct weather weather;
    LIST_HEAD(pipe_ends, pipe_end) ends;
};

void net_begin(void);
void net_end(void); /* hosts are gone, what is on its way is forgotten */

struct address net_address(enum net_role role, unsigned number, uint16_t port);

/* Who is found at this address from now on, instead of whoever was; NULL: nobody. */
void net_claim(const struct address *address, struct host *host);
struct host *net_find(const struct address *address);
void net_attach(struct host *host); /* up, on all sides, and found at its own address */

uint64_t net_seconds(const struct host *host); /* its clock's time */
/* Is this its address? One that moves may not be any longer. */
bool net_owns(const struct host *host, const struct address *a);
bool net_reaches(const struct host *a, const struct host *b);
uint64_t net_delay(const struct host *a, const struct host *b); /* ms, drawn anew */

/* From this host, whatever `d->from` says. */
void net_send(struct host *host, const struct datagram *d);

/* Sees all that right parties send to a proxy, and what comes from it. */
void net_set_tap(void (*tap)(const struct datagram *d));

#endif
