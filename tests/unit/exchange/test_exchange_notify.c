/* Stories of NOTIFY: one copy to each address of each secondary, one answer to the primary. */
#include <criterion/criterion.h>

#include "exchange/world.h"

#define OTHER_CONFIG                                                                               \
    "[key k]\nsecret-file = k.key\n[key k2]\nsecret-file = k.key\nalgorithm = hmac-sha512\n"       \
    "[primary hq]\naddress = 10.0.0.1, 10.0.0.2\n"                                                 \
    "[secondary one]\naddress = 192.0.2.1, 2001:db8::1\nkey = k\nzones = example.com\n"            \
    "[secondary two]\naddress = 192.0.2.2\nkey = k2, k\nzones = *\n"                               \
    "[secondary else]\naddress = 192.0.2.3\nkey = k\nzones = example.net\n"

#define ONE_V6 "2001:db8::1@53"

static struct world_side primary, one = {.key = "k"}, two = {.key = "k2"};
static struct support_message request, copy, answer, reply;

/* What was sent on each leg; legs 0 and 1 go to `one`, leg 2 to `two`. */
static struct support_message copies[3];

static void init(void)
{
    world_open(OTHER_CONFIG);
}

TestSuite(exchange_notify, .init = init, .fini = world_close);

static void begin_from(const char *from, uint32_t serial, enum relay_transport transport)
{
    support_header(&request, 0x1234, DNS_OPCODE_NOTIFY << 11 | DNS_FLAG_AA);
    support_question(&request, "example.com", DNS_TYPE_SOA);
    if (serial)
        support_soa(&request, DNS_ANSWER, "example.com", serial);
    world_begin(&primary, from, transport, &request);
}

static void begin(enum relay_transport transport)
{
    begin_from("10.0.0.1@40000", 7, transport);
}

/* All three copies leave. */
static void asked(enum relay_transport transport)
{
    cr_assert_eq(world_ask(WORLD_ONE, transport, &copies[0]), 0);
    cr_assert_eq(world_ask(ONE_V6, transport, &copies[1]), 1);
    cr_assert_eq(world_ask(WORLD_TWO, transport, &copies[2]), 2);
    world_wait();
}

/* The secondary verifies what it got on this leg and makes an answer, which it has yet to sign. */
static struct world_side *respond(unsigned leg, uint16_t rcode)
{
    struct world_side *side = leg == 2 ? &two : &one;

    side->chain = tsig_chain_request();
    world_verify(side, &copies[leg], NULL);
    world_respond(&answer, &copies[leg], DNS_FLAG_AA | rcode);
    return side;
}

/* The secondary verifies what it got on this leg and answers. */
static void acknowledge(unsigned leg, uint16_t rcode)
{
    world_sign(respond(leg, rcode), &answer);
    world_answer(leg, &answer);
}

static void primary_gets_id(uint16_t id, uint16_t rcode)
{
    struct dns_message m = world_reply_last(&primary, &reply);

    cr_expect_eq(m.id, id);
    cr_expect_eq(dns_message_opcode(&m), DNS_OPCODE_NOTIFY);
    cr_expect_eq(dns_message_rcode(&m), rcode);
    cr_expect_eq(m.count[DNS_QUESTION], 1);
}

static void primary_gets(uint16_t rcode)
{
    primary_gets_id(0x1234, rcode);
}

