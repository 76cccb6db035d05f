/* All workers, as the main thread sees them. */
#include <semaphore.h>

#include "end.h"
#include "net/crew.h"

TestSuite(crew, .init = fixture_open, .fini = fixture_close, .timeout = 20);

static struct crew crew;
static sem_t go;
static _Atomic bool held;

/* Its thread stands still here until the test says so. */
static void hold(void *arg, const struct relay_event *event)
{
    (void)arg;
    (void)event;
    held = true;
    sem_wait(&go);
}

static struct address begin(void)
{
    const struct engine_sink sink = {.report = hold};
    struct address failed, at = fixture_address("127.0.0.1", fixture_port("127.0.0.1", "::1"));
    char text[512];
    snprintf(text, sizeof text,
             "[proxy]\nlisten = 127.0.0.1@%u\nuser =\nworkers = 1\n"
             "[primary hq]\naddress = 127.0.0.1@9\n[secondary two]\naddress = 127.0.0.2\n",
             at.port);
    cr_assert_eq(config_fixture_parse(text), 0, "%s", config_fixture_findings());
    sem_init(&go, 0, 0);
    cr_assert_eq(crew_init(&crew, &fixture.loop, &sink, config_fixture), 0);
    cr_assert_eq(crew_prepare(&crew, config_fixture, &failed), 0);
    cr_assert_eq(crew_start(&crew), 0);
    crew_commit(&crew);
    return at;
}

Test(crew, a_worker_that_stands_still_is_noticed)
{
    struct address at = begin(), local = fixture_address("127.0.0.1", 0);
    struct support_message query;
    int fd = udp_open(&local);
    query_make(&query, 1, DNS_TYPE_SOA);
    udp_send(fd, &at, &query);
    UNTIL(held);
    cr_expect(crew_turns(&crew, 1000), "it is asked now");
    cr_expect(crew_turns(&crew, 1000 + CREW_STANDS_MS - 1));
    cr_expect_not(crew_turns(&crew, 1000 + CREW_STANDS_MS));
    for (unsigned i = 0; i < 100; i++)
        sem_post(&go);
    UNTIL(crew_turns(&crew, 1000 + CREW_STANDS_MS));
    crew_drain(&crew);
    cr_expect(crew_turns(&crew, UINT64_MAX), "one that ends is not asked");
    UNTIL(crew.count == 0);
    UNTIL(!uv_loop_alive(&fixture.loop));
    crew_fini(&crew);
    sem_destroy(&go);
}
