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

static void line_write_quoted(FILE *out, const char *value)
{
    fputc('"', out);
    for (const char *c = value; *c; c++) {
        if (*c == '"' || *c == '\\')
            fprintf(out, "\\%c", *c);
        else if (*c == '\n')
            fputs("\\n", out);
        else
            fputc(*c, out);
    }
    fputc('"', out);
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

static void line_write_logfmt(FILE *out, const struct line *line, size_t most)
{
    char room[LINE_CUT_MAX + 1];
    for (size_t i = 0; i < line->count; i++) {
        const char *value = line_cut(line->fields[i].value, most, room);
        fprintf(out, "%s%s=", i ? " " : "", line->fields[i].key);
        if (line_is_bare(value))
            fputs(value, out);
        else
            line_write_quoted(out, value);
    }
    fputc('\n', out);
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

static void line_write_json(FILE *out, const struct line *line, size_t most)
{
    json_t *object = json_object();
    for (size_t i = 0; i < line->count; i++)
        json_object_set_new(object, line->fields[i].key, line_json_value(&line->fields[i], most));
    json_dumpf(object, out, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(6));
    fputc('\n', out);
    json_decref(object);
}

/* The whole text, owned, with no value longer than `most`. NULL: no memory. */
static char *line_to_text(const struct line *line, size_t most, size_t *len)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, len);
    if (!out)
        return NULL;
    if (line_format == LOG_FORMAT_JSON)
        line_write_json(out, line, most);
    else
        line_write_logfmt(out, line, most);
    fclose(out);
    return text;
}

/* The line leaves in one write, so that lines of several threads or programs do not mix. */
static bool line_write(const struct line *line)
{
    size_t len = 0;
    char *text = line_to_text(line, SIZE_MAX, &len);
    for (size_t most = LINE_CUT_MAX; text && len > OUTPUT_MAX; most /= 2) {
        free(text);
        text = line_to_text(line, most, &len);
    }
    bool written = text && output_write(STDERR_FILENO, text, len);
    free(text);
    return written;
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
