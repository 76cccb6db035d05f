/* A primary that is polled on a real loop, and the secondary that is told. */
#include "end.h"
#include "net/poller.h"

TestSuite(poller, .init = fixture_open, .fini = fixture_close, .timeout = 20);

static struct server primary, secondary;
static struct end upstream;
static struct support_message asked, answer, told;
static struct address from;

#define POLLED                                                                                     \
    "[primary hq]\naddress = 127.0.0.1@%u\npoll = 30\n%s"                                          \
    "[secondary two]\naddress = 127.0.0.1@%u\nzones = example\n"

static void start(const char *settings)
{
    server_open(&primary);
    server_open(&secondary);
    fixture_start(POLLED, primary.at.port, settings, secondary.at.port);
}

/* As if it had been polled before. */
static void knows(uint32_t serial)
{
    struct dns_name zone = support_name("example.");
    polls_note(fixture.memory->polls, 0, &zone, serial);
}

static void answer_udp(uint16_t flags, uint32_t serial)
{
    UNTIL(udp_take(primary.udp, &asked, &from));
    support_header(&answer, dns_wire_u16_at(asked.octets), DNS_FLAG_QR | DNS_FLAG_AA | flags);
    support_question(&answer, "example.", DNS_TYPE_SOA);
    if (serial)
        support_soa(&answer, DNS_ANSWER, "example.", serial);
    udp_send(primary.udp, &from, &answer);
}

static void is_told(uint32_t serial)
{
    uint32_t hint;
    UNTIL(udp_take(secondary.udp, &told, &from));
    struct dns_message m = support_parse(&told);
    cr_expect_eq(dns_message_opcode(&m), DNS_OPCODE_NOTIFY);
    cr_expect(dns_notify_serial(&m, &hint));
    cr_expect_eq(hint, serial);
    answer_make(&answer, &told);
    udp_send(secondary.udp, &from, &answer);
    UNTIL(fixture_reported(EVENT_NOTIFY, RESULT_OK) == 1);
    UNTIL(fixture.worker.engine.flow_count == 0);
}

Test(poller, what_is_seen_first_is_learnt)
{
    start("");
    answer_udp(0, 7);
    UNTIL(fixture_reported(EVENT_POLL, RESULT_OK) == 1);
    UNTIL(fixture.worker.engine.flow_count == 0);
    cr_expect(!udp_take(secondary.udp, &told, &from));
}

Test(poller, M3_a_change_is_told_and_answered_to_nobody)
{
    start("");
    knows(7);
    answer_udp(0, 8);
    is_told(8);
    cr_expect_eq(fixture_reported(EVENT_POLL, RESULT_CHANGED), 1);
    struct dns_name zone = support_name("example.");
    cr_expect_eq(polls_weigh(fixture.memory->polls, 0, &zone, 8), POLL_NEWS_SAME);
}

Test(poller, a_truncated_answer_brings_tcp)
{
    start("");
    knows(7);
    answer_udp(DNS_FLAG_TC, 0);
    server_accept(&primary, &upstream);
    end_receive(&upstream, &asked);
    answer_make(&answer, &asked);
    support_soa(&answer, DNS_ANSWER, "example.", 9);
    end_send(&upstream, &answer);
    is_told(9);
}

Test(poller, transport_tcp_begins_with_tcp)
{
    start("transport = tcp\n");
    knows(7);
    server_accept(&primary, &upstream);
    end_receive(&upstream, &asked);
    answer_make(&answer, &asked);
    support_soa(&answer, DNS_ANSWER, "example.", 6);
    end_send(&upstream, &answer);
    is_told(6);
}

Test(poller, who_does_not_answer_is_not_waited_for_by_a_program_that_ends)
{
    start("");
    UNTIL(udp_take(primary.udp, &asked, &from));
    uint64_t began = uv_hrtime();
    worker_drain(&fixture.worker);
    cr_expect_eq(fixture.worker.engine.flow_count, 0);
    fixture_await_end();
    cr_expect(!fixture_passed(began, 1000));
}

Test(poller, what_is_being_told_is_finished_first)
{
    start("");
    knows(7);
    answer_udp(0, 8);
    UNTIL(fixture_reported(EVENT_POLL, RESULT_CHANGED) == 1);
    worker_drain(&fixture.worker);
    is_told(8);
    fixture_await_end();
}

/* As a reload to fewer workers leaves it. */
Test(poller, a_worker_that_serves_nothing_polls_no_more)
{
    struct worker_change change;
    start("");
    answer_udp(0, 7);
    UNTIL(fixture_reported(EVENT_POLL, RESULT_OK) == 1);
    cr_expect(uv_is_active((uv_handle_t *)&fixture.worker.engine.polling));
    cr_assert_eq(worker_prepare(&fixture.worker, config_fixture, NULL, 0, &change), 0);
    worker_commit(&fixture.worker, &change);
    cr_expect(!uv_is_active((uv_handle_t *)&fixture.worker.engine.polling));
}

enum { ZONES = 300 };

/* Whose places are limited, and whose loop does other things. */
Test(poller, a_primary_that_is_silent_is_asked_for_so_many_zones_at_once)
{
    static char text[ZONES * 24];
    size_t at = 0;
    server_open(&primary);
    for (unsigned i = 0; i < ZONES; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "zones = z%u.example\n", i);
    fixture_start("answer-timeout = 1\n[primary hq]\naddress = 127.0.0.1@%u\npoll = 30\n"
                  "[secondary two]\naddress = 127.0.0.1@9\n%s",
                  primary.at.port, text);
    uint64_t began = uv_hrtime();
    size_t most = 0;
    /* Time itself is what this is about: 300 in 30 s, each of which is over in one. */
    UNTIL((most = most > fixture.worker.engine.flow_count ? most : fixture.worker.engine.flow_count,
           fixture_passed(began, 3000)));
    cr_expect_geq(most, 9, "%zu", most);
    cr_expect_leq(most, 13, "%zu", most);
    cr_expect_geq(fixture_reported(EVENT_UPSTREAM_FAILURE, RESULT_TIMEOUT), 15);
}
