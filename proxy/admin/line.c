/* A line is gathered field by field in the caller's struct and written once, in the end; only then
 * is its format of any matter. Nothing here waits for who reads the log: a line for which there is
 * no room is lost, and counted until one can say so. */
#include "admin/line.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "admin/output.h"
#include "admin/text.h"

/* A value that makes its line too long is cut to so many octets, or else to half of that. */
#define LINE_CUT_MAX 1024

static _Atomic enum config_log_level line_level = LOG_INFO;
static _Atomic enum config_log_format line_format = LOG_FORMAT_LOGFMT;
static _Atomic unsigned long long line_dropped; /* and not told yet */
static _Atomic unsigned long long line_dropped_ever;

void line_configure(enum config_log_level level, enum config_log_format format)
{
    line_level = level;
    line_format = format;
}

bool line_is_wanted(enum config_log_level level)
{
    return level <= line_level;
}

static void line_put(struct line *line, const char *key, const char *value, enum line_kind kind)
{
    line->fields[line->count++] = (struct line_field){.key = key, .value = value, .kind = kind};
}

void line_add(struct line *line, const char *key, const char *value)
{
    if (value && line->count < LINE_FIELDS_MAX)
        line_put(line, key, value, LINE_TEXT);
}

void line_add_number(struct line *line, const char *key, long long value)
{
    if (line->count == LINE_FIELDS_MAX)
        return;
    char *text = line->values[line->count];
    snprintf(text, LINE_VALUE_SIZE, "%lld", value);
    line_put(line, key, text, LINE_INTEGER);
}

void line_add_seconds(struct line *line, const char *key, unsigned long long milliseconds)
{
    if (line->count == LINE_FIELDS_MAX)
        return;
    char *text = line->values[line->count];
    snprintf(text, LINE_VALUE_SIZE, "%llu.%03llu", milliseconds / 1000, milliseconds % 1000);
    line_put(line, key, text, LINE_REAL);
}

void line_begin(struct line *line, enum config_log_level level, const char *event)
{
    static const char *const levels[] = {"error", "warning", "notice", "info", "debug"};
    time_t now = time(NULL);
    struct tm utc;
    line->count = 0;
    strftime(line->values[0], LINE_VALUE_SIZE, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    line_add(line, "time", line->values[0]);
    line_add(line, "level", levels[level]);
    line_add(line, "event", event);
}

static bool line_is_bare(const char *value)
{
    for (const char *c = value; *c; c++)
        if (*c <= ' ' || *c >= 0x7f || *c == '"' || *c == '=' || *c == '\\')
            return false;
    return *value;
}

/* What is too long for a line is counted all the same, and the line then written anew. */
struct line_room {
    char octets[OUTPUT_MAX];
    size_t len;
};

static void line_write_octet(struct line_room *out, char octet)
{
    if (out->len < sizeof out->octets)
        out->octets[out->len] = octet;
    out->len++;
}

static void line_write_text(struct line_room *out, const char *text)
{
    for (const char *c = text; *c; c++)
        line_write_octet(out, *c);
}

static void line_write_quoted(struct line_room *out, const char *value)
{
    line_write_octet(out, '"');
    for (const char *c = value; *c; c++) {
        if (*c == '"' || *c == '\\' || *c == '\n')
            line_write_octet(out, '\\');
        if (*c == '\n')
            line_write_octet(out, 'n');
        else
            line_write_octet(out, *c);
    }
    line_write_octet(out, '"');
}

/* The value, or as much of it as may be. */
static const char *line_cut(const char *value, size_t most, char room[LINE_CUT_MAX + 1])
{
    if (most > LINE_CUT_MAX || strlen(value) <= most)
        return value;
    size_t len = most - 3;
    while (len > 0 && (value[len] & 0xc0) == 0x80)
        len--; /* not in the middle of a character */
    snprintf(room, LINE_CUT_MAX + 1, "%.*s...", (int)len, value);
    return room;
}

/* Takes no memory. */
static void line_write_logfmt(struct line_room *out, const struct line *line, size_t most)
{
    char room[LINE_CUT_MAX + 1];
    for (size_t i = 0; i < line->count; i++) {
        const char *value = line_cut(line->fields[i].value, most, room);
        line_write_text(out, i ? " " : "");
        line_write_text(out, line->fields[i].key);
        line_write_octet(out, '=');
        if (line_is_bare(value))
            line_write_text(out, value);
        else
            line_write_quoted(out, value);
    }
    line_write_octet(out, '\n');
}

static json_t *line_json_value(const struct line_field *f, size_t most)
{
    char room[LINE_CUT_MAX + 1];
    switch (f->kind) {
    case LINE_INTEGER:
        return json_integer(strtoll(f->value, NULL, 10));
    case LINE_REAL:
        return json_real(strtod(f->value, NULL));
    case LINE_TEXT:
        break;
    }
    const char *text = line_cut(f->value, most, room);
    return text_to_json(text, strlen(text));
}

static bool line_write_json(struct line_room *out, const struct line *line, size_t most)
{
    json_t *object = json_object();
    bool whole = object;
    for (size_t i = 0; i < line->count && whole; i++)
        whole = json_object_set_new(object, line->fields[i].key,
                                    line_json_value(&line->fields[i], most)) == 0;
    if (whole)
        out->len = json_dumpb(object, out->octets, sizeof out->octets,
                              JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(6));
    json_decref(object);
    whole = whole && out->len > 0;
    line_write_octet(out, '\n');
    return whole;
}

/* With no value longer than `most`. False: there is no memory for the whole of it. */
static bool line_write_all(struct line_room *out, const struct line *line, size_t most)
{
    out->len = 0;
    if (line_format == LOG_FORMAT_JSON)
        return line_write_json(out, line, most);
    line_write_logfmt(out, line, most);
    return true;
}

/* The line leaves in one write, so that lines of several threads or programs do not mix. */
static bool line_write(const struct line *line)
{
    struct line_room out;
    bool whole = line_write_all(&out, line, SIZE_MAX);
    for (size_t most = LINE_CUT_MAX; whole && out.len > sizeof out.octets; most /= 2)
        whole = line_write_all(&out, line, most);
    return whole && output_write(STDERR_FILENO, out.octets, out.len);
}

/* How many were lost, once there is room for that. */
static bool line_tell_dropped(void)
{
    struct line line;
    unsigned long long dropped = atomic_exchange(&line_dropped, 0);
    if (dropped == 0 || !line_is_wanted(LOG_WARNING))
        return true;
    line_begin(&line, LOG_WARNING, "dropped");
    line_add_number(&line, "lines", (long long)dropped);
    if (line_write(&line))
        return true;
    line_dropped += dropped;
    return false;
}

void line_end(const struct line *line)
{
    if (line_tell_dropped() && line_write(line))
        return;
    line_dropped++;
    line_dropped_ever++;
}

unsigned long long line_lost(void)
{
    return line_dropped_ever;
}

void line_say(enum config_log_level level, const char *event, ...)
{
    struct line line;
    va_list fields;
    if (!line_is_wanted(level))
        return;
    line_begin(&line, level, event);
    va_start(fields, event);
    for (const char *key; (key = va_arg(fields, const char *));)
        line_add(&line, key, va_arg(fields, const char *));
    va_end(fields);
    line_end(&line);
}
