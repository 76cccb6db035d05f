/* A line is gathered field by field in the caller's struct and written once, in the end; only then
 * is its format of any matter. */
#include "admin/line.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static _Atomic enum config_log_level line_level = LOG_INFO;
static _Atomic enum config_log_format line_format = LOG_FORMAT_LOGFMT;

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

static void line_write_logfmt(FILE *out, const struct line *line)
{
    for (size_t i = 0; i < line->count; i++) {
        fprintf(out, "%s%s=", i ? " " : "", line->fields[i].key);
        if (line_is_bare(line->fields[i].value))
            fputs(line->fields[i].value, out);
        else
            line_write_quoted(out, line->fields[i].value);
    }
    fputc('\n', out);
}

static json_t *line_json_value(const struct line_field *f)
{
    switch (f->kind) {
    case LINE_INTEGER:
        return json_integer(strtoll(f->value, NULL, 10));
    case LINE_REAL:
        return json_real(strtod(f->value, NULL));
    case LINE_TEXT:
        break;
    }
    return json_string(f->value);
}

static void line_write_json(FILE *out, const struct line *line)
{
    json_t *object = json_object();
    for (size_t i = 0; i < line->count; i++)
        json_object_set_new(object, line->fields[i].key, line_json_value(&line->fields[i]));
    json_dumpf(object, out, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(6));
    fputc('\n', out);
    json_decref(object);
}

/* The line leaves in one write, so that lines of several threads or programs do not mix. */
void line_end(const struct line *line)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (!out)
        return;
    if (line_format == LOG_FORMAT_JSON)
        line_write_json(out, line);
    else
        line_write_logfmt(out, line);
    fclose(out);
    ssize_t ignored = write(STDERR_FILENO, text, len);
    (void)ignored;
    free(text);
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
