/* Stories of transfers over TCP. */
#include <criterion/criterion.h>

#include "exchange/world.h"

static struct world_side client = {.key = "k"};
static struct support_message request, copy, message, reply;

static void init(void)
{
    world_open(WORLD_CONFIG);
}

TestSuite(exchange_transfer, .init = init, .fini = world_close);

static unsigned asked(uint16_t type, enum relay_transport transport)
{
    support_header(&request, 0x1234, 0);
    support_question(&request, "example.com", type);
    if (type == DNS_TYPE_IXFR)
        support_soa(&request, DNS_AUTHORITY, "example.com", 5);
    world_begin(&client, WORLD_ONE, transport, &request);
    return world_ask(WORLD_PRIMARY, RELAY_TCP, &copy);
}

#define BUILD(...) WORLD_RECORDS(&message, &copy, __VA_ARGS__)

/* `message` comes, is relayed and verifies as the next of the response. */
static struct dns_message relayed(unsigned leg, struct tsig_record *record)
{
    struct dns_message m;

    world_answer(leg, &message);
    world_reply(&reply);
    m = world_verify(&client, &reply, record);
    cr_assert_eq(m.id, 0x1234);
    return m;
}

/* It is relayed and more is waited for. */
static void goes_on(unsigned leg)
{
    relayed(leg, NULL);
    world_wait();
    cr_assert_not(exchange_leg_is_clean(&world.exchange, leg));
}

/* It is relayed and was the last. */
static void ends(unsigned leg)
{
    relayed(leg, NULL);
    world_end(EXCHANGE_ANSWERED);
    cr_assert(exchange_leg_is_clean(&world.exchange, leg));
}

static void aborted(const char *why)
{
    world_end(EXCHANGE_ABORTED);
    cr_expect_eq(world_event(0)->event.type, EVENT_TRANSFER);
    cr_expect_str_eq(report_result_word(world_event(0)->event.result), why);
}

static void ends_with_servfail(void)
{
    struct dns_message m = world_reply_last(&client, &reply);

    cr_expect_eq(dns_message_rcode(&m), DNS_RCODE_SERVFAIL);
    cr_expect_eq(m.count[DNS_ANSWER], 0);
}

Test(exchange_transfer, P20_every_message_of_an_axfr_is_signed_and_each_mac_covers_the_one_before)
{
    unsigned leg = asked(DNS_TYPE_AXFR, RELAY_TCP);
    size_t octets = 0;

    world_wait();
    BUILD(7, 0, 0);
    goes_on(leg);
    octets += reply.len;
    cr_expect_eq(client.chain.form, TSIG_FORM_CONTINUATION);
    BUILD(0);
    goes_on(leg);
    octets += reply.len;
    world_pass(2500);
    BUILD(0, 7);
    ends(leg);
    cr_expect_eq(world_event(0)->event.type, EVENT_TRANSFER);
    cr_expect_eq(world_event(0)->event.qtype, DNS_TYPE_AXFR);
    cr_expect(world_event(0)->event.has_serial);
    cr_expect_eq(world_event(0)->event.serial, 7);
    cr_expect_eq(world_event(0)->event.messages, 3);
    cr_expect_eq(world_event(0)->event.octets, octets + reply.len);
    cr_expect_eq(world_event(0)->event.milliseconds, 2500);
    cr_expect_eq(world_event(0)->event.refresh, 3600);
    cr_expect_eq(world_event(0)->event.expire, 86400);
    cr_expect_eq(world_event(0)->event.result, RESULT_OK);
}

Test(exchange_transfer, an_expire_option_of_the_first_message_counts_to_the_end)
{
    static const uint8_t options[] = {0, 9, 0, 4, 0, 0, 0x0e, 0x10};
    unsigned leg = asked(DNS_TYPE_AXFR, RELAY_TCP);
    BUILD(7, 0, 0);
    support_opt(&message, 1232, options, sizeof options);
    goes_on(leg);
    BUILD(0, 7);
    ends(leg);
    cr_expect_eq(world_event(0)->event.serial, 7);
    cr_expect_eq(world_event(0)->event.expire, 3600);
}

Test(exchange_transfer, P20_answers_to_a_plain_secondary_are_plain)
{
    unsigned leg;

    world_close();
    world_open("[primary hq]\naddress = 10.0.0.1\n[secondary one]\naddress = 192.0.2.1\n");
    client.key = NULL;
    leg = asked(DNS_TYPE_AXFR, RELAY_TCP);
    BUILD(7, 0);
    goes_on(leg);
    cr_expect_eq(reply.len, message.len);
    cr_expect_arr_eq(reply.octets + 2, message.octets + 2, reply.len - 2);
    BUILD(7);
    ends(leg);
}

