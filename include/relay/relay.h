/* src/relay: who asks, what becomes of a request, what is remembered of it, and what is told.
 *
 * What one worker decides with: the configuration, its own keyed MACs, what is remembered, and a
 * place to build messages in. Threads share the configuration, which never changes, and the memory,
 * which has its locks. */
#ifndef RELAY_RELAY_H
#define RELAY_RELAY_H

#include "config/config.h"
#include "relay/desk.h"
#include "tsig/mac.h"
#include "tsig/verify.h"

/* Both clocks at one moment. */
struct relay_time {
    uint64_t ms;      /* monotonic */
    uint64_t seconds; /* since 1970, for TSIG */
};

/* One snapshot, and what is derived from it. One thread's, counted: the engine holds one, and each
 * exchange the one it began with. */
struct relay {
    unsigned refs;
    struct config *config;       /* one reference */
    struct desk *desk;           /* borrowed; outlives this */
    struct tsig_mac *macs;       /* owned; by key number */
    const struct peer **servers; /* owned; room for every peer */
    const struct peer **peers;   /* owned; by number, NULL for who is not in this snapshot */
    /* The owner's, once another has taken over: the one retired before, and when (ms). */
    struct relay *retired_before;
    uint64_t retired_at;
};

/* A message to send: octets, then the TSIG record that was made for it. Borrowed from the
 * relay's work place or from where the message was received, so valid until the next call of
 * anything here. */
struct relay_packet {
    const uint8_t *octets;
    size_t len;
    const uint8_t *tail;
    size_t tail_len;
};

/* With one reference; takes one on the configuration, whose peers the desk has room for then. NULL:
 * no memory, or OpenSSL lacks a hash. */
struct relay *relay_new(struct config *config, struct desk *desk);
struct relay *relay_ref(struct relay *relay);
void relay_unref(struct relay *relay); /* NULL is fine */

/* What the memory knows of the configuration is this one's from now on. */
void relay_take_over(struct relay *relay);

/* The peer of this number; NULL: it is not in this snapshot. */
const struct peer *relay_peer(const struct relay *relay, unsigned number);

/* Are peer and key, of whatever snapshot, known by label in this one? `key` may be NULL. */
bool relay_knows_peer(const struct relay *relay, const struct peer *peer);
bool relay_knows_key(const struct relay *relay, const struct tsig_key *key);

struct tsig_mac *relay_mac(struct relay *relay, const struct tsig_key *key);

/* What goes into a TSIG that is made now, for a message with this original ID. */
struct tsig_stamp relay_stamp(const struct relay *relay, struct relay_time now,
                              uint16_t original_id);

/* What a TSIG that comes now is verified by. */
struct tsig_clock relay_clock(const struct relay *relay, struct relay_time now);

/* The key that signs what we originate towards a peer; NULL for a plain one. */
const struct tsig_key *relay_key(const struct relay *relay, const struct peer *peer);
/* No verifiable answer came in time to what this key signed: the peer's next key has its turn, but
 * none of a weaker algorithm than its first. Does nothing when another key has it already, or there
 * is no other. */
void relay_next_key(struct relay *relay, const struct peer *peer, const struct tsig_key *key);

void relay_report(const struct relay *relay, const struct relay_event *event);

#endif
