/* Verifies one signed message (RFC 8945 section 5.2). Verdicts are no errors: they are what to
 * answer. */
#ifndef TSIG_VERIFY_H
#define TSIG_VERIFY_H

#include "tsig/sign.h"

enum tsig_verdict {
    TSIG_VERIFIED,
    TSIG_VERDICT_FORMERR, /* MAC longer than the hash or shorter than may ever be */
    TSIG_VERDICT_BADKEY,  /* another name or algorithm than this key's */
    TSIG_VERDICT_BADSIG,
    TSIG_VERDICT_BADTIME,  /* the MAC is good */
    TSIG_VERDICT_BADTRUNC, /* the MAC is good as far as it goes */
    TSIG_VERDICT_FAILED,   /* OpenSSL failed, for want of memory mostly: nothing is known */
};

/* When a message is verified, and how far its time may be off. */
struct tsig_clock {
    uint64_t seconds; /* since 1970 */
    unsigned fudge;   /* seconds: the most that the record's own counts for */
};

/* Checks `m` with its decoded `record` against the key of `mac`, in the order of section 5.2: key,
 * MAC, time, truncation; constant-time comparison. The tolerance is the sender's fudge, but no more
 * than the clock's: who sets it may well be a recording. When the MAC is good (also with BADTIME
 * and BADTRUNC) the chain advances. */
enum tsig_verdict tsig_verify(struct tsig_mac *mac, struct tsig_chain *chain,
                              const struct dns_message *m, const struct tsig_record *record,
                              struct tsig_clock clock);

/* The same when the digest has begun and the unsigned messages before this one are in it
 * already. */
enum tsig_verdict tsig_verify_end(struct tsig_mac *mac, struct tsig_chain *chain,
                                  const struct dns_message *m, const struct tsig_record *record,
                                  struct tsig_clock clock);

#endif
