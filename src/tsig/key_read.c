/* What a text looks like says who reads it. What no one can read is told by what it looks like,
 * too, for it was handed over in good faith. Nothing is handed out before the whole text has been
 * read. */
#include "tsig/key_file.h"

#include <ctype.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "key_forms.h"

#define KEY_FILE_INSTEAD "; write its secret alone, or NAME:SECRET"

struct piece {
    const char *start;
    size_t len;
};

/* Without the mark of UTF-8. */
static struct piece key_read_unmark(const char *text, size_t len)
{
    static const char mark[] = {'\xef', '\xbb', '\xbf'};
    bool marked = len >= sizeof mark && memcmp(text, mark, sizeof mark) == 0;
    size_t skipped = marked ? sizeof mark : 0;
    return (struct piece){text + skipped, len - skipped};
}

/* Without blanks around it. */
static struct piece key_read_trim(struct piece p)
{
    while (p.len > 0 && isspace((unsigned char)*p.start)) {
        p.start++;
        p.len--;
    }
    while (p.len > 0 && isspace((unsigned char)p.start[p.len - 1]))
        p.len--;
    return p;
}

static bool key_read_begins(const struct piece *p, const char *word)
{
    return p->len >= strlen(word) && strncasecmp(p->start, word, strlen(word)) == 0;
}

/* Is it there with a blank behind it, and before it unless it is the first? */
static bool key_read_has_word(const struct piece *p, const char *word)
{
    size_t len = strlen(word);
    for (size_t i = 0; i + len < p->len; i++)
        if (memcmp(p->start + i, word, len) == 0 &&
            (i == 0 || isspace((unsigned char)p->start[i - 1])) &&
            isspace((unsigned char)p->start[i + len]))
            return true;
    return false;
}

/* Does a line of it begin with '['? */
static bool key_read_has_section(const struct piece *p)
{
    bool begins = true;
    for (size_t i = 0; i < p->len; i++) {
        if (begins && p->start[i] == '[')
            return true;
        begins = p->start[i] == '\n' || (begins && isspace((unsigned char)p->start[i]));
    }
    return false;
}

static bool key_read_is_text(const struct piece *p)
{
    for (size_t i = 0; i < p->len; i++)
        if (!isprint((unsigned char)p->start[i]) && !isspace((unsigned char)p->start[i]))
            return false;
    return true;
}

static bool key_read_is_one_word(const struct piece *p)
{
    for (size_t i = 0; i < p->len; i++)
        if (isspace((unsigned char)p->start[i]) || strchr("\"'", p->start[i]))
            return false;
    return true;
}

/* What nobody reads; NULL when someone may. */
static const char *key_read_refuse(const struct piece *p)
{
    if (p->len == 0)
        return "it is empty";
    if (!key_read_is_text(p))
        return "it is no text; a secret in plain octets is to be written as base64";
    if (key_read_begins(p, "-----BEGIN"))
        return "it is a PEM file, which is no secret for TSIG";
    if (key_read_begins(p, "pdnsutil"))
        return "it is a command for PowerDNS" KEY_FILE_INSTEAD;
    if (key_read_has_word(p, "secret:"))
        return "it is a snippet for NSD, Knot or Unbound" KEY_FILE_INSTEAD;
    return NULL;
}

typedef const char *key_read_reader(const char *text, size_t len, struct tsig_key_file *file);

/* NULL: base64 alone, or nothing that is known. */
static key_read_reader *key_read_choose(const struct piece *p)
{
    if (key_read_has_section(p))
        return key_forms_read_ini;
    if (key_read_begins(p, "Private-key-format:"))
        return key_forms_read_private;
    if (key_forms_is_bind(p->start, p->len))
        return key_forms_read_bind;
    if (key_read_has_word(p, "KEY") || key_read_has_word(p, "DNSKEY"))
        return key_forms_read_record;
    if (key_read_is_one_word(p) && memchr(p->start, ':', p->len))
        return key_forms_read_dig;
    return NULL;
}

int tsig_key_file_read(const char *text, size_t len, struct tsig_key_file *out,
                       char problem[TSIG_KEY_FILE_PROBLEM_SIZE])
{
    struct piece all = key_read_unmark(text, len), p = key_read_trim(all);
    struct tsig_key_file file = {0};
    const char *wrong = key_read_refuse(&p);
    key_read_reader *reader = wrong ? NULL : key_read_choose(&p);
    if (!wrong && !reader)
        return tsig_key_file_read_bare(all.start, all.len, out, problem);
    if (reader)
        wrong = reader(p.start, p.len, &file);
    if (wrong)
        snprintf(problem, TSIG_KEY_FILE_PROBLEM_SIZE, "%s%s",
                 reader == key_forms_read_bind ? "it is a BIND key file, but: " : "", wrong);
    else
        *out = file;
    OPENSSL_cleanse(&file, sizeof file);
    return wrong ? DNS_EFORMAT : 0;
}
