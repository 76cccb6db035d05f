/* Writes a transfer message anew, in as many messages as it takes (RFC 5936 section 2.2, RFC 3597
 * section 4): when TSIG would push it past 65535 octets, or when it needs a question it came
 * without.
 *
 * Records keep their order and letter case. The first message has the question, every one has the
 * OPT record; names in owners and in the RDATA of the types that allow compression are written
 * afresh, all other RDATA is copied. An IXFR's opening SOA never stands alone unless it came alone:
 * secondaries would take it for the whole answer. */
#ifndef DNS_SPLIT_H
#define DNS_SPLIT_H

#include "dns/message.h"

struct dns_split {
    const struct dns_message *message;  /* borrowed */
    const struct dns_message *question; /* borrowed */
    size_t limit;
    size_t at;                   /* of the next record */
    unsigned left[DNS_SECTIONS]; /* yet to be written, OPT aside */
    bool first;                  /* the transfer's first message is yet to be written */
};

/* `message` is without TSIG. `question` is the request whose question the first message gets when
 * the message itself has none and `first` is set; without `first` no question is added. `limit`
 * bounds each written message. */
void dns_split_init(struct dns_split *s, const struct dns_message *message,
                    const struct dns_message *question, size_t limit, bool first);

/* Writes the next message into `w`, which must have room for `limit` octets and be empty. Returns 1
 * when there are more to come, 0 when this was the last, DNS_ESPACE when the record at `s->at`
 * cannot fit alone (or with its IXFR's opening SOA), DNS_EFORMAT when names in RDATA do not
 * parse. */
int dns_split_next(struct dns_split *s, struct dns_writer *w) MUST_CHECK;

#endif
