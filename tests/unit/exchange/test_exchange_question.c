/* Stories of questions: SOA, other queries and UPDATE. */
#include <criterion/criterion.h>

#include "exchange/world.h"

static struct world_side client = {.key = "k"};
static struct support_message request, copy, answer, reply;

static void init(void)
{
    world_open(WORLD_CONFIG "allow = soa, axfr, ixfr, notify, query, update\n");
}

TestSuite(exchange_question, .init = init, .fini = world_close);

/* The request of type `type` for example.com, as it came and was let through. */
static void begin(uint16_t type, enum relay_transport transport)
{
    support_header(&request, 0x1234, 0);
    support_question(&request, "example.com", type);
    world_begin(&client, WORLD_ONE, transport, &request);
}

static void begin_update(enum relay_transport transport)
{
    support_header(&request, 0x1234, DNS_OPCODE_UPDATE << 11);
    support_question(&request, "example.com", DNS_TYPE_SOA);
    world_begin(&client, WORLD_ONE, transport, &request);
}

/* SERVFAIL of our own, signed, is the end. */
static void ends_with_servfail(void)
{
    struct dns_message m = world_reply_last(&client, &reply);

    cr_assert_eq(dns_message_rcode(&m), DNS_RCODE_SERVFAIL);
    cr_assert_eq(m.id, 0x1234);
    cr_assert_eq(m.count[DNS_QUESTION], 1);
}

/* The server's answer to `copy` comes and is the end. */
static void answered(unsigned leg)
{
    struct dns_message m;

    world_respond_soa(&answer, &copy, 7);
    world_answer(leg, &answer);
    m = world_reply_last(&client, &reply);
    cr_assert_eq(m.id, 0x1234);
    cr_assert_eq(m.count[DNS_ANSWER], 1);
}

Test(exchange_question, goes_out_plain_with_an_id_of_its_own_and_comes_back_signed)
{
    struct world_side plain = {0};
    struct dns_message m;
    unsigned leg;

    begin(DNS_TYPE_SOA, RELAY_UDP);
    leg = world_ask(WORLD_PRIMARY, RELAY_UDP, &copy);
    m = world_verify(&plain, &copy, NULL);
    cr_expect_neq(m.id, 0x1234);
    cr_expect_eq(m.count[DNS_QUESTION], 1);
    cr_expect_eq(m.count[DNS_ADDITIONAL], 0);
    world_wait();
    answered(leg);
    cr_expect_not(exchange_leg_is_clean(&world.exchange, leg), "nothing to keep of UDP");
    cr_expect_eq(world_event(0)->event.type, EVENT_REFRESH);
    cr_expect_eq(world_event(0)->event.peer, world_peer("one"));
    cr_expect_eq(world_event(0)->event.client, world_peer("one"));
    cr_expect_eq(world_event(0)->event.server, world_peer("hq"));
    cr_expect_eq(world_event(0)->event.key, world_key("k"));
    cr_expect(world_event(0)->event.has_serial);
    cr_expect_eq(world_event(0)->event.serial, 7);
    cr_expect(world_event(0)->event.has_timers);
    cr_expect_eq(world_event(0)->event.refresh, 3600);
    cr_expect_eq(world_event(0)->event.expire, 86400);
    cr_expect_eq(world.verified.peer, world_peer("one"), "a good MAC is told, too");
    cr_expect_eq(world.verified.key, world_key("k"));
    cr_expect_eq(world.verified.skew, 0);
    cr_expect_eq(world_event(0)->event.messages, 1);
    cr_expect_eq(world_event(0)->event.octets, reply.len);
    cr_expect_eq(world_event(0)->event.result, RESULT_OK);
    cr_expect_str_eq(world_event(0)->zone, "example.com");
    cr_expect_str_eq(world_event(0)->address, WORLD_ONE);
}

