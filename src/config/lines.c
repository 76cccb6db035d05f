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
#include <string.h>

#include "draft.h"

struct lines {
    const char *next; /* of the text */
    const char *end;
    struct draft_place *place;
    const struct config_lines_sink *sink;
    int rc;       /* first failure of the sink */
    bool awaited; /* inih has not had the whole of a setting */
    size_t fed;   /* octets of the line that inih has had */
    size_t value_len;
    char line[CONFIG_LINE_MAX + 1]; /* trimmed, without comments */
    char value[CONFIG_LINE_MAX + 1];
};

static void complain(const struct lines *lines, const char *sentence)
{
    config_report_add(lines->place->report, CONFIG_ERROR, lines->place->file, lines->place->line,
                      "%s", sentence);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Keeps the line without its comment and without blanks around it. */
static void keep_line(struct lines *lines, const char *text, size_t len)
{
    size_t kept = 0;

    while (len > 0 && is_blank(*text)) {
        text++;
        len--;
    }
    while (kept < len && !(text[kept] == ';' && (kept == 0 || is_blank(text[kept - 1]))))
        kept++;
    if (len > 0 && *text == '#')
        kept = 0;
    while (kept > 0 && is_blank(text[kept - 1]))
        kept--;
    memcpy(lines->line, text, kept);
    lines->line[kept] = '\0';
    lines->fed = 0;
    lines->value_len = 0;
}

/* Is the line text, of a length that can be kept? */
static bool check_octets(struct lines *lines, const char *text, size_t len)
{
    if (len > CONFIG_LINE_MAX) {
        config_report_add(lines->place->report, CONFIG_ERROR, lines->place->file,
                          lines->place->line, "the line is longer than %d octets", CONFIG_LINE_MAX);
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (iscntrl((unsigned char)text[i]) && text[i] != '\t') {
            complain(lines, text[i] == '\0' ? "the line has a NUL octet in it"
                                            : "the line has a control character in it");
            return false;
        }
    }
    return true;
}

/* Keeps the next line that can be kept; false at the end of the text. */
static bool next_line(struct lines *lines)
{
    while (lines->next < lines->end) {
        const char *text = lines->next;
        const char *stop = memchr(text, '\n', (size_t)(lines->end - text));
        size_t len = (size_t)((stop != NULL ? stop : lines->end) - text);

        lines->next = stop != NULL ? stop + 1 : lines->end;
        lines->place->line++;
        if (len > 0 && text[len - 1] == '\r')
            len--;
        if (check_octets(lines, text, len)) {
            keep_line(lines, text, len);
            return true;
        }
    }
    return false;
}

/* Hands the section over. Returns whether inih should have the line. */
static bool take_header(struct lines *lines)
{
    char *close = strchr(lines->line, ']');
    bool good = false;

    if (close == NULL)
        complain(lines, "the section header has no ']'");
    else if (close[1] != '\0')
        complain(lines, "there is something behind the ']' of the section header");
    else if (close - lines->line - 1 > CONFIG_NAME_MAX)
        config_report_add(lines->place->report, CONFIG_ERROR, lines->place->file,
                          lines->place->line,
                          "the section header is longer than %d octets; give a key a shorter label "
                          "and its name with 'name'",
                          CONFIG_NAME_MAX);
    else
        good = true;
    if (good)
        *close = '\0';
    lines->rc = lines->sink->on_section(lines->sink->arg, good ? lines->line + 1 : NULL,
                                        lines->place->line);
    if (good)
        *close = ']';
    return good;
}

/* Returns whether inih should have the line. */
static bool take_setting(struct lines *lines)
{
    size_t len = strcspn(lines->line, "=:");
    const char *separator = lines->line + len;

    while (len > 0 && is_blank(lines->line[len - 1]))
        len--;
    if (*separator == '\0')
        complain(lines, "this is neither a [section] nor 'setting = value'; a value cannot go on "
                        "from one line to the next");
    else if (*separator == ':')
        complain(lines, "there is ':' where '=' belongs between a setting and its value");
    else if (len == 0)
        complain(lines, "there is no setting before the '='");
    else if (len > CONFIG_NAME_MAX)
        config_report_add(lines->place->report, CONFIG_ERROR, lines->place->file,
                          lines->place->line, "the setting's name is longer than %d octets",
                          CONFIG_NAME_MAX);
    else
        lines->awaited = true;
    return lines->awaited;
}

/* Moves to the next line that inih should have. */
static bool next_for_inih(struct lines *lines)
{
    while (lines->rc == 0 && next_line(lines)) {
        if (lines->line[0] == '\0')
            continue;
        if (lines->line[0] == '[' ? take_header(lines) : take_setting(lines))
            return lines->rc == 0;
    }
    return false;
}

/* How much of the line's rest fits in `room`: all, or up to a place where inih finds neither blanks
 * to trim nor the beginning of a comment. The first piece holds the '='. 0: there is no such place.
 */
static size_t piece_size(const struct lines *lines, size_t room)
{
    const char *rest = lines->line + lines->fed;
    size_t least = lines->fed == 0 ? strcspn(rest, "=") : 0;
    size_t size = strlen(rest);

    if (size <= room)
        return size;
    for (size = room; size > least; size--)
        if (!is_blank(rest[size - 1]) && !is_blank(rest[size]) && strchr(";#", rest[size]) == NULL)
            return size;
    return 0;
}

/* An ini_reader: what fgets would be, with `size` octets of room at `out`. */
static char *feed(char *out, int size, void *stream)
{
    struct lines *lines = stream;
    char *at = out;
    size_t len = 0;

    if (!lines->awaited && !next_for_inih(lines))
        return NULL;
    /* Room for a blank before, a newline and NUL behind. */
    while ((len = piece_size(lines, (size_t)size - 3)) == 0) {
        complain(lines, "this line is too long to be read");
        lines->awaited = false;
        if (!next_for_inih(lines))
            return NULL;
    }
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
    struct lines *lines = user;
    size_t len = strlen(value);

    (void)section; /* inih does not tell of empty ones: take_header has done it */
    if (!lines->awaited || len > CONFIG_LINE_MAX - lines->value_len)
        return 0;
    memcpy(lines->value + lines->value_len, value, len + 1);
    lines->value_len += len;
    if (lines->line[lines->fed] != '\0')
        return 1;
    lines->awaited = false;
    if (lines->rc == 0)
        lines->rc =
            lines->sink->on_setting(lines->sink->arg, name, lines->value, lines->place->line);
    return 1;
}

int config_lines_read(const char *text, size_t len, struct draft_place *place,
                      const struct config_lines_sink *sink)
{
    static const char bom[] = {'\xef', '\xbb', '\xbf'};
    struct lines lines = {.next = text, .end = text + len, .place = place, .sink = sink};
    int rc;

    if (len >= sizeof(bom) && memcmp(text, bom, sizeof(bom)) == 0)
        lines.next += sizeof(bom);
    place->line = 0;
    rc = ini_parse_stream(feed, &lines, on_value, &lines);
    OPENSSL_cleanse(lines.line, sizeof(lines.line));
    OPENSSL_cleanse(lines.value, sizeof(lines.value));
    /* Above 0 is the line of a value that did not come back: feed has complained of it. */
    return rc < 0 ? DNS_EMEMORY : lines.rc;
}