Test(exchange_notify, M3_goes_to_every_address_of_every_secondary_signed_for_each)
{
    struct dns_message m;

    begin(RELAY_UDP);
    asked(RELAY_UDP);
    one.chain = two.chain = tsig_chain_request();
    m = world_verify(&one, &copies[0], NULL);
    cr_expect_eq(m.flags, DNS_OPCODE_NOTIFY << 11 | DNS_FLAG_AA);
    cr_expect_eq(m.count[DNS_ANSWER], 1, "the hint goes along");
    cr_expect_neq(m.id, 0x1234);
    m = world_verify(&two, &copies[2], NULL);
    cr_expect_neq(m.id, dns_wire_u16_at(copies[0].octets));
    cr_expect_neq(dns_wire_u16_at(copies[0].octets), dns_wire_u16_at(copies[1].octets));
    acknowledge(0, DNS_RCODE_NOERROR);
    world_wait();
    cr_expect_eq(world.event_count, 1);
    cr_expect_eq(world_event(0)->event.type, EVENT_NOTIFY);
    cr_expect_eq(world_event(0)->event.peer, world_peer("one"));
    cr_expect_eq(world_event(0)->event.key, world_key("k"));
    cr_expect_eq(world_event(0)->event.serial, 7);
    cr_expect_eq(world_event(0)->event.tries, 1);
    cr_expect_eq(world.notified_count, 1, "that it came is told, too");
    cr_expect_eq(world.notified.peer, world_peer("hq"));
    cr_expect_eq(world.notified.serial, 7);
    cr_expect_eq(world_event(0)->event.opcode, DNS_OPCODE_NOTIFY);
    cr_expect_str_eq(world_event(0)->zone, "example.com");
    cr_expect_eq(world_event(0)->event.result, RESULT_OK);
    acknowledge(1, DNS_RCODE_SERVFAIL);
    cr_expect_eq(world.event_count, 1, "it has answered already");
    acknowledge(2, DNS_RCODE_NOERROR);
    primary_gets(DNS_RCODE_NOERROR);
    cr_expect(dns_wire_u16_at(reply.octets + 2) & DNS_FLAG_AA);
    cr_expect_eq(world.event_count, 2);
}

/* Over TCP the other connection may take longer, and a wide fan-out rests between two copies. */
Test(exchange_notify, M3_an_address_gets_its_copy_though_another_has_answered)
{
    begin(RELAY_TCP);
    cr_assert_eq(world_connect(WORLD_ONE, RELAY_TCP), 0);
    cr_assert_eq(world_connect(ONE_V6, RELAY_TCP), 1);
    cr_assert_eq(world_connect(WORLD_TWO, RELAY_TCP), 2);
    world_wait();
    world_connected(2, false);
    world_send(2, &copies[2]);
    world_connected(0, false);
    world_send(0, &copies[0]);
    world_wait();
    acknowledge(2, DNS_RCODE_NOERROR);
    acknowledge(0, DNS_RCODE_NOERROR);
    world_wait();
    world_connected(1, false);
    world_send(1, &copies[1]);
    primary_gets(DNS_RCODE_NOERROR);
    cr_expect_eq(world.event_count, 2, "its answer is not waited for");
}

Test(exchange_notify, M3_the_worst_answer_is_the_primarys)
{
    begin(RELAY_TCP);
    asked(RELAY_TCP);
    acknowledge(2, DNS_RCODE_REFUSED);
    cr_expect_eq(world_event(0)->event.result, RESULT_ERROR);
    acknowledge(1, DNS_RCODE_NOERROR);
    primary_gets(DNS_RCODE_REFUSED);
}

Test(exchange_notify, X7_notimp_is_an_answer)
{
    begin(RELAY_UDP);
    asked(RELAY_UDP);
    acknowledge(0, DNS_RCODE_NOTIMP);
    acknowledge(2, DNS_RCODE_NOTIMP);
    primary_gets(DNS_RCODE_NOTIMP);
}

/* Its RCODE is mostly in OPT, for which the primary's own request may have no place. */
Test(exchange_notify, M3_badvers_is_formerr_in_the_primarys_answer)
{
    struct world_side *side;

    begin(RELAY_UDP);
    asked(RELAY_UDP);
    acknowledge(0, DNS_RCODE_NOERROR);
    side = respond(2, DNS_RCODE_NOERROR);
    answer.octets[support_opt(&answer, 1232, NULL, 0) + 5] = 1;
    world_sign(side, &answer);
    world_answer(2, &answer);
    cr_expect_eq(world_event(0)->event.rcode, 16);
    cr_expect_eq(world_event(0)->event.result, RESULT_ERROR);
    primary_gets(DNS_RCODE_FORMERR);
}

Test(exchange_notify, M3_udp_copies_are_sent_again_after_1_and_3_seconds_signed_afresh)
{
    struct support_message first, second;

    begin(RELAY_UDP);
    asked(RELAY_UDP);
    first = copies[2];
    acknowledge(0, DNS_RCODE_NOERROR);
    world_wait();
    world_alarm(1000);
    world_send(2, &copies[2]);
    second = copies[2];
    world_wait();
    cr_expect_neq(dns_wire_u16_at(second.octets), dns_wire_u16_at(first.octets));
    cr_expect_arr_neq(second.octets + first.len - 70, first.octets + first.len - 70, 64);
    respond(2, DNS_RCODE_NOERROR);
    world_alarm(3000);
    world_send(2, &copies[2]);
    respond(2, DNS_RCODE_NOERROR);
    world_wait();
    copies[2] = second;
    acknowledge(2, DNS_RCODE_NOERROR);
    primary_gets(DNS_RCODE_NOERROR);
}

