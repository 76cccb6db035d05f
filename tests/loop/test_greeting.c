/* Clients behind a balancer, which says who they are. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "end.h"
#include "memory.h"
#include "net/greeting.h"

TestSuite(greeting, .init = fixture_open, .fini = fixture_close, .timeout = 20);

static struct server server;
static struct address balanced;
static struct end client, others[GREETINGS_MOST], upstream;
static struct support_message query, asked, answer, got;

#define PEER     "\xc0\x00\x02\x02" /* 192.0.2.2 */
#define STRANGER "\xc0\x00\x02\x63"

/* The balancer is 127.0.0.1, and may ask as well; who it names may be the secondary 192.0.2.2. */
static void begin_with(const char *proxy_from, const char *settings)
{
    char text[ADDRESS_TEXT_SIZE];
    balanced = fixture_address("127.0.0.1", fixture_port("127.0.0.1", "::1"));
    server_open_on(&server, "127.0.0.9");
    fixture_start("proxy-listen = %s\nproxy-from = %s\n%s"
                  "[primary hq]\naddress = 127.0.0.9@%u\n"
                  "[secondary here]\naddress = 127.0.0.1@9\nallow = soa\n"
                  "[secondary two]\naddress = 192.0.2.2@9\nallow = soa\n",
                  address_to_text(&balanced, text), proxy_from, settings, server.at.port);
}

static void begin(void)
{
    begin_with("127.0.0.1", "");
}

static void reset(enum relay_result why)
{
    cr_expect_eq(end_await_close(&client), ECONNRESET);
    cr_expect_eq(fixture_reported(EVENT_REFUSED, why), 1);
    cr_expect_eq(fixture.worker.engine.session_count, 0);
    cr_expect_eq(fixture.worker.engine.greeting_count, 0);
    cr_expect_not(server_is_called(&server));
    cr_expect_not(udp_take(server.udp, &got, &(struct address){0}));
}

/* What the balancer writes, with a question behind it. Returns its length. */
static size_t greet(uint8_t *out, uint8_t command, const char *source, size_t more)
{
    size_t rest = (source ? 12 : 0) + more;
    memcpy(out, "\r\n\r\n\0\r\nQUIT\n", 12);
    out[12] = command;
    out[13] = source ? 0x11 : 0;
    dns_wire_set_u16_at(out + 14, (uint16_t)rest);
    memset(out + 16, 0xee, rest);
    if (source)
        memcpy(out + 16, source, 4);
    query_make(&query, 1, DNS_TYPE_SOA);
    dns_wire_set_u16_at(out + 16 + rest, (uint16_t)query.len);
    memcpy(out + 18 + rest, query.octets, query.len);
    return 18 + rest + query.len;
}

static void connect_and_greet(struct end *e, uint8_t command, const char *source)
{
    uint8_t octets[256];
    end_connect(e, &balanced, 0);
    end_send_octets(e, octets, greet(octets, command, source, 0));
}

static void expect_rcode(struct end *e, unsigned rcode)
{
    end_receive(e, &got);
    cr_assert(answer_is_for(&got, &query));
    cr_assert_eq(dns_wire_u16_at(got.octets + 2) & DNS_MASK_RCODE, rcode);
}

static void expect_served(struct end *e)
{
    server_accept(&server, &upstream);
    end_receive(&upstream, &asked);
    answer_make(&answer, &asked);
    end_send(&upstream, &answer);
    expect_rcode(e, DNS_RCODE_NOERROR);
}

Test(greeting, M2b_who_is_named_asks)
{
    begin();
    connect_and_greet(&client, 0x21, PEER);
    expect_served(&client);
    cr_expect_eq(fixture_session()->client.from.octets[0], 192);
    cr_expect(address_equal(&fixture_session()->to, &balanced));
    end_close(&client);
    connect_and_greet(&client, 0x21, STRANGER);
    expect_rcode(&client, DNS_RCODE_REFUSED);
    cr_expect_eq(fixture_reported(EVENT_REFUSED, RESULT_UNKNOWN_SOURCE), 1);
}

Test(greeting, M2b_a_balancer_may_ask_for_itself)
{
    begin();
    connect_and_greet(&client, 0x20, NULL);
    expect_served(&client);
}

Test(greeting, M2b_the_header_may_come_octet_by_octet)
{
    uint8_t octets[512];
    begin();
    end_connect(&client, &balanced, 0);
    size_t len = greet(octets, 0x21, PEER, 100);
    for (size_t i = 0; i < len; i++) {
        end_send_octets(&client, octets + i, 1);
        uv_run(&fixture.loop, UV_RUN_NOWAIT);
    }
    expect_served(&client);
}

Test(greeting, the_largest_header_is_read)
{
    static uint8_t octets[4096];
    begin();
    end_connect(&client, &balanced, 0);
    end_send_octets(&client, octets, greet(octets, 0x21, PEER, PROXIED_MOST - 12));
    expect_served(&client);
}

