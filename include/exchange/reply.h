/* A server's message on its way to the client: as it is; or written anew when it came without the
 * question (axfrdns) or when TSIG would push it past 65535 octets, then it becomes several; or, of
 * an IXFR over UDP, its opening SOA alone. */
#ifndef EXCHANGE_REPLY_H
#define EXCHANGE_REPLY_H

#include "dns/split.h"
#include "relay/client.h"

struct reply {
    uint8_t *octets;            /* borrowed, altered in place */
    struct dns_message message; /* its parse, without TSIG */
    bool from_signed;           /* its leg is signed */
    bool transfer;              /* a message of an AXFR or IXFR over TCP: it may be written anew */
    bool first;                 /* of the response */
    bool version_only;          /* P29: its opening SOA alone goes on */
    bool shortened;             /* answer records were left out */
    bool anew;                  /* pieces of it are being written by `split` */
    struct dns_split split;
};

/* The next message for the client. Returns 1 when another piece of this one follows, 0 when this
 * was all, DNS_ESPACE when there is no room for TSIG, or another error. */
int reply_next(struct reply *reply, struct relay *relay, struct client *client,
               const struct dns_message *request, struct relay_time now,
               struct relay_packet *out) MUST_CHECK;

/* After reply_next gave DNS_ESPACE for a transfer's message: the record that cannot fit. False when
 * it was none. */
bool reply_culprit(const struct reply *reply, struct dns_name *owner, uint16_t *type);

#endif
