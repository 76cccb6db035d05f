/* Base64 alone, and what dig and others write in one word with it. */
#include <ctype.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "key_forms.h"

/* Base64 of so many digits that all are hexadecimal is hardly chance. */
#define KEY_BARE_HEX_LEAST 16

#define KEY_BARE_SECRET_LIKELY 8 /* octets: a word of base64 with so many is a secret */

static bool key_bare_is_hexadecimal(const char *text, size_t len)
{
    size_t digits = 0;
    for (size_t i = 0; i < len; i++) {
        if (isspace((unsigned char)text[i]))
            continue;
        if (!isxdigit((unsigned char)text[i]))
            return false;
        digits++;
    }
    return digits >= KEY_BARE_HEX_LEAST;
}

const char *key_forms_secret(struct tsig_key_file *file, const char *text, size_t len)
{
    file->hexadecimal = key_bare_is_hexadecimal(text, len);
    switch (tsig_key_decode_secret(text, len, file->secret, &file->secret_len)) {
    case 0:
        return NULL;
    case DNS_ESPACE:
        return "the secret is too long";
    default:
        return "the secret is not base64";
    }
}

static void key_bare_say_octet(size_t place, unsigned char octet, char *problem)
{
    bool url = octet == '-' || octet == '_';
    char shown[8];
    snprintf(shown, sizeof shown, isprint(octet) ? "'%c'" : "0x%02x", octet);
    snprintf(problem, TSIG_KEY_FILE_PROBLEM_SIZE, "octet %zu is %s, %s", place, shown,
             url ? "as in base64url: write '+' for each '-' and '/' for each '_'"
                 : "which is not base64");
}

/* All octets may stand in base64. */
static void key_bare_say_length(size_t digits, bool inside, char *problem)
{
    if (inside)
        snprintf(problem, TSIG_KEY_FILE_PROBLEM_SIZE,
                 "it has '=' elsewhere than at the end of its base64");
    else if (digits % 4 != 0)
        snprintf(problem, TSIG_KEY_FILE_PROBLEM_SIZE,
                 "it has %zu characters of base64, no multiple of 4: its end is missing, or the "
                 "'=' there",
                 digits);
    else
        snprintf(problem, TSIG_KEY_FILE_PROBLEM_SIZE, "the end of its base64 is damaged");
}

/* Why it is not base64. */
static void key_bare_say_why(const char *text, size_t len, char *problem)
{
    size_t digits = 0;
    bool padded = false, inside = false;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (isspace(c))
            continue;
        if (!isascii(c) || (!isalnum(c) && !strchr("+/=", c)) || !c) {
            key_bare_say_octet(i + 1, c, problem);
            return;
        }
        inside = inside || (padded && c != '=');
        padded = padded || c == '=';
        digits++;
    }
    key_bare_say_length(digits, inside, problem);
}

/* A name before a secret, with blanks between. */
static bool key_bare_is_name_and_secret(const char *text, size_t len)
{
    uint8_t secret[TSIG_SECRET_MAX];
    size_t at, octets = 0;
    while (len > 0 && isspace((unsigned char)text[len - 1]))
        len--;
    for (at = len; at > 0 && !isspace((unsigned char)text[at - 1]);)
        at--;
    bool decodes = tsig_key_decode_secret(text + at, len - at, secret, &octets) == 0;
    OPENSSL_cleanse(secret, sizeof secret);
    return at > 0 && decodes && octets >= KEY_BARE_SECRET_LIKELY;
}

int tsig_key_file_read_bare(const char *text, size_t len, struct tsig_key_file *out,
                            char problem[TSIG_KEY_FILE_PROBLEM_SIZE])
{
    struct tsig_key_file file = {0};
    const char *wrong = key_forms_secret(&file, text, len);
    if (!wrong)
        *out = file;
    else if (memchr(text, '"', len) || memchr(text, '\'', len))
        snprintf(problem, TSIG_KEY_FILE_PROBLEM_SIZE, "it has quotes; take them away");
    else if (strcmp(wrong, "the secret is too long") == 0)
        snprintf(problem, TSIG_KEY_FILE_PROBLEM_SIZE, "it holds more than %d octets",
                 TSIG_SECRET_MAX);
    else if (key_bare_is_name_and_secret(text, len))
        snprintf(problem, TSIG_KEY_FILE_PROBLEM_SIZE,
                 "it is a name and a secret with a blank between; write NAME:SECRET");
    else
        key_bare_say_why(text, len, problem);
    OPENSSL_cleanse(&file, sizeof file);
    return wrong ? DNS_EFORMAT : 0;
}

/* Copies a name or an algorithm; false when it is longer than any. */
static bool key_bare_copy(const char *start, const char *end, char out[DNS_NAME_TEXT_SIZE])
{
    size_t len = (size_t)(end - start);
    if (len >= DNS_NAME_TEXT_SIZE)
        return false;
    memcpy(out, start, len);
    out[len] = '\0';
    return true;
}

/* [ALGORITHM:]NAME:SECRET, with at least one ':'. */
const char *key_forms_read_dig(const char *text, size_t len, struct tsig_key_file *file)
{
    char word[DNS_NAME_TEXT_SIZE];
    const char *end = text + len, *name = text;
    const char *mark = memchr(text, ':', len);
    const char *second = memchr(mark + 1, ':', (size_t)(end - mark - 1));
    if (second) {
        if (!key_bare_copy(text, mark, word) || !key_forms_bind_algorithm(file, word))
            return "it looks like ALGORITHM:NAME:SECRET, but with an unknown algorithm";
        name = mark + 1;
        mark = second;
    }
    if (!key_bare_copy(name, mark, word) || dns_name_from_text(word, &file->name) < 0)
        return "it looks like [ALGORITHM:]NAME:SECRET, but with a bad name";
    return key_forms_secret(file, mark + 1, (size_t)(end - mark - 1));
}
