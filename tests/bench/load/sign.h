/* Keys of the secondaries, and messages signed with them ahead of time. */
#ifndef SIGN_H
#define SIGN_H

#include "dns/message.h"
#include "tsig/sign.h"

#define SIGN_NAME_SIZE 96

struct signer {
    struct tsig_key key;
    struct tsig_mac mac;
};

/* The keys of so many secondaries: k0.example and so on, hmac-sha256, the secret eight times the
 * number in four octets. */
struct signer *sign_keys(size_t count);
void sign_free(struct signer *signers, size_t count);

/* Writes a question into `octets`, which hold `size`; returns its length. */
size_t sign_question(uint8_t *octets, size_t size, uint16_t flags, const char *name, uint16_t type);
/* Adds the SOA of the question's name to the answer section; returns the new length. */
size_t sign_soa(uint8_t *octets, size_t len, size_t size, uint32_t serial);
/* Signs a request, or the response whose chain that is; returns the new length. */
size_t sign(struct signer *signer, struct tsig_chain *chain, uint8_t *octets, size_t len,
            size_t size);

/* Makes of a NOTIFY its signed answer; false when it is not signed with this key. */
struct net_datagram;
bool sign_confirm(struct signer *signer, struct net_datagram *d);

#endif