/* RFC 7314: what a primary that is a secondary itself says counts, not the SOA. */
Test(exchange_question, an_expire_option_goes_before_the_soa)
{
    static const uint8_t options[] = {0, 9, 0, 4, 0, 0, 0x0e, 0x10};
    begin(DNS_TYPE_SOA, RELAY_UDP);
    unsigned leg = world_ask(WORLD_PRIMARY, RELAY_UDP, &copy);
    world_respond_soa(&answer, &copy, 7);
    support_opt(&answer, 1232, options, sizeof options);
    world_answer(leg, &answer);
    world_reply_last(&client, &reply);
    cr_expect_eq(world_event(0)->event.refresh, 3600);
    cr_expect_eq(world_event(0)->event.expire, 3600);
}

Test(exchange_question, over_tcp_leaves_a_connection_to_keep)
{
    unsigned leg;

    begin(DNS_TYPE_SOA, RELAY_TCP);
    leg = world_ask(WORLD_PRIMARY, RELAY_TCP, &copy);
    world_wait();
    cr_expect_not(exchange_leg_is_clean(&world.exchange, leg));
    answered(leg);
    cr_expect(exchange_leg_is_clean(&world.exchange, leg));
}

Test(exchange_question, M7_tc_over_tcp_is_none_of_our_business_outside_transfers)
{
    unsigned leg;

    begin(DNS_TYPE_SOA, RELAY_TCP);
    leg = world_ask(WORLD_PRIMARY, RELAY_TCP, &copy);
    world_respond(&answer, &copy, DNS_FLAG_TC);
    world_answer(leg, &answer);
    cr_expect_eq(world_reply_last(&client, &reply).flags, DNS_FLAG_QR | DNS_FLAG_TC);
}

Test(exchange_question, M7_every_rcode_and_section_is_relayed_as_it_is)
{
    struct dns_message m;
    unsigned leg;

    begin(DNS_TYPE_SOA, RELAY_UDP);
    leg = world_ask(WORLD_PRIMARY, RELAY_UDP, &copy);
    world_respond(&answer, &copy, DNS_FLAG_AA | DNS_RCODE_NXDOMAIN);
    support_soa(&answer, DNS_AUTHORITY, "example.com", 7);
    support_a(&answer, DNS_ADDITIONAL, "ns.example.com");
    world_answer(leg, &answer);
    m = world_reply_last(&client, &reply);
    cr_expect_eq(m.flags, DNS_FLAG_QR | DNS_FLAG_AA | DNS_RCODE_NXDOMAIN);
    cr_expect_eq(m.len, answer.len);
    cr_expect_arr_eq(reply.octets + DNS_HEADER_SIZE, answer.octets + DNS_HEADER_SIZE,
                     answer.len - DNS_HEADER_SIZE);
    cr_expect_eq(world_event(0)->event.result, RESULT_ERROR);
    cr_expect_eq(world_event(0)->event.rcode, DNS_RCODE_NXDOMAIN);
}

Test(exchange_question, M6_udp_is_sent_again_after_1_second_and_goes_to_the_next_address_after_2)
{
    struct support_message first;
    unsigned spare, leg;

    begin(DNS_TYPE_SOA, RELAY_UDP);
    leg = world_ask(WORLD_PRIMARY, RELAY_UDP, &first);
    world_wait();
    world_alarm(1000);
    world_send(leg, &copy);
    cr_expect_neq(dns_wire_u16_at(copy.octets), dns_wire_u16_at(first.octets), "a fresh ID");
    cr_expect_arr_eq(copy.octets + 2, first.octets + 2, copy.len - 2);
    world_wait();
    world_alarm(2000);
    spare = world_ask(WORLD_SPARE, RELAY_UDP, &copy);
    world_wait();
    world_alarm(3000);
    world_send(spare, &copy);
    world_wait();
    world_alarm(5000);
    cr_expect_eq(world_event(0)->event.type, EVENT_UPSTREAM_FAILURE);
    cr_expect_eq(world_event(0)->event.result, RESULT_TIMEOUT);
    cr_expect_str_eq(world_event(0)->address, WORLD_PRIMARY);
    cr_expect_eq(world_event(0)->event.milliseconds, 5000);
    cr_expect_eq(world_event(0)->event.qtype, DNS_TYPE_SOA);
    world_wait();
    world_alarm(7000);
    ends_with_servfail();
    cr_expect_eq(world_event(0)->event.type, EVENT_REFRESH);
    cr_expect_eq(world_event(0)->event.result, RESULT_NO_ANSWER);
    cr_expect_eq(world_event(0)->event.milliseconds, 7000);
}