Test(greeting, X9_who_asks_no_more_behind_a_balancer_is_answered)
{
    begin();
    connect_and_greet(&client, 0x21, PEER);
    end_shut_down(&client);
    expect_served(&client);
    cr_expect_eq(end_await_close(&client), 0);
}

Test(greeting, M2b_nobody_else_is_believed)
{
    begin_with("127.0.0.2, 10.0.0.0/8", "");
    end_connect(&client, &balanced, 0);
    reset(RESULT_NO_BALANCER);
}

Test(greeting, M2b_what_is_no_header_is_not_read_as_a_question)
{
    begin();
    end_connect(&client, &balanced, 0);
    query_make(&query, 1, DNS_TYPE_SOA);
    end_send(&client, &query);
    reset(RESULT_NO_HEADER);
}

Test(greeting, M2b_version_1_is_no_header)
{
    static const char text[] = "PROXY TCP4 192.0.2.2 192.0.2.53 1 53\r\n";
    begin();
    end_connect(&client, &balanced, 0);
    end_send_octets(&client, text, sizeof text - 1);
    reset(RESULT_NO_HEADER);
}

Test(greeting, M2b_a_header_that_is_too_long_is_not_waited_for)
{
    static uint8_t octets[4096];
    begin();
    end_connect(&client, &balanced, 0);
    (void)greet(octets, 0x21, PEER, PROXIED_MOST);
    end_send_octets(&client, octets, 16);
    reset(RESULT_BAD_HEADER);
}

Test(greeting, M2b_a_header_without_a_client_is_bad)
{
    begin();
    connect_and_greet(&client, 0x21, NULL);
    reset(RESULT_BAD_HEADER);
}

Test(greeting, M2b_half_a_header_is_none)
{
    uint8_t octets[256];
    begin();
    end_connect(&client, &balanced, 0);
    (void)greet(octets, 0x21, PEER, 0);
    end_send_octets(&client, octets, 20);
    end_shut_down(&client);
    reset(RESULT_NO_HEADER);
}

Test(greeting, L2_a_header_has_a_strangers_time)
{
    uint8_t octets[256];
    begin_with("127.0.0.1", "answer-timeout = 1\n");
    end_connect(&client, &balanced, 0);
    size_t sent = 0;
    uint64_t began = uv_hrtime();
    (void)greet(octets, 0x21, PEER, 0);
    UNTIL((sent += sent < 20 ? end_push(&client, octets + sent, 1) : 0,
           fixture_reported(EVENT_REFUSED, RESULT_NO_HEADER) == 1));
    cr_expect(fixture_passed(began, 900));
    cr_expect_not(fixture_passed(began, 2500));
    reset(RESULT_NO_HEADER);
}

/* A balancer that looks whether the port is open. */
Test(greeting, M2b_who_says_nothing_and_goes_is_no_news)
{
    begin();
    end_connect(&client, &balanced, 0);
    UNTIL(fixture.worker.engine.greeting_count == 1);
    end_close(&client);
    UNTIL(fixture.worker.engine.greeting_count == 0);
    end_connect(&client, &balanced, 0);
    end_reset(&client);
    connect_and_greet(&client, 0x21, PEER);
    expect_served(&client);
    for (int result = 0; result < RESULTS; result++)
        cr_expect_eq(fixture_reported(EVENT_REFUSED, result), 0, "%s", report_result_word(result));
}

Test(greeting, L2_the_oldest_without_a_header_makes_room)
{
    begin();
    for (unsigned i = 0; i < GREETINGS_MOST; i++)
        end_connect(&others[i], &balanced, 0);
    UNTIL(fixture.worker.engine.greeting_count == GREETINGS_MOST);
    connect_and_greet(&client, 0x21, PEER);
    expect_served(&client);
    cr_expect_eq(end_await_close(&others[0]), ECONNRESET);
    cr_expect_eq(fixture.worker.engine.greeting_count, GREETINGS_MOST - 1);
    cr_expect_eq(fixture_reported(EVENT_REFUSED, RESULT_NO_HEADER), 1);
}

/* They are strangers by whom the balancer names, and the balancer is none. */
Test(greeting, L1_strangers_keep_no_peer_behind_the_same_balancer_out)
{
    begin();
    shares_set_places(fixture.memory->shares, SHARES_CONNECTIONS, 16);
    for (unsigned i = 0; i < 4; i++) {
        uint8_t octets[256];
        end_connect(&others[i], &balanced, 0);
        (void)greet(octets, 0x21, STRANGER, 0);
        end_send_octets(&others[i], octets, 28);
    }
    UNTIL(fixture_reported(EVENT_LIMIT, RESULT_TOO_MANY_STRANGERS) == 2);
    connect_and_greet(&client, 0x21, PEER);
    expect_served(&client);
}

