/* The main thread waits for a change to be carried out, so that nothing of it is ever under way
 * twice. For the end of a thread it does not wait, but is told. */
#include "net/crew.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "net/greeting.h"
#include "net/watched.h"

/* More make no difference. */
#define CREW_DESCRIPTORS_MOST (1u << 20)

/* Its endpoints among those of the change. */
static int crew_prepare_one(const struct crew *crew, unsigned index, struct config *config)
{
    struct member *m = crew->members[index];
    struct endpoint **mine = calloc(crew->next_ports.count + 1, sizeof *mine);
    unsigned count = 0;
    if (!mine)
        return -ENOMEM;
    for (unsigned i = 0; i < crew->next_ports.count; i++)
        if (crew->next_ports.items[i]->place % crew->next_serving == index)
            mine[count++] = crew->next_ports.items[i];
    int error = worker_prepare(&m->worker, config, mine, count, &m->change);
    free(mine);
    return error;
}

static void crew_remove(struct crew *crew, unsigned index)
{
    crew->count--;
    if (index < crew->serving)
        crew->serving--;
    for (unsigned i = index; i < crew->count; i++)
        crew->members[i] = crew->members[i + 1];
}

static void crew_bury(struct crew *crew, unsigned index)
{
    uv_thread_join(&crew->members[index]->thread);
    member_free(crew->members[index]);
    crew_remove(crew, index);
    for (unsigned i = 0; i < crew->count; i++)
        member_nudge(crew->members[i]);
}

static void on_look(uv_async_t *look)
{
    struct crew *crew = look->data;
    for (unsigned i = 0; i < crew->count;) {
        struct member *m = crew->members[i];
        if (i >= crew->serving && m->state == MEMBER_RUNNING && m->rests)
            member_tell(m, MEMBER_DRAIN);
        if (m->ended)
            crew_bury(crew, i);
        else
            i++;
    }
    if (crew->draining && crew->count == 0)
        uv_close((uv_handle_t *)&crew->look, NULL);
}

/* By a member's thread. */
static void on_news(void *arg)
{
    struct crew *crew = arg;
    uv_async_send(&crew->look);
}

int crew_init(struct crew *crew, uv_loop_t *loop, const struct engine_sink *sink,
              const struct config *config)
{
    *crew = (struct crew){.loop = loop, .sink = *sink};
    crew->memory = memory_new(config->proxy.status_zones);
    int error = crew->memory ? watched_reserve(loop) : -ENOMEM;
    if (error == 0)
        error = uv_async_init(loop, &crew->look, on_look);
    if (error < 0)
        memory_free(crew->memory);
    crew->look.data = crew;
    return error;
}

static unsigned crew_wanted(const struct config *config)
{
    unsigned cores = uv_available_parallelism();
    return config->proxy.workers > 0 ? config->proxy.workers : cores;
}

/* Those that are leaving are of no use any more: they come last. */
static int crew_grow(struct crew *crew, unsigned wanted)
{
    unsigned usable = 0;
    while (usable < crew->count && crew->members[usable]->state != MEMBER_LEAVING)
        usable++;
    if (usable >= wanted)
        return 0;
    struct member **members =
        reallocarray(crew->members, crew->count + wanted - usable, sizeof *members);
    if (!members)
        return -ENOMEM;
    crew->members = members;
    for (; usable < wanted; usable++) {
        struct member *m;
        int error = member_new(&crew->sink, crew->memory, on_news, crew, &m);
        if (error < 0)
            return error;
        for (unsigned i = crew->count++; i > usable; i--)
            members[i] = members[i - 1];
        members[usable] = m;
    }
    return 0;
}

int crew_prepare(struct crew *crew, struct config *config, struct address *failed)
{
    crew->next_serving = crew_wanted(config);
    int error = ports_open(&crew->next_ports, &crew->ports, config, crew->next_serving, failed);
    if (error == 0)
        error = crew_grow(crew, crew->next_serving);
    for (unsigned i = 0; i < crew->count && error == 0; i++)
        if (crew->members[i]->state != MEMBER_LEAVING)
            error = crew_prepare_one(crew, i, config);
    if (error < 0)
        crew_abandon(crew);
    return error;
}

int crew_start(struct crew *crew)
{
    int error = 0;
    for (unsigned i = 0; i < crew->count && error == 0; i++)
        if (crew->members[i]->state == MEMBER_NEW)
            error = member_start(crew->members[i]);
    if (error < 0)
        crew_abandon(crew);
    return error;
}

void crew_abandon(struct crew *crew)
{
    for (unsigned i = crew->count; i-- > 0;) {
        struct member *m = crew->members[i];
        worker_abandon(&m->change);
        if (m->state == MEMBER_NEW) {
            member_dismiss(m);
            crew_remove(crew, i);
        } else if (m->state == MEMBER_READY) {
            member_tell(m, MEMBER_DRAIN);
        }
    }
    ports_close(&crew->next_ports);
}

static unsigned crew_descriptors(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur > CREW_DESCRIPTORS_MOST)
        return CREW_DESCRIPTORS_MOST;
    return (unsigned)files.rlim_cur;
}

void crew_commit(struct crew *crew)
{
    relay_take_over(crew->members[0]->change.relay);
    const struct places_supply supply = {
        .descriptors = crew_descriptors(),
        .ports = crew->next_ports.count,
        .workers = crew->next_serving,
        .greetings = ports_greet(&crew->next_ports) ? GREETINGS_MOST : 0,
    };
    places_lay_out(crew->memory->shares, &supply);
    ports_take_over(&crew->next_ports, &crew->ports);
    crew->ports = crew->next_ports;
    crew->serving = crew->next_serving;
    crew->next_ports = (struct ports){0};
    for (unsigned i = 0; i < crew->count; i++)
        if (crew->members[i]->state != MEMBER_LEAVING)
            member_tell(crew->members[i], MEMBER_COMMIT);
    for (unsigned i = 0; i < crew->count; i++)
        member_await(crew->members[i]);
}

void crew_nudge(struct crew *crew)
{
    if (crew->serving > 0)
        member_nudge(crew->members[0]);
}

bool crew_turns(struct crew *crew, uint64_t now)
{
    bool all = true;
    /* Loops that end are not to be asked. */
    for (unsigned i = 0; i < crew->serving && !crew->draining; i++)
        all &= member_stands(crew->members[i], now) < CREW_STANDS_MS;
    return all;
}

void crew_drain(struct crew *crew)
{
    crew->draining = true;
    ports_close(&crew->ports);
    for (unsigned i = 0; i < crew->count; i++)
        member_tell(crew->members[i], MEMBER_DRAIN);
    for (unsigned i = 0; i < crew->count; i++)
        member_await(crew->members[i]);
    if (!uv_is_closing((uv_handle_t *)&crew->look))
        uv_async_send(&crew->look);
}

void crew_fini(struct crew *crew)
{
    free(crew->members);
    memory_free(crew->memory);
}
