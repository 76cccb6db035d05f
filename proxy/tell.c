/* A task is one question of a person, with a waiter in the notices for each primary that speaks for
 * the zone. Secondaries of several primaries are told by the first of them that has one who is not
 * told yet. */
#include "tell.h"

#include <openssl/rand.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dns/query.h"
#include "dns/text.h"
#include "relay/who.h"

/* Those that a person can keep in mind; each has a waiter until its fan-out has ended. */
#define TELL_TASKS_MAX 64

struct tell_task {
    struct tell *tell;
    uint64_t ticket;
    unsigned left;     /* waiters without an answer */
    bool unanswered;   /* by all secondaries of a primary */
    unsigned rcode;    /* the first that is not NOERROR */
    json_t *document;  /* owned */
    unsigned *numbers; /* owned; of the secondaries, in the order of the document's */
    unsigned count;
    LIST_ENTRY(tell_task) entry;
    struct notice_waiter waiters[];
};

/* Who is told, and by whose fan-out. */
struct tell_plan {
    const struct peer **primaries;
    unsigned primary_count;
    const struct peer **secondaries;
    size_t secondary_count;
    const struct peer **room;
    bool *told; /* by place among the peers */
};

static json_t *tell_refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

static json_t *tell_refuse(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    json_t *sentence = json_vsprintf(format, args);
    va_end(args);
    return json_pack("{s:o}", "error", sentence);
}

static bool tell_plan_init(struct tell_plan *plan, const struct config *config)
{
    *plan = (struct tell_plan){0};
    plan->primaries = calloc(config->peer_count + 1, sizeof *plan->primaries);
    plan->secondaries = calloc(config->peer_count + 1, sizeof *plan->secondaries);
    plan->room = calloc(config->peer_count + 1, sizeof *plan->room);
    plan->told = calloc(config->peer_count + 1, sizeof *plan->told);
    return plan->primaries && plan->secondaries && plan->room && plan->told;
}

static void tell_plan_fini(struct tell_plan *plan)
{
    free(plan->primaries);
    free(plan->secondaries);
    free(plan->room);
    free(plan->told);
}

static void tell_plan_primary(struct tell_plan *plan, const struct config *config,
                              const struct peer *primary, const struct dns_name *zone,
                              const struct peer *only)
{
    size_t count = who_is_notified(config, primary, zone, plan->room);
    size_t before = plan->secondary_count;
    for (size_t i = 0; i < count; i++) {
        const struct peer *secondary = plan->room[i];
        if ((only && secondary != only) || plan->told[secondary->place])
            continue;
        plan->told[secondary->place] = true;
        plan->secondaries[plan->secondary_count++] = secondary;
    }
    if (plan->secondary_count > before)
        plan->primaries[plan->primary_count++] = primary;
}

static void tell_end(struct tell_task *task)
{
    for (unsigned i = 0; i < task->count; i++)
        notices_leave(&task->waiters[i]);
    LIST_REMOVE(task, entry);
    task->tell->count--;
    json_decref(task->document);
    free(task->numbers);
    free(task);
}

/* Whose answer was not waited for, or never came. */
static json_t *tell_asleep(const struct tell_task *task)
{
    struct sleepers *sleepers = task->tell->crew->memory->sleepers;
    const json_t *labels = json_object_get(task->document, "secondaries");
    json_t *asleep = json_array();
    for (size_t i = 0; i < json_array_size(labels); i++)
        if (sleepers_is_asleep(sleepers, task->numbers[i]))
            json_array_append(asleep, json_array_get(labels, i));
    return asleep;
}

static void tell_finish(struct tell_task *task)
{
    char rcode[DNS_TEXT_SIZE];
    json_object_set_new(task->document, "asleep", tell_asleep(task));
    json_object_set_new(task->document, "answered", json_boolean(!task->unanswered));
    json_object_set_new(task->document, "rcode", json_string(dns_text_rcode(task->rcode, rcode)));
    task->tell->answer(task->tell->arg, task->ticket, json_incref(task->document));
    tell_end(task);
}

static void on_told(void *owner)
{
    struct tell_task *task = owner;
    unsigned left = 0;
    task->unanswered = false;
    for (unsigned i = 0; i < task->count; i++) {
        unsigned rcode = DNS_RCODE_NOERROR;
        enum notice_wait wait = notices_look(&task->waiters[i], &rcode);
        left += wait == NOTICE_WAITS;
        task->unanswered |= wait == NOTICE_UNANSWERED;
        if (wait == NOTICE_ANSWERED && task->rcode == DNS_RCODE_NOERROR)
            task->rcode = rcode;
    }
    if (left == 0)
        tell_finish(task);
}

static void on_ring(uv_async_t *ring)
{
    struct tell *tell = ring->data;
    struct caller *caller;
    while ((caller = bell_next(&tell->bell)))
        caller->wake(caller->owner);
}

/* By a worker's thread. */
static void tell_ring(void *arg)
{
    struct tell *tell = arg;
    uv_async_send(&tell->ring);
}

int tell_init(struct tell *tell, uv_loop_t *loop, struct crew *crew)
{
    *tell = (struct tell){.crew = crew};
    int error = uv_async_init(loop, &tell->ring, on_ring);
    if (error < 0)
        return error;
    uv_unref((uv_handle_t *)&tell->ring);
    tell->ring.data = tell;
    bell_init(&tell->bell, tell_ring, tell);
    return 0;
}