Test(greeting, L1_one_that_finds_no_place_waits_for_it)
{
    begin();
    shares_set_places(fixture.memory->shares, SHARES_CONNECTIONS, 1);
    connect_and_greet(&others[0], 0x21, PEER);
    server_accept(&server, &upstream);
    connect_and_greet(&client, 0x20, NULL);
    UNTIL(fixture_reported(EVENT_LIMIT, RESULT_NO_PLACE) == 1);
    cr_expect_eq(fixture.worker.engine.greeting_count, 1);
    end_close(&others[0]);
    expect_served(&client);
}

/* Each worker may have as many as there are, beside what clients hold. */
Test(greeting, L1_descriptors_are_set_aside_for_them)
{
    struct places_supply supply = {.descriptors = 1000, .ports = 2, .workers = 2};
    struct shares_owner peer = {SHARES_PEER, 0};
    unsigned places[2] = {0};
    begin();
    for (unsigned i = 0; i < 2; i++) {
        supply.greetings = i * GREETINGS_MOST;
        places_lay_out(fixture.memory->shares, &supply);
        while (shares_take_any(fixture.memory->shares, SHARES_CONNECTIONS, peer))
            places[i]++;
        while (shares_take_any(fixture.memory->shares, SHARES_SOCKETS, peer))
            places[i]++;
        while (shares_held(fixture.memory->shares, SHARES_CONNECTIONS, peer) > 0)
            shares_give(fixture.memory->shares, SHARES_CONNECTIONS, peer);
        while (shares_held(fixture.memory->shares, SHARES_SOCKETS, peer) > 0)
            shares_give(fixture.memory->shares, SHARES_SOCKETS, peer);
    }
    cr_expect_eq(places[0], places[1] + 2 * GREETINGS_MOST);
}

/* Balancers connect to the proxy itself, wherever it stands. */
Test(greeting, M2b_where_balancers_connect_is_on_no_path)
{
    struct config_proxy proxy = {.transparent = true};
    cr_expect_eq(ports_kind(&proxy, false), SOCKET_TRANSPARENT);
    cr_expect_eq(ports_kind(&proxy, true), SOCKET_PLAIN);
    proxy.freebind = true;
    cr_expect_eq(ports_kind(&proxy, true), SOCKET_FREE);
}

Test(greeting, L8_without_memory_loses_one_connection_and_goes_on)
{
    begin();
    memory_begin(MEMORY_ONCE, 1);
    end_connect(&client, &balanced, 0);
    cr_assert_eq(end_await_close(&client), ECONNRESET);
    cr_assert_eq(memory_end(), 1);
    cr_assert_eq(fixture_reported(EVENT_LIMIT, RESULT_NO_MEMORY), 1);
    connect_and_greet(&client, 0x21, PEER);
    expect_served(&client);
}

Test(greeting, who_has_not_asked_is_closed_when_the_worker_drains)
{
    begin();
    end_connect(&client, &balanced, 0);
    UNTIL(fixture.worker.engine.greeting_count == 1);
    worker_drain(&fixture.worker);
    cr_expect_eq(end_await_close(&client), ECONNRESET);
    fixture_await_end();
}

/* Another configuration for the same endpoints, in which ::1 is the balancer. */
static void reload(void)
{
    struct endpoint *endpoints[8];
    struct worker_change change;
    unsigned count = 0;
    cr_assert_eq(config_fixture_parse("[proxy]\nlisten = 127.0.0.1\nproxy-listen = 127.0.0.1@54\n"
                                      "proxy-from = ::1\n[primary hq]\naddress = 127.0.0.9@9\n"
                                      "[secondary two]\naddress = 192.0.2.2@9\nallow = soa\n"),
                 0);
    for (struct listener *l = fixture.worker.listeners; l; l = l->next)
        endpoints[count++] = l->endpoint;
    cr_assert_eq(worker_prepare(&fixture.worker, config_fixture, endpoints, count, &change), 0);
    worker_commit(&fixture.worker, &change);
}

Test(greeting, M2b_a_balancer_that_a_reload_takes_away_is_not_believed)
{
    uint8_t octets[256];
    begin();
    end_connect(&client, &balanced, 0);
    UNTIL(fixture.worker.engine.greeting_count == 1);
    reload();
    end_send_octets(&client, octets, greet(octets, 0x21, PEER, 0));
    reset(RESULT_NO_BALANCER);
}

Test(greeting, M2b_who_came_by_it_is_answered_and_asks_nothing_more)
{
    begin();
    connect_and_greet(&client, 0x21, PEER);
    server_accept(&server, &upstream);
    reload();
    end_receive(&upstream, &asked);
    answer_make(&answer, &asked);
    end_send(&upstream, &answer);
    expect_rcode(&client, DNS_RCODE_NOERROR);
    cr_expect_eq(end_await_close(&client), 0);
}
