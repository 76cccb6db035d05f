#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/arguments.h"
#include "base/command.h"
#include "config/names.h"
#include "tools/key_text.h"

/* Base64 of the longest hash, with its NUL. */
#define KEYGEN_SECRET_SIZE (4 * ((TSIG_MAC_MAX + 2) / 3) + 1)

static int keygen_print(const struct key_text *format, const char *name,
                        const struct tsig_algorithm *algorithm)
{
    uint8_t secret[TSIG_MAC_MAX];
    if (RAND_priv_bytes(secret, algorithm->hash_size) != 1) {
        fputs("tsig-proxy: keygen: no random numbers to be had\n", stderr);
        return COMMAND_FAILED;
    }
    char base64[KEYGEN_SECRET_SIZE];
    EVP_EncodeBlock((unsigned char *)base64, secret, algorithm->hash_size);
    format->print(name, algorithm->text, base64);
    OPENSSL_cleanse(secret, sizeof secret);
    OPENSSL_cleanse(base64, sizeof base64);
    return COMMAND_DONE;
}

static const char *keygen_algorithm_at(size_t i)
{
    const struct tsig_algorithm *algorithm = tsig_algorithm_at(i);
    return algorithm ? algorithm->text : NULL;
}

static const char *keygen_format_at(size_t i)
{
    const struct key_text *format = key_text_at(i);
    return format ? format->format : NULL;
}

int command_keygen(int argc, char **argv)
{
    const char *format_text = "bind", *algorithm_text = "hmac-sha256";
    const struct arguments_option options[] = {{'a', "algorithm", &algorithm_text, NULL},
                                               {'f', "format", &format_text, NULL}};
    struct arguments a = {.options = options, .option_count = 2, .most = 1};
    int given = arguments_read(&a, argc, argv);
    if (given != ARGUMENTS_GO_ON)
        return given;
    const struct tsig_algorithm *algorithm = tsig_algorithm_by_text(algorithm_text);
    if (!algorithm)
        return command_unknown_word("keygen", "algorithm", algorithm_text, keygen_algorithm_at);
    const struct key_text *format = key_text_find(format_text);
    if (!format)
        return command_unknown_word("keygen", "format", format_text, keygen_format_at);
    if (a.count == 0)
        return command_usage("keygen", "the key's name is missing");
    struct dns_name name;
    char text[DNS_NAME_TEXT_SIZE];
    const char *problem = config_name_read(*a.words, &name);
    if (problem || name.len == 1)
        return command_usage("keygen", "'%s' %s", *a.words, problem ? problem : "is no key's name");
    dns_name_to_text(&name, text);
    problem = key_text_refuse(format, text, algorithm);
    if (problem)
        return command_usage("keygen", "%s %s", format->format, problem);
    return keygen_print(format, text, algorithm);
}