Test(exchange_notify, M3_who_says_nothing_for_a_second_is_asleep_and_holds_nobody_back)
{
    begin(RELAY_UDP);
    asked(RELAY_UDP);
    acknowledge(2, DNS_RCODE_NOERROR);
    world_wait();
    world_alarm(1000);
    world_send(0, &copy);
    world_send(1, &copy);
    world_wait();
    cr_expect_eq(world_event(0)->event.type, EVENT_NOTIFY);
    cr_expect_eq(world_event(0)->event.result, RESULT_ASLEEP);
    cr_expect_eq(world_event(0)->event.peer, world_peer("one"));
    cr_expect(world.rings > 0, "who waits is told");
    primary_gets(DNS_RCODE_NOERROR);
    cr_expect(world.tells, "its copies go on");
    world_alarm(3000);
    world_send(0, &copy);
    world_send(1, &copy);
    world_wait();
    world_alarm(5000);
    cr_expect_not(world_tell(), "it is over");
    cr_expect_eq(world_event(0)->event.result, RESULT_TIMEOUT);
}

Test(exchange_notify, M3_who_asks_while_it_is_told_needs_no_telling)
{
    struct dns_name zone = support_name("example.com");
    begin(RELAY_UDP);
    asked(RELAY_UDP);
    world_pass(100);
    sleepers_asked(world.memory->sleepers, world_peer("one")->number, &zone, world.now.ms);
    world_pass(4900);
    world_end(EXCHANGE_SILENT);
    world_pass(15000);
    cr_expect_not(world_tell());
}

/* What was to be told of the last version, 1 ms later, goes with this one. */
Test(exchange_notify, M3_a_fan_out_that_runs_has_what_was_left_to_tell)
{
    begin(RELAY_UDP);
    asked(RELAY_UDP);
    world_pass(5000);
    world_end(EXCHANGE_SILENT);
    world_pass(14999);
    begin_from("10.0.0.1@40000", 8, RELAY_UDP);
    world_pass(1);
    struct telling_order order;
    cr_expect_not(telling_next(world.relay, world.now, &order));
}

Test(exchange_notify, M3_whoever_goes_is_told_nothing_more_that_nobody_waits_for)
{
    begin(RELAY_UDP);
    asked(RELAY_UDP);
    world_pass(5000);
    world_end(EXCHANGE_SILENT);
    world_pass(15000);
    world.desk->draining = true;
    struct telling_order order;
    cr_expect_not(telling_next(world.relay, world.now, &order));
    cr_expect_eq(telling_deadline(world.relay, world.now), LEG_NEVER);
}

/* `one` sleeps, so `two` decides alone, and the fan-out goes on for `one`. */
Test(exchange_notify, M3_whoever_goes_leaves_sleepers_behind)
{
    sleepers_fall_asleep(world.memory->sleepers, world_peer("one")->number, 0);
    begin(RELAY_UDP);
    asked(RELAY_UDP);
    world.desk->draining = true;
    world_wait();
    acknowledge(2, DNS_RCODE_NOERROR);
    primary_gets(DNS_RCODE_NOERROR);
    cr_expect_eq(world.telling.legs.count, 0, "it is over");
}

/* A retry that comes between hears what came after the first was answered. */
Test(exchange_notify, M3_a_late_refusal_is_what_a_retry_hears)
{
    sleepers_fall_asleep(world.memory->sleepers, world_peer("one")->number, 0);
    begin(RELAY_UDP);
    asked(RELAY_UDP);
    acknowledge(2, DNS_RCODE_NOERROR);
    primary_gets(DNS_RCODE_NOERROR);
    acknowledge(0, DNS_RCODE_REFUSED);
    begin(RELAY_UDP);
    primary_gets(DNS_RCODE_REFUSED);
}

