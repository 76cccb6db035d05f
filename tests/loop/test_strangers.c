/* Who is no peer holds little, and not for long. */
#include <errno.h>

#include "end.h"

TestSuite(strangers, .init = fixture_open, .fini = fixture_close, .timeout = 20);

static struct end stranger, peer, upstream;
static struct server server;
static struct support_message query, asked, answer, got;

/* Over IPv4 whoever asks is a stranger, over IPv6 the secondary. */
static void begin(const char *proxy_settings)
{
    server_open_on(&server, "127.0.0.9");
    fixture_start("%s[primary hq]\naddress = 127.0.0.9@%u\n"
                  "[secondary two]\naddress = ::1@9\nallow = soa\n",
                  proxy_settings, server.at.port);
}

static void expect_rcode(struct end *e, unsigned rcode)
{
    end_receive(e, &got);
    cr_assert(answer_is_for(&got, &query));
    cr_assert_eq(dns_wire_u16_at(got.octets + 2) & DNS_MASK_RCODE, rcode);
}

static void peer_is_served(void)
{
    query_make(&query, 1, DNS_TYPE_SOA);
    end_send(&peer, &query);
    server_accept(&server, &upstream);
    end_receive(&upstream, &asked);
    answer_make(&answer, &asked);
    end_send(&upstream, &answer);
    expect_rcode(&peer, DNS_RCODE_NOERROR);
}

Test(strangers, L1_have_an_eighth_of_the_places_at_most)
{
    static struct end first[2];
    begin("");
    shares_set_places(fixture.memory->shares, SHARES_CONNECTIONS, 16);
    end_connect(&first[0], &fixture.ipv4, 0);
    end_connect(&first[1], &fixture.ipv4, 0);
    UNTIL(fixture.worker.engine.session_count == 2);
    end_connect(&stranger, &fixture.ipv4, 0);
    cr_assert_eq(end_await_close(&stranger), ECONNRESET);
    cr_assert_eq(fixture_reported(EVENT_LIMIT, RESULT_TOO_MANY_STRANGERS), 1);
    end_connect(&peer, &fixture.ipv6, 0);
    peer_is_served();
    query_make(&query, 1, DNS_TYPE_SOA);
    end_send(&first[0], &query);
    expect_rcode(&first[0], DNS_RCODE_REFUSED);
    cr_assert_eq(end_await_close(&first[0]), 0);
    end_connect(&stranger, &fixture.ipv4, 0);
    end_send(&stranger, &query);
    expect_rcode(&stranger, DNS_RCODE_REFUSED);
}

/* A query with an option that makes it so long. */
static void query_of_length(size_t len)
{
    static uint8_t padding[2048] = {0, 12};
    query_make(&query, 1, DNS_TYPE_SOA);
    uint16_t room = (uint16_t)(len - query.len - 11);
    dns_wire_set_u16_at(padding + 2, (uint16_t)(room - 4));
    support_opt(&query, 1232, padding, room);
    cr_assert_eq(query.len, len);
}

Test(strangers, M5_small_requests_are_read)
{
    begin("");
    end_connect(&stranger, &fixture.ipv4, 0);
    query_of_length(1024);
    end_send(&stranger, &query);
    expect_rcode(&stranger, DNS_RCODE_REFUSED);
}

/* Memory for the length that they announce would be theirs as long as they like. */
Test(strangers, M5_large_requests_are_not_waited_for)
{
    begin("");
    end_connect(&stranger, &fixture.ipv4, 0);
    uint64_t began = uv_hrtime();
    size_t sent = 0;
    end_send_octets(&stranger, "\xff\xff", 2);
    UNTIL((sent += sent < 2048 && end_push(&stranger, "", 1), end_pull(&stranger, 1) < 0));
    cr_assert_not(fixture_passed(began, 2000));
    end_connect(&peer, &fixture.ipv6, 0);
    query_of_length(2048);
    end_send(&peer, &query);
    server_accept(&server, &upstream);
    end_receive(&upstream, &asked);
}

Test(strangers, X9_who_asks_nothing_is_soon_gone)
{
    begin("idle-timeout = 30\nanswer-timeout = 1\n");
    end_connect(&peer, &fixture.ipv6, 0);
    end_connect(&stranger, &fixture.ipv4, 0);
    uint64_t began = uv_hrtime();
    cr_assert_eq(end_await_close(&stranger), 0);
    cr_assert(fixture_passed(began, 900));
    cr_assert_not(fixture_passed(began, 2500));
    peer_is_served();
}