Test(exchange_question, M6_whoever_answers_first_and_whichever_copy_it_is)
{
    struct support_message first;
    unsigned leg;

    begin(DNS_TYPE_SOA, RELAY_UDP);
    leg = world_ask(WORLD_PRIMARY, RELAY_UDP, &first);
    world_wait();
    world_alarm(1000);
    world_send(leg, &copy);
    world_wait();
    world_alarm(2000);
    world_ask(WORLD_SPARE, RELAY_UDP, &copy);
    world_wait();
    copy = first;
    answered(leg);
}

Test(exchange_question, M6_tcp_goes_to_the_next_address_when_it_cannot_connect)
{
    unsigned leg;

    begin(DNS_TYPE_SOA, RELAY_TCP);
    leg = world_connect(WORLD_PRIMARY, RELAY_TCP);
    world_wait();
    world_refused(leg);
    cr_expect_eq(world_event(0)->event.type, EVENT_UPSTREAM_FAILURE);
    cr_expect_eq(world_event(0)->event.result, RESULT_CANNOT_CONNECT);
    answered(world_ask(WORLD_SPARE, RELAY_TCP, &copy));
}

Test(exchange_question, M6_a_connection_that_takes_5_seconds_counts_as_refused)
{
    unsigned leg;

    begin(DNS_TYPE_SOA, RELAY_TCP);
    leg = world_connect(WORLD_PRIMARY, RELAY_TCP);
    world_wait();
    world_alarm(5000);
    world_connected(leg, false);
    world_alarm(5000);
    world_connect(WORLD_SPARE, RELAY_TCP);
    world_wait();
    world_alarm(10000);
    ends_with_servfail();
}

/* The first address refuses and the second answers; returns with nothing in flight. */
static void first_address_refuses(void)
{
    begin(DNS_TYPE_SOA, RELAY_TCP);
    world_refused(world_connect(WORLD_PRIMARY, RELAY_TCP));
    answered(world_ask(WORLD_SPARE, RELAY_TCP, &copy));
}

Test(exchange_question, M6_an_address_that_refused_is_skipped_for_30_seconds)
{
    first_address_refuses();
    world_pass(29999);
    begin(DNS_TYPE_SOA, RELAY_TCP);
    world_refused(world_connect(WORLD_SPARE, RELAY_TCP));
    ends_with_servfail();
}

Test(exchange_question, M6_after_30_seconds_it_is_first_again)
{
    first_address_refuses();
    world_pass(30000);
    begin(DNS_TYPE_SOA, RELAY_TCP);
    world_connect(WORLD_PRIMARY, RELAY_TCP);
}

Test(exchange_question, M6_when_all_are_skipped_all_are_tried)
{
    begin(DNS_TYPE_SOA, RELAY_TCP);
    world_refused(world_connect(WORLD_PRIMARY, RELAY_TCP));
    world_refused(world_connect(WORLD_SPARE, RELAY_TCP));
    ends_with_servfail();
    begin(DNS_TYPE_SOA, RELAY_TCP);
    world_refused(world_connect(WORLD_PRIMARY, RELAY_TCP));
    answered(world_ask(WORLD_SPARE, RELAY_TCP, &copy));
}

static void notified_by(const char *primary)
{
    struct world_side plain = {0};

    support_header(&request, 1, DNS_OPCODE_NOTIFY << 11);
    support_question(&request, "example.com", DNS_TYPE_SOA);
    world_begin(&plain, primary, RELAY_UDP, &request);
}

