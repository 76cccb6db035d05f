/* Connections to a primary that takes few (M6). */
#include "end.h"

TestSuite(slots, .init = fixture_open, .fini = fixture_close, .timeout = 20);

enum { CLIENTS = 8, QUERIES = 6 };

static struct end client, other, upstream, second;
static struct end clients[CLIENTS];
static struct server server;
static struct support_message query, asked, answer, got;

#define PEERS(connections)                                                                         \
    "[primary hq]\naddress = 127.0.0.1@%u\nconnections = " connections "\n"                        \
    "[secondary two]\naddress = 127.0.0.1@9, ::1@9\n"

#define BEGIN(text)                                                                                \
    do {                                                                                           \
        server_open(&server);                                                                      \
        fixture_start(text, server.at.port);                                                       \
        end_connect(&client, &fixture.ipv4, 0);                                                    \
    } while (0)

static struct slots_count count(void)
{
    return slots_count(fixture.memory->slots, config_fixture->peers[0].number);
}

static void ask(struct end *e, uint16_t id, uint16_t type)
{
    query_make(&query, id, type);
    end_send(e, &query);
}

static void answer_one(struct end *e)
{
    end_receive(e, &asked);
    answer_make(&answer, &asked);
    support_soa(&answer, DNS_ANSWER, "example.", 7);
    end_send(e, &answer);
}

static void expect(struct end *e, uint16_t id, unsigned rcode)
{
    end_receive(e, &got);
    cr_assert_eq(dns_wire_u16_at(got.octets), id);
    cr_assert_eq(dns_wire_u16_at(got.octets + 2) & 15, rcode);
}

Test(slots, M6_what_is_more_waits_for_the_connection_and_has_it_next)
{
    BEGIN(PEERS("1"));
    for (uint16_t id = 1; id <= 3; id++)
        ask(&client, id, DNS_TYPE_SOA);
    server_accept(&server, &upstream);
    UNTIL(count().waiting == 2);
    for (uint16_t id = 1; id <= 3; id++) {
        answer_one(&upstream);
        expect(&client, id, DNS_RCODE_NOERROR);
    }
    cr_assert_not(server_is_called(&server), "it was still good");
    UNTIL(count().idle == 1);
}

Test(slots, M6_an_idle_connection_is_closed_for_another_client)
{
    BEGIN(PEERS("1"));
    ask(&client, 1, DNS_TYPE_SOA);
    server_accept(&server, &upstream);
    answer_one(&upstream);
    expect(&client, 1, DNS_RCODE_NOERROR);
    UNTIL(count().idle == 1);
    end_connect(&other, &fixture.ipv4, 0);
    ask(&other, 2, DNS_TYPE_SOA);
    cr_assert_eq(end_await_close(&upstream), 0);
    cr_assert_not(server_is_called(&server), "it may count the connection until it has closed it");
    end_close(&upstream);
    server_accept(&server, &second);
    answer_one(&second);
    expect(&other, 2, DNS_RCODE_NOERROR);
    cr_assert_eq(fixture.worker.engine.session_count, 2);
}

Test(slots, M6_a_busy_connection_is_closed_when_it_is_done_and_another_client_is_next)
{
    BEGIN(PEERS("1"));
    ask(&client, 1, DNS_TYPE_SOA);
    server_accept(&server, &upstream);
    end_connect(&other, &fixture.ipv4, 0);
    ask(&other, 2, DNS_TYPE_SOA);
    UNTIL(count().waiting == 1);
    answer_one(&upstream);
    expect(&client, 1, DNS_RCODE_NOERROR);
    cr_assert_eq(end_await_close(&upstream), 0);
    cr_assert_not(server_is_called(&server), "it may count the connection until it has closed it");
    end_close(&upstream);
    server_accept(&server, &second);
    answer_one(&second);
    expect(&other, 2, DNS_RCODE_NOERROR);
}

Test(slots, M6_a_primary_that_does_not_close_its_end_is_waited_for_a_second)
{
    BEGIN(PEERS("1"));
    ask(&client, 1, DNS_TYPE_SOA);
    server_accept(&server, &upstream);
    answer_one(&upstream);
    expect(&client, 1, DNS_RCODE_NOERROR);
    UNTIL(count().idle == 1);
    end_connect(&other, &fixture.ipv4, 0);
    uint64_t began = uv_hrtime();
    ask(&other, 2, DNS_TYPE_SOA);
    server_accept(&server, &second);
    cr_assert(fixture_passed(began, 900));
    answer_one(&second);
    expect(&other, 2, DNS_RCODE_NOERROR);
}

Test(slots, M6_a_client_that_goes_leaves_the_queue_and_its_places)
{
    BEGIN(PEERS("1"));
    for (uint16_t id = 1; id <= 3; id++)
        ask(&client, id, DNS_TYPE_SOA);
    server_accept(&server, &upstream);
    end_connect(&other, &fixture.ipv4, 0);
    ask(&other, 9, DNS_TYPE_SOA);
    UNTIL(count().waiting == 3);
    end_reset(&client);
    cr_assert_eq(end_await_close(&upstream), 0);
    end_close(&upstream);
    server_accept(&server, &second);
    answer_one(&second);
    expect(&other, 9, DNS_RCODE_NOERROR);
    cr_assert_eq(count().waiting, 0);
    cr_assert_eq(count().places, 1);
}

