#include "tsig/mac.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

#define DIGEST_NAME_SIZE 16

_Thread_local size_t tsig_mac_secret;

static int mac_set_key(EVP_MAC_CTX *ctx, const struct tsig_key *key)
{
    char digest[DIGEST_NAME_SIZE] = {0}; /* OSSL_PARAM wants it writable */
    OSSL_PARAM params[2];
    strncpy(digest, key->algorithm->digest, sizeof digest - 1);
    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0);
    params[1] = OSSL_PARAM_construct_end();
    tsig_mac_secret = key->secret_len;
    int done = EVP_MAC_init(ctx, key->secret, key->secret_len, params);
    tsig_mac_secret = 0;
    return done ? 0 : DNS_ECRYPTO;
}

bool tsig_mac_is_offered(const struct tsig_algorithm *algorithm)
{
    ERR_clear_error();
    EVP_MD *hash = EVP_MD_fetch(NULL, algorithm->digest, NULL);
    /* Without memory nobody knows. */
    bool offered = hash || ERR_GET_REASON(ERR_peek_last_error()) != ERR_R_UNSUPPORTED;
    EVP_MD_free(hash);
    return offered;
}

int tsig_mac_init(struct tsig_mac *mac, const struct tsig_key *key)
{
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *ctx = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
    EVP_MAC_free(hmac); /* the context holds a reference of its own */
    if (!ctx || mac_set_key(ctx, key) < 0) {
        EVP_MAC_CTX_free(ctx);
        return DNS_ECRYPTO;
    }
    *mac = (struct tsig_mac){.ctx = ctx, .key = key};
    return 0;
}

int tsig_mac_copy(struct tsig_mac *mac, const struct tsig_mac *from)
{
    tsig_mac_secret = from->key->secret_len;
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_dup(from->ctx);
    tsig_mac_secret = 0;
    if (!ctx)
        return DNS_ECRYPTO;
    *mac = (struct tsig_mac){.ctx = ctx, .key = from->key};
    return 0;
}

void tsig_mac_fini(struct tsig_mac *mac)
{
    EVP_MAC_CTX_free(mac->ctx);
    *mac = (struct tsig_mac){0};
}

void tsig_mac_begin(struct tsig_mac *mac)
{
    /* No key means: the same key again, whose pads are hashed already. */
    mac->failed = !EVP_MAC_init(mac->ctx, NULL, 0, NULL);
}

void tsig_mac_update(struct tsig_mac *mac, const uint8_t *octets, size_t len)
{
    if (!mac->failed && len > 0 && !EVP_MAC_update(mac->ctx, octets, len))
        mac->failed = true;
}

int tsig_mac_end(struct tsig_mac *mac, uint8_t out[TSIG_MAC_MAX])
{
    uint8_t full[TSIG_MAC_MAX];
    size_t len = 0;
    if (mac->failed || !EVP_MAC_final(mac->ctx, full, &len, sizeof full) ||
        len != mac->key->algorithm->hash_size)
        return DNS_ECRYPTO;
    memcpy(out, full, mac->key->algorithm->mac_size);
    OPENSSL_cleanse(full, sizeof full);
    return 0;
}
