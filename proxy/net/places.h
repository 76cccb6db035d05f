/* The places of one worker's clients: who holds one, who waits for one, and who makes room (L1,
 * L2). What all workers hold together, and what each may, is in relay/shares.h.
 *
 * Happy path: place_enter finds a place for a connection; place_prove makes it that of a peer;
 * place_rest and place_work tell whether anything is asked; place_leave gives it back, and who
 * waits has his turn in the loop's next one.
 *
 * Failure: who may have a place that nobody can give waits, whoever holds too much is refused. No
 * worker closes a connection of another's: each looks by itself, several times a second, whether
 * the last tenth is whole, and closes what its own hold too much. */
#ifndef NET_PLACES_H
#define NET_PLACES_H

#include "net/engine.h"
#include "relay/verdict.h"

/* More than these are not given, whatever descriptors there are. A client's connection is some
 * 3 KiB; an exchange as much, its request, and 32 KiB with a server over TCP: a GiB for all. */
#define PLACES_CONNECTIONS_MOST 16384
#define PLACES_SOCKETS_MOST     32768
/* And no fewer than these. */
#define PLACES_LEAST 8

enum place_queue {
    PLACE_NOWHERE,   /* a peer's, with something asked */
    PLACE_IDLE,      /* a peer's, with nothing asked; the longest first */
    PLACE_UNPROVEN,  /* the oldest first */
    PLACE_STRANGERS, /* likewise */
    PLACE_QUEUES
};

/* A place of a client's connection. */
struct place {
    struct shares_owner holder;
    enum place_queue queue;
    TAILQ_ENTRY(place) entry;
    bool heard; /* a whole message has come */
    /* It has to make room, and calls place_leave. `now`: whatever has come and was not read. False:
     * it did not. */
    bool (*on_yield)(void *owner, bool now);
    uint64_t spared; /* in this round, for what had come; 0: never */
    const struct address *from;
    void *owner;
};

/* Something that waits for a place: a connection that is not taken yet, or a request. Zeroed but
 * for the last two. */
struct waiter {
    bool waits;
    enum shares_kind kind;
    struct shares_owner holder;
    TAILQ_ENTRY(waiter) entry;
    void (*on_turn)(void *owner); /* it waits no more, and may try again */
    void *owner;
};

/* A worker's; the engine has the timers. */
struct places {
    TAILQ_HEAD(place_queue_head, place) queues[PLACE_QUEUES];
    TAILQ_HEAD(waiters, waiter) waiters;
    bool full; /* that connections have to wait was reported, and none was taken since */
    uv_timer_t look;
    uv_prepare_t turn;
    uint64_t round; /* how often all sockets were looked at */
};

/* Octets that who has proven nothing may send at once: a question, its options and a TSIG. */
#define PLACES_SMALL 1024

/* What there is to divide. */
struct places_supply {
    unsigned descriptors;
    unsigned ports; /* pairs of sockets */
    unsigned workers;
    unsigned greetings; /* that a worker may have, of net/greeting.h */
};

/* What the descriptors are enough for, once all the rest has its own. */
void places_lay_out(struct shares *shares, const struct places_supply *supply);

void places_init(struct places *places, struct engine *engine);
void places_close(struct engine *engine);

/* Whose a connection from there is taken to be, and how many octets a request on it may have; 0:
 * any number. An UPDATE may be large, and the first to come. */
struct shares_owner places_host(const struct engine *engine, const struct address *from,
                                size_t *limit);
enum place_answer { PLACE_TAKEN, PLACE_LATER, PLACE_REFUSED };

/* With holder, on_yield, from and owner set. What is refused, or has to wait, is reported. */
enum place_answer place_enter(struct engine *engine, struct place *place);
void place_leave(struct engine *engine, struct place *place);

/* What was judged may show whose it is. -EAGAIN: that peer holds too many, which is reported, and
 * this one is to be closed. */
int place_prove(struct engine *engine, struct place *place, const struct policy_verdict *verdict);
/* Another configuration is in force: its host is now taken for this. */
void place_judge(struct engine *engine, struct place *place, struct shares_owner host);

void place_rest(struct engine *engine, struct place *place);
void place_work(struct engine *engine, struct place *place);

/* With kind and holder set. */
void places_wait(struct engine *engine, struct waiter *waiter);
void places_forget(struct engine *engine, struct waiter *waiter);

#endif
