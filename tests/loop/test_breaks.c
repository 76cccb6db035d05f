/* One side breaks off in the middle. */
#include <errno.h>

#include "end.h"

TestSuite(breaks, .init = fixture_open, .fini = fixture_close, .timeout = 20);

static struct end client, upstream;
static struct server server;
static struct support_message query, asked, answer, got;

/* A transfer whose first message has arrived. */
static void begin(void)
{
    server_open(&server);
    fixture_start(FIXTURE_PEERS, server.at.port);
    end_connect(&client, &fixture.ipv6, 0);
    query_make(&query, 1, DNS_TYPE_AXFR);
    end_send(&client, &query);
    server_accept(&server, &upstream);
    end_receive(&upstream, &asked);
    answer_make(&answer, &asked);
    support_soa(&answer, DNS_ANSWER, "example.", 7);
    end_send(&upstream, &answer);
    end_receive(&client, &got);
}

Test(breaks, X5_client_that_leaves_closes_the_server_side)
{
    begin();
    end_reset(&client);
    end_await_close(&upstream);
    UNTIL(fixture.worker.engine.flow_count == 0 && fixture.worker.engine.session_count == 0);
}

/* That it does not read either shows when it is sent something. */
Test(breaks, X5_client_that_closes_ends_the_server_side_with_the_next_messages)
{
    begin();
    end_close(&client);
    answer_make(&answer, &asked);
    answer_fill(&answer, 0, 100);
    UNTIL(fixture_session()->state == SESSION_DRAINING);
    end_send(&upstream, &answer);
    /* Both at once would leave in one write, which tells nothing yet. */
    UNTIL(fixture.worker.engine.flows->exchange.response.messages == 2);
    end_send(&upstream, &answer);
    end_await_close(&upstream);
    UNTIL(fixture.worker.engine.flow_count == 0 && fixture.worker.engine.session_count == 0);
}

/* While nothing is read from the server because the client takes nothing. */
Test(breaks, X5_client_that_leaves_while_backed_up_closes_the_server_side)
{
    begin();
    fixture_set_send_buffer(FIXTURE_SMALL);
    answer_make(&answer, &asked);
    answer_fill(&answer, 0, 60000);
    uint8_t prefix[2] = {(uint8_t)(answer.len >> 8), (uint8_t)answer.len};
    while (!stream_is_backed_up(&fixture_session()->stream)) {
        end_send_octets(&upstream, prefix, sizeof prefix);
        end_send_octets(&upstream, answer.octets, answer.len);
    }
    end_close(&client);
    UNTIL(fixture.worker.engine.session_count == 0);
    end_await_close(&upstream);
}

Test(breaks, X5_server_that_closes_resets_the_client)
{
    begin();
    end_close(&upstream);
    cr_assert_eq(end_await_close(&client), ECONNRESET);
}

Test(breaks, X5_server_that_closes_within_a_message_resets_the_client)
{
    begin();
    end_send_octets(&upstream, "\x40\x00half", 6);
    end_close(&upstream);
    cr_assert_eq(end_await_close(&client), ECONNRESET);
}

/* What it sent before it closed is of no use without the rest. */
Test(breaks, X5_server_that_closes_while_the_client_is_slow_resets_it)
{
    begin();
    fixture_set_send_buffer(FIXTURE_SMALL);
    answer_make(&answer, &asked);
    answer_fill(&answer, 0, 60000);
    while (!stream_is_backed_up(&fixture_session()->stream))
        end_send(&upstream, &answer);
    end_close(&upstream);
    cr_assert_eq(end_await_close(&client), ECONNRESET);
}

Test(breaks, M6_server_that_closes_unasked_for_an_answer_is_servfail)
{
    server_open(&server);
    fixture_start(FIXTURE_PEERS, server.at.port);
    end_connect(&client, &fixture.ipv4, 0);
    query_make(&query, 1, DNS_TYPE_SOA);
    end_send(&client, &query);
    server_accept(&server, &upstream);
    end_receive(&upstream, &asked);
    end_close(&upstream);
    end_receive(&client, &got);
    cr_assert(answer_is_for(&got, &query));
    cr_assert_eq(dns_wire_u16_at(got.octets + 2) & 15, DNS_RCODE_SERVFAIL);
}

Test(breaks, M6_no_server_is_servfail)
{
    server_open(&server);
    fixture_drop(server.tcp);
    fixture_start(FIXTURE_PEERS, server.at.port);
    end_connect(&client, &fixture.ipv4, 0);
    query_make(&query, 1, DNS_TYPE_AXFR);
    end_send(&client, &query);
    end_receive(&client, &got);
    cr_assert(answer_is_for(&got, &query));
    cr_assert_eq(dns_wire_u16_at(got.octets + 2) & 15, DNS_RCODE_SERVFAIL);
}
