/* What one client holds, others can have when they want it. */
#include <errno.h>

#include "end.h"

TestSuite(places, .init = fixture_open, .fini = fixture_close, .timeout = 20);

static struct server server;
static struct end crowd[32], other, upstream;
static struct support_message query, asked, answer, got;

/* From 127.0.0.1 and from ::1 come a peer each; what is sent to the first goes to `server`. */
static void begin(unsigned connections, unsigned sockets, const char *settings)
{
    server_open_on(&server, "127.0.0.9");
    fixture_start("connect-timeout = 5\n[primary hq]\naddress = 127.0.0.9@%u\n"
                  "[secondary many]\naddress = 127.0.0.1@9\n"
                  "[secondary other]\naddress = ::1@9\n%s",
                  server.at.port, settings);
    shares_set_places(fixture.memory->shares, SHARES_CONNECTIONS, connections);
    shares_set_places(fixture.memory->shares, SHARES_SOCKETS, sockets);
}

static size_t session_count(void)
{
    return fixture.worker.engine.session_count;
}

static void connect_crowd(unsigned count, const struct address *to)
{
    size_t before = session_count();
    for (unsigned i = 0; i < count; i++) {
        end_connect(&crowd[i], to, 0);
        UNTIL(session_count() == before + i + 1);
    }
}

static void ask(struct end *e, uint16_t id)
{
    query_make(&query, id, DNS_TYPE_SOA);
    end_send(e, &query);
}

static void serve(void)
{
    server_accept(&server, &upstream);
    end_receive(&upstream, &asked);
    answer_make(&answer, &asked);
    end_send(&upstream, &answer);
}

static void expect_answer(struct end *e)
{
    end_receive(e, &got);
    cr_assert(answer_is_for(&got, &query));
    cr_assert_eq(dns_wire_u16_at(got.octets + DNS_FLAGS_AT) & DNS_MASK_RCODE, DNS_RCODE_NOERROR);
}

static void expect_served(struct end *e, uint16_t id)
{
    ask(e, id);
    serve();
    expect_answer(e);
}

static bool is_open(struct end *e)
{
    return end_pull(e, sizeof e->in) >= 0;
}

Test(places, L1_the_last_tenth_is_for_others_and_who_has_too_many_closes_his_own)
{
    begin(20, 20, "");
    connect_crowd(18, &fixture.ipv4);
    end_connect(&crowd[18], &fixture.ipv4, 0);
    cr_assert_eq(end_await_close(&crowd[0]), 0, "the longest idle");
    cr_assert_eq(fixture_reported(EVENT_LIMIT, RESULT_MADE_ROOM), 1);
    expect_served(&crowd[18], 1);
    cr_assert_eq(session_count(), 18);
    end_connect(&other, &fixture.ipv6, 0);
    expect_served(&other, 2);
    cr_assert(is_open(&crowd[1]));
}

Test(places, L1_who_is_above_its_share_makes_room_for_others)
{
    begin(20, 20, "");
    connect_crowd(18, &fixture.ipv4);
    for (unsigned i = 18; i < 21; i++)
        end_connect(&crowd[i], &fixture.ipv6, 0);
    UNTIL(!is_open(&crowd[0]));
    cr_assert(is_open(&crowd[17]));
    for (unsigned i = 18; i < 21; i++)
        expect_served(&crowd[i], (uint16_t)i);
    UNTIL(shares_lacking(fixture.memory->shares, SHARES_CONNECTIONS) == 0);
    cr_assert_eq(session_count(), 18, "the last tenth is whole again");
    for (unsigned i = 18; i < 21; i++)
        cr_assert(is_open(&crowd[i]));
}

Test(places, L1_who_asks_is_not_idle)
{
    begin(10, 20, "");
    connect_crowd(9, &fixture.ipv4);
    for (unsigned i = 0; i < 9; i++)
        ask(&crowd[i], 1);
    UNTIL(fixture.worker.engine.flow_count == 9);
    end_connect(&crowd[9], &fixture.ipv4, 0);
    cr_assert_eq(end_await_close(&crowd[9]), ECONNRESET);
    cr_assert_eq(fixture_reported(EVENT_LIMIT, RESULT_TOO_MANY_CONNECTIONS), 1);
    end_connect(&other, &fixture.ipv6, 0);
    ask(&other, 1);
    UNTIL(fixture.worker.engine.flow_count == 10);
}

