/* Verifies the messages of a response over TCP as they come (RFC 8945 section 5.3.1): the first and
 * the last are signed, at most 99 in between are not; each MAC covers all messages since the one
 * before.
 *
 *   FIRST ──good MAC──▶ VERIFIED ◀──good MAC── PENDING
 *                          └──────unsigned──────▶ ⟲ unsigned, 99 at most
 *   any ──anything else──▶ FAILED
 *   any ──OpenSSL failed─▶ UNABLE */
#ifndef TSIG_STREAM_H
#define TSIG_STREAM_H

#include "tsig/verify.h"

#define TSIG_STREAM_UNSIGNED_MAX 99

enum tsig_stream_state {
    TSIG_STREAM_FIRST,    /* nothing seen: the next message must be signed */
    TSIG_STREAM_VERIFIED, /* a good MAC covers all messages so far */
    TSIG_STREAM_PENDING,  /* unsigned messages wait for the MAC that covers them */
    TSIG_STREAM_FAILED,
    TSIG_STREAM_UNABLE, /* nothing is known of this message, nor will be of the next */
};

struct tsig_stream {
    enum tsig_stream_state state;
    struct tsig_mac mac; /* owned: a digest runs across messages */
    struct tsig_chain chain;
    unsigned unsigned_run;
    /* A continuation was older than its fudge: slow readers make that, so it is no failure. */
    bool aged;
};

/* `mac` is copied, so it may go on to sign and verify others; its key outlives the stream.
 * `request` is the chain after the request was signed. */
int tsig_stream_init(struct tsig_stream *s, const struct tsig_mac *mac,
                     const struct tsig_chain *request) MUST_CHECK;
void tsig_stream_fini(struct tsig_stream *s); /* of a zeroed struct too */

/* One more message; `record` is its decoded TSIG, NULL when it has none. Returns the new state.
 * Time that goes back from one signed message to the next fails. */
enum tsig_stream_state tsig_stream_verify(struct tsig_stream *s, const struct dns_message *m,
                                          const struct tsig_record *record,
                                          struct tsig_clock clock);

#endif
