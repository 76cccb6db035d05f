#include "admin/log.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tsig/record.h"

#define LOG_FIELDS_MAX 24
#define LOG_VALUE_SIZE 32
#define LOG_BUCKETS    256
#define LOG_STRANGERS  16 /* the first of them: one for each kind of event */

enum log_kind { LOG_TEXT, LOG_INTEGER, LOG_REAL };

struct log_field {
    const char *key;
    const char *value;
    enum log_kind kind;
};

/* One line in the making; `numbers` is where values without text of their own are written. */
struct log_entry {
    enum config_log_level level;
    size_t count;
    struct log_field fields[LOG_FIELDS_MAX];
    char numbers[LOG_FIELDS_MAX][LOG_VALUE_SIZE];
};

static struct {
    enum config_log_level level;
    enum config_log_format format;
    struct log_bucket {
        time_t second;
        unsigned count;
    } buckets[LOG_BUCKETS];
} logger = {.level = LOG_INFO};

void log_configure(enum config_log_level level, enum config_log_format format)
{
    logger.level = level;
    logger.format = format;
}

static void log_add(struct log_entry *e, const char *key, const char *value)
{
    if (value && e->count < LOG_FIELDS_MAX)
        e->fields[e->count++] = (struct log_field){.key = key, .value = value};
}

static void log_add_number(struct log_entry *e, const char *key, long long value)
{
    if (e->count == LOG_FIELDS_MAX)
        return;
    char *text = e->numbers[e->count];
    snprintf(text, LOG_VALUE_SIZE, "%lld", value);
    e->fields[e->count++] = (struct log_field){.key = key, .value = text, .kind = LOG_INTEGER};
}

static void log_add_seconds(struct log_entry *e, const char *key, unsigned long long milliseconds)
{
    if (e->count == LOG_FIELDS_MAX)
        return;
    char *text = e->numbers[e->count];
    snprintf(text, LOG_VALUE_SIZE, "%llu.%03llu", milliseconds / 1000, milliseconds % 1000);
    e->fields[e->count++] = (struct log_field){.key = key, .value = text, .kind = LOG_REAL};
}

static struct log_entry log_begin(enum config_log_level level, const char *event, char stamp[32])
{
    static const char *const levels[] = {"error", "warning", "notice", "info", "debug"};
    struct log_entry e = {.level = level};
    time_t now = time(NULL);
    struct tm utc;
    strftime(stamp, 32, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    log_add(&e, "time", stamp);
    log_add(&e, "level", levels[level]);
    log_add(&e, "event", event);
    return e;
}

static bool log_is_bare(const char *value)
{
    for (const char *c = value; *c; c++)
        if (*c <= ' ' || *c >= 0x7f || *c == '"' || *c == '=' || *c == '\\')
            return false;
    return *value != '\0';
}

static void log_put_quoted(FILE *out, const char *value)
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

static void log_put_logfmt(FILE *out, const struct log_entry *e)
{
    for (size_t i = 0; i < e->count; i++) {
        fprintf(out, "%s%s=", i ? " " : "", e->fields[i].key);
        if (log_is_bare(e->fields[i].value))
            fputs(e->fields[i].value, out);
        else
            log_put_quoted(out, e->fields[i].value);
    }
    fputc('\n', out);
}

static json_t *log_json_value(const struct log_field *f)
{
    switch (f->kind) {
    case LOG_INTEGER:
        return json_integer(strtoll(f->value, NULL, 10));
    case LOG_REAL:
        return json_real(strtod(f->value, NULL));
    case LOG_TEXT:
        break;
    }
    return json_string(f->value);
}

static void log_put_json(FILE *out, const struct log_entry *e)
{
    json_t *object = json_object();
    for (size_t i = 0; i < e->count; i++)
        json_object_set_new(object, e->fields[i].key, log_json_value(&e->fields[i]));
    json_dumpf(object, out, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(6));
    fputc('\n', out);
    json_decref(object);
}

/* The line leaves in one write, so that lines of several threads or programs do not mix. */
static void log_end(const struct log_entry *e)
{
    char *line = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&line, &len);
    if (!out)
        return;
    if (logger.format == LOG_FORMAT_JSON)
        log_put_json(out, e);
    else
        log_put_logfmt(out, e);
    fclose(out);
    ssize_t ignored = write(STDERR_FILENO, line, len);
    (void)ignored;
    free(line);
}

void log_line(enum config_log_level level, const char *event, ...)
{
    char stamp[32];
    va_list fields;
    if (level > logger.level)
        return;
    struct log_entry e = log_begin(level, event, stamp);
    va_start(fields, event);
    for (const char *key; (key = va_arg(fields, const char *));)
        log_add(&e, key, va_arg(fields, const char *));
    va_end(fields);
    log_end(&e);
}

static const struct {
    const char *text;
    enum config_log_level level;
    bool limited; /* anyone on the network can cause it */
} log_events[] = {
    [EVENT_NOTIFY] = {"notify", LOG_INFO, true},
    [EVENT_TRANSFER] = {"transfer", LOG_INFO, false},
    [EVENT_REQUEST] = {"request", LOG_DEBUG, false},
    [EVENT_OBSERVED] = {"observed", LOG_NOTICE, true},
    [EVENT_REFUSED] = {"refused", LOG_NOTICE, true},
    [EVENT_TSIG_FAILURE] = {"tsig-failure", LOG_WARNING, true},
    [EVENT_CLOCK_SKEW] = {"clock-skew", LOG_WARNING, true},
    [EVENT_UPSTREAM_FAILURE] = {"upstream-failure", LOG_WARNING, true},
};

