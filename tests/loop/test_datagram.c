/* Requests over UDP. */
#include "end.h"

TestSuite(datagram, .init = fixture_open, .fini = fixture_close, .timeout = 20);

static struct server server;
static struct support_message query, asked, answer, got;
static struct address from;

static void answer_query(void)
{
    struct address proxy;
    UNTIL(udp_take(server.udp, &asked, &proxy));
    answer_make(&answer, &asked);
    support_soa(&answer, DNS_ANSWER, "example.", 7);
    udp_send(server.udp, &proxy, &answer);
}

static void expect_reply_from(const char *client, const char *host, uint16_t port)
{
    struct address local = fixture_address(client, 0);
    struct address to = fixture_address(host, port);
    int fd = udp_open(&local);
    query_make(&query, 1, DNS_TYPE_SOA);
    udp_send(fd, &to, &query);
    answer_query();
    UNTIL(udp_take(fd, &got, &from));
    cr_assert(answer_is_for(&got, &query));
    cr_assert(address_equal(&from, &to));
}

static void start_on_wildcards(void)
{
    char text[512];
    struct address failed;
    int error = UV_EADDRINUSE;
    server_open(&server);
    snprintf(text, sizeof text, FIXTURE_PEERS, server.at.port);
    for (int tries = 0; tries < 5 && error == UV_EADDRINUSE; tries++)
        error = fixture_try_start("0.0.0.0", "::", text, &failed);
    cr_assert_eq(error, 0);
}

Test(datagram, reply_leaves_from_the_ipv4_address_asked)
{
    start_on_wildcards();
    expect_reply_from("127.0.0.1", "127.0.0.2", fixture.ipv4.port);
    expect_reply_from("127.0.0.1", "127.0.0.3", fixture.ipv4.port);
}

Test(datagram, reply_leaves_from_the_ipv6_address_asked)
{
    start_on_wildcards();
    expect_reply_from("::1", "::1", fixture.ipv6.port);
}

Test(datagram, specific_address_listens_too)
{
    server_open(&server);
    fixture_start(FIXTURE_PEERS, server.at.port);
    expect_reply_from("127.0.0.1", "127.0.0.1", fixture.ipv4.port);
    expect_reply_from("::1", "::1", fixture.ipv6.port);
}

Test(datagram, M10_duplicate_in_flight_gets_the_one_answer)
{
    struct address local = fixture_address("127.0.0.1", 0);
    struct address proxy[2];
    static struct support_message other, second;
    server_open(&server);
    fixture_start(FIXTURE_PEERS, server.at.port);
    int fd = udp_open(&local);
    query_make(&query, 1, DNS_TYPE_SOA);
    query_make(&other, 2, DNS_TYPE_SOA);
    udp_send(fd, &fixture.ipv4, &query);
    udp_send(fd, &fixture.ipv4, &query);
    udp_send(fd, &fixture.ipv4, &other); /* once this is through, the two before it are */
    UNTIL(udp_take(server.udp, &asked, &proxy[0]));
    UNTIL(udp_take(server.udp, &second, &proxy[1]));
    cr_assert_eq(fixture.worker.engine.flow_count, 2);
    answer_make(&answer, &asked);
    udp_send(server.udp, &proxy[0], &answer);
    UNTIL(udp_take(fd, &got, &from));
    /* Either may have been asked first: a flow may rest before it sends. */
    bool in_order = answer_is_for(&got, &query);
    cr_assert(answer_is_for(&got, in_order ? &query : &other));
    answer_make(&answer, &second);
    udp_send(server.udp, &proxy[1], &answer);
    UNTIL(udp_take(fd, &got, &from));
    cr_assert(answer_is_for(&got, in_order ? &other : &query));
    cr_assert_not(udp_take(fd, &got, &from));
}

/* "Port unreachable" while a server restarts, or from someone who wishes us ill (P29). */
Test(datagram, M6_leg_goes_on_listening_after_an_icmp_error)
{
    struct address local = fixture_address("127.0.0.1", 0);
    server_open(&server);
    fixture_drop(server.udp);
    fixture_start(FIXTURE_PEERS, server.at.port);
    int fd = udp_open(&local);
    query_make(&query, 1, DNS_TYPE_SOA);
    udp_send(fd, &fixture.ipv4, &query);
    UNTIL(fixture.worker.engine.flow_count == 1);
    server.udp = udp_open(&server.at);
    answer_query(); /* to the copy sent again */
    UNTIL(udp_take(fd, &got, &from));
    cr_assert(answer_is_for(&got, &query));
    cr_assert_eq(dns_wire_u16_at(got.octets + 2) & 15, DNS_RCODE_NOERROR);
}
