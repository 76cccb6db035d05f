/* The forms that go line by line: a [key] section, and the two files that dnssec-keygen wrote for a
 * key of TSIG, as old guides to BIND have it:
 *     Kxfr.example.+157+12345.private     Kxfr.example.+157+12345.key
 *         Private-key-format: v1.3            xfr.example. IN KEY 512 3 157 BASE64
 *         Algorithm: 157 (HMAC_MD5)
 *         Key: BASE64
 *         Bits: AAA= */
#include "key_forms.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#define KEY_LINES_MAX   2048 /* octets of one line: more than the longest secret takes */
#define KEY_LINES_BLANK " \t\r\v\f"

struct lines {
    const char *at;
    const char *end;
    const char *marks; /* of comments */
    const char *problem;
    char line[KEY_LINES_MAX]; /* without blanks around it and without its comment */
};

static bool key_lines_is_blank(char c)
{
    return strchr(KEY_LINES_BLANK, c);
}

/* False at the end, and for a line that is too long. */
static bool key_lines_next(struct lines *l)
{
    if (l->at == l->end || l->problem)
        return false;
    const char *start = l->at, *stop = memchr(l->at, '\n', (size_t)(l->end - l->at));
    const char *end = stop ? stop : l->end;
    l->at = stop ? stop + 1 : l->end;
    while (start < end && key_lines_is_blank(*start))
        start++;
    size_t len = 0;
    while (start + len < end &&
           (!strchr(l->marks, start[len]) || (len > 0 && !key_lines_is_blank(start[len - 1]))))
        len++;
    while (len > 0 && key_lines_is_blank(start[len - 1]))
        len--;
    if (len >= sizeof l->line) {
        l->problem = "it has a line that is too long";
        return false;
    }
    memcpy(l->line, start, len);
    l->line[len] = '\0';
    return true;
}

/* Cuts "NAME = VALUE" in two; NULL: there is no mark. */
static char *key_lines_cut(char *line, char mark)
{
    char *at = strchr(line, mark);
    if (!at)
        return NULL;
    *at = '\0';
    for (char *end = at; end > line && key_lines_is_blank(end[-1]);)
        *--end = '\0';
    return at + 1 + strspn(at + 1, KEY_LINES_BLANK);
}

/* The label of "[key LABEL]". */
static const char *key_lines_take_header(char *line, struct tsig_key_file *file)
{
    char *close = strchr(line, ']');
    if (strncmp(line, "[key", 4) != 0 || !close || close[1])
        return "it is an INI file without a [key LABEL] section";
    *close = '\0';
    char *label = line + 4 + strspn(line + 4, KEY_LINES_BLANK);
    label[strcspn(label, KEY_LINES_BLANK)] = '\0';
    /* A label that can be no name has `name` beside it. */
    if (dns_name_from_text(label, &file->name) < 0)
        file->name.len = 0;
    return NULL;
}

static const char *key_lines_take_setting(char *line, struct tsig_key_file *file)
{
    char *value = key_lines_cut(line, '=');
    if (!value)
        return "it is an INI section with a line that is no setting";
    if (strcmp(line, "secret") == 0)
        return file->secret_len > 0 ? "it is an INI section with two secrets"
                                    : key_forms_secret(file, value, strlen(value));
    if (strcmp(line, "algorithm") == 0) {
        file->algorithm = tsig_algorithm_by_text(value);
        return file->algorithm ? NULL : "it is an INI section with an unknown algorithm";
    }
    if (strcmp(line, "name") == 0)
        return dns_name_from_text(value, &file->name) < 0 ? "it is an INI section with a bad name"
                                                          : NULL;
    if (strcmp(line, "minimum-mac") == 0) {
        char *end = NULL;
        unsigned long octets = strtoul(value, &end, 10);
        file->minimum_mac = octets < TSIG_MAC_MAX ? (unsigned)octets : TSIG_MAC_MAX;
        return *end || octets == 0 ? "it is an INI section with a bad minimum-mac" : NULL;
    }
    return "it is an INI section with a setting other than algorithm, secret, name and "
           "minimum-mac";
}

const char *key_forms_read_ini(const char *text, size_t len, struct tsig_key_file *file)
{
    struct lines l = {.at = text, .end = text + len, .marks = ";#"};
    bool inside = false;
    while (key_lines_next(&l)) {
        if (*l.line == '[')
            l.problem =
                inside ? "it has several INI sections" : key_lines_take_header(l.line, file);
        else if (*l.line)
            l.problem = key_lines_take_setting(l.line, file);
        inside = inside || *l.line == '[';
    }
    OPENSSL_cleanse(l.line, sizeof l.line);
    if (!l.problem && file->secret_len == 0)
        l.problem = "it is an INI section without a secret";
    return l.problem;
}