Test(exchange_notify, M3_tcp_a_connection_that_ends_before_it_was_written_to_is_lost)
{
    begin(RELAY_TCP);
    world_ask(WORLD_ONE, RELAY_TCP, &copies[0]);
    world_ask(ONE_V6, RELAY_TCP, &copies[1]);
    unsigned leg = world_connect(WORLD_TWO, RELAY_TCP);
    world_wait();
    exchange_connected(&world.telling, leg, false, world.now);
    exchange_lost(&world.telling, leg, world.now);
    world_wait();
}

/* Its fan-out may wait for its turn for longer than the client is to wait. */
Test(exchange_notify, M3_whoever_waits_for_its_turn_waits_a_second_more_than_for_an_answer)
{
    begin(RELAY_TCP);
    world.tells = false;
    world_alarm(6000);
    primary_gets(DNS_RCODE_SERVFAIL);
}

Test(exchange_notify, M3_with_nobody_awake_udp_is_answered_with_silence)
{
    begin(RELAY_UDP);
    asked(RELAY_UDP);
    world_alarm(1000);
    for (unsigned leg = 0; leg < 3; leg++)
        world_send(leg, &copy);
    world_wait();
    world_alarm(3000);
    for (unsigned leg = 0; leg < 3; leg++)
        world_send(leg, &copy);
    world_wait();
    world_alarm(5000);
    world_end(EXCHANGE_SILENT);
    begin_from("10.0.0.1@40000", 8, RELAY_UDP);
    asked(RELAY_UDP);
    world_alarm(1000);
    world_wait();
    world_alarm(5000);
    world_end(EXCHANGE_SILENT);
}

Test(exchange_notify, M3_a_sleeper_gets_one_copy_and_three_again_once_it_has_asked)
{
    struct sleepers *sleepers = world.memory->sleepers;
    struct dns_name zone = support_name("example.net");
    unsigned number = world_peer("two")->number;
    sleepers_fall_asleep(sleepers, number, world.now.ms);
    begin(RELAY_UDP);
    asked(RELAY_UDP);
    acknowledge(0, DNS_RCODE_NOERROR);
    primary_gets(DNS_RCODE_NOERROR);
    world_alarm(1000);
    world_wait();
    world_alarm(5000);
    sleepers_asked(sleepers, number, &zone, world.now.ms);
    begin_from("10.0.0.1@40000", 8, RELAY_UDP);
    asked(RELAY_UDP);
    world_alarm(1000);
    for (unsigned leg = 0; leg < 3; leg++)
        world_send(leg, &copy);
    world_wait();
}

Test(exchange_notify, M3_an_answer_wakes_a_sleeper)
{
    sleepers_fall_asleep(world.memory->sleepers, world_peer("two")->number, world.now.ms);
    begin(RELAY_UDP);
    asked(RELAY_UDP);
    acknowledge(2, DNS_RCODE_NOERROR);
    begin_from("10.0.0.1@40000", 8, RELAY_UDP);
    asked(RELAY_UDP);
    acknowledge(0, DNS_RCODE_NOERROR);
    world_wait();
    acknowledge(2, DNS_RCODE_NOERROR);
    primary_gets(DNS_RCODE_NOERROR);
}

Test(exchange_notify, M3_after_a_wrong_mac_it_is_waited_for_to_the_end)
{
    begin(RELAY_UDP);
    asked(RELAY_UDP);
    acknowledge(2, DNS_RCODE_NOERROR);
    respond(0, DNS_RCODE_NOERROR);
    world_answer(0, &answer);
    world_alarm(1000);
    world_send(0, &copy);
    world_send(1, &copy);
    world_wait();
    world_alarm(3000);
    world_send(0, &copies[0]);
    world_send(1, &copy);
    world_wait();
    acknowledge(0, DNS_RCODE_REFUSED);
    primary_gets(DNS_RCODE_REFUSED);
}

