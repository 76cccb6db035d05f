/* There is room for all that can be at once: for each key the secret itself and a copy for each
 * worker, in as many snapshots as may be in use, and a copy for each signed response on its way.
 * Pages are locked, and taken, when they are first written. OpenSSL's HMAC keeps its copies in
 * ordinary memory; by memory functions of ours they are here as well. */
#include "base/vault.h"

#include <cap-ng.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <openssl/crypto.h>
#include <uv.h>

#include "tsig/mac.h"

#define VAULT_SNAPSHOTS 18 /* the oldest end beyond 16 (snapshots.h); this one, and the next */
#define VAULT_LEAST     16 /* keys: a few may be added */
#define VAULT_RESPONSES 32768
#define VAULT_BLOCK     64 /* octets: a secret for SHA-512 */
#define VAULT_MOST      ((size_t)1 << 30)

static size_t vault_made; /* octets; 0: there is none */

static size_t vault_block(const struct config *config)
{
    size_t block = VAULT_BLOCK;
    for (size_t i = 0; i < config->key_count; i++)
        while (block < config->keys[i].secret_len)
            block *= 2;
    return block;
}

/* Of one snapshot in force. */
static size_t vault_share(const struct config *config)
{
    size_t workers = config->proxy.workers;
    size_t keys = config->key_count < VAULT_LEAST ? VAULT_LEAST : config->key_count;
    if (workers == 0)
        workers = uv_available_parallelism();
    return keys * (1 + workers) * vault_block(config);
}

size_t vault_size(const struct config *config)
{
    size_t wanted = VAULT_SNAPSHOTS * vault_share(config) + VAULT_RESPONSES * vault_block(config);
    size_t size = 1u << 20;
    while (size < wanted && size < VAULT_MOST)
        size *= 2;
    return size;
}

static void vault_raise_limit(struct rlimit *limit)
{
    if (getrlimit(RLIMIT_MEMLOCK, limit) < 0)
        *limit = (struct rlimit){0, 0};
    limit->rlim_cur = limit->rlim_max;
}

enum vault vault_foresee(const struct config *config)
{
    struct rlimit limit;
    vault_raise_limit(&limit);
    capng_get_caps_process();
    return limit.rlim_max >= vault_size(config) ||
                   capng_have_capability(CAPNG_EFFECTIVE, CAP_IPC_LOCK)
               ? VAULT_LOCKED
               : VAULT_UNLOCKED;
}

/* OpenSSL's memory functions: the C library's, but for copies of secrets. */

static void *on_allocate(size_t size, const char *file, int line)
{
    void *block = NULL;
    if (size == 0) /* nothing, as in OpenSSL's own */
        return NULL;
    if (vault_made && size == tsig_mac_secret)
        block = CRYPTO_secure_malloc(size, file, line);
    return block ? block : malloc(size);
}

static void on_free(void *block, const char *file, int line)
{
    if (vault_made && CRYPTO_secure_allocated(block))
        CRYPTO_secure_free(block, file, line);
    else
        free(block);
}

/* No copy of a secret ever grows. */
static void *on_reallocate(void *block, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return vault_made && CRYPTO_secure_allocated(block) ? NULL : realloc(block, size);
}

void vault_prepare(void)
{
    (void)CRYPTO_set_mem_functions(on_allocate, on_reallocate, on_free);
}

enum vault vault_open(struct config *config)
{
    struct rlimit limit;
    vault_raise_limit(&limit);
    setrlimit(RLIMIT_MEMLOCK, &limit);
    size_t size = vault_size(config);
    int made = CRYPTO_secure_malloc_init(size, VAULT_BLOCK);
    vault_made = made ? size : 0;
    for (size_t i = 0; i < config->key_count && made; i++)
        tsig_key_lock_up(&config->keys[i]);
    return made == 1 ? VAULT_LOCKED : made ? VAULT_UNLOCKED : VAULT_NONE;
}

bool vault_holds(const struct config *config)
{
    return !vault_made || (vault_size(config) <= vault_made &&
                           vault_share(config) <= vault_made - CRYPTO_secure_used());
}