/* Peers are counted by address; strangers, who can have any, all together. */
static unsigned log_bucket_of(const struct relay_event *event)
{
    unsigned hash = event->type * 31u;
    if (!event->peer)
        return event->type;
    for (size_t i = 0; event->address && i < sizeof event->address->octets; i++)
        hash = hash * 31u + event->address->octets[i];
    return LOG_STRANGERS + hash % (LOG_BUCKETS - LOG_STRANGERS);
}

/* Returns how many lines of this kind were left out in the second before, or -1 to leave this one out. */
static int log_admit(const struct relay_event *event)
{
    struct log_bucket *b = &logger.buckets[log_bucket_of(event)];
    time_t now = time(NULL);
    int left_out = 0;
    if (b->second != now) {
        left_out = b->count > LOG_BURST ? (int)(b->count - LOG_BURST) : 0;
        *b = (struct log_bucket){.second = now};
    }
    return ++b->count > LOG_BURST ? -1 : left_out;
}

static const char *log_tsig_error_text(uint16_t error)
{
    switch (error) {
    case TSIG_BADSIG:
        return "BADSIG";
    case TSIG_BADKEY:
        return "BADKEY";
    case TSIG_BADTIME:
        return "BADTIME";
    case TSIG_BADTRUNC:
        return "BADTRUNC";
    default:
        return NULL;
    }
}

static const char *log_rcode_text(unsigned rcode)
{
    static const char *const texts[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",
                                        "NOTIMP",  "REFUSED", "YXDOMAIN", "YXRRSET",
                                        "NXRRSET", "NOTAUTH", "NOTZONE"};
    return rcode < sizeof texts / sizeof *texts ? texts[rcode] : NULL;
}

static const char *log_type_text(const struct relay_event *event, char out[16])
{
    if (event->opcode == DNS_OPCODE_NOTIFY)
        return "NOTIFY";
    if (event->opcode == DNS_OPCODE_UPDATE)
        return "UPDATE";
    switch (event->qtype) {
    case 0:
        return NULL;
    case DNS_TYPE_SOA:
        return "SOA";
    case DNS_TYPE_AXFR:
        return "AXFR";
    case DNS_TYPE_IXFR:
        return "IXFR";
    default:
        snprintf(out, 16, "TYPE%u", event->qtype);
        return out;
    }
}

static void log_add_tsig(struct log_entry *e, const struct relay_event *event, char *key_text)
{
    const struct dns_name *name = event->key ? &event->key->name : event->key_name;
    if (name)
        log_add(e, "key", dns_name_to_text(name, key_text));
    log_add(e, "error", log_tsig_error_text(event->tsig_error));
    if (event->has_skew)
        log_add_number(e, "skew", event->skew);
}

/* "its clock is 412 s ahead; check NTP there" */
static const char *log_advice(const struct relay_event *event, char out[256])
{
    if (!event->has_skew)
        return event->advice;
    long long skew = event->skew;
    snprintf(out, 256, "its clock is %lld s %s; %s", skew < 0 ? -skew : skew,
             skew < 0 ? "behind" : "ahead", event->advice ? event->advice : "check NTP");
    return out;
}

void log_event(void *arg, const struct relay_event *event)
{
    char stamp[32], address[ADDRESS_TEXT_SIZE], type[16], advice[256];
    char zone[DNS_NAME_TEXT_SIZE], key[DNS_NAME_TEXT_SIZE], record[DNS_NAME_TEXT_SIZE];
    enum config_log_level level = log_events[event->type].level;
    (void)arg;
    if (level > logger.level)
        return;
    /* Over UDP the source may be forged. */
    bool limited = log_events[event->type].limited || event->transport == RELAY_UDP;
    int left_out = limited ? log_admit(event) : 0;
    if (left_out < 0)
        return;
    struct log_entry e = log_begin(level, log_events[event->type].text, stamp);
    log_add(&e, "peer", event->peer ? event->peer->name : NULL);
    log_add(&e, "address", event->address ? address_to_text(event->address, address) : NULL);
    log_add(&e, "transport", event->transport == RELAY_TCP ? "tcp" : "udp");
    log_add(&e, "zone", event->zone ? dns_name_to_text(event->zone, zone) : NULL);
    log_add(&e, "type", log_type_text(event, type));
    if (event->record) {
        log_add(&e, "record", dns_name_to_text(event->record, record));
        log_add_number(&e, "record-type", event->record_type);
    }
    if (event->has_serial)
        log_add_number(&e, "serial", event->serial);
    if (event->type == EVENT_TRANSFER) {
        log_add_number(&e, "messages", (long long)event->messages);
        log_add_number(&e, "octets", (long long)event->octets);
        log_add_seconds(&e, "seconds", event->milliseconds);
    }
    log_add_tsig(&e, event, key);
    if (event->has_rcode)
        log_add(&e, "rcode", log_rcode_text(event->rcode));
    log_add(&e, "result", event->result);
    log_add(&e, "advice", log_advice(event, advice));
    if (left_out > 0)
        log_add_number(&e, "left-out", left_out);
    log_end(&e);
}
