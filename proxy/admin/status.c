/* The document is made anew for each who asks, of what is known at that moment: names by number,
 * what was counted, and as many rows as have a place. Peers are in peers.c. */
#include "admin/status.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/line.h"
#include "admin/peers.h"
#include "admin/summary.h"
#include "admin/text.h"
#include "dns/text.h"

/* All that a document is made of. */
struct status {
    const struct status_source *source;
    struct names names;
    struct view view;
    struct rows rows;
    int64_t now;
};

static int status_init(struct status *s, const struct status_source *source)
{
    *s = (struct status){.source = source, .now = observe_now()};
    if (names_init(&s->names, source->config) < 0)
        return DNS_EMEMORY;
    /* One row at least: the sentence is about the worst. */
    size_t most = source->config->proxy.metrics_zones;
    if (rows_init(&s->rows, source->observe->ledger, &s->names, most ? most : 1, s->now) < 0) {
        names_fini(&s->names);
        return DNS_EMEMORY;
    }
    view_init(&s->view, source->observe->counts);
    return 0;
}

static void status_fini(struct status *s)
{
    rows_fini(&s->rows);
    view_fini(&s->view);
    names_fini(&s->names);
}

static json_t *status_time(int64_t seconds)
{
    return seconds ? json_integer(seconds) : json_null();
}

static json_t *status_serial(bool known, uint32_t serial)
{
    return known ? json_integer(serial) : json_null();
}

static json_t *status_address(const struct address *address)
{
    char text[ADDRESS_TEXT_SIZE];
    return json_string(address_to_text(address, text));
}

static json_t *status_name(const struct dns_name *name)
{
    char text[DNS_NAME_TEXT_SIZE];
    return json_string(dns_name_to_text(name, text));
}

static json_t *status_peer(const struct names *names, unsigned number)
{
    const struct peer *peer = names_peer(names, number);
    return peer ? json_string(peer->name) : json_null();
}

static char *status_sentence(const struct status *s)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (!out)
        return NULL;
    summary_write(out, s->source->config, &s->names, &s->rows, &s->view);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

char *status_summary(const struct status_source *source)
{
    struct status s;
    if (status_init(&s, source) < 0)
        return NULL;
    char *text = status_sentence(&s);
    status_fini(&s);
    return text;
}

static json_t *status_config(const struct status *s)
{
    const struct status_source *source = s->source;
    return json_pack("{s:o, s:o, s:b, s:i, s:i}", "file",
                     text_to_json(source->file, strlen(source->file)), "loaded",
                     status_time(source->observe->loaded), "last_reload_successful",
                     !source->observe->reload_failed, "old_in_use", (int)source->facts->old_in_use,
                     "oldest_seconds", (int)source->facts->oldest_seconds);
}

static json_t *status_addresses(const struct address *addresses, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, status_address(&addresses[i]));
    return array;
}

static json_t *status_absent(const struct crew_facts *facts)
{
    json_t *array = json_array();
    for (size_t i = 0; i < facts->own_count; i++) {
        if (!facts->own[i].here)
            json_array_append_new(array, status_address(&facts->own[i].address));
    }
    return array;
}

static void status_add_listeners(json_t *document, const struct crew_facts *facts)
{
    size_t direct = facts->listener_count - facts->proxied_count;
    json_object_set_new(document, "listeners", status_addresses(facts->listeners, direct));
    json_object_set_new(document, "proxy_listeners",
                        status_addresses(facts->listeners + direct, facts->proxied_count));
}

static json_t *status_row(const struct status *s, const struct ledger_entry *e)
{
    char why[ROWS_WHY_SIZE];
    json_t *row = json_object();
    const char *reason = rows_why(e, why);
    json_object_set_new(row, "zone", status_name(&e->zone));
    json_object_set_new(row, "secondary", status_peer(&s->names, e->secondary));
    json_object_set_new(row, "primary", status_peer(&s->names, e->primary));
    json_object_set_new(row, "state", json_string(rows_state_word(e->state)));
    json_object_set_new(row, "serial", status_serial(e->has_serial, e->serial));
    json_object_set_new(row, "newest", status_serial(e->has_newest, e->newest));
    json_object_set_new(row, "asked", status_time(e->asked));
    json_object_set_new(row, "confirmed", status_time(e->confirmed));
    json_object_set_new(row, "behind_since", status_time(e->behind_since));
    json_object_set_new(row, "silent_since", status_time(e->silent_since));
    json_object_set_new(row, "expires", status_time(e->expires));
    json_object_set_new(row, "why", reason ? json_string(reason) : json_null());
    return row;
}

static json_t *status_rows(const struct status *s)
{
    json_t *array = json_array();
    for (size_t i = 0; i < s->rows.count; i++)
        json_array_append_new(array, status_row(s, &s->rows.items[i]));
    return array;
}

