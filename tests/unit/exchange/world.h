/* A relay with a configuration from text, virtual clocks and predictable IDs, and the story of one
 * exchange: each step fails the test when the exchange wants something else. */
#ifndef WORLD_H
#define WORLD_H

#include "config/config_fixture.h"
#include "exchange/exchange.h"
#include "support.h"

#define WORLD_SECONDS 1700000000 /* the clock when a test begins */
#define WORLD_EVENTS  32         /* so many are kept */
#define WORLD_LEGS    8          /* of the exchange, that may have a slot */

#define WORLD_US      "198.51.100.1@53"
#define WORLD_PRIMARY "10.0.0.1@53"
#define WORLD_SPARE   "10.0.0.2@53"
#define WORLD_ONE     "192.0.2.1@53"
#define WORLD_TWO     "192.0.2.2@53"

/* A primary with two addresses and a secondary that holds the key k. */
#define WORLD_CONFIG                                                                               \
    "[key k]\nsecret-file = k.key\n"                                                               \
    "[primary hq]\naddress = 10.0.0.1, 10.0.0.2\n"                                                 \
    "[secondary one]\naddress = 192.0.2.1\nkey = k\n"

/* What was reported. */
struct world_event {
    struct relay_event event; /* address and names are NULL: see the texts */
    char address[ADDRESS_TEXT_SIZE];
    char zone[DNS_NAME_TEXT_SIZE];
    char key_name[DNS_NAME_TEXT_SIZE];
    char record[DNS_NAME_TEXT_SIZE];
    char offered[DNS_NAME_TEXT_SIZE];
};

/* One side of signed messages. */
struct world_side {
    const char *key; /* name of a configured key; NULL: it signs nothing */
    struct tsig_chain chain;
};

struct world {
    struct memory *memory;
    struct desk *desk;
    struct relay *relay;
    struct relay_time now;
    uint16_t id;    /* the last that was drawn */
    const char *us; /* where requests come to: WORLD_US unless set */
    struct world_event events[WORLD_EVENTS];
    unsigned event_count;
    struct relay_event
        verified; /* the last EVENT_VERIFIED; they are kept apart, there are so many */
    unsigned verified_count;
    struct relay_event notified; /* the last EVENT_NOTIFIED, likewise */
    unsigned notified_count;
    struct relay_request request; /* the last that was judged */
    struct policy_verdict verdict;
    struct exchange exchange; /* of the last world_begin */
    struct exchange telling;  /* the fan-out that carries it, or the last world_tell */
    bool tells;               /* it runs: CONNECT, SEND, WAIT and all events are its */
    unsigned rings;
    struct exchange_action action;
    struct slot *slots[WORLD_LEGS]; /* of the connections of its legs */
    uint64_t began;                 /* ms */
};

extern struct world world;

/* The test fails when the configuration has an error. */
void world_open(const char *config);
void world_close(void);
void world_pass(uint64_t ms); /* both clocks */

struct address world_address(const char *text); /* "" gives family ADDRESS_NONE */
const struct peer *world_peer(const char *name);
const struct tsig_key *world_key(const char *name);

/* The event `back` before the last one; the test fails when there is none. */
const struct world_event *world_event(unsigned back);

/* Signs with the side's key and chain at this moment, with the header ID as Original ID. */
void world_sign(struct world_side *side, struct support_message *s);

/* Parses and verifies; the parse is without TSIG. With a side that has no key there must be no
 * TSIG. `record` may be NULL. */
struct dns_message world_verify(struct world_side *side, const struct support_message *s,
                                struct tsig_record *record);

/* The message that a packet makes on the wire. */
void world_read(const struct relay_packet *packet, struct support_message *out);

/* Starts an answer with ID, opcode and question of `query`. */
void world_respond(struct support_message *out, const struct support_message *query,
                   uint16_t flags);

/* An answer with the zone's SOA. */
void world_respond_soa(struct support_message *out, const struct support_message *query,
                       uint32_t serial);

/* A message of a transfer: an SOA of example.com with each serial, an A record for each 0. */
void world_respond_records(struct support_message *out, const struct support_message *query,
                           const uint32_t *serials, size_t count);
#define WORLD_RECORDS(out, query, ...)                                                             \
    world_respond_records(out, query, (const uint32_t[]){__VA_ARGS__},                             \
                          sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

/* Judges `request` as it is, coming to `to`; it must stay as long as the verdict is used. */
const struct policy_verdict *world_judge(const char *from, const char *to,
                                         enum relay_transport transport,
                                         const struct support_message *request);

/* Signs `request` for `client`, has it judged, which must say FORWARD, and begins its exchange. */
void world_begin(struct world_side *client, const char *from, enum relay_transport transport,
                 struct support_message *request);

/* Begins what has its turn of NOTIFYs that are to be told; false when nothing has. One that was told
 * before is broken off. */
bool world_tell(void);

/* Steps: what the exchange, or the fan-out that carries it, must want now. */
unsigned world_connect(const char *to, enum relay_transport transport); /* returns the leg */
void world_send(unsigned leg, struct support_message *out);
void world_reply(struct support_message *out);
void world_wait(void);
void world_end(enum exchange_end end);

/* CONNECT and SEND, with a new connection between. Returns the leg. */
unsigned world_ask(const char *to, enum relay_transport transport, struct support_message *out);

/* REPLY with this answer of our own and END; returns its parse, verified as `client` would. */
struct dns_message world_reply_last(struct world_side *client, struct support_message *out);

/* Events. */
void world_connected(unsigned leg, bool reused);
void world_refused(unsigned leg);
void world_closed(unsigned leg);
void world_answer(unsigned leg, const struct support_message *answer);

/* The leg's connection is gone: its place is free. Fine when it has none. */
void world_close_leg(unsigned leg);

/* The deadline must be `ms` after world_begin; goes there and ticks. */
void world_alarm(uint64_t ms);

#endif
