/* Several requests on one connection. */
#include <errno.h>
#include <sys/resource.h>

#include "end.h"

TestSuite(pipeline, .init = fixture_open, .fini = fixture_close, .timeout = 20);

static struct end client, upstream;
static struct end upstreams[SESSION_FLOWS_MAX];
static struct server server, silent;
static struct support_message query, asked, answer, got;

static void begin(void)
{
    server_open(&server);
    fixture_start(FIXTURE_PEERS, server.at.port);
    end_connect(&client, &fixture.ipv4, 0);
}

static void send_query(uint16_t id)
{
    query_make(&query, id, DNS_TYPE_SOA);
    end_send(&client, &query);
}

static void answer_query(struct end *e, uint32_t serial)
{
    end_receive(e, &asked);
    answer_make(&answer, &asked);
    support_soa(&answer, DNS_ANSWER, "example.", serial);
    end_send(e, &answer);
}

Test(pipeline, P24_answers_come_in_whatever_order_servers_give_them)
{
    begin();
    for (uint16_t id = 1; id <= 3; id++)
        send_query(id);
    for (int i = 0; i < 3; i++)
        server_accept(&server, &upstreams[i]);
    unsigned seen = 0;
    for (int i = 2; i >= 0; i--) {
        answer_query(&upstreams[i], 7);
        end_receive(&client, &got);
        seen |= 1u << dns_wire_u16_at(got.octets);
        cr_assert_eq(dns_wire_u16_at(got.octets), i + 1);
    }
    cr_assert_eq(seen, 2 + 4 + 8);
}

Test(pipeline, M10_same_id_twice_in_flight_closes_the_connection)
{
    begin();
    send_query(1);
    send_query(2);
    send_query(1);
    cr_assert_eq(end_await_close(&client), ECONNRESET);
    UNTIL(fixture.worker.engine.flow_count == 0);
}

Test(pipeline, M10_same_id_again_after_the_answer_is_a_new_request)
{
    begin();
    send_query(1);
    server_accept(&server, &upstream);
    for (uint32_t serial = 7; serial <= 8; serial++) {
        answer_query(&upstream, serial);
        end_receive(&client, &got);
        cr_assert(answer_is_for(&got, &query));
        send_query(1);
    }
}

static void fill_up(void)
{
    for (unsigned i = 0; i < SESSION_FLOWS_MAX; i++)
        server_accept(&server, &upstreams[i]);
    cr_assert_eq(fixture_session()->flow_count, SESSION_FLOWS_MAX);
}

Test(pipeline, a_65th_request_waits_for_room)
{
    bool seen[SESSION_FLOWS_MAX + 2] = {false};
    begin();
    for (uint16_t id = 1; id <= SESSION_FLOWS_MAX + 1; id++)
        send_query(id);
    fill_up();
    cr_assert_eq(fixture_session()->stream.conn.state, CONN_PAUSED);
    cr_assert_not(server_is_called(&server));
    for (unsigned i = 0; i < SESSION_FLOWS_MAX; i++)
        answer_query(&upstreams[i], 7);
    answer_query(&upstreams[0], 7); /* the 65th goes over the connection that was free first */
    for (unsigned i = 0; i < SESSION_FLOWS_MAX + 1; i++) {
        end_receive(&client, &got);
        uint16_t id = dns_wire_u16_at(got.octets);
        cr_assert_leq(id, SESSION_FLOWS_MAX + 1);
        cr_assert_not(seen[id]);
        seen[id] = true;
    }
}

/* NOTIFYs are requests that may be answered at once: when every secondary has acknowledged it. */

static void make_notify(struct support_message *out, uint16_t id, const char *zone)
{
    support_header(out, id, DNS_OPCODE_NOTIFY << 11);
    support_question(out, zone, DNS_TYPE_SOA);
}

static void send_notify(uint16_t id, const char *zone)
{
    make_notify(&query, id, zone);
    end_send(&client, &query);
}

/* Each for a zone of its own, so that each has a fan-out of its own. */
static void send_notify_for_two(uint16_t id)
{
    char zone[32];
    snprintf(zone, sizeof zone, "z%u.two.example.", id);
    send_notify(id, zone);
}

/* The NOTIFY for one.example. with ID 1 is acknowledged; those for two.example. wait. */
static void begin_notifies(void)
{
    server_open(&server);
    server_open(&silent);
    fixture_start("[primary hq]\naddress = 127.0.0.1@9\n"
                  "[secondary one]\naddress = 127.0.0.1@%u\nzones = one.example\n"
                  "[secondary two]\naddress = 127.0.0.1@%u\nzones = *.two.example\n",
                  server.at.port, silent.at.port);
    end_connect(&client, &fixture.ipv4, 0);
    send_notify(1, "one.example.");
    server_accept(&server, &upstream);
    end_receive(&upstream, &asked);
    answer_make(&answer, &asked);
    end_send(&upstream, &answer);
    end_receive(&client, &got);
    cr_assert(answer_is_for(&got, &query));
}

Test(pipeline, a_65th_request_may_be_answered_at_once)
{
    begin_notifies();
    for (uint16_t id = 100; id < 100 + SESSION_FLOWS_MAX; id++)
        send_notify_for_two(id);
    send_notify(1, "one.example.");
    send_notify(1, "one.example.");
    server_accept(&silent, &upstream);
    end_receive(&upstream, &asked);
    answer_make(&answer, &asked);
    end_send(&upstream, &answer);
    for (int i = 0; i < 3; i++)
        end_receive(&client, &got);
    cr_assert_eq(dns_wire_u16_at(got.octets), 1);
    cr_assert_eq(fixture_session()->flow_count, SESSION_FLOWS_MAX - 1);
}

static void limit_stack(rlim_t octets)
{
    struct rlimit limit;
    getrlimit(RLIMIT_STACK, &limit);
    limit.rlim_cur = octets;
    cr_assert_eq(setrlimit(RLIMIT_STACK, &limit), 0);
}

/* Each takes the last place and leaves it again: that must not nest. */
Test(pipeline, requests_answered_at_once_beside_63_others_do_not_nest)
{
    enum { COUNT = 2000 };
    static uint8_t burst[2 + DNS_MESSAGE_MAX];
    begin_notifies();
    /* A message that is dropped, but makes room for 64 KiB to be read at once. */
    support_header(&query, 0, DNS_FLAG_QR);
    query.len = DNS_MESSAGE_MAX;
    end_send(&client, &query);
    for (uint16_t id = 100; id < 100 + SESSION_FLOWS_MAX - 1; id++)
        send_notify_for_two(id);
    UNTIL(fixture_session()->flow_count == SESSION_FLOWS_MAX - 1);
    struct dns_writer w = dns_wire_writer(burst, sizeof burst);
    make_notify(&query, 1, "one.example.");
    for (int i = 0; i < COUNT; i++) {
        dns_wire_put_u16(&w, (uint16_t)query.len);
        dns_wire_put_octets(&w, query.octets, query.len);
    }
    cr_assert_not(w.failed);
    limit_stack((rlim_t)1 << 20);
    end_send_octets(&client, burst, w.at);
    for (int i = 0; i < COUNT; i++)
        end_receive(&client, &got);
    cr_assert(answer_is_for(&got, &query));
}