/* `one` lists the zone, `two` does not. */
Test(exchange_notify, M3_a_sleeper_is_told_by_ourselves_for_a_zone_that_it_wants)
{
    static const uint64_t after[] = {15000, 30000, 60000, 120000, 240000};
    begin(RELAY_UDP);
    asked(RELAY_UDP);
    world_pass(1000);
    world_pass(4000);
    world_end(EXCHANGE_SILENT);
    for (unsigned i = 0; i < 5; i++) {
        world_pass(after[i] - (i > 0 ? 5000 : 0) - 1);
        cr_expect_not(world_tell(), "%u", i);
        world_pass(1);
        cr_assert(world_tell(), "%u", i);
        world.began = world.now.ms;
        cr_assert_eq(world_ask(WORLD_ONE, RELAY_UDP, &copy), 0);
        cr_assert_eq(world_ask(ONE_V6, RELAY_UDP, &copy), 1);
        one.chain = tsig_chain_request();
        struct dns_message m = world_verify(&one, &copy, NULL);
        uint32_t serial;
        cr_expect(dns_notify_serial(&m, &serial) && serial == 7);
        world_wait();
        world_alarm(1000);
        world_wait();
        world_alarm(5000);
        exchange_next(&world.telling, world.now, &world.action);
        cr_expect_eq(world.action.type, ACTION_END);
    }
    cr_expect_eq(world_event(0)->event.result, RESULT_GIVEN_UP);
    world_pass(1000000);
    cr_expect_not(world_tell());
}

/* Somebody else sent it, or a serial was set back: later than a minute it is told. */
Test(exchange_notify, M3_an_older_notify_takes_nothing_away)
{
    uint32_t serial = 0;
    begin(RELAY_UDP);
    asked(RELAY_UDP);
    world_pass(5000);
    world_end(EXCHANGE_SILENT);
    world_pass(NOTICES_KEEP_MS);
    begin_from("10.0.0.1@40001", 6, RELAY_UDP);
    asked(RELAY_UDP);
    acknowledge(0, DNS_RCODE_NOERROR);
    acknowledge(2, DNS_RCODE_NOERROR);
    world_pass(15000);
    cr_assert(world_tell(), "it was told the older one alone");
    cr_assert_eq(world_ask(WORLD_ONE, RELAY_UDP, &copy), 0);
    one.chain = tsig_chain_request();
    struct dns_message m = world_verify(&one, &copy, NULL);
    cr_expect(dns_notify_serial(&m, &serial));
    cr_expect_eq(serial, 7);
}

Test(exchange_notify, M3_a_question_for_the_zone_ends_the_telling)
{
    struct dns_name zone = support_name("example.com");
    begin(RELAY_UDP);
    asked(RELAY_UDP);
    world_pass(5000);
    world_end(EXCHANGE_SILENT);
    sleepers_asked(world.memory->sleepers, world_peer("one")->number, &zone, world.now.ms);
    world_pass(15000);
    cr_expect_not(world_tell());
}

Test(exchange_notify, M3_with_nobody_awake_tcp_is_answered_with_servfail)
{
    begin(RELAY_TCP);
    asked(RELAY_TCP);
    world_alarm(1000);
    world_wait();
    world_alarm(5000);
    primary_gets(DNS_RCODE_SERVFAIL);
}

/* An address that drops what comes: connecting to it may take longer than the primary waits. */
Test(exchange_notify, M3_tcp_is_answered_in_time_when_no_connection_comes_about)
{
    world_close();
    world_open("[proxy]\nanswer-timeout = 2\nconnect-timeout = 20\n" OTHER_CONFIG);
    begin(RELAY_TCP);
    world_connect(WORLD_ONE, RELAY_TCP);
    world_connect(ONE_V6, RELAY_TCP);
    world_connect(WORLD_TWO, RELAY_TCP);
    world_wait();
    world_alarm(1000);
    world_wait();
    world_alarm(2000);
    primary_gets(DNS_RCODE_SERVFAIL);
}

Test(exchange_notify, M3_tcp_connecting_takes_no_longer_than_its_own_timeout)
{
    world_close();
    world_open("[proxy]\nanswer-timeout = 20\nconnect-timeout = 2\n" OTHER_CONFIG);
    begin(RELAY_TCP);
    world_connect(WORLD_ONE, RELAY_TCP);
    world_connect(ONE_V6, RELAY_TCP);
    world_connect(WORLD_TWO, RELAY_TCP);
    world_wait();
    world_alarm(1000);
    world_wait();
    world_alarm(2000);
    primary_gets(DNS_RCODE_SERVFAIL);
}

