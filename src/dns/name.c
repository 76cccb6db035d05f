/* Names have two forms, wire and text. Reading from the wire is where a message may set traps: a
 * pointer must go to a prior occurrence (RFC 1035 section 4.1.4), or reading would not come to an
 * end. Text is that of master files (RFC 1035 section 5.1). */
#include "dns/name.h"

#include <stdio.h>
#include <string.h>

#include "memo.h"

#define LABEL_MAX     MEMO_LABEL_MAX
#define POINTER       0xc0
#define POINTER_MASK  0x3fff
#define ESCAPE_DIGITS 3
#define HEADER_SIZE   12 /* changes from hop to hop, so no name can stand in it */

/* Reading "mail", whose pointer leads to "example" and from there to "org":
 *
 *     header … 3 org 0 … 7 example pointer … 4 mail pointer … end of the message
 *                        ▲ fragment  ▲ at    ▲ limit        ▲ end
 *
 * The next pointer must go to before the fragment, and what stands there must end before it. */
struct name_path {
    size_t at;
    size_t fragment; /* where these labels begin */
    size_t limit;    /* where they must have ended: the fragment before, or the end at first */
    size_t end;      /* behind the name where it stands; 0 until the first pointer */
    size_t prefix;   /* octets before that pointer */
    size_t total;    /* octets so far */
    unsigned pointers;
};

static inline bool name_follow_pointer(const uint8_t *octets, struct name_path *path)
{
    if (path->limit - path->at < 2 || ++path->pointers > MEMO_POINTERS_MAX)
        return false;
    if (!path->end) {
        path->end = path->at + 2;
        path->prefix = path->total;
    }
    path->at = dns_wire_u16_at(octets + path->at) & POINTER_MASK;
    if (path->at < HEADER_SIZE || path->at >= path->fragment)
        return false;
    path->limit = path->fragment;
    path->fragment = path->at;
    return true;
}

/* The one loop behind reading and skipping; `out` is filled unless NULL, its octets even on
 * failure. */
static inline int name_walk(struct dns_reader *r, struct dns_name *out, struct name_path *path)
{
    const uint8_t *octets = r->octets;
    *path = (struct name_path){.at = r->at, .fragment = r->at, .limit = r->len};
    if (r->failed)
        return DNS_EFORMAT;
    while (path->at < path->limit) {
        size_t label = octets[path->at];
        if (label > LABEL_MAX) {
            if (label < POINTER || !name_follow_pointer(octets, path))
                break;
            continue;
        }
        label++;
        if (label > path->limit - path->at || label > DNS_NAME_MAX - path->total)
            break;
        if (out)
            memcpy(out->octets + path->total, octets + path->at, label);
        path->total += label;
        path->at += label;
        if (label > 1)
            continue;
        if (out)
            out->len = (uint8_t)path->total;
        r->at = path->end ? path->end : path->at;
        return 0;
    }
    r->failed = true;
    return DNS_EFORMAT;
}

int dns_name_read(struct dns_reader *r, struct dns_name *out)
{
    struct name_path path;
    struct dns_name name;
    int error = name_walk(r, &name, &path);
    if (error < 0)
        return error;
    out->len = name.len;
    memcpy(out->octets, name.octets, name.len);
    return 0;
}

int dns_name_skip(struct dns_reader *r)
{
    struct name_path path;
    return name_walk(r, NULL, &path);
}

int dns_name_skip_noting(struct dns_reader *r, struct memo *memo)
{
    size_t at = r->at;
    struct name_path path;
    int error = name_walk(r, NULL, &path);
    if (error < 0)
        return error;
    if (path.end) {
        size_t target = dns_wire_u16_at(r->octets + path.end - 2) & POINTER_MASK;
        memo_note_target(memo, target, path.total - path.prefix, path.pointers - 1);
    }
    if (!path.end || path.prefix > 0)
        memo_note(&memo->owner, at, path.total, path.pointers);
    return 0;
}

void dns_name_write(struct dns_writer *w, const struct dns_name *name)
{
    dns_wire_put_octets(w, name->octets, name->len);
}

static bool name_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The octet written as \DDD or \X, `text` being behind the backslash. Returns how many characters
 * it took; 0: bad. */
