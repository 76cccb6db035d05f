/* What an exchange is made of, and what it can come to; exchange.h has the picture. */
#ifndef EXCHANGE_STATE_H
#define EXCHANGE_STATE_H

#include "exchange/admission.h"
#include "exchange/response.h"
#include "exchange/telling.h"

enum exchange_state {
    EXCHANGE_ASKING,    /* no answer yet */
    EXCHANGE_RELAYING,  /* a server's message is ready for the client */
    EXCHANGE_FOLLOWING, /* between two messages of a transfer */
    EXCHANGE_ANSWERING, /* an answer of our own is ready */
    EXCHANGE_ENDED,
};

/* How it ended, for the client's side. */
enum exchange_end {
    EXCHANGE_ANSWERED,
    EXCHANGE_SILENT,  /* nothing is said: UDP clients ask again */
    EXCHANGE_ABORTED, /* a TCP client's connection must be reset, never closed as if complete */
};

/* Stays where it is: a reply that is written anew points into it. */
struct exchange {
    enum exchange_state state;
    enum exchange_end end;
    struct errand errand;
    struct legs legs;
    struct admission admission;
    struct response response;
    struct telling telling;       /* of a fan-out's own exchange */
    struct notice_waiter *waiter; /* owned: of a NOTIFY that a fan-out answers */
    unsigned reply_leg;           /* RELAYING and FOLLOWING: whose answer it is */
    uint64_t moved;               /* ms: when something last moved, for the progress timeout */
    /* ANSWERING: our own answer, and what it is called in the report. */
    struct client_answer answer;
    enum relay_result result;
};

/* Moves to `state`; asserts that the picture has that arrow. */
void state_move(struct exchange *x, enum exchange_state state);

void state_end(struct exchange *x, enum exchange_end end, struct relay_time now);

/* There is no way on, and none back: reported. */
void state_break(struct exchange *x, enum relay_result why, struct relay_time now);

/* An answer of our own is to be made: RCODE, flags beside it, and what it is called in the report.
 * `text` is for the client, in an Extended DNS Error; NULL: nothing to explain. */
void state_answer(struct exchange *x, unsigned rcode, uint16_t flags, enum relay_result result,
                  const char *text);

/* A server spoilt the exchange: SERVFAIL as long as the client has nothing yet. */
void state_spoil(struct exchange *x, enum relay_result why, struct relay_time now);

/* After a leg was lost, or anything has happened to a NOTIFY: is there anything left to wait
 * for? */
void state_weigh(struct exchange *x, struct relay_time now);

#endif