Test(exchange_transfer, P22_the_time_never_goes_back_when_the_clock_does)
{
    struct tsig_record record;
    unsigned leg;

    leg = asked(DNS_TYPE_AXFR, RELAY_TCP);
    world.now.seconds += 10;
    BUILD(7, 0);
    relayed(leg, &record);
    cr_expect_eq(record.time_signed, WORLD_SECONDS + 10);
    world_wait();
    world.now.seconds -= 100;
    BUILD(0);
    relayed(leg, &record);
    cr_expect_eq(record.time_signed, WORLD_SECONDS + 10);
    world_wait();
    world.now.seconds += 101;
    BUILD(7);
    relayed(leg, &record);
    cr_expect_eq(record.time_signed, WORLD_SECONDS + 11);
    world_end(EXCHANGE_ANSWERED);
}

Test(exchange_transfer, X1_one_message_may_be_all)
{
    unsigned leg = asked(DNS_TYPE_AXFR, RELAY_TCP);

    BUILD(7, 0, 7);
    ends(leg);
}

Test(exchange_transfer, X2_an_ixfr_ends_as_its_form_says)
{
    unsigned leg = asked(DNS_TYPE_IXFR, RELAY_TCP);

    BUILD(5);
    ends(leg);
    leg = asked(DNS_TYPE_IXFR, RELAY_TCP);
    BUILD(7, 5, 0, 6);
    goes_on(leg);
    BUILD(0, 6, 0);
    goes_on(leg);
    BUILD(7, 0);
    goes_on(leg);
    BUILD(7);
    ends(leg);
    cr_expect_eq(world_event(0)->event.serial, 7);
    leg = asked(DNS_TYPE_IXFR, RELAY_TCP);
    BUILD(7, 0);
    goes_on(leg);
    BUILD(7);
    ends(leg);
}

Test(exchange_transfer, X2_an_answer_that_begins_with_no_soa_is_the_whole_response)
{
    static const struct {
        uint16_t type;
        uint16_t rcode;
        bool record;
    } cases[] = {
        {DNS_TYPE_IXFR, DNS_RCODE_NOERROR, false}, {DNS_TYPE_IXFR, DNS_RCODE_NOERROR, true},
        {DNS_TYPE_IXFR, DNS_RCODE_NOTIMP, false},  {DNS_TYPE_AXFR, DNS_RCODE_NOERROR, false},
        {DNS_TYPE_AXFR, DNS_RCODE_REFUSED, false}, {DNS_TYPE_AXFR, DNS_RCODE_NXDOMAIN, true},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned leg = asked(cases[i].type, RELAY_TCP);

        world_respond(&message, &copy, cases[i].rcode);
        if (cases[i].record)
            support_a(&message, DNS_ANSWER, "example.com");
        ends(leg);
        cr_expect_eq(reply.octets[3] & DNS_MASK_RCODE, cases[i].rcode);
        cr_expect_not(world_event(0)->event.has_serial);
        cr_expect_str_eq(report_result_word(world_event(0)->event.result),
                         cases[i].rcode ? "error" : "no-transfer");
    }
}

Test(exchange_transfer, X1_a_zone_that_changed_while_it_was_sent_is_not_called_ok)
{
    unsigned leg = asked(DNS_TYPE_AXFR, RELAY_TCP);

    BUILD(7, 0);
    goes_on(leg);
    BUILD(0, 9);
    ends(leg);
    cr_expect_eq(world_event(0)->event.serial, 7);
    cr_expect_eq(world_event(0)->event.result, RESULT_SERIAL_CHANGED);
    leg = asked(DNS_TYPE_IXFR, RELAY_TCP);
    BUILD(7, 5, 0, 7, 0, 7);
    ends(leg);
    cr_expect_eq(world_event(0)->event.result, RESULT_OK);
}

/* BADVERS: the lower bits, in the header, are all zero. */
Test(exchange_transfer, X4_an_error_that_only_opt_tells_is_the_end_too)
{
    unsigned leg = asked(DNS_TYPE_AXFR, RELAY_TCP);

    BUILD(7, 0);
    goes_on(leg);
    world_respond(&message, &copy, DNS_RCODE_NOERROR);
    message.octets[support_opt(&message, 1232, NULL, 0) + 5] = 1;
    ends(leg);
    cr_expect_eq(world_event(0)->event.result, RESULT_ERROR);
    cr_expect_eq(world_event(0)->event.rcode, 16);
}

Test(exchange_transfer, X4_an_error_in_mid_stream_is_relayed_and_the_end)
{
    unsigned leg = asked(DNS_TYPE_AXFR, RELAY_TCP);

    BUILD(7, 0);
    goes_on(leg);
    world_respond(&message, &copy, DNS_RCODE_SERVFAIL);
    ends(leg);
    cr_expect_eq(world_event(0)->event.result, RESULT_ERROR);
}

