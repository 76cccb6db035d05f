#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/command.h"
#include "tsig/key.h"

/* Base64 of the longest hash, with its NUL. */
#define KEYGEN_SECRET_SIZE (4 * ((TSIG_MAC_MAX + 2) / 3) + 1)

/* Each takes name, algorithm, secret, in the order its text needs them. */
static void keygen_ini(const char *name, const char *algorithm, const char *secret)
{
    /* A section header has room for 49 characters, a name may have more. */
    if (strlen(name) > 45)
        printf("[key a-label-of-your-own]\nname      = %s\n", name);
    else
        printf("[key %s]\n", name);
    printf("algorithm = %s\nsecret    = %s\n", algorithm, secret);
}

static void keygen_bind(const char *name, const char *algorithm, const char *secret)
{
    printf("key \"%s\" {\n\talgorithm %s;\n\tsecret \"%s\";\n};\n", name, algorithm, secret);
}

static void keygen_nsd(const char *name, const char *algorithm, const char *secret)
{
    printf("key:\n    name: \"%s\"\n    algorithm: %s\n    secret: \"%s\"\n", name, algorithm,
           secret);
}

static void keygen_knot(const char *name, const char *algorithm, const char *secret)
{
    printf("key:\n  - id: %s\n    algorithm: %s\n    secret: %s\n", name, algorithm, secret);
}

/* As one word of a shell's command line, whatever is in it. */
static void keygen_put_word(const char *text)
{
    putchar('\'');
    for (const char *c = text; *c; c++) {
        if (*c == '\'')
            fputs("'\\'", stdout);
        putchar(*c);
    }
    putchar('\'');
}

static void keygen_powerdns(const char *name, const char *algorithm, const char *secret)
{
    fputs("pdnsutil import-tsig-key ", stdout);
    keygen_put_word(name);
    printf(" %s '%s'\n", algorithm, secret);
}

static const struct {
    const char *name;
    void (*print)(const char *name, const char *algorithm, const char *secret);
} keygen_formats[] = {
    {"ini", keygen_ini},   {"bind", keygen_bind},         {"nsd", keygen_nsd},
    {"knot", keygen_knot}, {"powerdns", keygen_powerdns},
};

static int keygen_print(const char *format, const struct dns_name *name,
                        const struct tsig_algorithm *algorithm)
{
    for (size_t i = 0; i < sizeof keygen_formats / sizeof *keygen_formats; i++) {
        if (strcmp(format, keygen_formats[i].name) != 0)
            continue;
        uint8_t secret[TSIG_MAC_MAX];
        if (RAND_priv_bytes(secret, algorithm->hash_size) != 1) {
            fputs("tsig-proxy: keygen: no random numbers to be had\n", stderr);
            return COMMAND_FAILED;
        }
        char base64[KEYGEN_SECRET_SIZE];
        EVP_EncodeBlock((unsigned char *)base64, secret, algorithm->hash_size);
        char text[DNS_NAME_TEXT_SIZE];
        keygen_formats[i].print(dns_name_to_text(name, text), algorithm->text, base64);
        OPENSSL_cleanse(secret, sizeof secret);
        OPENSSL_cleanse(base64, sizeof base64);
        return COMMAND_DONE;
    }
    return command_usage("keygen: unknown format '%s' (ini, bind, nsd, knot, powerdns)", format);
}

int command_keygen(int argc, char **argv)
{
    const char *format = "ini";
    const struct tsig_algorithm *algorithm = tsig_algorithm_by_text("hmac-sha256");
    opterr = 0;
    for (int option; (option = getopt(argc, argv, "+a:f:")) != -1;) {
        if (option == 'f')
            format = optarg;
        else if (option != 'a')
            return command_usage("keygen: unknown option, or one without its value");
        else if (!(algorithm = tsig_algorithm_by_text(optarg)))
            return command_usage("keygen: unknown algorithm '%s'", optarg);
    }
    if (optind + 1 != argc)
        return command_usage("keygen: one key name is needed");
    struct dns_name name;
    if (dns_name_from_text(argv[optind], &name) < 0 || name.len == 1)
        return command_usage("keygen: '%s' is not a domain name", argv[optind]);
    dns_name_lower(&name);
    return keygen_print(format, &name, algorithm);
}
