/* One address served: bound, started, closed, and held by what it still has to answer. */
#include "end.h"
#include "net/socket.h"

TestSuite(listener, .init = fixture_open, .fini = fixture_close, .timeout = 20);

static struct end client;
static struct server server;
static struct support_message query, asked, answer, got;
static struct address proxy, from;

static void begin(void)
{
    server_open(&server);
    fixture_start(FIXTURE_PEERS, server.at.port);
}

/* Another listener of the same worker, which the test has to close. */
static struct listener *open_other(struct address *at)
{
    struct endpoint *endpoint;
    *at = fixture_address("127.0.0.1", fixture_port("127.0.0.1", "::1"));
    cr_assert_eq(endpoint_open(at, SOCKET_PLAIN, false, &endpoint), 0);
    struct listener *l = listener_new(&fixture.worker.engine, endpoint);
    endpoint_unref(endpoint);
    return l;
}

static void start(struct listener *l)
{
    cr_assert_eq(endpoint_listen(l->endpoint), 0);
    cr_assert_eq(listener_start(l), 0);
}

/* Its endpoint goes with it. */
static void close_for_good(struct listener *l)
{
    l->endpoint->gone = true;
    listener_close(l);
}

/* Nobody has the address over UDP, not even somebody who would share it. */
static bool is_free(const struct address *a)
{
    struct sockaddr_storage name;
    socklen_t len = socket_from_address(a, &name);
    int fd = fixture_own(socket(name.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    bool is = bind(fd, (const struct sockaddr *)&name, len) == 0;
    fixture_drop(fd);
    return is;
}

static int ask(const struct address *to)
{
    struct address local = fixture_address("127.0.0.1", 0);
    int fd = udp_open(&local);
    query_make(&query, 1, DNS_TYPE_SOA);
    udp_send(fd, to, &query);
    UNTIL(udp_take(server.udp, &asked, &proxy));
    return fd;
}

static void expect_answer(int fd, const struct address *to)
{
    answer_make(&answer, &asked);
    udp_send(server.udp, &proxy, &answer);
    UNTIL(udp_take(fd, &got, &from));
    cr_assert(answer_is_for(&got, &query));
    cr_assert(address_equal(&from, to));
}

Test(listener, that_is_closed_still_answers_from_its_address_and_is_gone_then)
{
    struct address at;
    begin();
    struct listener *l = open_other(&at);
    start(l);
    int fd = ask(&at);
    close_for_good(l);
    UNTIL(end_is_refused(&at) && l->references == 1); /* that of what it owes */
    cr_assert_not(is_free(&at));
    expect_answer(fd, &at);
    UNTIL(is_free(&at));
}

Test(listener, that_is_closed_is_gone_at_once_when_nothing_is_owed)
{
    struct address at;
    begin();
    struct listener *l = open_other(&at);
    start(l);
    expect_answer(ask(&at), &at);
    close_for_good(l);
    UNTIL(end_is_refused(&at) && is_free(&at));
}

Test(listener, that_is_closed_takes_what_had_come_and_nothing_more)
{
    struct address at, local = fixture_address("127.0.0.1", 0);
    begin();
    struct listener *l = open_other(&at);
    start(l);
    int fd = udp_open(&local);
    query_make(&query, 1, DNS_TYPE_SOA);
    udp_send(fd, &at, &query);
    close_for_good(l);
    udp_send(fd, &at, &query);
    UNTIL(udp_take(server.udp, &asked, &proxy));
    cr_assert_eq(fixture.worker.engine.flow_count, 1);
    expect_answer(fd, &at);
    cr_assert_eq(fixture.worker.engine.flow_count, 0);
    UNTIL(is_free(&at));
}

Test(listener, that_is_broken_off_with_its_worker_leaves_nothing_open)
{
    struct address at;
    begin();
    struct listener *l = open_other(&at);
    start(l);
    ask(&at);
    close_for_good(l);
    worker_drain(&fixture.worker);
    worker_drain(&fixture.worker);
    fixture_await_end();
    cr_assert(is_free(&at));
}

Test(listener, that_is_not_started_refuses_connections)
{
    struct address at;
    begin();
    struct listener *l = open_other(&at);
    cr_assert(end_is_refused(&at));
    start(l);
    end_connect(&client, &at, 0);
    fixture_session();
    close_for_good(l);
}

/* It is rolled back: whoever has the address next is asked again. */
Test(listener, that_is_closed_before_it_started_answers_nothing)
{
    struct address at, local = fixture_address("127.0.0.1", 0);
    begin();
    struct listener *l = open_other(&at);
    int fd = udp_open(&local);
    query_make(&query, 1, DNS_TYPE_SOA);
    udp_send(fd, &at, &query);
    close_for_good(l);
    cr_assert_eq(fixture.worker.engine.flow_count, 0);
    UNTIL(is_free(&at));
}

Test(listener, that_is_closed_leaves_what_comes_to_who_serves_its_endpoint_next)
{
    struct address at, local = fixture_address("127.0.0.1", 0);
    begin();
    struct listener *l = open_other(&at);
    struct listener *next = listener_new(&fixture.worker.engine, l->endpoint);
    start(l);
    int owed = ask(&at);
    int fd = udp_open(&local);
    query_make(&query, 2, DNS_TYPE_SOA);
    udp_send(fd, &at, &query);
    end_connect(&client, &at, 0);
    listener_close(l);
    cr_assert_eq(fixture.worker.engine.flow_count, 1);
    cr_assert_eq(listener_start(next), 0);
    UNTIL(fixture.worker.engine.flow_count == 2 && fixture.worker.engine.session_count == 1);
    query_make(&query, 1, DNS_TYPE_SOA);
    expect_answer(owed, &at);
    query_make(&query, 2, DNS_TYPE_SOA);
    UNTIL(udp_take(server.udp, &asked, &proxy));
    expect_answer(fd, &at);
    close_for_good(next);
    UNTIL(end_is_refused(&at) && is_free(&at));
}

/* A worker may serve an endpoint, hand it to another and have it back, all while it still owes an
 * answer there. */
Test(listener, that_has_said_its_last_leaves_who_serves_its_endpoint_now_hearing)
{
    struct address at;
    begin();
    struct listener *l = open_other(&at);
    struct listener *next = listener_new(&fixture.worker.engine, l->endpoint);
    start(l);
    int owed = ask(&at);
    listener_close(l);
    cr_assert_eq(listener_start(next), 0);
    expect_answer(owed, &at);
    UNTIL(next->endpoint->refs == 1);
    expect_answer(ask(&at), &at);
    close_for_good(next);
    UNTIL(end_is_refused(&at) && is_free(&at));
}

Test(listener, that_cannot_have_its_tcp_port_leaves_its_udp_port_free)
{
    struct endpoint *endpoint = NULL;
    begin();
    fixture_drop(server.udp); /* TCP without SO_REUSEPORT stays */
    cr_assert_eq(endpoint_open(&server.at, SOCKET_PLAIN, false, &endpoint), UV_EADDRINUSE);
    cr_assert_null(endpoint);
    cr_assert(is_free(&server.at));
}
