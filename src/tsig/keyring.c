#include "tsig/keyring.h"

const struct tsig_key *tsig_keyring_by_name(const struct tsig_keyring *ring,
                                            const struct dns_name *name)
{
    for (size_t i = 0; i < ring->count; i++)
        if (dns_name_equal(&ring->keys[i]->name, name))
            return ring->keys[i];
    return NULL;
}

const struct tsig_key *tsig_keyring_find(const struct tsig_keyring *ring,
                                         const struct tsig_record *record)
{
    for (size_t i = 0; i < ring->count; i++)
        if (dns_name_equal(&ring->keys[i]->name, &record->key_name) &&
            dns_name_equal(&ring->keys[i]->algorithm_name, &record->algorithm))
            return ring->keys[i];
    return NULL;
}
