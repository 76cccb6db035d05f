/* A key file of BIND, as tsig-keygen writes it, or a piece of named.conf with one key in it:
 *     key "NAME" { algorithm hmac-sha256; secret "BASE64"; };
 * with comments of the kinds that BIND knows, words quoted or not, in any order.
 *
 * A lexer that hands out words, and a parser of one function for each part of the file. What is
 * wrong is said in words, for the operator has to find it; the parts return NULL or that
 * sentence. */
#include "key_forms.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The words of the file: quoted, a single one of { } ; or a run of other characters. */
struct lexer {
    const char *at;
    const char *end;
};

struct word {
    const char *start;
    size_t len;
    bool quoted;
};

static bool key_bind_begins_with(const struct lexer *l, const char *text)
{
    size_t len = strlen(text);
    return (size_t)(l->end - l->at) >= len && memcmp(l->at, text, len) == 0;
}

static void key_bind_skip_until(struct lexer *l, const char *text)
{
    while (l->at < l->end && !key_bind_begins_with(l, text))
        l->at++;
    if (l->at < l->end)
        l->at += strlen(text);
}

/* White space and comments of the shell, C++ and C kinds. */
static void key_bind_skip_blank(struct lexer *l)
{
    while (l->at < l->end) {
        if (isspace((unsigned char)*l->at)) {
            l->at++;
        } else if (*l->at == '#' || key_bind_begins_with(l, "//")) {
            key_bind_skip_until(l, "\n");
        } else if (key_bind_begins_with(l, "/*")) {
            l->at += 2;
            key_bind_skip_until(l, "*/");
        } else {
            return;
        }
    }
}

static bool key_bind_ends_word(const struct lexer *l)
{
    return isspace((unsigned char)*l->at) || strchr("{};\"#", *l->at) ||
           key_bind_begins_with(l, "/*");
}

static bool key_bind_next_quoted(struct lexer *l, struct word *out)
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
static bool key_bind_next_word(struct lexer *l, struct word *out)
{
    key_bind_skip_blank(l);
    if (l->at == l->end)
        return false;
    if (*l->at == '"')
        return key_bind_next_quoted(l, out);
    const char *start = l->at++;
    if (!strchr("{};", *start))
        while (l->at < l->end && !key_bind_ends_word(l))
            l->at++;
    *out = (struct word){.start = start, .len = (size_t)(l->at - start), .quoted = false};
    return true;
}

static bool key_bind_is_word(const struct word *word, const char *text)
{
    return !word->quoted && word->len == strlen(text) &&
           strncasecmp(word->start, text, word->len) == 0;
}

static bool key_bind_next_is(struct lexer *l, const char *text)
{
    struct word word;
    return key_bind_next_word(l, &word) && key_bind_is_word(&word, text);
}

/* As a string; false when it is too long or has a NUL inside. */
static bool key_bind_word_text(const struct word *word, char out[DNS_NAME_TEXT_SIZE])
{
    if (word->len >= DNS_NAME_TEXT_SIZE || memchr(word->start, '\0', word->len))
        return false;
    memcpy(out, word->start, word->len);
    out[word->len] = '\0';
    return true;
}

/* BIND's "hmac-sha256-128" is hmac-sha256 on the wire, with MACs cut to 128 bits accepted. */
static const struct tsig_algorithm *key_bind_cut_algorithm(char *text, unsigned *minimum_mac)
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
    *minimum_mac = (unsigned)(bits / 8);
    return algorithm;
}

bool key_forms_bind_algorithm(struct tsig_key_file *file, char *text)
{
    file->algorithm = key_bind_cut_algorithm(text, &file->minimum_mac);
    if (!file->algorithm)
        file->algorithm = tsig_algorithm_by_text(text);
    return file->algorithm;
}

/* The parts of a clause return NULL, or what is wrong. */
static const char *key_bind_set_algorithm(struct tsig_key_file *file, const struct word *word)
{
    char text[DNS_NAME_TEXT_SIZE];
    if (file->algorithm)
        return "two algorithms";
    return key_bind_word_text(word, text) && key_forms_bind_algorithm(file, text)
               ? NULL
               : "unknown algorithm";
}

static const char *key_bind_set_secret(struct tsig_key_file *file, const struct word *word)
{
    return file->secret_len != 0 ? "two secrets" : key_forms_secret(file, word->start, word->len);
}

static const char *key_bind_read_clause(struct lexer *l, const struct word *keyword,
                                        struct tsig_key_file *file)
{
    if (!key_bind_is_word(keyword, "algorithm") && !key_bind_is_word(keyword, "secret"))
        return "neither algorithm nor secret";
    struct word value;
    if (!key_bind_next_word(l, &value) || key_bind_is_word(&value, ";"))
        return "a value is missing";
    const char *problem = key_bind_is_word(keyword, "secret")
                              ? key_bind_set_secret(file, &value)
                              : key_bind_set_algorithm(file, &value);
    if (!problem && !key_bind_next_is(l, ";"))
        problem = "no ; after a value";
    return problem;
}

static const char *key_bind_read_body(struct lexer *l, struct tsig_key_file *file)
{
    const char *problem = NULL;
    while (!problem) {
        struct word word;
        if (!key_bind_next_word(l, &word))
            return "no closing }";
        if (key_bind_is_word(&word, "}"))
            break;
        problem = key_bind_read_clause(l, &word, file);
    }
    if (problem)
        return problem;
    if (!file->algorithm)
        return "no algorithm";
    return file->secret_len == 0 ? "no secret" : NULL;
}

/* Behind the word `key`. */
static const char *key_bind_read_key(struct lexer *l, struct tsig_key_file *file)
{
    char text[DNS_NAME_TEXT_SIZE];
    struct word word;
    if (!key_bind_next_word(l, &word) || !key_bind_word_text(&word, text) ||
        dns_name_from_text(text, &file->name) < 0)
        return "not a key name";
    if (!key_bind_next_is(l, "{"))
        return "no { after the key name";
    const char *problem = key_bind_read_body(l, file);
    if (!problem && !key_bind_next_is(l, ";"))
        problem = "no ; after the closing }";
    return problem;
}

/* The rest of a statement that is no key, and begins with this word. */
static const char *key_bind_skip(struct lexer *l, struct word word)
{
    size_t depth = 0;
    do {
        if (key_bind_is_word(&word, "{"))
            depth++;
        else if (key_bind_is_word(&word, "}") && depth-- == 0)
            return "a } without its {";
        else if (key_bind_is_word(&word, ";") && depth == 0)
            return NULL;
    } while (key_bind_next_word(l, &word));
    return depth > 0 ? "no closing }" : "no ; at the end of a statement";
}

const char *key_forms_read_bind(const char *text, size_t len, struct tsig_key_file *file)
{
    struct lexer lexer = {.at = text, .end = text + len};
    const char *problem = NULL;
    bool found = false;
    struct word word;
    while (!problem && key_bind_next_word(&lexer, &word)) {
        if (!key_bind_is_word(&word, "key"))
            problem = key_bind_skip(&lexer, word);
        else if (found)
            problem = "more than one key";
        else
            problem = key_bind_read_key(&lexer, file);
        found = found || key_bind_is_word(&word, "key");
    }
    if (!problem && lexer.at < lexer.end)
        problem = "a quote without its other half";
    return !problem && !found ? "no key" : problem;
}

bool key_forms_is_bind(const char *text, size_t len)
{
    struct lexer lexer = {.at = text, .end = text + len};
    return key_bind_next_is(&lexer, "key") || memchr(text, '{', len);
}
