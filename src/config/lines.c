/* Lines for inih, one at a time.
 *
 * inih cuts long lines and names without a word, ignores what follows a section header, takes an
 * indented line for more of the value above it, says no line numbers and nothing of sections
 * without settings. So each line is looked at here first, what inih would get wrong is refused, and
 * inih takes the rest apart. A line longer than its buffer goes to it in pieces, as indented lines,
 * and is put together again. */
#include <assert.h>
#include <ctype.h>
#include <ini.h>
#include <openssl/crypto.h>
#include <stddef.h>
#include <string.h>

#include "draft.h"

struct lines {
    const char *next; /* of the text */
    const char *end;
    struct place *place;
    const struct config_lines_sink *sink;
    int error;    /* first failure of the sink */
    bool plain;   /* no settings; '#' may follow a blank, too */
    bool awaited; /* inih has not had the whole of a setting */
    size_t fed;   /* octets of the line that inih has had */
    size_t value_len;
    char line[CONFIG_LINE_MAX + 1];    /* trimmed, without comments */
    char comment[CONFIG_LINE_MAX + 1]; /* what stood behind it */
    char value[CONFIG_LINE_MAX + 1];
};

static bool lines_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool lines_is_comment(const struct lines *lines, const char *text, size_t at)
{
    char c = text[at];
    return (c == ';' || (c == '#' && (lines->plain || at == 0))) &&
           (at == 0 || lines_is_blank(text[at - 1]));
}

/* Keeps the line without its comment and without blanks around it. */
static void lines_keep(struct lines *lines, const char *text, size_t len)
{
    while (len > 0 && lines_is_blank(*text)) {
        text++;
        len--;
    }
    size_t kept = 0;
    while (kept < len && !lines_is_comment(lines, text, kept))
        kept++;
    size_t comment = kept < len ? len - kept - 1 : 0;
    memcpy(lines->comment, text + len - comment, comment);
    lines->comment[comment] = '\0';
    while (kept > 0 && lines_is_blank(text[kept - 1]))
        kept--;
    memcpy(lines->line, text, kept);
    lines->line[kept] = '\0';
    lines->fed = 0;
    lines->value_len = 0;
}

/* Is the line text, of a length that can be kept? */
static bool lines_check_octets(struct lines *lines, const char *text, size_t len)
{
    if (len > CONFIG_LINE_MAX) {
        place_say(*lines->place, CONFIG_ERROR, "the line is longer than %d octets",
                  CONFIG_LINE_MAX);
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (iscntrl((unsigned char)text[i]) && text[i] != '\t') {
            place_say(*lines->place, CONFIG_ERROR,
                      text[i] ? "the line has a control character in it"
                              : "the line has a NUL octet in it");
            return false;
        }
    }
    return true;
}

/* Keeps the next line that can be kept; false at the end of the text. */
static bool lines_next(struct lines *lines)
{
    while (lines->next < lines->end) {
        const char *text = lines->next;
        const char *stop = memchr(text, '\n', (size_t)(lines->end - text));
        size_t len = (size_t)((stop ? stop : lines->end) - text);
        lines->next = stop ? stop + 1 : lines->end;
        lines->place->line++;
        if (len > 0 && text[len - 1] == '\r')
            len--;
        if (lines_check_octets(lines, text, len)) {
            lines_keep(lines, text, len);
            return true;
        }
    }
    return false;
}

/* Hands the section over. Returns whether inih should have the line. */
static bool lines_take_header(struct lines *lines)
{
    char *close = strchr(lines->line, ']');
    bool good = false;
    if (!close)
        place_say(*lines->place, CONFIG_ERROR, "the section header has no ']'");
    else if (close[1])
        place_say(*lines->place, CONFIG_ERROR,
                  "there is something behind the ']' of the section header");
    else if (close - lines->line - 1 > CONFIG_NAME_MAX)
        place_say(*lines->place, CONFIG_ERROR,
                  "the section header is longer than %d octets; give a key a shorter label "
                  "and its name with 'name'",
                  CONFIG_NAME_MAX);
    else
        good = true;
    if (good)
        *close = '\0';
    lines->error = lines->sink->on_section(lines->sink->arg, good ? lines->line + 1 : NULL,
                                           lines->place->line);
    if (good)
        *close = ']';
    return good;
}

