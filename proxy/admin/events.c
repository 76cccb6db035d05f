/* The level of an event follows its result; its fields stand in one order for all of them. */
#include "admin/events.h"

#include <time.h>

#include "admin/advice.h"
#include "admin/line.h"
#include "dns/text.h"
#include "tsig/record.h"

static const struct {
    enum config_log_level level; /* when all is well */
    bool limited;                /* anyone on the network can cause it */
} events_kinds[EVENT_TYPES] = {
    [EVENT_NOTIFIED] = {LOG_DEBUG, true},
    [EVENT_NOTIFY] = {LOG_INFO, true},
    [EVENT_TRANSFER] = {LOG_INFO, false},
    [EVENT_REFRESH] = {LOG_DEBUG, false},
    [EVENT_REQUEST] = {LOG_DEBUG, false},
    [EVENT_OBSERVED] = {LOG_NOTICE, true},
    [EVENT_REFUSED] = {LOG_WARNING, true},
    [EVENT_VERIFIED] = {LOG_DEBUG, false},
    [EVENT_TSIG_FAILURE] = {LOG_WARNING, true},
    [EVENT_CLOCK_SKEW] = {LOG_WARNING, true},
    [EVENT_UPSTREAM_FAILURE] = {LOG_WARNING, true},
    [EVENT_IGNORED] = {LOG_DEBUG, true},
    [EVENT_JOINED] = {LOG_DEBUG, true},
    [EVENT_LIMIT] = {LOG_WARNING, true},
    [EVENT_POLL] = {LOG_DEBUG, false},
};

/* Answers to ordinary questions and updates that say no, as they should. */
static bool events_says_no(const struct relay_event *event)
{
    switch (event->rcode) {
    case DNS_RCODE_FORMERR:
    case DNS_RCODE_SERVFAIL:
    case DNS_RCODE_NOTIMP:
    case DNS_RCODE_REFUSED:
    case DNS_RCODE_NOTAUTH:
        return false;
    default:
        return event->type == EVENT_REQUEST && event->result == RESULT_ERROR;
    }
}

static bool events_is_well(const struct relay_event *event)
{
    return event->result == RESULT_OK || event->result == RESULT_TRUNCATED || events_says_no(event);
}

enum config_log_level events_level(const struct relay_event *event, bool news)
{
    enum config_log_level level = events_kinds[event->type].level;
    switch (event->type) {
    case EVENT_REFRESH:
        if (!events_is_well(event))
            return LOG_WARNING;
        return news ? LOG_INFO : level;
    case EVENT_TRANSFER:
    case EVENT_NOTIFY:
    case EVENT_REQUEST:
        return events_is_well(event) ? level : LOG_WARNING;
    case EVENT_REFUSED:
        /* Who is nobody here is refused as intended; a balancer is somebody. */
        return event->peer || event->result == RESULT_NO_HEADER ||
                       event->result == RESULT_BAD_HEADER
                   ? level
                   : LOG_NOTICE;
    case EVENT_POLL:
        return event->result == RESULT_CHANGED ? LOG_INFO : level;
    case EVENT_CLOCK_SKEW:
        return event->result == RESULT_AGED ? LOG_NOTICE : level;
    case EVENT_UPSTREAM_FAILURE:
        /* A line before it has said how the TSIG failed. */
        return event->result == RESULT_UNVERIFIED_ANSWER ? LOG_DEBUG : level;
    default:
        return level;
    }
}

bool events_is_failure(const struct relay_event *event, enum config_log_level level)
{
    return level <= LOG_WARNING || event->type == EVENT_REFUSED;
}

static const char *events_operation(const struct relay_event *event, char out[DNS_TEXT_SIZE])
{
    if (event->opcode != DNS_OPCODE_QUERY)
        return dns_text_opcode(event->opcode, out);
    return event->qtype ? dns_text_type(event->qtype, out) : NULL;
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
    if (event->tries > 0)
        line_add_number(line, "tries", event->tries);
    if (event->type != EVENT_TRANSFER)
        return;
    line_add_number(line, "messages", (long long)event->messages);
    line_add_number(line, "octets", (long long)event->octets);
    line_add_seconds(line, "seconds", event->milliseconds);
}

static void events_add_tsig(struct line *line, const struct relay_event *event, char *text,
                            char *offered)
{
    const struct dns_name *name = event->key ? &event->key->name : event->key_name;
    if (name)
        line_add(line, "key", dns_name_to_text(name, text));
    if (event->expected && event->offered) {
        line_add(line, "algorithm", dns_name_to_text(event->offered, offered));
        line_add(line, "expected", event->expected->algorithm->text);
    }
    line_add(line, "error", tsig_record_error_text(event->tsig_error));
    if (event->has_skew)
        line_add_number(line, "skew", event->skew);
}

static void events_write(const struct relay_event *event, enum config_log_level level, int left_out)
{
    char address[ADDRESS_TEXT_SIZE], type[DNS_TEXT_SIZE], record_type[DNS_TEXT_SIZE];
    char zone[DNS_NAME_TEXT_SIZE], key[DNS_NAME_TEXT_SIZE], record[DNS_NAME_TEXT_SIZE];
    char rcode[DNS_TEXT_SIZE], offered[DNS_NAME_TEXT_SIZE], advice[ADVICE_SIZE];
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
    events_add_tsig(&line, event, key, offered);
    if (event->has_rcode)
        line_add(&line, "rcode", dns_text_rcode(event->rcode, rcode));
    line_add(&line, "result", report_result_word(event->result));
    if (events_is_failure(event, level) || event->type == EVENT_OBSERVED)
        line_add(&line, "advice", advice_of(event, advice));
    if (left_out > 0)
        line_add_number(&line, "left-out", left_out);
    line_end(&line);
}

/* Junk from anywhere must not hide that a key is used where it should not be. */
struct limit_subject events_subject(const struct relay_event *event)
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

void events_fini(struct events *events)
{
    pthread_mutex_destroy(&events->mutex);
}

void events_log(struct events *events, const struct relay_event *event, enum config_log_level level)
{
    int left_out = 0;
    if (!line_is_wanted(level))
        return;
    /* Over UDP the source may be forged, and what fails may fail often. */
    if (events_kinds[event->type].limited || event->transport == RELAY_UDP ||
        level <= LOG_WARNING) {
        struct limit_subject subject = events_subject(event);
        pthread_mutex_lock(&events->mutex);
        left_out = limit_admit(&events->limit, &subject, time(NULL));
        pthread_mutex_unlock(&events->mutex);
    }
    if (left_out >= 0)
        events_write(event, level, left_out);
}
