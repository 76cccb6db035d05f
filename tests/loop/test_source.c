/* `source`: the address that peers are spoken to from. */
#include "end.h"
#include "net/socket.h"

TestSuite(source, .init = fixture_open, .fini = fixture_close, .timeout = 20);

static struct end client, upstream;
static struct server server;
static struct support_message query, asked;

/* A primary on `host` that is spoken to from `source`. */
static void begin(const char *host, const char *source)
{
    server_open_on(&server, host);
    fixture_start("[primary hq]\naddress = %s@%u\nsource = %s\n"
                  "[secondary two]\naddress = 127.0.0.1@9\n",
                  host, server.at.port, source);
}

static void expect_tcp_from(const char *host, const char *source)
{
    struct address from = fixture_address(source, 0);
    begin(host, source);
    end_connect(&client, &fixture.ipv4, 0);
    query_make(&query, 1, DNS_TYPE_AXFR);
    end_send(&client, &query);
    server_accept(&server, &upstream);
    end_receive(&upstream, &asked);
    struct address peer = socket_remote(upstream.fd);
    cr_assert(address_same_host(&peer, &from));
}

static void expect_udp_from(const char *host, const char *source)
{
    struct address from = fixture_address(source, 0);
    struct address local = fixture_address("127.0.0.1", 0);
    struct address peer;
    begin(host, source);
    query_make(&query, 1, DNS_TYPE_SOA);
    udp_send(udp_open(&local), &fixture.ipv4, &query);
    UNTIL(udp_take(server.udp, &asked, &peer));
    cr_assert(address_same_host(&peer, &from));
}

Test(source, is_kept_over_tcp)
{
    expect_tcp_from("127.0.0.1", "127.0.0.5");
}

Test(source, is_kept_over_udp)
{
    expect_udp_from("127.0.0.1", "127.0.0.5");
}

Test(source, is_kept_over_tcp_and_ipv6)
{
    expect_tcp_from("::1", "::1");
}

Test(source, is_kept_over_udp_and_ipv6)
{
    expect_udp_from("::1", "::1");
}

/* Nothing is known of the server then. */
static void expect_no_socket(enum relay_transport transport)
{
    static struct support_message got;
    struct address local = fixture_address("127.0.0.1", 0), from;
    begin("127.0.0.1", "192.0.2.77");
    query_make(&query, 1, DNS_TYPE_SOA);
    if (transport == RELAY_TCP) {
        end_connect(&client, &fixture.ipv4, 0);
        end_send(&client, &query);
        end_receive(&client, &got);
        cr_assert_eq(dns_wire_u16_at(got.octets + 2) & DNS_MASK_RCODE, DNS_RCODE_SERVFAIL);
    } else {
        int fd = udp_open(&local);
        udp_send(fd, &fixture.ipv4, &query);
        UNTIL(udp_take(fd, &got, &from));
        cr_assert_eq(dns_wire_u16_at(got.octets + 2) & DNS_MASK_RCODE, DNS_RCODE_SERVFAIL);
    }
    cr_assert_not(
        recent_address_is_bad(&fixture.memory->recent, &server.at, uv_now(&fixture.loop)));
}

Test(source, M6_that_is_not_ours_is_not_the_servers_fault_over_tcp)
{
    expect_no_socket(RELAY_TCP);
}

Test(source, M6_that_is_not_ours_is_not_the_servers_fault_over_udp)
{
    expect_no_socket(RELAY_UDP);
}
