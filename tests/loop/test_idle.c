/* Connections on which nothing is asked: to clients and to servers. */
#include "end.h"

TestSuite(idle, .init = fixture_open, .fini = fixture_close, .timeout = 20);

static struct end client, upstream, second;
static struct server server;
static struct support_message query, asked, answer, got;

static void begin(int receive_buffer)
{
    server_open(&server);
    fixture_start("idle-timeout = 1\n" FIXTURE_PEERS, server.at.port);
    end_connect(&client, &fixture.ipv4, receive_buffer);
}

static void send_query(uint16_t id)
{
    query_make(&query, id, DNS_TYPE_SOA);
    end_send(&client, &query);
}

static void answer_query(struct end *e)
{
    end_receive(e, &asked);
    answer_make(&answer, &asked);
    support_soa(&answer, DNS_ANSWER, "example.", 7);
    end_send(e, &answer);
}

static void expect_answer(void)
{
    end_receive(&client, &got);
    cr_assert(answer_is_for(&got, &query));
    cr_assert_eq(dns_wire_u16_at(got.octets + 2) & 15, DNS_RCODE_NOERROR);
}

Test(idle, X9_connection_that_asks_nothing_is_closed)
{
    begin(0);
    uint64_t began = uv_hrtime();
    cr_assert_eq(end_await_close(&client), 0);
    cr_assert(fixture_passed(began, 900));
    cr_assert_not(fixture_passed(began, 2500));
}

/* Octets of a request that never becomes whole are no request. */
Test(idle, X9_connection_that_trickles_is_closed)
{
    begin(0);
    uint64_t began = uv_hrtime(), sent = began;
    end_send_octets(&client, "\xff\xff", 2);
    while (end_pull(&client, 1) == 0) {
        if (fixture_passed(sent, 100)) {
            end_push(&client, "", 1);
            sent = uv_hrtime();
        }
        fixture_turn(began, "the connection's end");
    }
    cr_assert_not(fixture_passed(began, 2500));
}

Test(idle, X9_connection_that_waits_for_an_answer_is_not_idle)
{
    begin(0);
    send_query(1);
    server_accept(&server, &upstream);
    uint64_t asked_at = uv_hrtime();
    UNTIL(fixture_passed(asked_at, 1500));
    answer_query(&upstream);
    expect_answer();
}

/* `count` answers of 60000 octets, read at this many octets in each 50 ms for 2.5 seconds, then at
 * once. */
static void read_slowly(unsigned count, int send_buffer, size_t step)
{
    begin(FIXTURE_SMALL);
    fixture_set_send_buffer(send_buffer);
    for (uint16_t id = 1; id <= count; id++)
        send_query(id);
    for (uint16_t id = 1; id <= count; id++) {
        server_accept(&server, &upstream);
        end_receive(&upstream, &asked);
        answer_make(&answer, &asked);
        answer_fill(&answer, id, 60000);
        end_send(&upstream, &answer);
    }
    UNTIL(fixture.worker.engine.flow_count == 0);
    cr_assert(stream_is_backed_up(&fixture_session()->stream));
    uint64_t began = uv_hrtime(), last = began;
    for (unsigned received = 0; received < count; received += end_take(&client, &got)) {
        size_t most = fixture_passed(began, 2500) ? sizeof client.in : step;
        if (fixture_passed(last, 50)) {
            cr_assert_geq(end_pull(&client, most), 0, "cut after %u answers", received);
            last = uv_hrtime();
        }
        fixture_turn(began, "all answers");
    }
}

Test(idle, X9_slow_reader_of_the_last_answer_is_not_cut)
{
    read_slowly(1, FIXTURE_SMALL, 600);
}

/* The kernel takes nothing more until a good part of its buffer is free; octets move before. */
Test(idle, X9_slow_reader_of_what_the_kernel_holds_is_not_cut)
{
    read_slowly(10, 400000, 2000);
}

Test(idle, X9_reader_that_stops_is_cut)
{
    begin(FIXTURE_SMALL);
    fixture_set_send_buffer(FIXTURE_SMALL);
    send_query(1);
    server_accept(&server, &upstream);
    end_receive(&upstream, &asked);
    answer_make(&answer, &asked);
    answer_fill(&answer, 1, 60000);
    end_send(&upstream, &answer);
    UNTIL(fixture.worker.engine.session_count == 0);
    UNTIL(end_pull(&client, sizeof client.in) < 0);
    cr_assert_not(end_take(&client, &got));
}

Test(idle, X9b_next_query_of_a_client_goes_over_the_same_connection)
{
    begin(0);
    send_query(1);
    server_accept(&server, &upstream);
    for (uint16_t id = 2; id < 6; id++) {
        answer_query(&upstream);
        expect_answer();
        send_query(id);
    }
    end_receive(&upstream, &asked);
    cr_assert_not(server_is_called(&server));
}

Test(idle, X9b_connection_of_one_client_is_not_used_for_another)
{
    static struct end other;
    begin(0);
    send_query(1);
    server_accept(&server, &upstream);
    answer_query(&upstream);
    expect_answer();
    end_connect(&other, &fixture.ipv4, 0);
    end_send(&other, &query);
    server_accept(&server, &second);
    end_receive(&second, &asked);
}

Test(idle, X9b_connection_closed_meanwhile_is_opened_again)
{
    begin(0);
    send_query(1);
    server_accept(&server, &upstream);
    answer_query(&upstream);
    end_close(&upstream);
    expect_answer();
    send_query(2);
    server_accept(&server, &second);
    answer_query(&second);
    expect_answer();
}

/* X10: the server closes when it sees that another query comes. */
Test(idle, X9b_query_that_a_reused_connection_lost_is_asked_again)
{
    begin(0);
    send_query(1);
    server_accept(&server, &upstream);
    answer_query(&upstream);
    expect_answer();
    send_query(2);
    end_receive(&upstream, &asked);
    end_close(&upstream);
    server_accept(&server, &second);
    answer_query(&second);
    expect_answer();
}

/* What comes unasked is not taken for the answer to the next query. */
Test(idle, X9b_kept_connection_that_speaks_is_closed)
{
    begin(0);
    send_query(1);
    server_accept(&server, &upstream);
    answer_query(&upstream);
    expect_answer();
    end_send(&upstream, &answer);
    cr_assert_eq(end_await_close(&upstream), 0);
    cr_assert_eq(fixture.worker.engine.session_count, 1, "closed with its client's connection");
}
