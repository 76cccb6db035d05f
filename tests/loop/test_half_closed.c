/* A client that shuts down its sending side has asked all it will, and waits. */
#include <errno.h>

#include "end.h"

TestSuite(half_closed, .init = fixture_open, .fini = fixture_close, .timeout = 20);

enum { MANY = 20 };

static struct end client, upstreams[MANY];
static struct server server;
static struct support_message query, asked[MANY], answer, got;

static void begin(const char *settings)
{
    char text[512];
    server_open(&server);
    snprintf(text, sizeof text, "%s" FIXTURE_PEERS, settings, server.at.port);
    fixture_start("%s", text);
    end_connect(&client, &fixture.ipv4, 0);
}

static void ask(unsigned number, uint16_t type)
{
    query_make(&query, (uint16_t)number, type);
    end_send(&client, &query);
}

static void take(unsigned i)
{
    server_accept(&server, &upstreams[i]);
    end_receive(&upstreams[i], &asked[i]);
}

static void half_close(void)
{
    end_shut_down(&client);
    UNTIL(fixture.worker.engine.session_count == 0 ||
          fixture.worker.engine.sessions->state == SESSION_DRAINING);
}

Test(half_closed, X9_client_gets_the_transfer_it_asked_for)
{
    begin("");
    ask(1, DNS_TYPE_AXFR);
    take(0);
    half_close();
    for (int i = 0; i < 3; i++) {
        answer_make(&answer, &asked[0]);
        if (i == 1)
            answer_fill(&answer, 1, 60000);
        else
            support_soa(&answer, DNS_ANSWER, "example.", 7);
        end_send(&upstreams[0], &answer);
        end_receive(&client, &got);
        cr_assert_eq(got.len, answer.len);
    }
    cr_assert_eq(end_await_close(&client), 0);
    UNTIL(fixture.worker.engine.session_count == 0);
}

Test(half_closed, X9_client_gets_all_answers_it_asked_for)
{
    begin("");
    for (unsigned i = 0; i < MANY; i++)
        ask(i, DNS_TYPE_SOA);
    end_shut_down(&client);
    for (unsigned i = 0; i < MANY; i++)
        take(i);
    for (unsigned i = MANY; i-- > 0;) {
        answer_make(&answer, &asked[i]);
        end_send(&upstreams[i], &answer);
        end_receive(&client, &got);
    }
    cr_assert_eq(end_await_close(&client), 0);
}

Test(half_closed, X9_client_that_asked_nothing_is_closed_at_once)
{
    begin("");
    fixture_session();
    half_close();
    cr_assert_eq(end_await_close(&client), 0);
    UNTIL(fixture.worker.engine.session_count == 0);
}

Test(half_closed, X9_half_a_question_is_none)
{
    begin("");
    end_send_octets(&client, "\0\x20half", 6);
    end_shut_down(&client);
    cr_assert_eq(end_await_close(&client), 0);
}

/* A server that is silent does not keep it waiting for longer than others. */
Test(half_closed, X9_client_waits_no_longer_than_others)
{
    begin("answer-timeout = 1\n");
    ask(1, DNS_TYPE_SOA);
    take(0);
    half_close();
    end_receive(&client, &got);
    cr_assert_eq(dns_wire_u16_at(got.octets + DNS_FLAGS_AT) & DNS_MASK_RCODE, DNS_RCODE_SERVFAIL);
    cr_assert_eq(end_await_close(&client), 0);
}

/* It is backed up when it shuts down, so that its end of file is read later. */
Test(half_closed, X9_slow_reader_gets_the_whole_answer)
{
    begin("");
    fixture_session();
    fixture_set_send_buffer(FIXTURE_SMALL);
    ask(1, DNS_TYPE_AXFR);
    take(0);
    end_shut_down(&client);
    for (int i = 0; i < 5; i++) {
        answer_make(&answer, &asked[0]);
        if (i == 0 || i == 4)
            support_soa(&answer, DNS_ANSWER, "example.", 7);
        else
            answer_fill(&answer, (unsigned)i, 60000);
        end_send(&upstreams[0], &answer);
    }
    for (int i = 0; i < 5; i++)
        UNTIL(end_take_slowly(&client, &got, 3000));
    cr_assert_eq(end_await_close(&client), 0);
}

/* Servers answer until they close. */
Test(half_closed, X9_server_that_half_closes_has_ended)
{
    begin("");
    ask(1, DNS_TYPE_AXFR);
    take(0);
    answer_make(&answer, &asked[0]);
    support_soa(&answer, DNS_ANSWER, "example.", 7);
    end_send(&upstreams[0], &answer);
    end_receive(&client, &got);
    end_shut_down(&upstreams[0]);
    cr_assert_eq(end_await_close(&client), ECONNRESET);
}
