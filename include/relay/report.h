/* What the library has to tell about its work: one event, one log line, one count. The library
 * writes nothing itself; whoever runs it gives a function that takes these. The vocabulary is
 * closed: a type and a result, each with one word that stands in the manual page. */
#ifndef RELAY_REPORT_H
#define RELAY_REPORT_H

#include "config/peer.h"

enum relay_transport { RELAY_UDP, RELAY_TCP };

enum relay_event_type {
    EVENT_NOTIFIED,         /* a primary's NOTIFY was taken; whom it is told, tells EVENT_NOTIFY */
    EVENT_NOTIFY,           /* a secondary answered a NOTIFY, or did not */
    EVENT_TRANSFER,         /* an AXFR or IXFR ended */
    EVENT_REFRESH,          /* a SOA was answered, or an IXFR found the secondary up to date */
    EVENT_POLL,             /* a primary said its zone's serial, asked by ourselves */
    EVENT_REQUEST,          /* any other request was answered from its server */
    EVENT_OBSERVED,         /* a request without TSIG was let through (mode = observe) */
    EVENT_REFUSED,          /* a request was refused by the rules */
    EVENT_VERIFIED,         /* a request's or an answer's TSIG is good */
    EVENT_TSIG_FAILURE,     /* a request's or an answer's TSIG failed */
    EVENT_CLOCK_SKEW,       /* a peer says that its clock differs */
    EVENT_UPSTREAM_FAILURE, /* a peer could not be reached, broke off, or answered nonsense */
    EVENT_IGNORED,          /* a packet got no answer and went nowhere */
    EVENT_JOINED,           /* a request repeats one in flight and shares its answer */
    EVENT_LIMIT,            /* a bound was reached, and something was left undone for it */
    EVENT_TYPES
};

enum relay_result {
    RESULT_OK,
    /* Answered, but not with what was wanted. */
    RESULT_ERROR,          /* an RCODE other than NOERROR */
    RESULT_NO_TRANSFER,    /* NOERROR, but the answer to an AXFR or IXFR is no transfer */
    RESULT_SERIAL_CHANGED, /* an AXFR closed with another serial than it opened with */
    RESULT_TRUNCATED,      /* over UDP: come back over TCP */
    RESULT_CHANGED,        /* a poll found another serial than before */
    RESULT_UNSIGNED,       /* let through without TSIG */
    /* Refused by form. */
    RESULT_MALFORMED,
    RESULT_QUESTION_COUNT,
    RESULT_CLASS,
    RESULT_NOT_SUPPORTED,
    RESULT_MISPLACED_TSIG,
    RESULT_MALFORMED_TSIG,
    RESULT_MAC_SIZE,
    RESULT_SIG0_AND_TSIG,
    RESULT_AXFR_OVER_UDP,
    RESULT_IXFR_WITHOUT_SOA,
    /* Refused by the configuration. */
    RESULT_UNKNOWN_SOURCE,
    RESULT_NOT_HEARD_HERE, /* a peer without key, at an address where it is not heard */
    RESULT_KEY_FROM_ELSEWHERE,
    RESULT_REPLAY, /* an UPDATE that was done already */
    RESULT_NO_TSIG,
    RESULT_OPERATION_NOT_ALLOWED,
    RESULT_ZONE_NOT_ALLOWED,
    RESULT_NO_SERVER,
    RESULT_NO_BALANCER, /* a connection where balancers connect, and from elsewhere */
    RESULT_NO_HEADER,   /* ... from one, and no header came, or not in time */
    RESULT_BAD_HEADER,  /* ... or not one that names a client */
    /* Keys and clocks. */
    RESULT_REFUSED,         /* a request whose TSIG failed */
    RESULT_BAD_ANSWER,      /* an answer whose TSIG failed */
    RESULT_UNSIGNED_ANSWER, /* an answer without the TSIG it should have */
    RESULT_NEXT_KEY,        /* another of the peer's keys signs from now on */
    RESULT_BADTIME,         /* a peer finds our clock wrong */
    RESULT_AGED,            /* a message of a transfer was signed longer ago than its fudge */
    /* A server that was of no use. */
    RESULT_CANNOT_CONNECT,
    RESULT_NO_SOCKET,
    RESULT_CANNOT_SEND,
    RESULT_TIMEOUT,
    RESULT_CLOSED,    /* before it answered */
    RESULT_BROKE_OFF, /* in the middle of a transfer */
    RESULT_MALFORMED_ANSWER,
    RESULT_MISMATCHED_ANSWER,
    RESULT_UNEXPECTED_TSIG,
    RESULT_UNVERIFIED_ANSWER,
    RESULT_UNSIGNED_END,
    RESULT_BROKEN_TRANSFER,
    RESULT_NO_ROOM_FOR_TSIG,
    RESULT_CANNOT_RELAY,
    RESULT_NO_SOA,    /* a poll was answered without the zone's SOA */
    RESULT_NO_ANSWER, /* none of its servers */
    RESULT_ASLEEP,    /* a secondary that nobody's NOTIFY waits for any longer */
    RESULT_GIVEN_UP,  /* a secondary that is told no more by ourselves */
    /* Broken off on our side. */
    RESULT_NO_PROGRESS,
    RESULT_CLIENT_GONE,
    RESULT_STOPPED,
    RESULT_RELOADED, /* its peer or key is gone, or its configuration too old */
    RESULT_NO_MEMORY,
    /* Dropped, joined, limited. */
    RESULT_JUNK,
    RESULT_NO_ROOM, /* an answer that does not fit the client's payload size at all */
    RESULT_RETRY,
    RESULT_TOO_MANY_NOTIFIES,
    RESULT_TOO_MANY_EXCHANGES,
    RESULT_TOO_MANY_CONNECTIONS,
    RESULT_TOO_MANY_STRANGERS,
    RESULT_TOO_MANY_UNPROVEN, /* connections of a peer on which nothing has verified */
    RESULT_MADE_ROOM,         /* a connection with nothing asked, for one that is wanted */
    RESULT_NO_PLACE,          /* connections wait until another ends */
    RESULT_ACCEPT_FAILED,
    RESULT_REFUSAL_RATE,
    RESULT_CONNECTIONS_BUSY, /* it has waited too long for one to its primary */
    RESULTS
};

