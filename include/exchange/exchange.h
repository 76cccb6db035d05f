/* One exchange as a pure state machine in virtual time: one client side, one or more legs. It is
 * fed events and gives back actions; it knows no sockets.
 *
 *                 ┌──── more to come ────┐
 *                 ▼                      │
 *   ASKING ─▶ RELAYING ─REPLY─▶ FOLLOWING┘          the server's message, or the last of several
 *      │          └──────last REPLY──────────▶ ENDED
 *      └────▶ ANSWERING ─────REPLY────────────▶ ENDED   our own: SERVFAIL, TC, a joint one
 *   any ─abort─▶ ENDED
 *
 * After every event, exchange_next is called until it yields ACTION_WAIT or ACTION_END; between two
 * replies it may be left for as long as the client has no room, and no other event of a leg be fed.
 * The deadline of an exchange is the time by which exchange_tick wants to be called. */
#ifndef EXCHANGE_EXCHANGE_H
#define EXCHANGE_EXCHANGE_H

#include "exchange/state.h"

enum exchange_action_type {
    ACTION_WAIT,    /* nothing to do before the next event or the deadline */
    ACTION_CONNECT, /* give leg `leg` a socket to `to` from `source`; a kept connection unless
                       `fresh`. Whoever does it owns `slot` for as long as it is open */
    ACTION_SEND,    /* send the packet on leg `leg` */
    ACTION_REPLY,   /* send the packet to the client */
    ACTION_END,     /* release everything; `end` says how. No call may follow */
};

struct exchange_action {
    enum exchange_action_type type;
    unsigned leg;
    enum relay_transport transport;
    struct address to;
    struct address source;
    bool fresh;
    struct slot *slot; /* NULL: it needs none; else a kept connection must serve it (slots.h) */
    struct relay_packet packet;
    enum exchange_end end;
};

/* From a verdict that says POLICY_FORWARD, and the request it judged. Copies what it keeps. */
int exchange_init(struct exchange *x, struct relay *relay, const struct policy_verdict *verdict,
                  const struct relay_request *request) MUST_CHECK;
/* The fan-out that telling_next gave: it answers nobody, and ends with EXCHANGE_SILENT. */
int exchange_init_telling(struct exchange *x, struct relay *relay,
                          const struct telling_order *order, struct relay_time now) MUST_CHECK;
void exchange_fini(struct exchange *x);

/* Who is to be woken when something elsewhere has changed this exchange, to call exchange_next; and
 * whose idle connections it may use (slots.h), NULL: nobody's. */
void exchange_set_owner(struct exchange *x, void (*wake)(void *owner), void *owner,
                        const void *user);

/* Events. A leg that is over takes no notice of them. */
void exchange_connected(struct exchange *x, unsigned leg, bool reused, struct relay_time now);
/* The way to the server is gone: it refused the connection, or closed it. */
void exchange_lost(struct exchange *x, unsigned leg, struct relay_time now);
/* No socket could be made here, which is not the server's fault; `why` for people. */
void exchange_no_socket(struct exchange *x, unsigned leg, const char *why, struct relay_time now);
/* There is no place for a socket as yet: the exchange asks again. */
void exchange_postpone(struct exchange *x, unsigned leg, struct relay_time now);
/* `octets` may be altered and must stay until exchange_next yields ACTION_WAIT or ACTION_END. */
void exchange_answer(struct exchange *x, unsigned leg, uint8_t *octets, size_t len,
                     struct relay_time now);
/* The client has taken octets it had no room for before. */
void exchange_moved(struct exchange *x, struct relay_time now);
/* The deadline has come. */
void exchange_tick(struct exchange *x, struct relay_time now);
/* The client left, or the program stops. */
void exchange_abort(struct exchange *x, enum relay_result why, struct relay_time now);

void exchange_next(struct exchange *x, struct relay_time now, struct exchange_action *out);

/* Milliseconds of the monotonic clock; LEG_NEVER when there is none. */
uint64_t exchange_deadline(const struct exchange *x);

/* Nothing more is expected on this leg. */
/* What exchange_answer was given is needed for something else. DNS_EMEMORY: it is to be aborted. */
int exchange_keep(struct exchange *x) MUST_CHECK;

bool exchange_leg_is_settled(const struct exchange *x, unsigned leg);

/* True when the leg's TCP connection may carry another request: its answer came whole. */
static inline bool exchange_leg_is_clean(const struct exchange *x, unsigned leg)
{
    return x->legs.items[leg].transport == RELAY_TCP && x->legs.items[leg].state == LEG_ANSWERED;
}

#endif
