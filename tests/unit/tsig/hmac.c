#include "tsig/hmac.h"

#include <openssl/evp.h>

unsigned hmac_count;
bool hmac_fails;

/* What --wrap makes of the name: calls come to __wrap_, and __real_ is OpenSSL's. */
int __real_EVP_MAC_final(EVP_MAC_CTX *ctx, unsigned char *out, size_t *len, size_t size);
int __wrap_EVP_MAC_final(EVP_MAC_CTX *ctx, unsigned char *out, size_t *len, size_t size);

int __wrap_EVP_MAC_final(EVP_MAC_CTX *ctx, unsigned char *out, size_t *len, size_t size)
{
    hmac_count++;
    return hmac_fails ? 0 : __real_EVP_MAC_final(ctx, out, len, size);
}