/* What a primary would send that knows no serial. */
static int tell_write(const struct dns_name *zone, uint8_t *octets, size_t size,
                      struct dns_message *out)
{
    struct dns_writer w = dns_wire_writer(octets, size);
    uint8_t id[2];
    if (RAND_bytes(id, sizeof id) != 1)
        return DNS_EMEMORY;
    dns_query_write(&w, zone, DNS_TYPE_SOA, 0);
    memcpy(octets, id, sizeof id);
    dns_wire_set_u16_at(octets + DNS_FLAGS_AT, DNS_OPCODE_NOTIFY << 11 | DNS_FLAG_AA);
    return dns_message_parse(octets, w.at, out);
}

static json_t *tell_labels(const struct tell_plan *plan)
{
    json_t *labels = json_array();
    for (size_t i = 0; i < plan->secondary_count; i++)
        json_array_append_new(labels, json_string(plan->secondaries[i]->name));
    return labels;
}

static struct tell_task *tell_task_new(struct tell *tell, const struct tell_plan *plan,
                                       const char *zone, uint64_t ticket)
{
    struct tell_task *task = calloc(1, sizeof *task + plan->primary_count * sizeof *task->waiters);
    if (!task)
        return NULL;
    task->tell = tell;
    task->ticket = ticket;
    task->document = json_pack("{s:s, s:o}", "zone", zone, "secondaries", tell_labels(plan));
    task->numbers = calloc(plan->secondary_count, sizeof *task->numbers);
    for (size_t i = 0; i < plan->secondary_count && task->numbers; i++)
        task->numbers[i] = plan->secondaries[i]->number;
    LIST_INSERT_HEAD(&tell->tasks, task, entry);
    tell->count++;
    return task;
}

/* Negative: not all fan-outs will be told. */
static int tell_join(struct tell_task *task, const struct tell_plan *plan,
                     const struct dns_message *message, const struct peer *only)
{
    struct crew *crew = task->tell->crew;
    const struct address nowhere = {.family = ADDRESS_NONE};
    for (unsigned i = 0; i < plan->primary_count; i++) {
        struct notice_waiter *waiter = &task->waiters[task->count++];
        const struct notice_arrival arrival = {.primary = plan->primaries[i],
                                               .message = message,
                                               .from = &nowhere,
                                               .transport = RELAY_UDP,
                                               .secondaries = plan->secondaries,
                                               .secondary_count = plan->secondary_count,
                                               .only = only ? only->number + 1 : 0,
                                               .known = true,
                                               .now = uv_hrtime() / 1000000};
        waiter->caller = (struct caller){on_told, task, &task->tell->bell, false, {0}};
        int error = notices_join(crew->memory->notices, &arrival, waiter);
        if (error < 0)
            return error;
    }
    crew_nudge(crew);
    return 0;
}

static json_t *tell_begin(struct tell *tell, const struct tell_plan *plan,
                          const struct dns_name *zone, const struct peer *only, uint64_t ticket)
{
    uint8_t octets[DNS_NOTIFY_MAX];
    char text[DNS_NAME_TEXT_SIZE];
    struct dns_message message;
    dns_name_to_text(zone, text);
    if (tell_write(zone, octets, sizeof octets, &message) < 0)
        return tell_refuse("%s cannot be asked about", text);
    struct tell_task *task = tell_task_new(tell, plan, text, ticket);
    if (!task || !task->document || !task->numbers || tell_join(task, plan, &message, only) < 0) {
        if (task)
            tell_end(task);
        return tell_refuse("too many NOTIFYs wait already; try again later");
    }
    return NULL;
}

static const struct peer *tell_find_secondary(const struct config *config, const char *label)
{
    for (size_t i = 0; i < config->peer_count; i++)
        if (config->peers[i].role == PEER_SECONDARY &&
            strcasecmp(config->peers[i].name, label) == 0)
            return &config->peers[i];
    return NULL;
}

static json_t *tell_choose(struct tell *tell, const struct config *config,
                           const struct dns_name *zone, const struct peer *only, uint64_t ticket)
{
    char text[DNS_NAME_TEXT_SIZE];
    struct tell_plan plan;
    json_t *answer = NULL;
    bool good = tell_plan_init(&plan, config);
    for (size_t i = 0; i < config->peer_count && good; i++)
        if (config->peers[i].role == PEER_PRIMARY)
            tell_plan_primary(&plan, config, &config->peers[i], zone, only);
    dns_name_to_text(zone, text);
    if (good && plan.secondary_count > 0)
        answer = tell_begin(tell, &plan, zone, only, ticket);
    else if (only && !only->notify)
        answer = tell_refuse("[secondary %s] has 'notify = no', so %s is not told to it",
                             only->name, text);
    else if (only)
        answer = tell_refuse("[secondary %s] is not told of %s: look at its 'zones' and 'allow'",
                             only->name, text);
    else
        answer = tell_refuse("no secondary is told of %s: look at their 'zones'", text);
    tell_plan_fini(&plan);
    return answer;
}

json_t *tell_zone(struct tell *tell, const struct config *config, const char *zone,
                  const char *secondary, uint64_t ticket)
{
    struct dns_name name;
    const struct peer *only = secondary ? tell_find_secondary(config, secondary) : NULL;
    if (dns_name_from_text(zone, &name) < 0)
        return tell_refuse("'%s' is no domain name", zone);
    if (secondary && !only)
        return tell_refuse("there is no [secondary %s]", secondary);
    if (tell->crew->draining)
        return tell_refuse("the proxy is about to stop");
    if (tell->count >= TELL_TASKS_MAX)
        return tell_refuse("too many NOTIFYs wait already; try again later");
    return tell_choose(tell, config, &name, only, ticket);
}

void tell_close(struct tell *tell)
{
    for (struct tell_task *task = LIST_FIRST(&tell->tasks), *next; task; task = next) {
        next = LIST_NEXT(task, entry);
        tell_end(task);
    }
    uv_close((uv_handle_t *)&tell->ring, NULL);
}

void tell_fini(struct tell *tell)
{
    bell_fini(&tell->bell);
}