Test(exchange_question, M6_where_the_last_notify_came_from_goes_first_for_60_seconds)
{
    notified_by("10.0.0.2@40000");
    world_pass(59999);
    begin(DNS_TYPE_SOA, RELAY_TCP);
    world_refused(world_connect(WORLD_SPARE, RELAY_TCP));
    answered(world_ask(WORLD_PRIMARY, RELAY_TCP, &copy));
    notified_by("10.0.0.2@40000");
    begin(DNS_TYPE_SOA, RELAY_TCP);
    answered(world_ask(WORLD_PRIMARY, RELAY_TCP, &copy));
    world_pass(60000);
    begin(DNS_TYPE_SOA, RELAY_TCP);
    world_connect(WORLD_PRIMARY, RELAY_TCP);
}

Test(exchange_question, M6_over_tcp_silence_is_servfail_and_no_other_address_is_asked)
{
    begin(DNS_TYPE_SOA, RELAY_TCP);
    world_ask(WORLD_PRIMARY, RELAY_TCP, &copy);
    world_wait();
    world_alarm(5000);
    ends_with_servfail();
}

Test(exchange_question, M6_close_without_an_answer_is_servfail)
{
    unsigned leg;

    begin(DNS_TYPE_SOA, RELAY_TCP);
    leg = world_ask(WORLD_PRIMARY, RELAY_TCP, &copy);
    world_wait();
    world_closed(leg);
    ends_with_servfail();
    cr_expect_eq(world_event(1)->event.result, RESULT_CLOSED);
    cr_expect_eq(world_event(1)->event.type, EVENT_UPSTREAM_FAILURE);
}

Test(exchange_question, X9b_a_kept_connection_that_closes_is_tried_once_more_on_a_new_one)
{
    unsigned leg;

    begin(DNS_TYPE_SOA, RELAY_TCP);
    leg = world_connect(WORLD_PRIMARY, RELAY_TCP);
    cr_expect_not(world.action.fresh);
    world_connected(leg, true);
    world_send(leg, &copy);
    world_wait();
    world_closed(leg);
    cr_assert_eq(world_connect(WORLD_PRIMARY, RELAY_TCP), leg);
    cr_expect(world.action.fresh);
    world_connected(leg, false);
    world_send(leg, &copy);
    world_wait();
    world_closed(leg);
    ends_with_servfail();
}

Test(exchange_question, X9b_but_not_an_update_for_it_may_have_been_done)
{
    unsigned leg;

    begin_update(RELAY_TCP);
    leg = world_connect(WORLD_PRIMARY, RELAY_TCP);
    world_connected(leg, true);
    world_send(leg, &copy);
    world_wait();
    world_closed(leg);
    ends_with_servfail();
}

Test(exchange_question, X8_an_update_goes_over_tcp_and_no_second_time)
{
    unsigned leg;

    begin_update(RELAY_UDP);
    world_refused(world_connect(WORLD_PRIMARY, RELAY_TCP));
    leg = world_ask(WORLD_SPARE, RELAY_TCP, &copy);
    cr_expect_eq(dns_wire_u16_at(copy.octets + 2), DNS_OPCODE_UPDATE << 11);
    world_wait();
    world_alarm(5000);
    ends_with_servfail();
    begin_update(RELAY_UDP);
    leg = world_ask(WORLD_SPARE, RELAY_TCP, &copy);
    world_respond(&answer, &copy, DNS_RCODE_NOERROR);
    world_answer(leg, &answer);
    cr_expect_eq(world_reply_last(&client, &reply).flags, DNS_FLAG_QR | DNS_OPCODE_UPDATE << 11);
}

Test(exchange_question, M4_observe_lets_requests_without_tsig_through_and_answers_them_unsigned)
{
    world_close();
    world_open(WORLD_CONFIG "mode = observe\n");
    client.key = NULL;
    begin(DNS_TYPE_SOA, RELAY_UDP);
    cr_expect_eq(world_event(0)->event.type, EVENT_OBSERVED);
    answered(world_ask(WORLD_PRIMARY, RELAY_UDP, &copy));
    cr_expect_null(world_event(0)->event.key);
}

Test(exchange_question, P29_a_question_that_could_be_forged_goes_over_tcp)
{
    begin(1, RELAY_UDP);
    answered(world_ask(WORLD_PRIMARY, RELAY_TCP, &copy));
}