Test(exchange_notify, M3_tcp_one_address_refuses_and_the_other_closes)
{
    begin(RELAY_TCP);
    world_refused(world_connect(WORLD_ONE, RELAY_TCP));
    world_ask(ONE_V6, RELAY_TCP, &copies[1]);
    world_ask(WORLD_TWO, RELAY_TCP, &copies[2]);
    world_wait();
    world_closed(1);
    world_wait();
    acknowledge(2, DNS_RCODE_NOERROR);
    primary_gets(DNS_RCODE_NOERROR);
    cr_expect(sleepers_is_asleep(world.memory->sleepers, world_peer("one")->number));
}

Test(exchange_notify, M3_one_address_of_a_secondary_is_enough)
{
    begin(RELAY_TCP);
    world_refused(world_connect(WORLD_ONE, RELAY_TCP));
    world_ask(ONE_V6, RELAY_TCP, &copies[1]);
    world_ask(WORLD_TWO, RELAY_TCP, &copies[2]);
    acknowledge(2, DNS_RCODE_NOERROR);
    world_wait();
    acknowledge(1, DNS_RCODE_NOERROR);
    primary_gets(DNS_RCODE_NOERROR);
}

Test(exchange_notify, M3_an_address_that_refused_gets_the_next_notify_all_the_same)
{
    begin(RELAY_TCP);
    world_refused(world_connect(WORLD_ONE, RELAY_TCP));
    begin_from("10.0.0.1@40000", 8, RELAY_TCP);
    asked(RELAY_TCP);
}

/* `two` acknowledges, `one` does not, and the primary hears nothing. */
static void half_acknowledged(void)
{
    begin(RELAY_UDP);
    asked(RELAY_UDP);
    acknowledge(2, DNS_RCODE_NOERROR);
    world_wait();
}

Test(exchange_notify, M3_a_retry_goes_only_to_who_has_not_acknowledged)
{
    half_acknowledged();
    world_pass(59999);
    begin_from("10.0.0.1@40000", 7, RELAY_UDP);
    world_ask(WORLD_ONE, RELAY_UDP, &copies[0]);
    world_ask(ONE_V6, RELAY_UDP, &copies[1]);
    world_wait();
    acknowledge(1, DNS_RCODE_NOERROR);
    primary_gets(DNS_RCODE_NOERROR);
}

Test(exchange_notify, M3_another_port_is_no_retry)
{
    half_acknowledged();
    begin_from("10.0.0.1@40001", 7, RELAY_UDP);
    asked(RELAY_UDP);
}

Test(exchange_notify, M3_a_retry_that_all_have_acknowledged_is_answered_at_once)
{
    half_acknowledged();
    acknowledge(0, DNS_RCODE_REFUSED);
    primary_gets(DNS_RCODE_REFUSED);
    begin(RELAY_UDP);
    primary_gets(DNS_RCODE_REFUSED);
}

Test(exchange_notify, M3_after_60_seconds_or_with_another_serial_it_is_news)
{
    half_acknowledged();
    begin_from("10.0.0.1@40000", 8, RELAY_UDP);
    asked(RELAY_UDP);
    world_pass(60000);
    begin(RELAY_UDP);
    asked(RELAY_UDP);
}

Test(exchange_notify, P23_over_udp_an_answer_without_the_right_tsig_is_dropped)
{
    struct world_side *side;

    begin(RELAY_UDP);
    asked(RELAY_UDP);
    acknowledge(0, DNS_RCODE_NOERROR);
    respond(2, DNS_RCODE_NOERROR);
    world_answer(2, &answer);
    world_wait();
    cr_expect_eq(world_event(1)->event.type, EVENT_TSIG_FAILURE);
    cr_expect_eq(world_event(1)->event.result, RESULT_UNSIGNED_ANSWER);
    cr_expect_eq(world_event(0)->event.result, RESULT_UNVERIFIED_ANSWER);
    side = respond(2, DNS_RCODE_NOERROR);
    world_sign(side, &answer);
    answer.octets[answer.len - 7] ^= 1; /* the end of its MAC */
    world_answer(2, &answer);
    world_wait();
    cr_expect_eq(world_event(1)->event.result, RESULT_BAD_ANSWER);
    cr_expect_eq(world_event(0)->event.result, RESULT_UNVERIFIED_ANSWER);
    one.chain = respond(2, DNS_RCODE_NOERROR)->chain;
    world_sign(&one, &answer); /* with the key of another */
    world_answer(2, &answer);
    world_wait();
    acknowledge(2, DNS_RCODE_NOERROR);
    primary_gets(DNS_RCODE_NOERROR);
}

