#include "admin/events.h"

#include <stdio.h>

#include "admin/line.h"
#include "dns/text.h"
#include "tsig/record.h"

static const struct {
    enum config_log_level level;
    bool limited; /* anyone on the network can cause it */
} events_kinds[EVENT_TYPES] = {
    [EVENT_NOTIFY] = {LOG_INFO, true},        [EVENT_TRANSFER] = {LOG_INFO, false},
    [EVENT_REFRESH] = {LOG_DEBUG, false},     [EVENT_REQUEST] = {LOG_DEBUG, false},
    [EVENT_OBSERVED] = {LOG_NOTICE, true},    [EVENT_REFUSED] = {LOG_NOTICE, true},
    [EVENT_VERIFIED] = {LOG_DEBUG, false},    [EVENT_TSIG_FAILURE] = {LOG_WARNING, true},
    [EVENT_CLOCK_SKEW] = {LOG_WARNING, true}, [EVENT_UPSTREAM_FAILURE] = {LOG_WARNING, true},
    [EVENT_IGNORED] = {LOG_DEBUG, true},      [EVENT_JOINED] = {LOG_DEBUG, true},
    [EVENT_LIMIT] = {LOG_WARNING, true},      [EVENT_POLL] = {LOG_DEBUG, false},
};

static enum config_log_level events_level(const struct relay_event *event)
{
    return event->result == RESULT_CHANGED ? LOG_INFO : events_kinds[event->type].level;
}

static const char *events_operation(const struct relay_event *event, char out[DNS_TEXT_SIZE])
{
    if (event->opcode != DNS_OPCODE_QUERY)
        return dns_text_opcode(event->opcode, out);
    return event->qtype ? dns_text_type(event->qtype, out) : NULL;
}

/* "its clock is 412 s ahead; check NTP there" */
static const char *events_advice(const struct relay_event *event, char out[256])
{
    const char *advice = event->advice ? event->advice : report_result_advice(event->result);
    if (!event->has_skew || event->type == EVENT_VERIFIED)
        return advice;
    long long skew = event->skew;
    snprintf(out, 256, "its clock is %lld s %s; %s", skew < 0 ? -skew : skew,
             skew < 0 ? "behind" : "ahead", advice ? advice : "check NTP");
    return out;
}

/* Who stands on the other side of the peer that the event is about. */
static void events_add_others(struct line *line, const struct relay_event *event)
{
    if (event->client && event->client != event->peer)
        line_add(line, "client", event->client->name);
    if (event->server && event->server != event->peer)
        line_add(line, "server", event->server->name);
}

static void events_add_serials(struct line *line, const struct relay_event *event)
{
    if (event->has_client_serial)
        line_add_number(line, "client-serial", event->client_serial);
    if (event->has_serial)
        line_add_number(line, "serial", event->serial);
    if (event->type != EVENT_TRANSFER)
        return;
    line_add_number(line, "messages", (long long)event->messages);
    line_add_number(line, "octets", (long long)event->octets);
    line_add_seconds(line, "seconds", event->milliseconds);
}

static void events_add_tsig(struct line *line, const struct relay_event *event, char *text)
{
    const struct dns_name *name = event->key ? &event->key->name : event->key_name;
    if (name)
        line_add(line, "key", dns_name_to_text(name, text));
    line_add(line, "error", tsig_record_error_text(event->tsig_error));
    if (event->has_skew)
        line_add_number(line, "skew", event->skew);
}

static void events_write(const struct relay_event *event, enum config_log_level level, int left_out)
{
    char address[ADDRESS_TEXT_SIZE], type[DNS_TEXT_SIZE], record_type[DNS_TEXT_SIZE];
    char zone[DNS_NAME_TEXT_SIZE], key[DNS_NAME_TEXT_SIZE], record[DNS_NAME_TEXT_SIZE];
    char rcode[DNS_TEXT_SIZE], advice[256];
    struct line line;
    line_begin(&line, level, report_type_word(event->type));
    line_add(&line, "peer", event->peer ? event->peer->name : NULL);
    line_add(&line, "address", event->address ? address_to_text(event->address, address) : NULL);
    events_add_others(&line, event);
    line_add(&line, "transport", event->transport == RELAY_TCP ? "tcp" : "udp");
    line_add(&line, "zone", event->zone ? dns_name_to_text(event->zone, zone) : NULL);
    line_add(&line, "type", events_operation(event, type));
    if (event->record) {
        line_add(&line, "record", dns_name_to_text(event->record, record));
        line_add(&line, "record-type", dns_text_type(event->record_type, record_type));
    }
    events_add_serials(&line, event);
    events_add_tsig(&line, event, key);
    if (event->has_rcode)
        line_add(&line, "rcode", dns_text_rcode(event->rcode, rcode));
    line_add(&line, "result", report_result_word(event->result));
    line_add(&line, "advice", events_advice(event, advice));
    if (left_out > 0)
        line_add_number(&line, "left-out", left_out);
    line_end(&line);
}

/* Junk from anywhere must not hide that a key is used where it should not be. */
static struct limit_subject events_subject(const struct relay_event *event)
{
    if (event->result == RESULT_KEY_FROM_ELSEWHERE && event->key)
        return limit_of_key(event->type, event->result, event->key->number);
    if (!event->peer)
        return limit_of_stranger(event->type, event->result, event->address);
    return limit_of_peer(event->type, event->result, event->peer->number, event->address);
}

void events_init(struct events *events)
{
    pthread_mutex_init(&events->mutex, NULL);
}

void events_log(void *arg, const struct relay_event *event)
{
    struct events *events = arg;
    enum config_log_level level = events_level(event);
    int left_out = 0;
    if (!line_is_wanted(level))
        return;
    /* Over UDP the source may be forged. */
    if (events_kinds[event->type].limited || event->transport == RELAY_UDP) {
        struct limit_subject subject = events_subject(event);
        pthread_mutex_lock(&events->mutex);
        left_out = limit_admit(&events->limit, &subject, time(NULL));
        pthread_mutex_unlock(&events->mutex);
    }
    if (left_out >= 0)
        events_write(event, level, left_out);
}