/* By the numbers that BIND, and with two of its own ldns, gave them among those of DNSSEC. */
static const char *key_lines_algorithm(const char *text, struct tsig_key_file *file)
{
    static const struct {
        unsigned number;
        const char *name;
    } key_lines_numbers[] = {
        {157, "hmac-md5"},    {161, "hmac-sha1"},   {162, "hmac-sha224"}, {163, "hmac-sha256"},
        {164, "hmac-sha384"}, {165, "hmac-sha512"}, {158, "hmac-sha1"},   {159, "hmac-sha256"},
    };
    unsigned long number = strtoul(text, NULL, 10);
    for (size_t i = 0; i < sizeof key_lines_numbers / sizeof *key_lines_numbers; i++)
        if (key_lines_numbers[i].number == number)
            file->algorithm = tsig_algorithm_by_text(key_lines_numbers[i].name);
    return file->algorithm ? NULL : "it is a key for DNSSEC, not one for TSIG";
}

/* How long MACs are, in bits, when they are cut: two octets in base64. */
static const char *key_lines_bits(const char *text, struct tsig_key_file *file)
{
    uint8_t octets[TSIG_SECRET_MAX];
    size_t len = 0;
    if (tsig_key_decode_secret(text, strlen(text), octets, &len) < 0 || len != 2)
        return "it is a private key file with a bad 'Bits:'";
    file->minimum_mac = ((unsigned)octets[0] << 8 | octets[1]) / 8;
    return NULL;
}

const char *key_forms_read_private(const char *text, size_t len, struct tsig_key_file *file)
{
    struct lines l = {.at = text, .end = text + len, .marks = ";"};
    while (key_lines_next(&l)) {
        const char *value = key_lines_cut(l.line, ':');
        if (!value)
            continue;
        if (strcmp(l.line, "Algorithm") == 0)
            l.problem = key_lines_algorithm(value, file);
        else if (strcmp(l.line, "Key") == 0)
            l.problem = file->secret_len > 0 ? "it has two secrets"
                                             : key_forms_secret(file, value, strlen(value));
        else if (strcmp(l.line, "Bits") == 0)
            l.problem = key_lines_bits(value, file);
    }
    OPENSSL_cleanse(l.line, sizeof l.line);
    if (!l.problem && !file->algorithm)
        l.problem = "it is a private key file without 'Algorithm:'";
    if (!l.problem && file->secret_len == 0)
        l.problem = "it is a private key file without 'Key:'";
    return l.problem;
}

/* The next word of what is left of the line; NULL when there is none. */
static char *key_lines_word(char **rest)
{
    if (*rest)
        *rest += strspn(*rest, KEY_LINES_BLANK);
    return *rest && **rest ? strsep(rest, KEY_LINES_BLANK) : NULL;
}

/* "NAME [TTL] [IN] KEY FLAGS PROTOCOL ALGORITHM BASE64". */
static const char *key_lines_take_record(char *line, struct tsig_key_file *file)
{
    char *rest = line;
    const char *name = key_lines_word(&rest), *type = key_lines_word(&rest);
    for (int i = 0; i < 2 && type && strcmp(type, "KEY") != 0; i++)
        type = key_lines_word(&rest);
    if (!type || strcmp(type, "KEY") != 0)
        return "it is a DNS record other than KEY";
    key_lines_word(&rest); /* flags */
    key_lines_word(&rest); /* protocol */
    const char *algorithm = key_lines_word(&rest);
    if (!rest)
        return "it is a KEY record without a secret";
    if (dns_name_from_text(name, &file->name) < 0)
        return "it is a KEY record with a bad name";
    const char *problem = key_lines_algorithm(algorithm, file);
    return problem ? problem : key_forms_secret(file, rest, strlen(rest));
}

const char *key_forms_read_record(const char *text, size_t len, struct tsig_key_file *file)
{
    struct lines l = {.at = text, .end = text + len, .marks = ";"};
    while (key_lines_next(&l))
        if (*l.line)
            l.problem = file->secret_len > 0 ? "it has several DNS records"
                                             : key_lines_take_record(l.line, file);
    OPENSSL_cleanse(l.line, sizeof l.line);
    if (!l.problem && file->secret_len == 0)
        l.problem = "it has nothing but comments";
    return l.problem;
}