Test(exchange_notify, P23_over_tcp_it_ends_that_connection)
{
    begin(RELAY_TCP);
    asked(RELAY_TCP);
    acknowledge(0, DNS_RCODE_NOERROR);
    respond(2, DNS_RCODE_NOERROR);
    world_answer(2, &answer);
    cr_expect_not(exchange_leg_is_clean(&world.telling, 2));
    primary_gets(DNS_RCODE_NOERROR);
}

/* Signs the answer as one that found our time wrong (RFC 8945 section 5.2.3). */
static void sign_badtime(struct world_side *side, int64_t skew)
{
    struct dns_writer tail =
        dns_wire_writer(answer.octets + answer.len, sizeof answer.octets - answer.len);
    const struct tsig_stamp stamp = {
        .time_signed = world.now.seconds,
        .fudge = 300,
        .original_id = dns_wire_u16_at(answer.octets),
        .error = TSIG_BADTIME,
        .has_server_time = true,
        .server_time = world.now.seconds + skew,
    };
    struct tsig_mac *mac = relay_mac(world.relay, world_key(side->key));

    cr_assert_eq(tsig_sign(mac, &side->chain, &stamp, answer.octets, answer.len, &tail), 0);
    answer.len += tail.at;
}

Test(exchange_notify, P23_the_clock_that_badtime_tells_of_is_logged_and_never_adopted)
{
    struct tsig_record record;

    begin(RELAY_UDP);
    asked(RELAY_UDP);
    sign_badtime(respond(2, DNS_RCODE_NOTAUTH), -4000);
    world_answer(2, &answer);
    cr_expect_eq(world_event(1)->event.type, EVENT_CLOCK_SKEW);
    cr_expect(world_event(1)->event.has_skew);
    cr_expect_eq(world_event(1)->event.skew, -4000);
    cr_expect_eq(world_event(1)->event.key, world_key("k2"));
    acknowledge(0, DNS_RCODE_NOERROR);
    primary_gets(DNS_RCODE_NOTAUTH);
    begin_from("10.0.0.1@40000", 8, RELAY_UDP);
    asked(RELAY_UDP);
    two.chain = tsig_chain_request();
    world_verify(&two, &copies[2], &record);
    cr_expect_eq(record.time_signed, world.now.seconds);
}

Test(exchange_notify, X9b_a_kept_connection_that_closes_is_replaced)
{
    unsigned leg;

    world_close();
    world_open(WORLD_CONFIG);
    begin(RELAY_TCP);
    leg = world_connect(WORLD_ONE, RELAY_TCP);
    world_connected(leg, true);
    world_send(leg, &copies[0]);
    world_wait();
    world_closed(leg);
    world_connect(WORLD_ONE, RELAY_TCP);
    cr_expect(world.action.fresh);
    world_connected(leg, false);
    world_send(leg, &copies[0]);
    world_wait();
    acknowledge(0, DNS_RCODE_NOERROR);
    primary_gets(DNS_RCODE_NOERROR);
}

Test(exchange_notify, X7_only_question_hint_and_opt_go_along)
{
    static const uint8_t zeroes[DNS_MESSAGE_MAX];
    struct dns_message m;

    support_header(&request, 0x1234, DNS_OPCODE_NOTIFY << 11 | DNS_FLAG_AA);
    support_question(&request, "example.com", DNS_TYPE_SOA);
    support_a(&request, DNS_ANSWER, "www.example.com");
    support_soa(&request, DNS_ANSWER, "example.com", 7);
    support_a(&request, DNS_AUTHORITY, "ns.example.com");
    support_add(&request,
                &(struct support_record){
                    .section = DNS_ADDITIONAL, .type = 65280, .rdata = zeroes, .rdata_len = 60000});
    support_opt(&request, 1400, (const uint8_t[]){0, 3, 0, 4, 1, 2, 3, 4}, 8);
    world_begin(&primary, "10.0.0.1@40000", RELAY_TCP, &request);
    world_ask(WORLD_ONE, RELAY_TCP, &copies[0]);
    one.chain = tsig_chain_request();
    m = world_verify(&one, &copies[0], NULL);
    cr_expect_eq(m.count[DNS_ANSWER], 1);
    cr_expect_eq(m.count[DNS_AUTHORITY], 0);
    cr_expect_eq(m.count[DNS_ADDITIONAL], 1);
    cr_expect_eq(m.opt_len, 11);
    cr_expect_lt(m.len, 200);
}

