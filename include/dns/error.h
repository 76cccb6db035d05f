/* src/dns: DNS messages as octets, read, checked, followed, cut and written.
 *
 * Error codes shared by the whole library, and the attribute that makes a caller look at them. */
#ifndef DNS_ERROR_H
#define DNS_ERROR_H

#define MUST_CHECK __attribute__((warn_unused_result))

/* Functions that can fail return 0 or one of these; outputs are written only on success. */
enum dns_error {
    DNS_EFORMAT = -1, /* the octets or the text do not follow their format */
    DNS_ESPACE = -2,  /* the result does not fit */
    DNS_EMEMORY = -3, /* no memory */
    DNS_ECRYPTO = -4, /* OpenSSL refused: unknown digest, or out of memory */
};

#endif
