/* Messages and segments are different things. */
#include "end.h"

TestSuite(frames, .init = fixture_open, .fini = fixture_close, .timeout = 20);

static struct end client, upstream;
static struct server server;
static struct support_message query, asked, answer, got;

static void begin(void)
{
    server_open(&server);
    fixture_start(FIXTURE_PEERS, server.at.port);
    end_connect(&client, &fixture.ipv4, 0);
}

/* One octet in each segment, with turns of the loop between. */
static void send_in_drops(struct end *e, const struct support_message *m)
{
    uint8_t prefix[2];
    dns_wire_set_u16_at(prefix, (uint16_t)m->len);
    for (size_t i = 0; i < sizeof prefix + m->len; i++) {
        end_send_octets(e, i < 2 ? &prefix[i] : &m->octets[i - 2], 1);
        uv_run(&fixture.loop, UV_RUN_ONCE);
        uv_run(&fixture.loop, UV_RUN_NOWAIT);
    }
}

Test(frames, come_one_octet_at_a_time)
{
    begin();
    query_make(&query, 1, DNS_TYPE_SOA);
    send_in_drops(&client, &query);
    server_accept(&server, &upstream);
    end_receive(&upstream, &asked);
    answer_make(&answer, &asked);
    support_soa(&answer, DNS_ANSWER, "example.", 7);
    send_in_drops(&upstream, &answer);
    end_receive(&client, &got);
    cr_assert(answer_is_for(&got, &query));
    cr_assert_eq(got.len, answer.len);
    cr_assert_arr_eq(got.octets + 2, answer.octets + 2, got.len - 2);
}

/* So many requests that the worker answers itself, in one piece. */
Test(frames, come_many_in_one_burst_from_a_client)
{
    enum { COUNT = 6000, SIZE = 2 + DNS_HEADER_SIZE };
    static uint8_t burst[COUNT * SIZE];
    size_t sent = 0;
    cr_assert_gt(sizeof burst, 65536);
    begin();
    for (unsigned i = 0; i < COUNT; i++) {
        support_header(&query, (uint16_t)i, 2 << 11); /* STATUS: NOTIMP */
        dns_wire_set_u16_at(burst + i * SIZE, DNS_HEADER_SIZE);
        memcpy(burst + i * SIZE + 2, query.octets, DNS_HEADER_SIZE);
    }
    UNTIL((sent += end_push(&client, burst + sent, sizeof burst - sent)) == sizeof burst);
    for (unsigned i = 0; i < COUNT; i++) {
        end_receive(&client, &got);
        cr_assert_eq(dns_wire_u16_at(got.octets), i);
        cr_assert_eq(dns_wire_u16_at(got.octets + 2) & 15, DNS_RCODE_NOTIMP);
    }
}

/* A transfer of small messages, all in the kernel before the worker reads the first. */
Test(frames, come_many_in_one_burst_from_a_server)
{
    enum { COUNT = 1500 };
    static uint8_t burst[COUNT * 120];
    struct dns_writer w = dns_wire_writer(burst, sizeof burst);
    begin();
    query_make(&query, 1, DNS_TYPE_AXFR);
    end_send(&client, &query);
    server_accept(&server, &upstream);
    end_receive(&upstream, &asked);
    for (unsigned i = 0; i < COUNT; i++) {
        answer_make(&answer, &asked);
        if (i == 0 || i == COUNT - 1)
            support_soa(&answer, DNS_ANSWER, "example.", 7);
        else
            answer_fill(&answer, i, 20);
        dns_wire_put_u16(&w, (uint16_t)answer.len);
        dns_wire_put_octets(&w, answer.octets, answer.len);
    }
    cr_assert_not(w.failed);
    cr_assert_gt(w.at, 65536);
    end_send_octets(&upstream, burst, w.at);
    struct dns_reader r = dns_wire_reader(burst, w.at);
    for (unsigned i = 0; i < COUNT; i++) {
        end_receive(&client, &got);
        cr_assert_eq(got.len, dns_wire_get_u16(&r), "message %u", i);
        cr_assert_eq(dns_wire_u16_at(got.octets), 1);
        cr_assert_arr_eq(got.octets + 2, burst + r.at + 2, got.len - 2);
        r.at += got.len;
    }
}
