/* Ends of connections that play clients and servers: what a test sends and receives. Sockets are
 * non-blocking and belong to the fixture. */
#ifndef LOOP_END_H
#define LOOP_END_H

#include "fixture.h"

/* One end of a TCP connection. */
struct end {
    int fd;
    size_t len; /* octets received and not yet taken */
    uint8_t in[2 + DNS_MESSAGE_MAX];
};

/* `receive_buffer`: what the kernel may hold for a reader that is slow; 0: as it likes. */
void end_connect(struct end *e, const struct address *to, int receive_buffer);
void end_close(struct end *e);
void end_reset(struct end *e);
void end_shut_down(struct end *e); /* its sending side */
bool end_is_refused(const struct address *to);

/* How many of these octets the kernel takes now: none when it has no room, or the connection is
 * broken, which shows when it is read from. */
size_t end_push(struct end *e, const void *octets, size_t len);

void end_send_octets(struct end *e, const void *octets, size_t len);
void end_send(struct end *e, const struct support_message *m);

/* Receives at most so many octets now; returns how many, 0 when there are none, or a negative errno;
 * -EPIPE at the end of file. */
int end_pull(struct end *e, size_t most);

/* Takes one whole message if it is there. */
bool end_take(struct end *e, struct support_message *out);

/* The same, receiving at most so many octets when it is not; the test fails when the connection is
 * closed. */
bool end_take_slowly(struct end *e, struct support_message *out, size_t most);

/* Waits for one. */
void end_receive(struct end *e, struct support_message *out);

/* Waits for the connection's end, whatever comes before: 0 for an end of file, or the errno. */
int end_await_close(struct end *e);

/* A server: a TCP listener and a UDP socket on one free port. */
struct server {
    int tcp;
    int udp;
    struct address at;
};

void server_open(struct server *s); /* on 127.0.0.1 */
void server_open_on(struct server *s, const char *host);
bool server_is_called(const struct server *s); /* a connection waits */
void server_accept(struct server *s, struct end *e);

/* UDP. */
int udp_open(const struct address *local);
void udp_send(int fd, const struct address *to, const struct support_message *m);
bool udp_take(int fd, struct support_message *out, struct address *from);

/* A query for the zone example., with an SOA in the authority section for an IXFR. */
void query_make(struct support_message *out, uint16_t id, uint16_t type);

/* An answer to `query` with nothing in it yet. */
void answer_make(struct support_message *out, const struct support_message *query);

/* A record with `len` octets of data that depend on `seed`, 60000 at most; and one of these. */
void answer_fill(struct support_message *out, unsigned seed, uint16_t len);
uint8_t answer_octet(unsigned seed, unsigned at);

/* Does the message answer this query? */
bool answer_is_for(const struct support_message *answer, const struct support_message *query);

#endif
