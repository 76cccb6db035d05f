/* Stories of exchanges for whose sockets there is no place as yet. */
#include <criterion/criterion.h>

#include "exchange/world.h"

static struct world_side client = {.key = "k"}, primary;
static struct support_message request, copy, answer, reply;

TestSuite(exchange_places, .fini = world_close);

static void postpone(unsigned leg, struct exchange *x)
{
    world_close_leg(leg);
    exchange_postpone(x, leg, world.now);
}

static void begin_question(enum relay_transport transport)
{
    world_open(WORLD_CONFIG);
    support_header(&request, 0x1234, 0);
    support_question(&request, "example.com", DNS_TYPE_SOA);
    world_begin(&client, WORLD_ONE, transport, &request);
}

static void answered(unsigned leg)
{
    world_respond_soa(&answer, &copy, 7);
    world_answer(leg, &answer);
    struct dns_message m = world_reply_last(&client, &reply);
    cr_expect_eq(dns_message_rcode(&m), DNS_RCODE_NOERROR);
}

Test(exchange_places, L1_a_question_waits_for_a_place_and_nobody_is_told_servfail)
{
    begin_question(RELAY_TCP);
    for (unsigned i = 1; i <= 200; i++) {
        postpone(world_connect(WORLD_PRIMARY, RELAY_TCP), &world.exchange);
        world_wait();
        world_alarm(i * 50);
    }
    cr_expect_eq(world.event_count, 0);
    answered(world_ask(WORLD_PRIMARY, RELAY_TCP, &copy));
}

/* Who asked over UDP is gone by then, and nobody else would end its question. */
Test(exchange_places, L1_a_question_over_udp_waits_no_longer_than_for_its_answer)
{
    begin_question(RELAY_UDP);
    for (unsigned i = 0; i < 100; i++) {
        postpone(world_connect(WORLD_PRIMARY, RELAY_UDP), &world.exchange);
        world_wait();
        world_alarm((i + 1) * 50);
    }
    cr_expect_eq(world.event_count, 0);
    postpone(world_connect(WORLD_PRIMARY, RELAY_UDP), &world.exchange);
    postpone(world_connect(WORLD_SPARE, RELAY_UDP), &world.exchange);
    struct dns_message m = world_reply_last(&client, &reply);
    cr_expect_eq(dns_message_rcode(&m), DNS_RCODE_SERVFAIL);
    cr_expect_eq(world_event(1)->event.result, RESULT_NO_SOCKET);
}

Test(exchange_places, L1_the_next_address_waits_while_the_first_may_still_answer)
{
    begin_question(RELAY_UDP);
    unsigned first = world_ask(WORLD_PRIMARY, RELAY_UDP, &copy);
    world_wait();
    world_alarm(1000);
    world_send(first, &copy);
    world_wait();
    world_alarm(2000);
    postpone(world_connect(WORLD_SPARE, RELAY_UDP), &world.exchange);
    world_wait();
    answered(first);
}

static void begin_notify(void)
{
    world_open("[primary hq]\naddress = 10.0.0.1\n"
               "[secondary one]\naddress = 192.0.2.1\n[secondary two]\naddress = 192.0.2.2\n");
    support_header(&request, 0x1234, DNS_OPCODE_NOTIFY << 11);
    support_question(&request, "example.com", DNS_TYPE_SOA);
    world_begin(&primary, "10.0.0.1@40000", RELAY_UDP, &request);
}

static void acknowledge(unsigned leg)
{
    world_respond(&answer, &copy, DNS_OPCODE_NOTIFY << 11 | DNS_FLAG_AA);
    world_answer(leg, &answer);
}

/* It was not told yet, so it is not asleep, and is waited for. */
Test(exchange_places, L1_of_a_fan_out_each_copy_leaves_when_there_is_a_place)
{
    begin_notify();
    unsigned one = world_ask(WORLD_ONE, RELAY_UDP, &copy);
    unsigned two = world_connect(WORLD_TWO, RELAY_UDP);
    postpone(two, &world.telling);
    world_wait();
    acknowledge(one);
    world_wait();
    world.now.ms += 1500;
    postpone(world_connect(WORLD_TWO, RELAY_UDP), &world.telling);
    world_wait();
    cr_expect_not(sleepers_is_asleep(world.memory->sleepers, world_peer("two")->number));
    world.now.ms += 500;
    cr_assert_eq(world_ask(WORLD_TWO, RELAY_UDP, &copy), two);
    acknowledge(two);
    struct dns_message m = world_reply_last(&primary, &reply);
    cr_expect_eq(dns_message_rcode(&m), DNS_RCODE_NOERROR);
}

Test(exchange_places, L1_a_notify_that_finds_no_place_in_time_is_told_later)
{
    begin_notify();
    acknowledge(world_ask(WORLD_ONE, RELAY_UDP, &copy));
    postpone(world_connect(WORLD_TWO, RELAY_UDP), &world.telling);
    world_wait();
    world.now.ms += 5000;
    postpone(world_connect(WORLD_TWO, RELAY_UDP), &world.telling);
    cr_expect_eq(world_event(0)->event.result, RESULT_NO_SOCKET);
    struct dns_message m = world_reply_last(&primary, &reply);
    cr_expect_eq(dns_message_rcode(&m), DNS_RCODE_NOERROR);
    cr_expect_not(sleepers_is_asleep(world.memory->sleepers, world_peer("two")->number));
}
