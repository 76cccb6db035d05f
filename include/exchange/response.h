/* The answer on its way from a server to the client: followed to its end, held until a MAC covers
 * it (RFC 8945 section 5.3.1), and made the client's message by message.
 *
 *   response_take ─▶ HELD      nothing can go on yet; more is to come
 *                 ─▶ RELAY     response_next has messages for the client; more is to come
 *                 ─▶ COMPLETE  likewise, and they are the last
 *                 ─▶ BROKEN    nothing of this answer may go on; `fault` says why */
#ifndef EXCHANGE_RESPONSE_H
#define EXCHANGE_RESPONSE_H

#include "dns/xfr.h"
#include "exchange/errand.h"
#include "exchange/hold.h"
#include "exchange/leg.h"
#include "exchange/reply.h"

enum response_state {
    RESPONSE_HELD,
    RESPONSE_RELAY,
    RESPONSE_COMPLETE,
    RESPONSE_ENOUGH, /* there is more, but a UDP client is not given it */
    RESPONSE_BROKEN,
};

struct response {
    struct dns_xfr xfr; /* of an AXFR or IXFR over TCP */
    struct hold hold;   /* messages that no MAC covers yet */
    struct reply reply; /* the message that response_next is at */
    uint8_t *kept;      /* owned: its octets, once response_keep was called; or NULL */
    enum relay_result fault;
    const struct peer *server; /* whose answer it is; NULL: none has come */
    const struct leg *leg;     /* on which it came; borrowed from the exchange */
    uint64_t messages;         /* made for the client */
    uint64_t octets;           /* of these, TSIG included */
    unsigned rcode;            /* of the server's last message */
    bool up_to_date; /* an IXFR was answered with the one SOA that the client has already */
    bool has_serial;
    struct dns_soa soa; /* of the zone, as the server said first */
};

/* One message as it came from a server. */
struct response_part {
    const struct peer *server;
    const struct leg *leg; /* borrowed for as long as the response lives */
    /* Borrowed until the next call of response_take or response_keep. */
    uint8_t *octets;
    const struct dns_message *message; /* its parse, without TSIG */
    enum relay_transport transport;
    bool from_signed; /* its leg is signed */
    bool covered;     /* a good MAC covers it, or none is expected */
};

/* For the answer to this errand. DNS_EFORMAT: an IXFR without its SOA. */
int response_init(struct response *r, const struct errand *errand) MUST_CHECK;
void response_fini(struct response *r); /* of a zeroed struct too */

/* The server's next message. */
enum response_state response_take(struct response *r, const struct errand *errand,
                                  const struct response_part *part);

/* The next message for the client. 1 when another is ready behind it, 0 when none is, or the error
 * that kept this one from being made: DNS_ESPACE for want of room for TSIG. */
int response_next(struct response *r, struct errand *errand, struct relay_time now,
                  struct relay_packet *out) MUST_CHECK;

/* Where the server's message lies will be used for something else, and response_next is not through
 * with it. DNS_EMEMORY. */
int response_keep(struct response *r) MUST_CHECK;

/* What became of it, once the last message is relayed: RESULT_OK is for what the client can use. */
enum relay_result response_result(const struct response *r, const struct errand *errand);

/* Reports what became of the client's request; `rcode` -1: it got no answer. A NOTIFY's story is
 * told leg by leg, and what an answer to ourselves means by who takes it. */
void response_report(const struct response *r, const struct errand *errand, int rcode,
                     enum relay_result result, struct relay_time now);

/* What is to be told after response_next gave this error; `culprit` is room for a name in it. */
struct relay_event response_fault_event(const struct response *r, const struct errand *errand,
                                        int error, struct dns_name *culprit);

#endif
