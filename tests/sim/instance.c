/* A life: started, loaded anew, killed, started again. */
#include "instance.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "dice.h"
#include "flow.h"
#include "session.h"
#include "trace.h"

#define INSTANCE_LOOK_MS 1000

struct relay_time instance_now(const struct instance *in)
{
    return (struct relay_time){.ms = clock_now() - in->began + 1000,
                               .seconds = net_seconds(&in->host)};
}

uint64_t instance_when(const struct instance *in, uint64_t deadline)
{
    return deadline + in->began - 1000;
}

void instance_turn(struct instance *in)
{
    if (in->serves)
        alarm_in(&in->turn, 0);
}

static uint16_t instance_random_id(void *arg)
{
    (void)arg;
    return (uint16_t)dice_draw();
}

/* As the log does, reads all that is borrowed. */
static void instance_report(void *arg, const struct relay_event *event)
{
    const struct instance *in = arg;
    TRACE_CHECK(report_result_word(event->result), "a result without a word");
    if (event->zone)
        trace_octets(event->zone->octets, event->zone->len);
    if (event->peer)
        trace_octets((const uint8_t *)event->peer->name, strlen(event->peer->name));
    trace_note(report_type_word(event->type), in->host.place, event->result, event->rcode);
}

static void instance_ring(void *arg)
{
    struct instance *in = arg;
    alarm_in(&in->ring, 0);
}

static void on_ring(void *owner)
{
    struct instance *in = owner;
    for (struct caller *caller; (caller = bell_next(&in->desk->bell));)
        caller->wake(caller->owner);
}

static void on_datagram(void *owner, const struct datagram *d)
{
    struct instance *in = owner;
    if (!in->serves)
        return;
    if (d->to.port == 53)
        listener_take(in, d);
    else
        way_take(in, d);
}

static bool on_connection(void *owner, struct pipe_end *end)
{
    struct instance *in = owner;
    if (!in->serves || end->local.port != 53)
        return false;
    session_accept(in, end);
    return true;
}

static const struct host_events instance_host_events = {.on_datagram = on_datagram,
                                                        .on_connection = on_connection};

static int instance_read(void *arg, const char *path, struct config_file *out)
{
    (void)path;
    *out = (struct config_file){.text = strdup(arg), .len = strlen(arg), .mode = 0600};
    return out->text ? 0 : -1;
}

struct config *instance_parse(const char *text)
{
    const struct config_files files = {.read = instance_read, .arg = strdup(text)};
    struct config_report report = {0};
    struct config *config = NULL;
    int error = config_parse(&files, "/sim.ini", &config, &report);
    TRACE_CHECK(error == 0, "the configuration: line %u: %s", report.findings->line,
                report.findings->text);
    config_report_fini(&report);
    free(files.arg);
    return config;
}

void instance_init(struct instance *in, unsigned place, unsigned places)
{
    *in = (struct instance){.address = net_address(NET_PROXY, place, 53), .places = places};
    in->host.address = net_address(NET_PROXY, place, 0);
    in->host.events = &instance_host_events;
    in->host.owner = in;
    in->host.place = place;
    in->ring.on_time = on_ring;
    in->ring.owner = in;
    net_attach(&in->host);
}

/* With the same numbers for the same labels, if there was one before. */
static struct relay *instance_load(struct instance *in, const char *text)
{
    struct config *config = instance_parse(text);
    if (in->relay)
        config_carry(config, in->relay->config);
    struct relay *relay = relay_new(config, in->desk);
    assert(relay);
    in->open = realloc(in->open, (config->peer_numbers + 1) * sizeof *in->open);
    assert(in->open);
    unsigned before = in->relay ? in->relay->config->peer_numbers : 0;
    memset(in->open + before, 0, (config->peer_numbers + 1 - before) * sizeof *in->open);
    config_unref(config);
    return relay;
}

