/* What is made once for a worker, and what all of its network code asks. */
#include "net/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

uint16_t engine_random(struct engine *engine)
{
    if (engine->random_left < 2) {
        /* The kernel's own, which takes no memory, as OpenSSL's does. A predictable ID would open
         * plain legs to forgery: better not to go on. */
        if (getentropy(engine->random, sizeof engine->random) < 0)
            abort();
        engine->random_left = sizeof engine->random;
    }
    engine->random_left -= 2;
    return dns_wire_u16_at(engine->random + engine->random_left);
}

static uint16_t engine_random_id(void *arg)
{
    return engine_random(arg);
}

static void engine_report(void *arg, const struct relay_event *event)
{
    struct engine *engine = arg;
    engine->sink.report(engine->sink.arg, event);
}

static void engine_ring(void *arg)
{
    struct engine *engine = arg;
    uv_async_send(&engine->ring);
}

static void on_ring(uv_async_t *ring)
{
    struct engine *engine = ring->data;
    for (struct caller *caller; (caller = bell_next(&engine->desk->bell));)
        caller->wake(caller->owner);
}

int engine_init(struct engine *engine, uv_loop_t *loop, const struct engine_sink *sink,
                struct memory *memory)
{
    *engine = (struct engine){.loop = loop, .sink = *sink, .reserve = -1};
    TAILQ_INIT(&engine->resting);
    TAILQ_INIT(&engine->greetings);
    struct relay_world world = {engine_random_id, engine_report, engine_ring, engine};
    engine->burst = calloc(1, sizeof *engine->burst);
    engine->room = malloc(ENGINE_ROOM);
    engine->queue = calloc(1, sizeof *engine->queue);
    engine->outbox = calloc(1, sizeof *engine->outbox);
    engine->desk = desk_new(&world, memory);
    bool whole = engine->desk && engine->burst && burst_init(engine->burst) == 0 && engine->room &&
                 engine->queue && engine->outbox;
    int error = whole ? 0 : -ENOMEM;
    if (error == 0)
        error = uv_async_init(loop, &engine->ring, on_ring);
    if (error < 0) {
        engine_fini(engine);
        return error;
    }
    engine->ring.data = engine;
    /* Who waits keeps the loop alive by itself. */
    uv_unref((uv_handle_t *)&engine->ring);
    engine_renew_reserve(engine);
    return 0;
}

void engine_close(struct engine *engine)
{
    uv_close((uv_handle_t *)&engine->ring, NULL);
}

void engine_fini(struct engine *engine)
{
    while (engine->retired) {
        struct relay *relay = engine->retired;
        engine->retired = relay->retired_before;
        relay_unref(relay);
    }
    relay_unref(engine->relay);
    engine->relay = NULL;
    desk_free(engine->desk);
    engine->desk = NULL;
    if (engine->burst)
        burst_fini(engine->burst);
    free(engine->burst);
    free(engine->room);
    free(engine->queue);
    free(engine->outbox);
    engine->burst = NULL;
    engine->room = NULL;
    engine->queue = NULL;
    engine->outbox = NULL;
    pool_fini(&engine->flow_pool);
    pool_fini(&engine->upstream_pool);
    engine_release_reserve(engine);
}

void engine_release_reserve(struct engine *engine)
{
    if (engine->reserve >= 0)
        close(engine->reserve);
    engine->reserve = -1;
}

void engine_renew_reserve(struct engine *engine)
{
    engine->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

struct relay_time engine_now(const struct engine *engine)
{
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME_COARSE, &wall);
    return (struct relay_time){.ms = uv_now(engine->loop), .seconds = (uint64_t)wall.tv_sec};
}

void engine_report_limit(const struct engine *engine, enum relay_result limit,
                         const struct peer *peer, const struct address *address,
                         enum relay_transport transport)
{
    struct relay_event event = {.type = EVENT_LIMIT,
                                .result = limit,
                                .peer = peer,
                                .client = peer,
                                .address = address,
                                .transport = transport};
    relay_report(engine->relay, &event);
}

void engine_turn(struct engine *engine)
{
    if (!uv_is_closing((uv_handle_t *)&engine->turn))
        uv_timer_start(&engine->turn, engine->on_turn, 0, 0);
}

void engine_made_room(struct engine *engine)
{
    if (engine->waiting > 0 && !uv_is_closing((uv_handle_t *)&engine->freed))
        uv_timer_start(&engine->freed, engine->on_freed, 1, 0);
}

void engine_check_idle(struct engine *engine)
{
    if (engine->flow_count == 0 && engine->session_count == 0 && engine->greeting_count == 0)
        engine->on_idle(engine->idle_arg);
}