/* Each has as many as the other, and all ask something. */
Test(places, L1_a_connection_waits_until_there_is_a_place_for_it)
{
    begin(8, 20, "share = 100\n");
    connect_crowd(1, &fixture.ipv4);
    for (unsigned i = 1; i < 8; i++)
        end_connect(&crowd[i], &fixture.ipv6, 0);
    for (unsigned i = 0; i < 8; i++)
        ask(&crowd[i], 1);
    UNTIL(fixture.worker.engine.flow_count == 8);
    end_connect(&other, &fixture.ipv4, 0);
    UNTIL(fixture_reported(EVENT_LIMIT, RESULT_NO_PLACE) == 1);
    ask(&other, 1);
    uint64_t began = uv_hrtime();
    UNTIL(fixture_passed(began, 100));
    cr_assert_eq(session_count(), 8);
    cr_assert(is_open(&other));
    end_close(&crowd[5]);
    UNTIL(fixture.worker.engine.flow_count == 8 && session_count() == 8);
    cr_assert(is_open(&other));
}

Test(places, L1_connections_that_wait_are_refused_when_the_listener_goes)
{
    begin(8, 20, "share = 100\n");
    connect_crowd(8, &fixture.ipv6);
    for (unsigned i = 0; i < 8; i++)
        ask(&crowd[i], 1);
    UNTIL(fixture.worker.engine.flow_count == 8);
    end_connect(&other, &fixture.ipv4, 0);
    UNTIL(fixture_reported(EVENT_LIMIT, RESULT_NO_PLACE) == 1);
    worker_drain(&fixture.worker);
    cr_assert_eq(end_await_close(&other), ECONNRESET);
}

/* Over UDP nothing is said; over TCP the next requests wait where they are. */
Test(places, L1_requests_wait_for_a_place_for_their_exchange)
{
    static struct end answering[9];
    begin(20, 10, "");
    connect_crowd(1, &fixture.ipv4);
    for (uint16_t id = 1; id <= 12; id++)
        ask(&crowd[0], id);
    for (unsigned i = 0; i < 9; i++) {
        server_accept(&server, &answering[i]);
        end_receive(&answering[i], &asked);
    }
    UNTIL(fixture_reported(EVENT_LIMIT, RESULT_TOO_MANY_EXCHANGES) > 0);
    cr_assert_eq(fixture.worker.engine.flow_count, 9);
    struct address from;
    int fd = udp_open(&(struct address){.family = ADDRESS_IPV4});
    query_make(&query, 13, DNS_TYPE_SOA);
    udp_send(fd, &fixture.ipv4, &query);
    UNTIL(fixture_reported(EVENT_LIMIT, RESULT_TOO_MANY_EXCHANGES) > 1);
    end_connect(&other, &fixture.ipv6, 0);
    expect_served(&other, 1);
    cr_assert_eq(fixture.worker.engine.flow_count, 9);
    end_send(&answering[0], (answer_make(&answer, &asked), &answer));
    end_close(&answering[1]);
    UNTIL(fixture.worker.engine.flow_count == 9 && server_is_called(&server));
    cr_assert_eq(fixture_reported(EVENT_LIMIT, RESULT_TOO_MANY_EXCHANGES) < 6, 1);
    cr_assert_not(udp_take(fd, &got, &from));
}

/* They make room before anything has to wait. */
Test(places, L1_kept_connections_to_servers_make_room_for_exchanges)
{
    begin(20, 10, "");
    connect_crowd(4, &fixture.ipv4);
    for (unsigned i = 0; i < 4; i++)
        expect_served(&crowd[i], 1);
    cr_assert_eq(
        shares_held(fixture.memory->shares, SHARES_SOCKETS, (struct shares_owner){SHARES_PEER, 1}),
        4);
    end_connect(&other, &fixture.ipv6, 0);
    for (uint16_t id = 1; id <= 9; id++)
        ask(&other, id);
    UNTIL(fixture.worker.engine.flow_count == 9);
    cr_assert_eq(fixture_reported(EVENT_LIMIT, RESULT_TOO_MANY_EXCHANGES), 0);
}

#define OBSERVED "key = k\nmode = observe\n[key k]\nsecret = c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0\n"

Test(places, L2_of_what_has_not_verified_the_oldest_makes_room)
{
    begin(100, 100, OBSERVED);
    connect_crowd(4, &fixture.ipv6);
    end_connect(&crowd[4], &fixture.ipv6, 0);
    cr_assert_eq(end_await_close(&crowd[0]), 0);
    cr_assert_eq(fixture_reported(EVENT_LIMIT, RESULT_TOO_MANY_UNPROVEN), 1);
    cr_assert_eq(session_count(), 4);
    end_connect(&other, &fixture.ipv4, 0);
    expect_served(&other, 1);
}