/* Those that were in force before, until nothing uses them. */
static void on_retiring(void *owner)
{
    struct instance *in = owner;
    struct relay **link = &in->retired;
    while (*link) {
        struct relay *relay = *link;
        if (relay->refs > 1) {
            link = &relay->retired_before;
            continue;
        }
        *link = relay->retired_before;
        relay_unref(relay);
    }
    if (in->retired)
        alarm_in(&in->retiring, INSTANCE_LOOK_MS);
}

void instance_start(struct instance *in, const char *text)
{
    const struct relay_world world = {instance_random_id, instance_report, instance_ring, in};
    in->began = clock_now();
    struct config *config = instance_parse(text);
    in->memory = memory_new(config->proxy.status_zones);
    config_unref(config);
    assert(in->memory);
    in->desk = desk_new(&world, in->memory);
    assert(in->desk);
    LIST_INIT(&in->flows);
    LIST_INIT(&in->over);
    LIST_INIT(&in->sessions);
    LIST_INIT(&in->tcp_ways);
    for (unsigned i = 0; i < INSTANCE_WAYS; i++)
        LIST_INIT(&in->ways[i]);
    in->retiring.on_time = on_retiring;
    in->retiring.owner = in;
    in->relay = instance_load(in, text);
    shares_set_places(in->memory->shares, SHARES_SOCKETS, in->places);
    relay_take_over(in->relay);
    in->host.up = true;
    in->serves = true;
    teller_init(in);
    trace_note("starts", in->host.place, 0, 0);
}

void instance_reload(struct instance *in, const char *text)
{
    struct relay *before = in->relay;
    in->relay = instance_load(in, text);
    relay_take_over(in->relay);
    before->retired_before = in->retired;
    in->retired = before;
    on_retiring(in);
    teller_init(in);
    tally.reloads++;
    trace_note("reloads", in->host.place, in->relay->config->peer_count, 0);
}

void instance_drain(struct instance *in)
{
    struct flow *flow;
    in->desk->draining = true;
    LIST_FOREACH(flow, &in->flows, entry)
    if (flow->exchange.telling.state != TELLING_NONE)
        flow_wake(flow);
    instance_turn(in);
}

/* What a process holds is released when it is killed; here, by the ways of its code, with nobody
 * there to hear of it. */
static void instance_forget(struct instance *in)
{
    while (!LIST_EMPTY(&in->sessions))
        session_abort(LIST_FIRST(&in->sessions));
    while (!LIST_EMPTY(&in->flows))
        flow_abort(LIST_FIRST(&in->flows), RESULT_STOPPED);
    way_lose_all(in);
    while (!LIST_EMPTY(&in->over))
        flow_free(LIST_FIRST(&in->over));
    alarm_stop(&in->turn);
    alarm_stop(&in->ring);
    alarm_stop(&in->polling);
    alarm_stop(&in->retiring);
    while (in->retired) {
        struct relay *relay = in->retired;
        in->retired = relay->retired_before;
        relay_unref(relay);
    }
    relay_unref(in->relay);
    desk_free(in->desk);
    memory_free(in->memory);
    free(in->open);
    in->open = NULL;
    in->relay = NULL;
    in->desk = NULL;
    in->memory = NULL;
}

static void instance_cut_tubes(struct instance *in)
{
    struct session *session;
    struct way *way;
    LIST_FOREACH(session, &in->sessions, entry)
    session->tube.end = NULL;
    LIST_FOREACH(way, &in->tcp_ways, entry)
    way->tube.end = NULL;
    pipe_lose_host(&in->host, true);
}

void instance_crash(struct instance *in, bool silent)
{
    if (!in->serves)
        return;
    in->serves = false;
    trace_note("crashes", in->host.place, silent, in->flow_count);
    in->host.up = false;
    if (silent)
        instance_cut_tubes(in);
    instance_forget(in);
    in->host.up = !silent;
}

void instance_fini(struct instance *in)
{
    instance_crash(in, true);
}