/* Pointers are borrowed for the call; unset ones are NULL, unset numbers 0 unless said. */
struct relay_event {
    enum relay_event_type type;
    enum relay_result result;
    const char *advice;            /* what to do, for people; NULL: see report_result_advice */
    const struct peer *peer;       /* the one the event is about: client or server */
    const struct peer *client;     /* who asked */
    const struct peer *server;     /* who served */
    const struct address *address; /* where `peer` spoke from or was spoken to at */
    const struct address *local;   /* where `peer`, if it asked, was heard */
    const struct address *at;      /* where `server` answered */
    const struct address
        *source;               /* what it was asked from, where that was not the kernel's choice */
    const struct peer *holder; /* who has the key that another used */
    const struct tsig_key *key;
    const struct dns_name *key_name; /* of a TSIG that fits no key */
    const struct dns_name *offered;  /* the algorithm of a TSIG that failed */
    const struct tsig_key *expected; /* the peer's key of that name, but of another algorithm */
    uint16_t mac_len;                /* of that TSIG */
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
    uint32_t serial; /* told by the server, or hinted at by a NOTIFY */
    bool has_timers;
    uint32_t refresh; /* with the serial, as the server told it; seconds */
    uint32_t expire;  /* ... or of EDNS EXPIRE (RFC 7314), when it came with that */
    bool has_client_serial;
    uint32_t client_serial; /* an IXFR's: what the client has */
    unsigned tries;         /* of a NOTIFY: copies that were sent to this address */
    uint64_t messages;
    uint64_t octets;
    uint64_t milliseconds;
};

const char *report_type_word(enum relay_event_type type);
const char *report_result_word(enum relay_result result);

/* A sentence for people, where the result alone says what to do; NULL otherwise. */
const char *report_result_advice(enum relay_result result);

#endif