/* The transfer has all the time it wants. */
Test(slots, M6_a_question_that_waits_too_long_gets_servfail)
{
    BEGIN("answer-timeout = 1\n" PEERS("1"));
    ask(&client, 1, DNS_TYPE_AXFR);
    server_accept(&server, &upstream);
    uint64_t began = uv_hrtime();
    ask(&client, 2, DNS_TYPE_SOA);
    expect(&client, 2, DNS_RCODE_SERVFAIL);
    cr_assert(fixture_passed(began, 900));
    cr_assert_eq(fixture_reported(EVENT_LIMIT, RESULT_CONNECTIONS_BUSY), 1);
    cr_assert_eq(fixture_reported(EVENT_REFRESH, RESULT_CONNECTIONS_BUSY), 1);
    cr_assert_eq(count().waiting, 0);
}

Test(slots, M6_its_time_begins_when_it_is_sent)
{
    BEGIN("answer-timeout = 1\n" PEERS("1"));
    ask(&client, 1, DNS_TYPE_SOA);
    server_accept(&server, &upstream);
    ask(&client, 2, DNS_TYPE_SOA);
    for (uint16_t id = 1; id <= 2; id++) {
        uint64_t asked_at = uv_hrtime();
        UNTIL(fixture_passed(asked_at, 700));
        answer_one(&upstream);
        expect(&client, id, DNS_RCODE_NOERROR);
    }
}

/* A place is given back when nobody can be connected to, or the server closes. */
Test(slots, M6_places_come_back_whatever_becomes_of_a_connection)
{
    uint16_t nobody = fixture_port("127.0.0.1", "::1");
    server_open(&server);
    fixture_start("[primary hq]\naddress = 127.0.0.1@%u, 127.0.0.1@%u\nconnections = 1\n"
                  "[secondary two]\naddress = 127.0.0.1@9\n",
                  nobody, server.at.port);
    end_connect(&client, &fixture.ipv4, 0);
    for (uint16_t id = 1; id <= 6; id++) {
        ask(&client, id, DNS_TYPE_SOA);
        server_accept(&server, &upstream);
        end_receive(&upstream, &asked);
        end_reset(&upstream);
        expect(&client, id, DNS_RCODE_SERVFAIL);
        UNTIL(count().places == 0);
    }
}

/* It answers nobody: its queue is full. */
Test(slots, M6_an_attempt_that_takes_too_long_leaves_its_place_to_the_next_address)
{
    static struct server full;
    static struct end filler;
    server_open(&full);
    cr_assert_eq(listen(full.tcp, 0), 0);
    end_connect(&filler, &full.at, 0);
    server_open(&server);
    fixture_start("connect-timeout = 1\n"
                  "[primary hq]\naddress = 127.0.0.1@%u, 127.0.0.1@%u\nconnections = 1\n"
                  "[secondary two]\naddress = 127.0.0.1@9\n",
                  full.at.port, server.at.port);
    end_connect(&client, &fixture.ipv4, 0);
    ask(&client, 1, DNS_TYPE_SOA);
    server_accept(&server, &upstream);
    cr_assert_eq(count().places, 1);
    answer_one(&upstream);
    expect(&client, 1, DNS_RCODE_NOERROR);
}

Test(slots, M6_a_worker_that_stops_gives_all_places_back)
{
    BEGIN(PEERS("4"));
    for (uint16_t id = 1; id <= 20; id++)
        ask(&client, id, DNS_TYPE_SOA);
    server_accept(&server, &upstream);
    UNTIL(count().waiting == 17);
    worker_drain(&fixture.worker);
    worker_drain(&fixture.worker);
    struct slots_count left = count();
    cr_assert_eq(left.places + left.waiting + left.idle, 0);
    fixture_await_end();
}

/* One that was closed for another has its end of file before the other is there. */
static void serve(struct end *ends, unsigned *accepted, unsigned *most)
{
    unsigned open = 0;
    if (server_is_called(&server))
        server_accept(&server, &ends[(*accepted)++]);
    for (unsigned i = 0; i < *accepted; i++) {
        if (ends[i].fd < 0)
            continue;
        if (end_pull(&ends[i], sizeof ends[i].in) < 0) {
            end_close(&ends[i]);
            continue;
        }
        open++;
        while (end_take(&ends[i], &asked)) {
            answer_make(&answer, &asked);
            support_soa(&answer, DNS_ANSWER, "example.", 7);
            end_send(&ends[i], &answer);
        }
    }
    *most = open > *most ? open : *most;
}

static unsigned answered(void)
{
    unsigned found = 0;
    for (unsigned i = 0; i < CLIENTS; i++) {
        end_pull(&clients[i], sizeof clients[i].in);
        while (end_take(&clients[i], &got)) {
            cr_assert_eq(dns_wire_u16_at(got.octets + 2) & 15, DNS_RCODE_NOERROR);
            found++;
        }
    }
    return found;
}

Test(slots, M6_many_clients_of_one_peer_leave_a_quarter_free)
{
    static struct end ends[CLIENTS * QUERIES];
    unsigned accepted = 0, done = 0, most = 0;
    BEGIN(PEERS("4"));
    for (unsigned i = 0; i < CLIENTS; i++) {
        end_connect(&clients[i], &fixture.ipv4, 0);
        for (uint16_t id = 1; id <= QUERIES; id++)
            ask(&clients[i], id, DNS_TYPE_SOA);
    }
    uint64_t began = uv_hrtime();
    while (done < CLIENTS * QUERIES) {
        serve(ends, &accepted, &most);
        done += answered();
        fixture_turn(began, "all answers");
    }
    cr_assert_eq(most, 3, "%u", most);
}
