/* Texts are made when something is seen for the first time: peers and keys may be gone when it is
 * shown. Alike is what has the same subject, as in the log, and the same zone. */
#include "admin/failures.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/advice.h"
#include "admin/events.h"
#include "dns/text.h"
#include "tsig/record.h"

struct failure {
    struct limit_subject subject;
    bool has_zone;
    struct dns_name zone;
    int64_t first; /* seconds since 1970; 0: none is here */
    int64_t last;
    unsigned long long order; /* of the last */
    unsigned long long count;
    enum config_log_level level;
    enum relay_event_type type;
    enum relay_result result;
    char *peer; /* owned, as all texts; NULL: left out */
    char *server;
    char *address;
    char *key;
    char *operation;
    char *rcode;
    char *error;
    char *advice;
};

struct failures {
    pthread_mutex_t mutex;
    unsigned long long order;
    struct failure items[FAILURES_MOST];
    /* Of strangers, and of all others. */
    struct failures_half {
        struct failure *items; /* borrowed from above */
        size_t count;
        int64_t second; /* in which so many were new */
        size_t fresh;
    } halves[2];
};

struct failures *failures_new(void)
{
    struct failures *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    pthread_mutex_init(&f->mutex, NULL);
    f->halves[0] = (struct failures_half){.items = f->items, .count = FAILURES_STRANGERS};
    f->halves[1] = (struct failures_half){.items = f->items + FAILURES_STRANGERS,
                                          .count = FAILURES_MOST - FAILURES_STRANGERS};
    return f;
}

static void failures_clear(struct failure *item)
{
    char *const texts[] = {item->peer,      item->server, item->address, item->key,
                           item->operation, item->rcode,  item->error,   item->advice};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    *item = (struct failure){0};
}

void failures_free(struct failures *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < FAILURES_MOST; i++)
        failures_clear(&f->items[i]);
    pthread_mutex_destroy(&f->mutex);
    free(f);
}

static bool failures_is(const struct failure *item, const struct limit_subject *subject,
                        const struct relay_event *event)
{
    if (!item->first || !limit_same(&item->subject, subject))
        return false;
    if (subject->class == LIMIT_STRANGER || !item->has_zone || !event->zone)
        return subject->class == LIMIT_STRANGER || !item->has_zone == !event->zone;
    return dns_name_equal(&item->zone, event->zone);
}

static char *failures_copy(const char *text)
{
    return text ? strdup(text) : NULL;
}

/* What there is no memory for is left out. */
static void failures_describe(struct failure *item, const struct relay_event *event)
{
    char text[DNS_NAME_TEXT_SIZE], advice[ADVICE_SIZE];
    const struct dns_name *key = event->key ? &event->key->name : event->key_name;
    bool question = event->opcode == DNS_OPCODE_QUERY;
    item->peer = failures_copy(event->peer ? event->peer->name : NULL);
    item->server = failures_copy(event->server ? event->server->name : NULL);
    item->address = failures_copy(event->address ? address_to_text(event->address, text) : NULL);
    item->key = failures_copy(key ? dns_name_to_text(key, text) : NULL);
    if (!question)
        item->operation = failures_copy(dns_text_opcode(event->opcode, text));
    else if (event->qtype)
        item->operation = failures_copy(dns_text_type(event->qtype, text));
    item->rcode = failures_copy(event->has_rcode ? dns_text_rcode(event->rcode, text) : NULL);
    item->error = failures_copy(tsig_record_error_text(event->tsig_error));
    item->advice = failures_copy(advice_of(event, advice));
    item->has_zone = event->zone;
    if (event->zone)
        item->zone = *event->zone;
}

static struct failures_half *failures_half(struct failures *f, const struct limit_subject *subject)
{
    return &f->halves[subject->class != LIMIT_STRANGER];
}

/* The one that is alike; NULL: there is none. */
static struct failure *failures_find(const struct failures_half *half,
                                     const struct limit_subject *subject,
                                     const struct relay_event *event)
{
    for (size_t i = 0; i < half->count; i++)
        if (failures_is(&half->items[i], subject, event))
            return &half->items[i];
    return NULL;
}

/* More new ones in a second than there are places would replace each other, and to describe one
 * takes longer than to refuse it. */
static bool failures_is_flood(struct failures_half *half, int64_t now)
{
    if (half->second != now) {
        half->second = now;
        half->fresh = 0;
    }
    return ++half->fresh > half->count;
}

/* In the place of the oldest. */
static struct failure *failures_add(struct failures_half *half, const struct limit_subject *subject,
                                    const struct relay_event *event, int64_t now)
{
    struct failure *oldest = half->items;
    for (size_t i = 1; i < half->count; i++)
        if (half->items[i].order < oldest->order)
            oldest = &half->items[i];
    failures_clear(oldest);
    oldest->subject = *subject;
    oldest->type = event->type;
    oldest->result = event->result;
    oldest->first = now;
    failures_describe(oldest, event);
    return oldest;
}

void failures_note(struct failures *f, const struct relay_event *event, enum config_log_level level,
                   int64_t now)
{
    struct limit_subject subject = events_subject(event);
    pthread_mutex_lock(&f->mutex);
    struct failures_half *half = failures_half(f, &subject);
    struct failure *item = failures_find(half, &subject, event);
    if (!item && !failures_is_flood(half, now))
        item = failures_add(half, &subject, event, now);
    if (item) {
        item->level = level;
        item->last = now;
        item->order = ++f->order;
        item->count++;
    }
    pthread_mutex_unlock(&f->mutex);
}

static void failures_put_text(json_t *object, const char *key, const char *text)
{
    json_object_set_new(object, key, text ? json_string(text) : json_null());
}

static json_t *failures_one_to_json(const struct failure *item)
{
    static const char *const levels[] = {"error", "warning", "notice", "info", "debug"};
    char zone[DNS_NAME_TEXT_SIZE];
    json_t *object = json_object();
    json_object_set_new(object, "time", json_integer(item->last));
    json_object_set_new(object, "first", json_integer(item->first));
    json_object_set_new(object, "count", json_integer((json_int_t)item->count));
    failures_put_text(object, "level", levels[item->level]);
    failures_put_text(object, "event", report_type_word(item->type));
    failures_put_text(object, "result", report_result_word(item->result));
    failures_put_text(object, "peer", item->peer);
    failures_put_text(object, "server", item->server);
    failures_put_text(object, "address", item->address);
    failures_put_text(object, "zone", item->has_zone ? dns_name_to_text(&item->zone, zone) : NULL);
    failures_put_text(object, "type", item->operation);
    failures_put_text(object, "key", item->key);
    failures_put_text(object, "rcode", item->rcode);
    failures_put_text(object, "error", item->error);
    failures_put_text(object, "advice", item->advice);
    return object;
}

static int failures_compare(const void *a, const void *b)
{
    const struct failure *x = *(const struct failure *const *)a;
    const struct failure *y = *(const struct failure *const *)b;
    return x->order > y->order ? -1 : x->order < y->order;
}

json_t *failures_to_json(struct failures *f)
{
    const struct failure *sorted[FAILURES_MOST];
    json_t *array = json_array();
    pthread_mutex_lock(&f->mutex);
    for (size_t i = 0; i < FAILURES_MOST; i++)
        sorted[i] = &f->items[i];
    qsort(sorted, FAILURES_MOST, sizeof *sorted, failures_compare);
    for (size_t i = 0; i < FAILURES_MOST && sorted[i]->first; i++)
        json_array_append_new(array, failures_one_to_json(sorted[i]));
    pthread_mutex_unlock(&f->mutex);
    return array;
}
