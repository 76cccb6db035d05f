/* A worker's beginning and end. */
#include <errno.h>

#include "end.h"

TestSuite(drain, .init = fixture_open, .fini = fixture_close, .timeout = 20);

static struct end client, upstream;
static struct server server;
static struct support_message query, asked, answer, got;

static void begin(const char *proxy_settings)
{
    char peers[512];
    server_open(&server);
    snprintf(peers, sizeof peers, FIXTURE_PEERS, server.at.port);
    fixture_start("%s%s", proxy_settings, peers);
}

static void on_bell(void *arg)
{
    (void)arg;
}

/* A query over TCP that the server has and has not answered. */
static void ask(int receive_buffer)
{
    end_connect(&client, &fixture.ipv4, receive_buffer);
    query_make(&query, 1, DNS_TYPE_SOA);
    end_send(&client, &query);
    server_accept(&server, &upstream);
    end_receive(&upstream, &asked);
}

Test(drain, what_is_in_flight_finishes_and_nothing_new_begins)
{
    begin("");
    ask(0);
    struct address local = fixture_address("::1", 0);
    struct address from, proxy;
    static struct support_message datagram;
    int fd = udp_open(&local);
    query_make(&datagram, 2, DNS_TYPE_SOA);
    udp_send(fd, &fixture.ipv6, &datagram);
    UNTIL(udp_take(server.udp, &datagram, &proxy));

    worker_drain(&fixture.worker);
    UNTIL(end_is_refused(&fixture.ipv4) && end_is_refused(&fixture.ipv6));
    answer_make(&answer, &datagram);
    udp_send(server.udp, &proxy, &answer);
    UNTIL(udp_take(fd, &got, &from));
    cr_assert_eq(dns_wire_u16_at(got.octets), 2);
    answer_make(&answer, &asked);
    end_send(&upstream, &answer);
    end_receive(&client, &got);
    cr_assert(answer_is_for(&got, &query));
    cr_assert_eq(end_await_close(&client), 0);
    fixture_await_end();
}

/* Many more than are read in one go. */
Test(drain, datagrams_that_came_before_are_all_answered)
{
    enum { COUNT = 100 };
    struct address local = fixture_address("127.0.0.1", 0);
    struct address from, proxy;
    bool answered[COUNT] = {false};
    begin("");
    int fd = udp_open(&local);
    for (uint16_t id = 0; id < COUNT; id++) {
        query_make(&query, id, DNS_TYPE_SOA);
        udp_send(fd, &fixture.ipv4, &query);
    }
    worker_drain(&fixture.worker);
    for (unsigned i = 0; i < COUNT; i++) {
        UNTIL(udp_take(server.udp, &asked, &proxy));
        answer_make(&answer, &asked);
        udp_send(server.udp, &proxy, &answer);
        UNTIL(udp_take(fd, &got, &from));
        uint16_t id = dns_wire_u16_at(got.octets);
        cr_assert_lt(id, COUNT);
        cr_assert_not(answered[id]);
        answered[id] = true;
    }
    fixture_await_end();
}

Test(drain, idle_worker_ends_at_once)
{
    begin("");
    end_connect(&client, &fixture.ipv4, 0);
    fixture_session();
    worker_drain(&fixture.worker);
    fixture_await_end();
    cr_assert_eq(end_await_close(&client), 0);
}

/* A request that came too late must not cost the client the answer it waits for. */
Test(drain, unread_request_does_not_cut_the_last_answer)
{
    begin("");
    ask(FIXTURE_SMALL);
    fixture_set_send_buffer(200000);
    worker_drain(&fixture.worker);
    query_make(&query, 2, DNS_TYPE_SOA);
    end_send(&client, &query);
    answer_make(&answer, &asked);
    answer_fill(&answer, 1, 60000);
    end_send(&upstream, &answer);
    UNTIL(fixture.worker.engine.flow_count == 0);
    end_receive(&client, &got);
    cr_assert_eq(got.len, answer.len);
    fixture_drop(client.fd);
    fixture_await_end();
}

