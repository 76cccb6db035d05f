#include "tsig/key.h"

#include <assert.h>
#include <ctype.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#define BASE64_MAX ((TSIG_SECRET_MAX + 2) / 3 * 4)

int tsig_key_init(struct tsig_key *key, const struct dns_name *name,
                  const struct tsig_algorithm *algorithm, const uint8_t *secret, size_t secret_len)
{
    assert(secret_len > 0);
    uint8_t *copy = OPENSSL_secure_malloc(secret_len);
    if (!copy)
        copy = OPENSSL_malloc(secret_len); /* it is full */
    if (!copy)
        return DNS_EMEMORY;
    memcpy(copy, secret, secret_len);
    *key = (struct tsig_key){
        .name = *name,
        .algorithm = algorithm,
        .secret = copy,
        .secret_len = secret_len,
        .minimum_mac = algorithm->mac_size,
    };
    dns_name_lower(&key->name);
    tsig_algorithm_name(algorithm, &key->algorithm_name);
    return 0;
}

void tsig_key_lock_up(struct tsig_key *key)
{
    uint8_t *copy = key->secret ? OPENSSL_secure_malloc(key->secret_len) : NULL;
    if (!copy)
        return;
    memcpy(copy, key->secret, key->secret_len);
    OPENSSL_secure_clear_free(key->secret, key->secret_len);
    key->secret = copy;
}

void tsig_key_fini(struct tsig_key *key)
{
    OPENSSL_secure_clear_free(key->secret, key->secret_len);
    *key = (struct tsig_key){0};
}

/* Copies all but white space. Returns how much there is, even when that is above `size`. */
static size_t key_squeeze(const char *text, size_t len, uint8_t *out, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (isspace((unsigned char)text[i]))
            continue;
        if (n < size)
            out[n] = (uint8_t)text[i];
        n++;
    }
    return n;
}

/* OpenSSL's decoder is lenient about padding and stray bits, so its result must encode to the same
 * text. */
static int key_decode_strictly(const uint8_t *text, size_t len, uint8_t *out, size_t *out_len)
{
    int n = EVP_DecodeBlock(out, text, (int)len);
    if (n < 0)
        return DNS_EFORMAT;
    size_t padding = (size_t)(text[len - 1] == '=') + (text[len - 2] == '=');
    *out_len = (size_t)n - padding;
    uint8_t again[BASE64_MAX + 1];
    bool same = (size_t)EVP_EncodeBlock(again, out, (int)*out_len) == len &&
                CRYPTO_memcmp(again, text, len) == 0;
    OPENSSL_cleanse(again, sizeof again);
    return same ? 0 : DNS_EFORMAT;
}

int tsig_key_decode_secret(const char *text, size_t len, uint8_t out[TSIG_SECRET_MAX],
                           size_t *out_len)
{
    uint8_t clean[BASE64_MAX];
    uint8_t decoded[BASE64_MAX / 4 * 3];
    size_t clean_len = key_squeeze(text, len, clean, sizeof clean);
    size_t decoded_len = 0;
    int error = DNS_EFORMAT;
    if (clean_len > sizeof clean)
        error = DNS_ESPACE;
    else if (clean_len > 0 && clean_len % 4 == 0)
        error = key_decode_strictly(clean, clean_len, decoded, &decoded_len);
    if (error == 0 && decoded_len > TSIG_SECRET_MAX)
        error = DNS_ESPACE;
    if (error == 0) {
        memcpy(out, decoded, decoded_len);
        *out_len = decoded_len;
    }
    OPENSSL_cleanse(clean, sizeof clean);
    OPENSSL_cleanse(decoded, sizeof decoded);
    return error;
}
