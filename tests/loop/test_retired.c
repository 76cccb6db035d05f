/* Snapshots that reloads have replaced (M9). */
#include "end.h"
#include "net/retired.h"

TestSuite(retired, .init = fixture_open, .fini = fixture_close, .timeout = 20);

static struct end client, upstream;
static struct server server;
static struct support_message query, asked, answer, got;
static int asker;

static void begin(void)
{
    char peers[512];
    struct address local = fixture_address("127.0.0.1", 0);
    server_open(&server);
    snprintf(peers, sizeof peers, FIXTURE_PEERS, server.at.port);
    fixture_start("drain-timeout = 1\n%s", peers);
    asker = udp_open(&local);
}

static unsigned count_retired(void)
{
    unsigned count = 0;
    for (const struct relay *r = fixture.worker.engine.retired; r; r = r->retired_before)
        count++;
    return count;
}

static void reload(void)
{
    struct endpoint *endpoints[2];
    struct worker_change change;
    unsigned count = 0;
    for (struct listener *l = fixture.worker.listeners; l; l = l->next)
        endpoints[count++] = l->endpoint;
    cr_assert_eq(worker_prepare(&fixture.worker, config_fixture, endpoints, count, &change), 0);
    worker_commit(&fixture.worker, &change);
}

/* While a question is in flight, which is answered afterwards. */
static void reload_in_motion(uint16_t id)
{
    struct address from;
    query_make(&query, id, DNS_TYPE_SOA);
    udp_send(asker, &fixture.ipv4, &query);
    UNTIL(udp_take(server.udp, &asked, &from));
    reload();
    answer_make(&answer, &asked);
    udp_send(server.udp, &from, &answer);
    UNTIL(udp_take(asker, &got, &from));
    cr_assert(answer_is_for(&got, &query));
}

Test(retired, reloads_that_follow_one_another_let_go_of_what_is_over)
{
    begin();
    uint64_t start = uv_hrtime();
    for (uint16_t i = 0; i < 25; i++) {
        reload_in_motion(i);
        UNTIL(fixture_passed(start, 100u * (i + 1)));
    }
    cr_assert_leq(count_retired(), 12);
}

Test(retired, what_is_over_does_not_count_among_those_before_the_oldest)
{
    static struct support_message held;
    begin();
    end_connect(&client, &fixture.ipv4, 0);
    query_make(&held, 1000, DNS_TYPE_SOA);
    end_send(&client, &held);
    server_accept(&server, &upstream);
    end_receive(&upstream, &asked);
    static struct support_message held_asked;
    held_asked = asked;
    for (uint16_t i = 0; i < 2 * RETIRED_MOST; i++)
        reload_in_motion(i);
    cr_assert_geq(count_retired(), 2 * RETIRED_MOST);
    UNTIL(count_retired() == 1);
    answer_make(&answer, &held_asked);
    end_send(&upstream, &answer);
    end_receive(&client, &got);
    cr_assert(answer_is_for(&got, &held));
}
