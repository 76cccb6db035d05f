/* One leg of an exchange: one copy of the request on its way to one address of one peer, and the
 * answer to it.
 *
 *   IDLE ─turn comes─▶ DUE ─CONNECT─▶ OPENING ─connected─▶ READY ─SEND─▶ ASKED ─answer─▶ ANSWERED
 *     ▲      no place │ ▲ ▲             │ refused            ▲ ──resend──┘ │
 *     │               ▼ │ └─reused connection was closed─────┼─────────────┤
 *     │             QUEUED              │                    │             │
 *     └────────no place for a socket────┤                    │             │
 *                     └─waited too long─┴────────────────────┴─────────────┴─▶ OVER
 */
#ifndef EXCHANGE_LEG_H
#define EXCHANGE_LEG_H

#include "exchange/errand.h"
#include "tsig/stream.h"

#define LEG_SENDS_MAX 3
#define LEG_NEVER     UINT64_MAX

enum leg_state {
    LEG_IDLE,    /* its turn has not come: see `wake` */
    LEG_DUE,     /* wants a socket */
    LEG_QUEUED,  /* waits for a place among the connections to its primary */
    LEG_OPENING, /* waits for it */
    LEG_READY,   /* wants to send */
    LEG_ASKED,
    LEG_ANSWERED,
    LEG_OVER, /* no answer came and none is waited for */
};

struct leg {
    enum leg_state state;
    const struct peer *peer;
    struct address to;
    struct address source; /* family ADDRESS_NONE: as the kernel chooses */
    enum relay_transport transport;
    unsigned copies;            /* over UDP: so many, if no answer comes */
    bool ours;                  /* it was lost for want of something here */
    bool fresh;                 /* a kept connection failed already: CONNECT a new one */
    bool reused;                /* the connection has carried an earlier request */
    bool aged;                  /* its stream was older than its fudge, which was reported */
    bool doubted;               /* an answer came that could not be verified */
    uint64_t wake;              /* ms: when its turn comes, it sends again, or gives up */
    uint64_t expire;            /* ms: an answer after this is too late */
    unsigned rcode;             /* of the answer */
    unsigned turn;              /* its place among the turns it is in */
    const struct tsig_key *key; /* signs what is sent; NULL: a plain leg */
    struct tsig_stream stream;  /* TCP, signed: verifies what comes */
    unsigned sent;
    struct leg_send {
        uint16_t id;
        struct tsig_chain chain; /* what the answer's TSIG is verified with */
    } sends[LEG_SENDS_MAX];
};

void leg_fini(struct leg *leg);

/* It is answered, or will not be. */
static inline bool leg_is_settled(const struct leg *leg)
{
    return leg->state == LEG_ANSWERED || leg->state == LEG_OVER;
}

/* It wants a socket, or to send. */
static inline bool leg_is_ready(const struct leg *leg)
{
    return leg->state == LEG_DUE || leg->state == LEG_READY;
}

/* Moves to `state`; asserts that the picture above has that arrow. */
void leg_move(struct leg *leg, enum leg_state state);

/* Builds one more copy of the request in the relay's work place, with a new ID, signed when the
 * peer has a key; a passed client's request changes in nothing else. */
int leg_send(struct leg *leg, const struct errand *errand, struct relay_time now,
             struct relay_packet *out) MUST_CHECK;

enum leg_verdict {
    LEG_GOOD,
    LEG_PENDING,   /* unsigned in the middle of a signed stream: good once a MAC covers it */
    LEG_MALFORMED, /* does not parse */
    LEG_MISMATCH,  /* another ID, opcode or question, or not an answer */
    LEG_SIGNED,    /* no TSIG was expected */
    LEG_UNVERIFIED,
    LEG_UNABLE, /* it could not be verified for want of memory, which says nothing of it */
};

/* Parses and judges one message that came on this leg. With LEG_GOOD, `m` is without TSIG, and
 * `octets` have the ARCOUNT to match. TSIG failures are reported. */
enum leg_verdict leg_judge(struct leg *leg, const struct errand *errand, uint8_t *octets,
                           size_t len, struct relay_time now, struct dns_message *m);

/* The word for a verdict that is neither LEG_GOOD nor LEG_PENDING. */
enum relay_result leg_misfit(enum leg_verdict verdict);

/* Completes the event with what it is about and reports it. */
void leg_report(const struct leg *leg, const struct errand *errand, struct relay_event event,
                struct relay_time now);

#endif
