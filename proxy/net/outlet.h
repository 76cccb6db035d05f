/* Connected UDP sockets towards servers, shared by the questions in flight.
 *
 * A question's port is one of OUTLET_PORTS that the kernel drew at random for its server and
 * source, drawn anew for each burst of requests. Ports live while something is in flight to that
 * server, and take OUTLET_QUESTIONS questions at most, within OUTLET_MS; a question that is alone
 * has one to itself. Answers are told apart by ID, which no two questions of one port share.
 *
 * What that means for a forger who cannot see the traffic (RFC 5452 section 9): for one question
 * he has to hit one of some 28,000 ports and one of 65,536 IDs, as with a port for each question.
 * A port that he finds open serves him for the at most 128 questions of its life, or a second's,
 * not for one: then it is the ID alone, and the server's address, that are in his way. The kernel
 * gives a connected socket nothing that does not come from the server's address and port.
 *
 * Happy path: outlet_join, outlet_send once or more, each answer is handed over, outlet_leave.
 *
 * Failure: an error of the network, which anyone may have sent, is a loss like any other. What
 * answers nothing that is in flight is handed to who asked last, who judges it as nonsense; but
 * what answers a question that is over goes nowhere. */
#ifndef NET_OUTLET_H
#define NET_OUTLET_H

#include "net/engine.h"

#define OUTLET_PORTS     8
#define OUTLET_QUESTIONS 128
#define OUTLET_MS        1000
/* Of one question: it is sent three times at the most. */
#define OUTLET_IDS 3

struct outlet;

/* A question; embedded in who asks it. */
struct outlet_user {
    struct outlet *outlet;
    unsigned count; /* of its IDs */
    unsigned places[OUTLET_IDS];
    void (*on_datagram)(void *owner, uint8_t *octets, size_t len);
    void *owner;
};

/* With on_datagram and owner set. `alone`: a port of its own, which may have another host's
 * address. Negative errno. */
int outlet_join(struct engine *engine, const struct address *to, const struct address *source,
                bool alone, struct outlet_user *user);
void outlet_send(struct outlet_user *user, const struct relay_packet *packet);
void outlet_leave(struct outlet_user *user);

#endif