Test(exchange_transfer, X5_a_server_that_breaks_off_is_never_passed_on_as_an_end)
{
    unsigned leg = asked(DNS_TYPE_AXFR, RELAY_TCP);

    BUILD(7, 0);
    goes_on(leg);
    world_closed(leg);
    aborted("broke-off");
    cr_expect_eq(world_event(1)->event.type, EVENT_UPSTREAM_FAILURE);
    cr_expect_eq(world_event(0)->event.messages, 1);
    cr_expect_not(exchange_leg_is_clean(&world.exchange, leg));
}

Test(exchange_transfer, X5_and_so_is_one_that_sends_what_cannot_be_part_of_it)
{
    unsigned leg = asked(DNS_TYPE_AXFR, RELAY_TCP);

    BUILD(7, 0);
    goes_on(leg);
    BUILD(0);
    message.octets[0] ^= 1;
    world_answer(leg, &message);
    aborted("mismatched-answer");
    leg = asked(DNS_TYPE_AXFR, RELAY_TCP);
    BUILD(7, 0);
    goes_on(leg);
    BUILD(7, 0);
    world_answer(leg, &message);
    aborted("broken-transfer");
    cr_expect_eq(world_event(1)->event.type, EVENT_UPSTREAM_FAILURE);
    cr_expect_eq(world_event(1)->event.peer, world_peer("hq"));
    cr_expect_not(exchange_leg_is_clean(&world.exchange, leg));
}

Test(exchange_transfer, X5_before_the_first_message_it_is_servfail)
{
    unsigned leg = asked(DNS_TYPE_AXFR, RELAY_TCP);

    world_closed(leg);
    ends_with_servfail();
    leg = asked(DNS_TYPE_AXFR, RELAY_TCP);
    BUILD(7, 0, 7, 0);
    world_answer(leg, &message);
    ends_with_servfail();
    cr_expect_eq(world_event(0)->event.result, RESULT_BROKEN_TRANSFER);
}

Test(exchange_transfer, X2_tc_aborts_a_transfer_over_tcp)
{
    unsigned leg = asked(DNS_TYPE_AXFR, RELAY_TCP);

    BUILD(7, 0);
    goes_on(leg);
    BUILD(0);
    message.octets[2] |= DNS_FLAG_TC >> 8;
    world_answer(leg, &message);
    aborted("broken-transfer");
}

Test(exchange_transfer, X5_a_secondary_that_leaves_aborts_it)
{
    unsigned leg = asked(DNS_TYPE_AXFR, RELAY_TCP);

    BUILD(7, 0);
    goes_on(leg);
    exchange_abort(&world.exchange, RESULT_CLIENT_GONE, world.now);
    aborted("client-gone");
}

Test(exchange_transfer, X9_the_first_message_may_take_as_long_as_progress)
{
    asked(DNS_TYPE_AXFR, RELAY_TCP);
    world_wait();
    world_alarm(120000);
    ends_with_servfail();
}

Test(exchange_transfer, X9_nothing_moved_for_120_seconds_aborts)
{
    unsigned leg = asked(DNS_TYPE_AXFR, RELAY_TCP);

    world_pass(100000);
    BUILD(7, 0);
    goes_on(leg);
    world_pass(100000);
    BUILD(0);
    goes_on(leg);
    world_pass(100000);
    exchange_moved(&world.exchange, world.now);
    world_pass(119999);
    exchange_tick(&world.exchange, world.now);
    world_wait();
    world_alarm(420000);
    aborted("no-progress");
}

Test(exchange_transfer, X9b_a_kept_connection_that_closes_before_the_first_message)
{
    unsigned leg;

    support_header(&request, 0x1234, 0);
    support_question(&request, "example.com", DNS_TYPE_AXFR);
    world_begin(&client, WORLD_ONE, RELAY_TCP, &request);
    leg = world_connect(WORLD_PRIMARY, RELAY_TCP);
    world_connected(leg, true);
    world_send(leg, &copy);
    world_closed(leg);
    cr_assert_eq(world_connect(WORLD_PRIMARY, RELAY_TCP), leg);
    cr_expect(world.action.fresh);
    world_connected(leg, false);
    world_send(leg, &copy);
    BUILD(7, 0);
    goes_on(leg);
    world_closed(leg);
    aborted("broke-off");
}

Test(exchange_transfer, X9b_no_new_try_once_a_message_was_relayed)
{
    unsigned leg;

    support_header(&request, 0x1234, 0);
    support_question(&request, "example.com", DNS_TYPE_AXFR);
    world_begin(&client, WORLD_ONE, RELAY_TCP, &request);
    leg = world_connect(WORLD_PRIMARY, RELAY_TCP);
    world_connected(leg, true);
    world_send(leg, &copy);
    BUILD(7, 0);
    goes_on(leg);
    world_closed(leg);
    aborted("broke-off");
}