static json_t *status_counts(const struct rows *rows)
{
    json_t *object = json_object();
    for (int i = 0; i < LEDGER_STATES; i++)
        json_object_set_new(object, rows_state_word(i), json_integer((json_int_t)rows->counts[i]));
    return object;
}

struct status_notifies {
    const struct status *status;
    json_t *array;
};

static void status_take_notify(void *arg, const struct notified_entry *e)
{
    const struct status_notifies *notifies = arg;
    const struct names *names = &notifies->status->names;
    char rcode[DNS_TEXT_SIZE];
    if (!names_peer(names, e->secondary) || !names_peer(names, e->primary))
        return;
    json_t *object = json_object();
    json_object_set_new(object, "time", status_time(e->time));
    json_object_set_new(object, "zone", status_name(&e->zone));
    json_object_set_new(object, "primary", status_peer(names, e->primary));
    json_object_set_new(object, "serial", status_serial(e->has_serial, e->serial));
    json_object_set_new(object, "secondary", status_peer(names, e->secondary));
    json_object_set_new(object, "address", status_address(&e->address));
    json_object_set_new(object, "result", json_string(report_result_word(e->result)));
    json_object_set_new(object, "rcode",
                        e->has_rcode ? json_string(dns_text_rcode(e->rcode, rcode)) : json_null());
    json_object_set_new(object, "tries", json_integer(e->tries));
    json_object_set_new(object, "milliseconds", json_integer((json_int_t)e->milliseconds));
    json_object_set_new(object, "transfer_after_seconds",
                        e->transferred ? json_integer(e->transferred - e->time) : json_null());
    json_array_append_new(notifies->array, object);
}

static json_t *status_notifies(const struct status *s)
{
    struct status_notifies notifies = {.status = s, .array = json_array()};
    notified_walk(&s->source->observe->notified, status_take_notify, &notifies);
    return notifies.array;
}

static json_t *status_limits(const struct status *s)
{
    json_t *array = json_array();
    size_t end;
    for (size_t i = view_begin(&s->view, STATS_LIMITS, &end); i < end; i++) {
        struct stats_item item = stats_item_of(s->view.items[i].id);
        json_t *limit = json_object();
        if (item.peer != STATS_NOBODY && !names_peer(&s->names, item.peer)) {
            json_decref(limit);
            continue;
        }
        json_object_set_new(limit, "limit", json_string(report_result_word(item.what)));
        json_object_set_new(limit, "peer", status_peer(&s->names, item.peer));
        json_object_set_new(limit, "count", json_integer((json_int_t)s->view.items[i].value));
        json_array_append_new(array, limit);
    }
    return array;
}

static json_t *status_text(char *text)
{
    json_t *string = text ? json_string(text) : json_null();
    free(text);
    return string;
}

static json_t *status_peers(const struct status *s)
{
    const struct peers_view from = {.config = s->source->config,
                                    .names = &s->names,
                                    .view = &s->view,
                                    .rows = &s->rows,
                                    .memory = s->source->facts->memory};
    return peers_to_json(&from);
}

static json_t *status_make(const struct status *s)
{
    const struct status_source *source = s->source;
    json_t *document = json_object();
    json_object_set_new(document, "version", json_string(TSIG_PROXY_VERSION));
    json_object_set_new(document, "pid", json_integer(getpid()));
    json_object_set_new(document, "started", status_time(source->observe->started));
    json_object_set_new(document, "now", status_time(s->now));
    json_object_set_new(document, "summary", status_text(status_sentence(s)));
    json_object_set_new(document, "config", status_config(s));
    json_object_set_new(document, "workers", json_integer(source->facts->workers));
    json_object_set_new(document, "draining", json_boolean(source->facts->draining));
    status_add_listeners(document, source->facts);
    json_object_set_new(document, "absent", status_absent(source->facts));
    json_object_set_new(document, "peers", status_peers(s));
    json_object_set_new(document, "zone_counts", status_counts(&s->rows));
    json_object_set_new(document, "zones_left_out",
                        json_integer((json_int_t)(s->rows.total - s->rows.count)));
    json_object_set_new(document, "zones", status_rows(s));
    json_object_set_new(document, "notifies", status_notifies(s));
    json_object_set_new(document, "failures", observe_failures(source->observe));
    json_object_set_new(document, "limits", status_limits(s));
    json_object_set_new(document, "log_lines_dropped", json_integer((json_int_t)line_lost()));
    return document;
}

json_t *status_document(const struct status_source *source)
{
    struct status s;
    if (status_init(&s, source) < 0)
        return NULL;
    json_t *document = status_make(&s);
    status_fini(&s);
    return document;
}