Test(places, L2_what_was_let_through_is_the_peers_own)
{
    begin(100, 100, OBSERVED);
    end_connect(&other, &fixture.ipv6, 0);
    expect_served(&other, 1);
    connect_crowd(4, &fixture.ipv6);
    for (unsigned i = 4; i < 20; i++) {
        end_connect(&crowd[i], &fixture.ipv6, 0);
        cr_assert_eq(end_await_close(&crowd[i - 4]), 0);
    }
    expect_served(&crowd[19], 3);
    cr_assert(is_open(&other));
}

/* A question that has come already is read before its connection can be closed for another. */
Test(places, L2_many_that_ask_at_once_are_all_served)
{
    begin(100, 100, OBSERVED);
    for (unsigned i = 0; i < 32; i++) {
        end_connect(&crowd[i], &fixture.ipv6, 0);
        ask(&crowd[i], (uint16_t)(i + 1));
    }
    for (unsigned i = 0; i < 32; i++)
        serve();
    for (unsigned i = 0; i < 32; i++) {
        query_make(&query, (uint16_t)(i + 1), DNS_TYPE_SOA);
        expect_answer(&crowd[i]);
    }
}

Test(places, L2_what_has_not_verified_is_soon_gone)
{
    server_open_on(&server, "127.0.0.9");
    fixture_start("idle-timeout = 30\nanswer-timeout = 1\n[primary hq]\naddress = 127.0.0.9@%u\n"
                  "[secondary other]\naddress = ::1@9\nallow = axfr\n" OBSERVED,
                  server.at.port);
    uint64_t began = uv_hrtime();
    end_connect(&crowd[0], &fixture.ipv6, 0);
    end_connect(&crowd[1], &fixture.ipv6, 0);
    ask(&crowd[0], 1); /* is refused, which is no proof */
    end_receive(&crowd[0], &got);
    cr_assert_eq(end_await_close(&crowd[0]), 0);
    cr_assert_eq(end_await_close(&crowd[1]), 0);
    cr_assert(fixture_passed(began, 900));
    cr_assert_not(fixture_passed(began, 2500));
}

Test(places, L2_what_has_not_verified_may_send_little)
{
    begin(100, 100, OBSERVED);
    end_connect(&crowd[0], &fixture.ipv6, 0);
    end_connect(&other, &fixture.ipv6, 0);
    size_t sent = 0;
    end_send_octets(&crowd[0], "\xff\xff", 2);
    UNTIL((sent += sent < 2048 && end_push(&crowd[0], "", 1), end_pull(&crowd[0], 1) < 0));
    expect_served(&other, 1);
    sent = 0;
    end_send_octets(&other, "\xff\xff", 2);
    UNTIL((sent += end_push(&other, "", 1)) == 2048);
    cr_assert(is_open(&other));
}

/* Four sockets, of which one peer has three at most, for thirty secondaries. */
Test(places, L1_a_fan_out_goes_on_with_as_few_sockets_as_there_are)
{
    static char text[8192];
    size_t len = 0;
    struct address proxy, from;
    server_open_on(&server, "127.0.0.9");
    for (unsigned i = 0; i < 30; i++)
        len += (size_t)snprintf(text + len, sizeof text - len,
                                "[secondary s%u]\naddress = 127.0.0.9@%u\nzones = *\n", i,
                                server.at.port);
    fixture_start("[primary hq]\naddress = 127.0.0.1@9\n%s", text);
    shares_set_places(fixture.memory->shares, SHARES_SOCKETS, 4);
    int fd = udp_open(&(struct address){.family = ADDRESS_IPV4});
    support_header(&query, 7, DNS_OPCODE_NOTIFY << 11);
    support_question(&query, "example.", DNS_TYPE_SOA);
    udp_send(fd, &fixture.ipv4, &query);
    for (unsigned i = 0; i < 30; i++) {
        UNTIL(udp_take(server.udp, &asked, &proxy));
        cr_assert_leq(shares_held(fixture.memory->shares, SHARES_SOCKETS,
                                  (struct shares_owner){SHARES_PEER, 0}),
                      3);
        answer_make(&answer, &asked);
        udp_send(server.udp, &proxy, &answer);
    }
    UNTIL(udp_take(fd, &got, &from));
    cr_assert_eq(dns_wire_u16_at(got.octets + DNS_FLAGS_AT) & DNS_MASK_RCODE, DNS_RCODE_NOERROR);
    UNTIL(fixture.worker.engine.flow_count == 0);
    cr_assert_eq(
        shares_held(fixture.memory->shares, SHARES_SOCKETS, (struct shares_owner){SHARES_PEER, 0}),
        0);
}
