#include "tools/key_text.h"

#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "config/names.h"

/* What fits in a section's header beside "key ". */
#define KEY_TEXT_LABEL_MAX (CONFIG_NAME_MAX - 4)

/* No shell and no other program sees more in these than letters. */
#define KEY_TEXT_PLAIN "abcdefghijklmnopqrstuvwxyz0123456789._-"

/* Each takes name, algorithm, secret, in the order its text needs them. */
static void key_text_bind(const char *name, const char *algorithm, const char *secret)
{
    printf("key \"%s\" {\n\talgorithm %s;\n\tsecret \"%s\";\n};\n", name, algorithm, secret);
}

static void key_text_ini(const char *name, const char *algorithm, const char *secret)
{
    if (strlen(name) > KEY_TEXT_LABEL_MAX || !config_label_is_good(name))
        printf("[key a-label-of-your-own]\nname      = %s\n", name);
    else
        printf("[key %s]\n", name);
    printf("algorithm = %s\nsecret    = %s\n", algorithm, secret);
}

static void key_text_nsd(const char *name, const char *algorithm, const char *secret)
{
    printf("key:\n    name: \"%s\"\n    algorithm: %s\n    secret: \"%s\"\n", name, algorithm,
           secret);
}

static void key_text_knot(const char *name, const char *algorithm, const char *secret)
{
    printf("key:\n  - id: \"%s\"\n    algorithm: %s\n    secret: \"%s\"\n", name, algorithm,
           secret);
}

void key_text_put_word(const char *text)
{
    putchar('\'');
    for (const char *c = text; *c; c++) {
        if (*c == '\'')
            fputs("'\\'", stdout);
        putchar(*c);
    }
    putchar('\'');
}

static void key_text_powerdns(const char *name, const char *algorithm, const char *secret)
{
    fputs("pdnsutil import-tsig-key ", stdout);
    key_text_put_word(name);
    printf(" %s '%s'\n", algorithm, secret);
}

static void key_text_unbound(const char *name, const char *algorithm, const char *secret)
{
    printf("# for a version of Unbound that has tsig-key; none up to 1.24 does\n"
           "tsig-key:\n    name: \"%s\"\n    algorithm: %s\n    secret: \"%s\"\n",
           name, algorithm, secret);
}

/* Behind dig -y. Quotes would be part of it where no shell reads it, so there are none unless the
 * name needs them. */
static void key_text_dig(const char *name, const char *algorithm, const char *secret)
{
    if (name[strspn(name, KEY_TEXT_PLAIN)]) {
        printf("%s:", algorithm);
        key_text_put_word(name);
        printf(":%s\n", secret);
    } else {
        printf("%s:%s:%s\n", algorithm, name, secret);
    }
}

static const struct key_text key_text_formats[] = {
    {"bind", true, key_text_bind},
    {"ini", true, key_text_ini},
    {"nsd", false, key_text_nsd},
    {"knot", false, key_text_knot},
    {"powerdns", false, key_text_powerdns},
    {"unbound", false, key_text_unbound},
    {"dig", true, key_text_dig},
};

const struct key_text *key_text_at(size_t i)
{
    return i < sizeof key_text_formats / sizeof *key_text_formats ? &key_text_formats[i] : NULL;
}

const struct key_text *key_text_find(const char *format)
{
    const struct key_text *found;
    for (size_t i = 0; (found = key_text_at(i)); i++)
        if (strcmp(found->format, format) == 0)
            return found;
    return NULL;
}

const char *key_text_refuse(const struct key_text *format, const char *name,
                            const struct tsig_algorithm *algorithm)
{
    if (!format->cuts && algorithm->mac_size != algorithm->hash_size)
        return "knows no algorithm whose MACs are shorter than its hash";
    if (format->print == key_text_dig && strchr(name, ':'))
        return "takes no ':' in a name";
    return NULL;
}
