#include "tsig/verify.h"

#include <assert.h>
#include <openssl/crypto.h>

static bool verify_is_same_key(const struct tsig_key *key, const struct tsig_record *record)
{
    return dns_name_equal(&key->name, &record->key_name) &&
           dns_name_equal(&key->algorithm_name, &record->algorithm);
}

static bool verify_is_legal_mac_len(const struct tsig_algorithm *algorithm, size_t len)
{
    return len <= algorithm->mac_size && len >= tsig_algorithm_least_mac(algorithm);
}

static bool verify_is_within_fudge(const struct tsig_record *record, struct tsig_clock clock)
{
    uint64_t now = clock.seconds;
    uint64_t off =
        now > record->time_signed ? now - record->time_signed : record->time_signed - now;
    return off <= record->fudge && off <= clock.fudge;
}

/* RFC 8945 section 5.2.2: over the message without its TSIG, which does not count either. */
static enum tsig_verdict verify_check_mac(struct tsig_mac *mac, const struct tsig_chain *chain,
                                          const struct dns_message *m,
                                          const struct tsig_record *record)
{
    uint16_t arcount = (uint16_t)(m->count[DNS_ADDITIONAL] - 1);
    tsig_sign_digest_message(mac, m->octets, m->tsig_at, record->original_id, arcount);
    uint8_t digest[TSIG_MAC_MAX];
    if (tsig_sign_digest_end(mac, chain->form, record, digest) < 0)
        return TSIG_VERDICT_FAILED;
    return CRYPTO_memcmp(digest, record->mac, record->mac_len) == 0 ? TSIG_VERIFIED
                                                                    : TSIG_VERDICT_BADSIG;
}

enum tsig_verdict tsig_verify_end(struct tsig_mac *mac, struct tsig_chain *chain,
                                  const struct dns_message *m, const struct tsig_record *record,
                                  struct tsig_clock clock)
{
    assert(m->tsig_place == DNS_TSIG_LAST);
    if (!verify_is_same_key(mac->key, record))
        return TSIG_VERDICT_BADKEY;
    if (!verify_is_legal_mac_len(mac->key->algorithm, record->mac_len))
        return TSIG_VERDICT_FORMERR;
    enum tsig_verdict verdict = verify_check_mac(mac, chain, m, record);
    if (verdict != TSIG_VERIFIED)
        return verdict;
    /* As sent, even if cut: that is what the next digest begins with (section 5.2.2.1). */
    tsig_chain_advance(chain, record->mac, record->mac_len, record->time_signed);
    if (!verify_is_within_fudge(record, clock))
        return TSIG_VERDICT_BADTIME;
    return record->mac_len < mac->key->minimum_mac ? TSIG_VERDICT_BADTRUNC : TSIG_VERIFIED;
}

enum tsig_verdict tsig_verify(struct tsig_mac *mac, struct tsig_chain *chain,
                              const struct dns_message *m, const struct tsig_record *record,
                              struct tsig_clock clock)
{
    tsig_sign_digest_begin(mac, chain);
    return tsig_verify_end(mac, chain, m, record, clock);
}
