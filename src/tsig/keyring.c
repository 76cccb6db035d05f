#include "tsig/keyring.h"

const struct tsig_key *tsig_keyring_by_name(const struct tsig_keyring *ring,
                                            const struct dns_name *name)
{
    for (size_t i = 0; i < ring->count; i++)
        if (dns_name_equal(&ring->keys[i]->name, name))
            return ring->keys[i];
    return NULL;
}

const struct tsig_key *tsig_keyring_next(const struct tsig_keyring *ring,
                                         const struct tsig_record *record, size_t *at)
{
    while (*at < ring->count) {
        const struct tsig_key *key = ring->keys[(*at)++];
        if (dns_name_equal(&key->name, &record->key_name) &&
            dns_name_equal(&key->algorithm_name, &record->algorithm))
            return key;
    }
    return NULL;
}
