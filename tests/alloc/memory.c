#include "memory.h"

#include <openssl/crypto.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* What --wrap makes of the names: calls come to __wrap_, and __real_ is the C library's. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_reallocarray(void *block, size_t count, size_t size);
char *__real_strdup(const char *text);
int __real_vasprintf(char **out, const char *format, va_list args);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_reallocarray(void *block, size_t count, size_t size);
char *__wrap_strdup(const char *text);
int __wrap_vasprintf(char **out, const char *format, va_list args);
int __wrap_asprintf(char **out, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same two when the C library is to check them (_FORTIFY_SOURCE). */
int __wrap___vasprintf_chk(char **out, int flag, const char *format, va_list args);
int __wrap___asprintf_chk(char **out, int flag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void __wrap_free(void *block);

static _Thread_local struct {
    bool running;
    bool paused;
    enum memory_shortage shortage;
    unsigned nth;
    unsigned asked;
    unsigned refused;
} memory;
static _Atomic long live;

void memory_begin(enum memory_shortage shortage, unsigned nth)
{
    memory.shortage = shortage;
    memory.nth = nth;
    memory.asked = memory.refused = 0;
    memory.paused = false;
    memory.running = true;
}

unsigned memory_end(void)
{
    memory.running = false;
    return memory.refused;
}

void memory_pause(void)
{
    memory.paused = true;
}

void memory_resume(void)
{
    memory.paused = false;
}

long memory_live(void)
{
    return live;
}

static bool memory_refuses(void)
{
    if (!memory.running || memory.paused)
        return false;
    memory.asked++;
    bool refuses =
        memory.shortage == MEMORY_ONCE ? memory.asked == memory.nth : memory.asked >= memory.nth;
    memory.refused += refuses;
    return refuses;
}

/* Counts a new block. */
static void *memory_new(void *block)
{
    live += block != NULL;
    return block;
}

void *__wrap_malloc(size_t size)
{
    return memory_refuses() ? NULL : memory_new(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return memory_refuses() ? NULL : memory_new(__real_calloc(count, size));
}

void *__wrap_realloc(void *block, size_t size)
{
    if (memory_refuses())
        return NULL;
    void *grown = __real_realloc(block, size);
    return block ? grown : memory_new(grown);
}

void *__wrap_reallocarray(void *block, size_t count, size_t size)
{
    if (memory_refuses())
        return NULL;
    void *grown = __real_reallocarray(block, count, size);
    return block ? grown : memory_new(grown);
}

char *__wrap_strdup(const char *text)
{
    return memory_refuses() ? NULL : memory_new(__real_strdup(text));
}

int __wrap_vasprintf(char **out, const char *format, va_list args)
{
    int len = memory_refuses() ? -1 : __real_vasprintf(out, format, args);
    if (len < 0)
        *out = (char *)(uintptr_t)1; /* it may be anything then */
    else
        memory_new(*out);
    return len;
}

int __wrap_asprintf(char **out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = __wrap_vasprintf(out, format, args);
    va_end(args);
    return len;
}

int __wrap___vasprintf_chk(char **out, int flag, const char *format, va_list args)
{
    (void)flag;
    return __wrap_vasprintf(out, format, args);
}

int __wrap___asprintf_chk(char **out, int flag, const char *format, ...)
{
    (void)flag;
    va_list args;
    va_start(args, format);
    int len = __wrap_vasprintf(out, format, args);
    va_end(args);
    return len;
}

void __wrap_free(void *block)
{
    live -= block != NULL;
    __real_free(block);
}

/* OpenSSL's. Of no octets it wants nothing. */

static void *on_crypto_malloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return size ? __wrap_malloc(size) : NULL;
}

static void on_crypto_free(void *block, const char *file, int line)
{
    (void)file;
    (void)line;
    __wrap_free(block);
}

static void *on_crypto_realloc(void *block, size_t size, const char *file, int line)
{
    if (size > 0)
        return __wrap_realloc(block, size);
    on_crypto_free(block, file, line);
    return NULL;
}

/* OpenSSL takes them before it has allocated anything, and never after. */
__attribute__((constructor)) static void memory_take_over(void)
{
    if (!CRYPTO_set_mem_functions(on_crypto_malloc, on_crypto_realloc, on_crypto_free))
        abort();
}