static size_t name_unescape(const char *text, uint8_t *octet)
{
    unsigned value = 0;
    if (!name_is_digit(*text)) {
        *octet = (uint8_t)*text;
        return *text ? 1 : 0;
    }
    for (size_t i = 0; i < ESCAPE_DIGITS; i++) {
        if (!name_is_digit(text[i]))
            return 0;
        value = value * 10 + (unsigned)(text[i] - '0');
    }
    *octet = (uint8_t)value;
    return value <= UINT8_MAX ? ESCAPE_DIGITS : 0;
}

/* One character, escaped or not. Unescaped blanks, control characters and octets beyond ASCII are
 * no part of a name in master-file text. Returns how many characters it took; 0: bad. */
static size_t name_take_character(const char *text, uint8_t *octet)
{
    if (*text == '\\') {
        size_t used = name_unescape(text + 1, octet);
        return used ? used + 1 : 0;
    }
    *octet = (uint8_t)*text;
    return *text > ' ' && *text <= '~' ? 1 : 0;
}

/* One label up to a dot or the end of the text. Returns how many characters it took; 0: bad. */
static size_t name_take_label(const char *text, uint8_t label[1 + LABEL_MAX])
{
    size_t at = 0;
    label[0] = 0;
    while (text[at] && text[at] != '.') {
        uint8_t octet;
        size_t used = name_take_character(text + at, &octet);
        if (used == 0 || label[0] == LABEL_MAX)
            return 0;
        label[++label[0]] = octet;
        at += used;
    }
    return at;
}

int dns_name_from_text(const char *text, struct dns_name *out)
{
    if (strcmp(text, ".") == 0)
        text++;
    else if (!*text)
        return DNS_EFORMAT;
    struct dns_name name = {.len = 0};
    struct dns_writer w = dns_wire_writer(name.octets, sizeof name.octets);
    while (*text) {
        uint8_t label[1 + LABEL_MAX];
        size_t used = name_take_label(text, label);
        if (used == 0)
            return DNS_EFORMAT;
        dns_wire_put_octets(&w, label, 1U + label[0]);
        text += used;
        if (*text == '.')
            text++;
    }
    dns_wire_put_u8(&w, 0);
    if (w.failed)
        return DNS_EFORMAT;
    name.len = (uint8_t)w.at;
    *out = name;
    return 0;
}

/* Writes one octet as text; returns the place behind it. */
static char *name_put_character(char *to, uint8_t octet)
{
    if (octet <= ' ' || octet > '~')
        return to + sprintf(to, "\\%03u", octet);
    if (strchr(".\\\"();@$", octet))
        *to++ = '\\';
    *to++ = (char)octet;
    return to;
}

char *dns_name_to_text(const struct dns_name *name, char out[DNS_NAME_TEXT_SIZE])
{
    char *to = out;
    size_t at = 0;
    while (at < name->len && name->octets[at] != 0) {
        size_t end = at + 1 + name->octets[at];
        if (at > 0)
            *to++ = '.';
        for (at++; at < end; at++)
            to = name_put_character(to, name->octets[at]);
    }
    if (to == out)
        *to++ = '.';
    *to = '\0';
    return out;
}

static uint8_t name_lower(uint8_t octet)
{
    return octet >= 'A' && octet <= 'Z' ? octet | 0x20 : octet;
}

/* Length octets are below 'A', so labels need not be told apart from what they hold. */
static bool name_same_octets(const uint8_t *a, const uint8_t *b, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (name_lower(a[i]) != name_lower(b[i]))
            return false;
    return true;
}

void dns_name_lower(struct dns_name *name)
{
    for (size_t i = 0; i < name->len; i++)
        name->octets[i] = name_lower(name->octets[i]);
}

bool dns_name_equal(const struct dns_name *a, const struct dns_name *b)
{
    return a->len == b->len && (memcmp(a->octets, b->octets, a->len) == 0 ||
                                name_same_octets(a->octets, b->octets, a->len));
}

bool dns_name_below(const struct dns_name *name, const struct dns_name *suffix)
{
    if (suffix->len == 0 || name->len <= suffix->len)
        return false;
    size_t at = 0;
    while (name->len - at > suffix->len)
        at += 1U + name->octets[at];
    return name->len - at == suffix->len &&
           name_same_octets(name->octets + at, suffix->octets, suffix->len);
}