Test(drain, second_one_stops_at_once)
{
    begin("");
    ask(0);
    worker_drain(&fixture.worker);
    worker_drain(&fixture.worker);
    uint64_t began = uv_hrtime();
    fixture_await_end();
    cr_assert_not(fixture_passed(began, 500));
    cr_assert_eq(end_await_close(&client), ECONNRESET);
}

/* Sessions, server connections and datagrams at every stage. */
Test(drain, whatever_is_in_motion_leaves_nothing_open)
{
    enum { CLIENTS = 30 };
    static struct end clients[CLIENTS];
    struct address local = fixture_address("127.0.0.1", 0);
    begin("");
    for (unsigned i = 0; i < CLIENTS; i++) {
        end_connect(&clients[i], i % 2 ? &fixture.ipv4 : &fixture.ipv6, 0);
        for (uint16_t id = 0; id < i % 4; id++) {
            query_make(&query, id, id ? DNS_TYPE_AXFR : DNS_TYPE_SOA);
            end_send(&clients[i], &query);
        }
        end_send_octets(&clients[i], "\x01", i % 3 == 0);
        int fd = udp_open(&local);
        query_make(&query, 1, DNS_TYPE_IXFR);
        udp_send(fd, &fixture.ipv4, &query);
    }
    UNTIL(fixture.worker.engine.flow_count >= 2 * CLIENTS);
    for (unsigned i = 0; i < 20; i++)
        server_accept(&server, &upstream);
    worker_drain(&fixture.worker);
    worker_drain(&fixture.worker);
    fixture_await_end();
}

Test(drain, is_over_when_its_time_is)
{
    begin("drain-timeout = 1\n");
    ask(0);
    worker_drain(&fixture.worker);
    uint64_t began = uv_hrtime();
    fixture_await_end();
    cr_assert(fixture_passed(began, 900));
    cr_assert_eq(end_await_close(&client), ECONNRESET);
}

/* Another worker's, which begins its fan-out itself. */
Test(drain, worker_that_nobody_waits_for_takes_no_turn_of_others)
{
    struct bell bell;
    struct notice_waiter waiter = {.caller = {.bell = &bell}};
    struct support_message notify;
    unsigned rcode;
    begin("");
    bell_init(&bell, on_bell, NULL);
    support_header(&notify, 1, DNS_OPCODE_NOTIFY << 11);
    support_question(&notify, "example.org", DNS_TYPE_SOA);
    struct dns_message message = support_parse(&notify);
    const struct notice_arrival arrival = {.primary = &config_fixture->peers[0],
                                           .message = &message,
                                           .from = &server.at,
                                           .now = uv_now(&fixture.loop)};
    cr_assert_eq(arrival.primary->role, PEER_PRIMARY);
    cr_assert_eq(notices_join(fixture.memory->notices, &arrival, &waiter), 0);
    worker_drain(&fixture.worker);
    UNTIL(!uv_loop_alive(&fixture.loop));
    cr_expect_eq(notices_look(&waiter, &rcode), NOTICE_WAITS);
    cr_expect_eq(fixture.worker.engine.outbox->depth, 0, "what is sent now does not wait");
    notices_leave(&waiter);
    bell_fini(&bell);
    fixture_await_end();
}

/* With one listener open already: nothing of it is left. */
Test(drain, port_that_is_busy_is_an_error_that_leaves_nothing_open)
{
    struct address failed = {.family = ADDRESS_NONE};
    char text[512], busy[ADDRESS_TEXT_SIZE];
    server_open(&server); /* TCP without SO_REUSEPORT */
    fixture_drop(server.udp);
    snprintf(text, sizeof text,
             "[primary hq]\naddress = 127.0.0.1@9\nlisten = %s\n"
             "[secondary two]\naddress = 127.0.0.1@9\n",
             address_to_text(&server.at, busy));
    cr_assert_eq(fixture_try_start("127.0.0.1", "::1", text, &failed), UV_EADDRINUSE);
    cr_assert(address_equal(&failed, &server.at));
    cr_assert_not(uv_loop_alive(&fixture.loop));
    cr_assert(end_is_refused(&fixture.ipv4));
    cr_assert(end_is_refused(&fixture.ipv6));
    udp_open(&fixture.ipv4);
    udp_open(&fixture.ipv6);
}
