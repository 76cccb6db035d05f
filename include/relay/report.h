/* What the library has to tell about its work: one event, one log line, one count. The library
 * writes nothing itself; whoever runs it gives a function that takes these. */
#ifndef RELAY_REPORT_H
#define RELAY_REPORT_H

#include "config/peer.h"

enum relay_transport { RELAY_UDP, RELAY_TCP };

enum relay_event_type {
    EVENT_NOTIFY,           /* a secondary answered a NOTIFY, or did not */
    EVENT_TRANSFER,         /* an AXFR or IXFR ended */
    EVENT_REQUEST,          /* any other request was answered from its server */
    EVENT_OBSERVED,         /* a request without TSIG was let through (mode = observe) */
    EVENT_REFUSED,          /* a request was refused by the rules */
    EVENT_TSIG_FAILURE,     /* a request's or an answer's TSIG failed */
    EVENT_CLOCK_SKEW,       /* a peer says that its clock differs */
    EVENT_UPSTREAM_FAILURE, /* a peer could not be reached, broke off, or answered nonsense */
};

/* Pointers are borrowed for the call; unset ones are NULL, unset numbers 0 unless said. */
struct relay_event {
    enum relay_event_type type;
    const struct peer *peer;       /* the one the event is about */
    const struct address *address; /* where it spoke from or was spoken to at */
    const struct tsig_key *key;
    const struct dns_name *key_name; /* of a TSIG that fits no key */
    const struct dns_name *zone;
    const struct dns_name *record; /* owner of the record that is at fault */
    uint16_t record_type;
    enum relay_transport transport;
    unsigned opcode;
    uint16_t qtype;
    bool has_rcode;
    unsigned rcode;
    uint16_t tsig_error; /* enum tsig_error */
    bool has_skew;
    int64_t skew; /* seconds the peer's clock is ahead of ours */
    bool has_serial;
    uint32_t serial;
    uint64_t messages;
    uint64_t octets;
    uint64_t milliseconds;
    const char *result; /* one word: "ok", "refused", "timeout", … */
    const char *advice; /* a sentence for people: what happened and what to do; may be NULL */
};

#endif
