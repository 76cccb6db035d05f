/* A lexer that hands out words, and a parser of one function for each part of the file. What is
 * wrong is said in words, for the operator has to find it; the parts return NULL or that sentence.
 * Nothing is handed out before the whole file has been read. */
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

static bool key_file_begins_with(const struct lexer *l, const char *text)
{
    size_t len = strlen(text);
    return (size_t)(l->end - l->at) >= len && memcmp(l->at, text, len) == 0;
}

static void key_file_skip_until(struct lexer *l, const char *text)
{
    while (l->at < l->end && !key_file_begins_with(l, text))
        l->at++;
    if (l->at < l->end)
        l->at += strlen(text);
}

/* White space and comments of the shell, C++ and C kinds. */
static void key_file_skip_blank(struct lexer *l)
{
    while (l->at < l->end) {
        if (isspace((unsigned char)*l->at)) {
            l->at++;
        } else if (*l->at == '#' || key_file_begins_with(l, "//")) {
            key_file_skip_until(l, "\n");
        } else if (key_file_begins_with(l, "/*")) {
            l->at += 2;
            key_file_skip_until(l, "*/");
        } else {
            return;
        }
    }
}

static bool key_file_ends_word(const struct lexer *l)
{
    return isspace((unsigned char)*l->at) || strchr("{};\"#", *l->at) ||
           key_file_begins_with(l, "/*");
}

static bool key_file_next_quoted(struct lexer *l, struct word *out)
{
    const char *start = l->at + 1;
    const char *close = memchr(start, '"', (size_t)(l->end - start));
    if (!close)
        return false;
    *out = (struct word){.start = start, .len = (size_t)(close - start), .quoted = true};
    l->at = close + 1;
    return true;
}

/* False at the end and for a quote without its other half. */
static bool key_file_next_word(struct lexer *l, struct word *out)
{
    key_file_skip_blank(l);
    if (l->at == l->end)
        return false;
    if (*l->at == '"')
        return key_file_next_quoted(l, out);
    const char *start = l->at++;
    if (!strchr("{};", *start))
        while (l->at < l->end && !key_file_ends_word(l))
            l->at++;
    *out = (struct word){.start = start, .len = (size_t)(l->at - start), .quoted = false};
    return true;
}

static bool key_file_is_word(const struct word *word, const char *text)
{
    return !word->quoted && word->len == strlen(text) &&
           strncasecmp(word->start, text, word->len) == 0;
}

static bool key_file_next_is(struct lexer *l, const char *text)
{
    struct word word;
    return key_file_next_word(l, &word) && key_file_is_word(&word, text);
}

/* As a string; false when it is too long or has a NUL inside. */
static bool key_file_word_text(const struct word *word, char out[DNS_NAME_TEXT_SIZE])
{
    if (word->len >= DNS_NAME_TEXT_SIZE || memchr(word->start, '\0', word->len))
        return false;
    memcpy(out, word->start, word->len);
    out[word->len] = '\0';
    return true;
}

/* BIND's "hmac-sha256-128" is hmac-sha256 on the wire, with MACs cut to 128 bits accepted. */
static const struct tsig_algorithm *key_file_cut_algorithm(char *text, uint8_t *minimum_mac)
{
    char *dash = strpbrk(text, "-_");
    for (char *next = dash; next; next = strpbrk(next + 1, "-_"))
        dash = next;
    if (!dash || !isdigit((unsigned char)dash[1]))
        return NULL;
    char *end = NULL, was = *dash;
    unsigned long bits = strtoul(dash + 1, &end, 10);
    *dash = '\0';
    const struct tsig_algorithm *algorithm = tsig_algorithm_by_text(text);
    *dash = was;
    end += *end == '.';
    if (!algorithm || algorithm->mac_size != algorithm->hash_size || *end || bits % 8 != 0 ||
        bits / 8 > algorithm->mac_size || bits / 8 < tsig_algorithm_least_mac(algorithm))
        return NULL;
    *minimum_mac = (uint8_t)(bits / 8);
    return algorithm;
}

/* The parts of a clause return NULL, or what is wrong. */
static const char *key_file_set_algorithm(struct tsig_key_file *file, const struct word *word)
{
    char text[DNS_NAME_TEXT_SIZE];
    if (file->algorithm)
        return "two algorithms";
    if (!key_file_word_text(word, text))
        return "unknown algorithm";
    file->algorithm = key_file_cut_algorithm(text, &file->minimum_mac);
    if (!file->algorithm)
        file->algorithm = tsig_algorithm_by_text(text);
    return file->algorithm ? NULL : "unknown algorithm";
}

static const char *key_file_set_secret(struct tsig_key_file *file, const struct word *word)
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

static const char *key_file_read_clause(struct lexer *l, const struct word *keyword,
                                        struct tsig_key_file *file)
{
    if (!key_file_is_word(keyword, "algorithm") && !key_file_is_word(keyword, "secret"))
        return "neither algorithm nor secret";
    struct word value;
    if (!key_file_next_word(l, &value) || key_file_is_word(&value, ";"))
        return "a value is missing";
    const char *problem = key_file_is_word(keyword, "secret")
                              ? key_file_set_secret(file, &value)
                              : key_file_set_algorithm(file, &value);
    if (!problem && !key_file_next_is(l, ";"))
        problem = "no ; after a value";
    return problem;
}

static const char *key_file_read_body(struct lexer *l, struct tsig_key_file *file)
{
    const char *problem = NULL;
    while (!problem) {
        struct word word;
        if (!key_file_next_word(l, &word))
            return "no closing }";
        if (key_file_is_word(&word, "}"))
            break;
        problem = key_file_read_clause(l, &word, file);
    }
    if (problem)
        return problem;
    if (!file->algorithm)
        return "no algorithm";
    return file->secret_len == 0 ? "no secret" : NULL;
}

static const char *key_file_read(struct lexer *l, struct tsig_key_file *file)
{
    if (!key_file_next_is(l, "key"))
        return "does not begin with key";
    char text[DNS_NAME_TEXT_SIZE];
    struct word word;
    if (!key_file_next_word(l, &word) || !key_file_word_text(&word, text) ||
        dns_name_from_text(text, &file->name) < 0)
        return "not a key name";
    if (!key_file_next_is(l, "{"))
        return "no { after the key name";
    const char *problem = key_file_read_body(l, file);
    if (problem)
        return problem;
    if (!key_file_next_is(l, ";"))
        return "no ; after the closing }";
    key_file_skip_blank(l);
    return l->at == l->end ? NULL : "more than one key";
}

bool tsig_key_file_looks_like(const char *text, size_t len)
{
    struct lexer lexer = {.at = text, .end = text + len};
    return key_file_next_is(&lexer, "key");
}

int tsig_key_file_parse(const char *text, size_t len, struct tsig_key_file *out,
                        const char **problem)
{
    struct lexer lexer = {.at = text, .end = text + len};
    struct tsig_key_file file = {0};
    const char *wrong = key_file_read(&lexer, &file);
    if (wrong)
        *problem = wrong;
    else
        *out = file;
    OPENSSL_cleanse(file.secret, sizeof file.secret);
    return wrong ? DNS_EFORMAT : 0;
}