/* NOTIFYs that come while a fan-out is in motion. */

static struct exchange earlier;

static void aside(void)
{
    earlier = world.exchange;
    world.exchange = (struct exchange){0};
}

static enum exchange_action_type earlier_does(void)
{
    struct exchange_action action;
    exchange_next(&earlier, world.now, &action);
    return action.type;
}

/* Another NOTIFY comes; the fan-out goes on. */
static void comes(uint16_t id, uint32_t serial)
{
    support_header(&request, id, DNS_OPCODE_NOTIFY << 11 | DNS_FLAG_AA);
    support_question(&request, "example.com", DNS_TYPE_SOA);
    support_soa(&request, DNS_ANSWER, "example.com", serial);
    cr_assert_eq(world_judge("10.0.0.1@40000", world.us, RELAY_UDP, &request)->decision,
                 POLICY_FORWARD);
    cr_assert_eq(exchange_init(&world.exchange, world.relay, &world.verdict, &world.request), 0);
}

Test(exchange_notify, M3_the_same_hint_joins_and_both_are_answered)
{
    begin(RELAY_UDP);
    asked(RELAY_UDP);
    aside();
    comes(0x4321, 7);
    struct telling_order order;
    cr_expect_not(telling_next(world.relay, world.now, &order), "one fan-out at a time");
    acknowledge(0, DNS_RCODE_NOERROR);
    acknowledge(2, DNS_RCODE_NOERROR);
    world_reply(&reply);
    cr_expect_eq(dns_wire_u16_at(reply.octets), 0x4321);
    cr_expect_eq(earlier_does(), ACTION_REPLY);
    exchange_fini(&earlier);
}

Test(exchange_notify, M3_what_comes_meanwhile_is_carried_by_one_more_with_the_newest_hint)
{
    begin(RELAY_UDP);
    asked(RELAY_UDP);
    aside();
    comes(0x4321, 8);
    exchange_fini(&world.exchange);
    comes(0x4322, 9);
    acknowledge(0, DNS_RCODE_NOERROR);
    acknowledge(2, DNS_RCODE_NOERROR);
    exchange_next(&world.telling, world.now, &world.action);
    cr_expect_eq(world.action.type, ACTION_END);
    cr_expect_eq(earlier_does(), ACTION_REPLY);
    exchange_fini(&earlier);
    cr_assert(world_tell());
    asked(RELAY_UDP);
    one.chain = tsig_chain_request();
    struct dns_message m = world_verify(&one, &copies[0], NULL);
    uint32_t serial;
    cr_expect(dns_notify_serial(&m, &serial));
    cr_expect_eq(serial, 9);
    acknowledge(0, DNS_RCODE_NOERROR);
    acknowledge(2, DNS_RCODE_NOERROR);
    primary_gets_id(0x4322, DNS_RCODE_NOERROR);
}

Test(exchange_notify, M3_news_end_what_only_sleepers_are_left_of)
{
    begin(RELAY_UDP);
    asked(RELAY_UDP);
    acknowledge(0, DNS_RCODE_NOERROR);
    world_alarm(1000);
    world_send(2, &copies[2]);
    world_wait();
    primary_gets(DNS_RCODE_NOERROR);
    exchange_fini(&world.exchange);
    comes(0x4321, 8);
    cr_assert_eq((exchange_next(&world.telling, world.now, &world.action), world.action.type),
                 ACTION_END);
    cr_expect(world_tell(), "at once");
}

Test(exchange_notify, M2_other_types_go_where_one_is_meant)
{
    support_header(&request, 0x1234, DNS_OPCODE_NOTIFY << 11);
    support_question(&request, "example.com", 59);
    world_judge("10.0.0.1@40000", world.us, RELAY_UDP, &request);
    cr_expect_eq(world.verdict.decision, POLICY_ANSWER);
    cr_expect_eq(world.verdict.answer.rcode, DNS_RCODE_NOTIMP);
}
