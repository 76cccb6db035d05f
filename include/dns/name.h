/* Domain names: wire form, text, comparison (RFC 1035 sections 3.1 and 4.1.4, RFC 4343). */
#ifndef DNS_NAME_H
#define DNS_NAME_H

#include "dns/error.h"
#include "dns/wire.h"

#define DNS_NAME_MAX       255  /* octets in wire form, root label included */
#define DNS_NAME_TEXT_SIZE 1024 /* any name as text with its NUL: 4 characters an octet */

struct memo; /* what a walk remembers: src/dns/memo.h */

/* A whole name, uncompressed, in the case it arrived in. */
struct dns_name {
    uint8_t len; /* 1 to DNS_NAME_MAX */
    uint8_t octets[DNS_NAME_MAX];
};

/* Reads a name at the reader's place. The octets are a message: a pointer goes back to before the
 * labels that it ends, not into the header, and what it leads to ends before them too (RFC 1035
 * section 4.1.4: a prior occurrence); 127 pointers at most. On failure the reader has failed and
 * `out` is untouched. */
int dns_name_read(struct dns_reader *r, struct dns_name *out) MUST_CHECK;

/* Steps over a name, validating it as dns_name_read does, without keeping it. */
int dns_name_skip(struct dns_reader *r) MUST_CHECK;

/* The same in a walk that never goes back; what it says of names is kept. */
int dns_name_skip_noting(struct dns_reader *r, struct memo *memo) MUST_CHECK;

/* Writes the name without compression. */
void dns_name_write(struct dns_writer *w, const struct dns_name *name);

/* Master-file text with \X and \DDD escapes (RFC 1035 section 5.1); a last dot may be left out; "."
 * is the root. DNS_EFORMAT for empty labels, labels over 63, names over 255 octets, bad escapes,
 * and unescaped blanks, control characters or octets beyond ASCII. */
int dns_name_from_text(const char *text, struct dns_name *out) MUST_CHECK;

/* Text without the last dot (the root is "."), special characters escaped. Returns `out`. */
char *dns_name_to_text(const struct dns_name *name, char out[DNS_NAME_TEXT_SIZE]);

/* ASCII letters to lower case, in place (RFC 4343). */
void dns_name_lower(struct dns_name *name);

/* Case-insensitive. */
bool dns_name_equal(const struct dns_name *a, const struct dns_name *b);

/* True if `name` lies below `suffix` and is not `suffix` itself; case-insensitive. */
bool dns_name_below(const struct dns_name *name, const struct dns_name *suffix);

#endif