Test(exchange_question, a_client_that_leaves_ends_it)
{
    begin(DNS_TYPE_SOA, RELAY_TCP);
    world_ask(WORLD_PRIMARY, RELAY_TCP, &copy);
    world_wait();
    exchange_abort(&world.exchange, RESULT_CLIENT_GONE, world.now);
    world_end(EXCHANGE_ABORTED);
    cr_expect_eq(world_event(0)->event.result, RESULT_CLIENT_GONE);
    cr_expect_not(world_event(0)->event.has_rcode);
    exchange_abort(&world.exchange, RESULT_CLIENT_GONE, world.now);
    cr_expect_eq(world.event_count, 1);
}

Test(exchange_question, events_of_a_leg_that_is_over_or_after_the_end_change_nothing)
{
    unsigned leg;

    begin(DNS_TYPE_SOA, RELAY_TCP);
    leg = world_connect(WORLD_PRIMARY, RELAY_TCP);
    world_respond_soa(&answer, &request, 7);
    world_answer(leg, &answer);
    world_refused(leg);
    world_refused(leg);
    world_connected(leg, false);
    world_answer(leg, &answer);
    world_closed(leg);
    leg = world_ask(WORLD_SPARE, RELAY_TCP, &copy);
    world_connected(leg, true);
    answered(leg);
    world_respond_soa(&answer, &copy, 8);
    world_answer(leg, &answer);
    world_closed(leg);
    world_connected(leg, false);
    world_refused(leg);
    exchange_tick(&world.exchange, world.now);
    world_end(EXCHANGE_ANSWERED);
}

static bool is_bad(const char *text)
{
    struct address address = world_address(text);

    return recent_address_is_bad(&world.memory->recent, &address, world.now.ms);
}

static void no_socket(unsigned leg)
{
    exchange_no_socket(&world.exchange, leg, "too many open files", world.now);
    cr_expect_eq(world_event(0)->event.type, EVENT_UPSTREAM_FAILURE);
    cr_expect_eq(world_event(0)->event.result, RESULT_NO_SOCKET);
    cr_expect_str_eq(world_event(0)->event.advice, "too many open files");
}

Test(exchange_question, M6_what_this_host_lacks_is_not_told_as_the_servers_fault)
{
    begin(DNS_TYPE_SOA, RELAY_TCP);
    no_socket(world_connect(WORLD_PRIMARY, RELAY_TCP));
    cr_expect_str_eq(world_event(0)->address, WORLD_PRIMARY);
    no_socket(world_connect(WORLD_SPARE, RELAY_TCP));
    cr_expect_str_eq(world_event(0)->address, WORLD_SPARE);
    cr_expect_not(is_bad(WORLD_PRIMARY) || is_bad(WORLD_SPARE));
    ends_with_servfail();
    exchange_no_socket(&world.exchange, 0, "after the end", world.now);
    world_end(EXCHANGE_ANSWERED);
    begin(DNS_TYPE_SOA, RELAY_UDP);
    no_socket(world_connect(WORLD_PRIMARY, RELAY_UDP));
    answered(world_ask(WORLD_SPARE, RELAY_UDP, &copy));
}

/* To connect a datagram socket proves nothing. */
Test(exchange_question, M6_only_a_tcp_connection_shows_that_an_address_works)
{
    begin(DNS_TYPE_SOA, RELAY_TCP);
    world_refused(world_connect(WORLD_PRIMARY, RELAY_TCP));
    world_refused(world_connect(WORLD_SPARE, RELAY_TCP));
    ends_with_servfail();
    begin(DNS_TYPE_SOA, RELAY_UDP);
    world_ask(WORLD_PRIMARY, RELAY_UDP, &copy);
    cr_expect(is_bad(WORLD_PRIMARY));
    begin(DNS_TYPE_SOA, RELAY_TCP);
    world_ask(WORLD_PRIMARY, RELAY_TCP, &copy);
    cr_expect_not(is_bad(WORLD_PRIMARY));
    cr_expect(is_bad(WORLD_SPARE));
}
