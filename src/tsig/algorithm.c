#include "tsig/algorithm.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

/* The kinds with a cut MAC are algorithms of their own (RFC 8945 section 6, table 3). */
static const struct tsig_algorithm algorithm_table[] = {
    {"hmac-sha256", "hmac-sha256", "SHA256", 32, 32, false},
    {"hmac-sha384", "hmac-sha384", "SHA384", 48, 48, false},
    {"hmac-sha512", "hmac-sha512", "SHA512", 64, 64, false},
    {"hmac-sha224", "hmac-sha224", "SHA224", 28, 28, false},
    {"hmac-sha256-128", "hmac-sha256-128", "SHA256", 32, 16, false},
    {"hmac-sha384-192", "hmac-sha384-192", "SHA384", 48, 24, false},
    {"hmac-sha512-256", "hmac-sha512-256", "SHA512", 64, 32, false},
    {"hmac-sha1", "hmac-sha1", "SHA1", 20, 20, true},
    {"hmac-md5", "hmac-md5.sig-alg.reg.int", "MD5", 16, 16, true},
};

#define ALGORITHMS (sizeof algorithm_table / sizeof *algorithm_table)

const struct tsig_algorithm *tsig_algorithm_at(size_t i)
{
    return i < ALGORITHMS ? &algorithm_table[i] : NULL;
}

/* Has `text` this name in its first `len` octets, with '_' for some '-'? */
static bool algorithm_is(const char *name, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (strncasecmp(text[i] == '_' ? "-" : text + i, name + i, 1) != 0)
            return false;
    return !name[len];
}

const struct tsig_algorithm *tsig_algorithm_by_text(const char *text)
{
    bool whole = strncasecmp(text, "hmac", 4) == 0;
    text += whole ? 4 : 0;
    text += whole && (*text == '-' || *text == '_');
    size_t len = strlen(text);
    len -= len > 0 && text[len - 1] == '.';
    for (size_t i = 0; i < ALGORITHMS; i++)
        if (algorithm_is(algorithm_table[i].text + 5, text, len) ||
            algorithm_is(algorithm_table[i].wire + 5, text, len))
            return &algorithm_table[i];
    return NULL;
}

void tsig_algorithm_name(const struct tsig_algorithm *algorithm, struct dns_name *out)
{
    int error = dns_name_from_text(algorithm->wire, out);
    assert(error == 0);
    (void)error;
}

size_t tsig_algorithm_least_mac(const struct tsig_algorithm *algorithm)
{
    size_t half = algorithm->hash_size / 2U;
    return half > 10 ? half : 10;
}

bool tsig_algorithm_is_weaker(const struct tsig_algorithm *a, const struct tsig_algorithm *b)
{
    if (a->hash_size != b->hash_size)
        return a->hash_size < b->hash_size;
    return a->mac_size < b->mac_size;
}