/* Returns whether inih should have the line. */
static bool lines_take_setting(struct lines *lines)
{
    size_t len = strcspn(lines->line, "=:");
    const char *separator = lines->line + len;
    while (len > 0 && lines_is_blank(lines->line[len - 1]))
        len--;
    if (!*separator)
        place_say(*lines->place, CONFIG_ERROR,
                  "this is neither a [section] nor 'setting = value'; a value cannot go on "
                  "from one line to the next");
    else if (*separator == ':')
        place_say(*lines->place, CONFIG_ERROR,
                  "there is ':' where '=' belongs between a setting and its value");
    else if (len == 0)
        place_say(*lines->place, CONFIG_ERROR, "there is no setting before the '='");
    else if (len > CONFIG_NAME_MAX)
        place_say(*lines->place, CONFIG_ERROR, "the setting's name is longer than %d octets",
                  CONFIG_NAME_MAX);
    else
        lines->awaited = true;
    return lines->awaited;
}

/* Moves to the next line that inih should have. */
static bool lines_next_for_inih(struct lines *lines)
{
    while (lines->error == 0 && lines_next(lines)) {
        if (!*lines->line)
            continue;
        if (*lines->line == '[' ? lines_take_header(lines) : lines_take_setting(lines))
            return lines->error == 0;
    }
    return false;
}

/* How much of the line's rest fits in `room`: all, or up to a place where inih finds neither blanks
 * to trim nor the beginning of a comment. The first piece holds the '='. 0: there is no such
 * place. */
static size_t lines_piece_size(const struct lines *lines, size_t room)
{
    const char *rest = lines->line + lines->fed;
    size_t least = lines->fed == 0 ? strcspn(rest, "=") : 0;
    size_t size = strlen(rest);
    if (size <= room)
        return size;
    for (size = room; size > least; size--)
        if (!lines_is_blank(rest[size - 1]) && !lines_is_blank(rest[size]) &&
            !strchr(";#", rest[size]))
            return size;
    return 0;
}

/* An ini_reader: what fgets would be, with `size` octets of room at `out`. */
static char *lines_feed(char *out, int size, void *stream)
{
    struct lines *lines = stream;
    if (!lines->awaited && !lines_next_for_inih(lines))
        return NULL;
    /* Room for a blank before, a newline and NUL behind. */
    size_t len;
    while ((len = lines_piece_size(lines, (size_t)size - 3)) == 0) {
        place_say(*lines->place, CONFIG_ERROR, "this line is too long to be read");
        lines->awaited = false;
        if (!lines_next_for_inih(lines))
            return NULL;
    }
    char *at = out;
    if (lines->fed > 0)
        *at++ = ' ';
    assert((size_t)(at - out) + len + 2 <= (size_t)size);
    memcpy(at, lines->line + lines->fed, len);
    memcpy(at + len, "\n", 2);
    lines->fed += len;
    return out;
}

/* An ini_handler: a value, or one more piece of it. */
static int on_value(void *user, const char *section, const char *name, const char *value)
{
    (void)section; /* inih does not tell of empty ones: lines_take_header has done it */
    struct lines *lines = user;
    size_t len = strlen(value);
    if (!lines->awaited || len > CONFIG_LINE_MAX - lines->value_len)
        return 0;
    memcpy(lines->value + lines->value_len, value, len + 1);
    lines->value_len += len;
    if (lines->line[lines->fed])
        return 1;
    lines->awaited = false;
    if (lines->error == 0)
        lines->error = lines->sink->on_setting(lines->sink->arg, name, lines->value, lines->comment,
                                               lines->place->line);
    return 1;
}

static void lines_skip_mark(struct lines *lines)
{
    static const char bom[] = {'\xef', '\xbb', '\xbf'};
    if (lines->end - lines->next >= (ptrdiff_t)sizeof bom &&
        memcmp(lines->next, bom, sizeof bom) == 0)
        lines->next += sizeof bom;
}

int config_lines_read_plain(const char *text, size_t len, struct place *place, void *arg,
                            int (*on_line)(void *arg, const char *line))
{
    struct lines lines = {.next = text, .end = text + len, .place = place, .plain = true};
    lines_skip_mark(&lines);
    place->line = 0;
    int error = 0;
    while (error == 0 && lines_next(&lines))
        if (*lines.line)
            error = on_line(arg, lines.line);
    return error;
}

int config_lines_read(const char *text, size_t len, struct place *place,
                      const struct config_lines_sink *sink)
{
    struct lines lines = {.next = text, .end = text + len, .place = place, .sink = sink};
    lines_skip_mark(&lines);
    place->line = 0;
    int error = ini_parse_stream(lines_feed, &lines, on_value, &lines);
    OPENSSL_cleanse(lines.line, sizeof lines.line);
    OPENSSL_cleanse(lines.value, sizeof lines.value);
    OPENSSL_cleanse(lines.comment, sizeof lines.comment);
    /* Above 0 is the line of a value that did not come back: lines_feed has told of it. */
    return error < 0 ? DNS_EMEMORY : lines.error;
}
