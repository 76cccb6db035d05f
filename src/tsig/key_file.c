#include "tsig/key_file.h"

#include <ctype.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The words of a BIND key file: quoted, a single one of { } ; or a run of other characters. */
struct lexer {
    const char *at;
    const char *end;
};

struct word {
    const char *start;
    size_t len;
    bool quoted;
};

static bool begins_with(const struct lexer *l, const char *text)
{
    size_t len = strlen(text);

    return (size_t)(l->end - l->at) >= len && memcmp(l->at, text, len) == 0;
}

static void skip_until(struct lexer *l, const char *text)
{
    while (l->at < l->end && !begins_with(l, text))
        l->at++;
    if (l->at < l->end)
        l->at += strlen(text);
}

/* White space and comments of the shell, C++ and C kinds. */
static void skip_blank(struct lexer *l)
{
    while (l->at < l->end) {
        if (isspace((unsigned char)*l->at)) {
            l->at++;
        } else if (*l->at == '#' || begins_with(l, "//")) {
            skip_until(l, "\n");
        } else if (begins_with(l, "/*")) {
            l->at += 2;
            skip_until(l, "*/");
        } else {
            return;
        }
    }
}

static bool ends_word(const struct lexer *l)
{
    return isspace((unsigned char)*l->at) || strchr("{};\"#", *l->at) != NULL ||
           begins_with(l, "/*");
}

static bool next_quoted(struct lexer *l, struct word *out)
{
    const char *start = l->at + 1;
    const char *close = memchr(start, '"', (size_t)(l->end - start));

    if (close == NULL)
        return false;
    *out = (struct word){.start = start, .len = (size_t)(close - start), .quoted = true};
    l->at = close + 1;
    return true;
}

/* False at the end and for a quote without its other half. */
static bool next_word(struct lexer *l, struct word *out)
{
    const char *start;

    skip_blank(l);
    if (l->at == l->end)
        return false;
    if (*l->at == '"')
        return next_quoted(l, out);
    start = l->at++;
    if (strchr("{};", *start) == NULL)
        while (l->at < l->end && !ends_word(l))
            l->at++;
    *out = (struct word){.start = start, .len = (size_t)(l->at - start), .quoted = false};
    return true;
}

static bool is_word(const struct word *word, const char *text)
{
    return !word->quoted && word->len == strlen(text) &&
           strncasecmp(word->start, text, word->len) == 0;
}

static bool next_is(struct lexer *l, const char *text)
{
    struct word word;

    return next_word(l, &word) && is_word(&word, text);
}

/* As a string; false when it is too long or has a NUL inside. */
static bool word_text(const struct word *word, char out[DNS_NAME_TEXT_SIZE])
{
    if (word->len >= DNS_NAME_TEXT_SIZE || memchr(word->start, 0, word->len) != NULL)
        return false;
    memcpy(out, word->start, word->len);
    out[word->len] = 0;
    return true;
}

/* BIND's "hmac-sha256-128" is hmac-sha256 on the wire, with MACs cut to 128 bits accepted. */
static const struct tsig_algorithm *cut_algorithm(char *text, uint8_t *minimum_mac)
{
    const struct tsig_algorithm *algorithm;
    char *dash = strrchr(text, '-');
    char *end = NULL;
    unsigned long bits;

    if (dash == NULL || !isdigit((unsigned char)dash[1]))
        return NULL;
    bits = strtoul(dash + 1, &end, 10);
    *dash = 0;
    algorithm = tsig_algorithm_by_text(text);
    *dash = '-';
    if (algorithm == NULL || algorithm->mac_size != algorithm->hash_size || *end != 0 ||
        bits % 8 != 0 || bits / 8 > algorithm->mac_size ||
        bits / 8 < tsig_algorithm_least_mac(algorithm))
        return NULL;
    *minimum_mac = (uint8_t)(bits / 8);
    return algorithm;
}

/* The parts of a clause return NULL, or what is wrong. */
static const char *set_algorithm(struct tsig_key_file *file, const struct word *word)
{
    char text[DNS_NAME_TEXT_SIZE];

    if (file->algorithm != NULL)
        return "two algorithms";
    if (!word_text(word, text))
        return "unknown algorithm";
    file->algorithm = cut_algorithm(text, &file->minimum_mac);
    if (file->algorithm == NULL)
        file->algorithm = tsig_algorithm_by_text(text);
    return file->algorithm == NULL ? "unknown algorithm" : NULL;
}

static const char *set_secret(struct tsig_key_file *file, const struct word *word)
{
    if (file->secret_len != 0)
        return "two secrets";
    switch (tsig_key_decode_secret(word->start, word->len, file->secret, &file->secret_len)) {
    case 0:
        return NULL;
    case DNS_ESPACE:
        return "the secret is too long";
    default:
        return "the secret is not base64";
    }
}

static const char *read_clause(struct lexer *l, const struct word *keyword,
                               struct tsig_key_file *file)
{
    const char *problem;
    struct word value;

    if (!is_word(keyword, "algorithm") && !is_word(keyword, "secret"))
        return "neither algorithm nor secret";
    if (!next_word(l, &value) || is_word(&value, ";"))
        return "a value is missing";
    problem = is_word(keyword, "secret") ? set_secret(file, &value) : set_algorithm(file, &value);
    if (problem == NULL && !next_is(l, ";"))
        problem = "no ; after a value";
    return problem;
}

static const char *read_body(struct lexer *l, struct tsig_key_file *file)
{
    const char *problem = NULL;
    struct word word;

    while (problem == NULL) {
        if (!next_word(l, &word))
            return "no closing }";
        if (is_word(&word, "}"))
            break;
        problem = read_clause(l, &word, file);
    }
    if (problem != NULL)
        return problem;
    if (file->algorithm == NULL)
        return "no algorithm";
    return file->secret_len == 0 ? "no secret" : NULL;
}

static const char *read_file(struct lexer *l, struct tsig_key_file *file)
{
    char text[DNS_NAME_TEXT_SIZE];
    const char *problem;
    struct word word;

    if (!next_is(l, "key"))
        return "does not begin with key";
    if (!next_word(l, &word) || !word_text(&word, text) ||
        dns_name_from_text(text, &file->name) != 0)
        return "not a key name";
    if (!next_is(l, "{"))
        return "no { after the key name";
    problem = read_body(l, file);
    if (problem != NULL)
        return problem;
    if (!next_is(l, ";"))
        return "no ; after the closing }";
    skip_blank(l);
    return l->at == l->end ? NULL : "more than one key";
}

bool tsig_key_file_looks_like(const char *text, size_t len)
{
    struct lexer lexer = {.at = text, .end = text + len};

    return next_is(&lexer, "key");
}

int tsig_key_file_parse(const char *text, size_t len, struct tsig_key_file *out,
                        const char **problem)
{
    struct lexer lexer = {.at = text, .end = text + len};
    struct tsig_key_file file = {0};
    const char *wrong = read_file(&lexer, &file);

    if (wrong == NULL)
        *out = file;
    else
        *problem = wrong;
    OPENSSL_cleanse(file.secret, sizeof(file.secret));
    return wrong == NULL ? 0 : DNS_EFORMAT;
}
