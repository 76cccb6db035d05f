/* Look-up among the keys that one peer may use (RFC 8945 section 5.2.1): names are scoped to
 * peers. */
#ifndef TSIG_KEYRING_H
#define TSIG_KEYRING_H

#include "tsig/key.h"
#include "tsig/record.h"

struct tsig_keyring {
    const struct tsig_key **keys; /* owned array of borrowed keys, in the order of preference */
    size_t count;
};

/* The key with this name (case aside), whatever its algorithm; NULL if there is none. */
const struct tsig_key *tsig_keyring_by_name(const struct tsig_keyring *ring,
                                            const struct dns_name *name);

/* The next key with the record's name and algorithm, from place `*at` on, which moves behind it;
 * NULL when there is none. There are two while a secret is being changed. */
const struct tsig_key *tsig_keyring_next(const struct tsig_keyring *ring,
                                         const struct tsig_record *record, size_t *at);

#endif
