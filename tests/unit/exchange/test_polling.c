/* Stories of a primary that is polled: what it is asked, and what its answers lead to. */
#include "exchange/polling.h"

#include <criterion/criterion.h>

#include "exchange/world.h"

#define CONFIG                                                                                     \
    "[key k]\nsecret-file = k.key\n"                                                               \
    "[primary hq]\naddress = 10.0.0.1, 10.0.0.2\npoll = 30\n"                                      \
    "[secondary one]\naddress = 192.0.2.1\nkey = k\nzones = Example.com\n"

static struct polling next;
static struct support_message asked, answer, ours, copy;
static struct world_side one = {.key = "k"};

static void init(void)
{
    world_open(CONFIG);
}

TestSuite(exchange_polling, .init = init, .fini = world_close);

static void begin(void)
{
    exchange_fini(&world.exchange);
    cr_assert_eq(exchange_init(&world.exchange, world.relay, &next.verdict, &next.request), 0);
    world.began = world.now.ms;
}

static void poll(void)
{
    cr_assert(polling_next(world.relay, world.now, &next));
    begin();
}

/* The answer as the exchange gives it to who asked; true when something is to be begun for it. */
static bool take(void)
{
    world_reply(&ours);
    bool more = polling_take(world.relay, &world.exchange, &world.action.packet, world.now, &next);
    world_end(EXCHANGE_ANSWERED);
    return more;
}

/* The zone has this serial, and an interval later the next question has its turn. */
static bool is_told(uint32_t serial)
{
    poll();
    unsigned leg = world_ask(WORLD_PRIMARY, RELAY_UDP, &asked);
    world_respond_soa(&answer, &asked, serial);
    world_answer(leg, &answer);
    bool told = take();
    polling_ended(world.relay, world_peer("hq")->number);
    world_pass(30000);
    return told;
}

Test(exchange_polling, a_question_is_for_the_soa_and_nothing_else)
{
    poll();
    world_ask(WORLD_PRIMARY, RELAY_UDP, &asked);
    struct dns_message m = support_parse(&asked);
    struct dns_name zone = support_name("example.com");
    cr_expect(dns_name_equal(&m.qname, &zone));
    cr_expect_eq(m.flags, 0);
    cr_expect_eq(m.qtype, DNS_TYPE_SOA);
    cr_expect_eq(m.qclass, DNS_CLASS_IN);
    cr_expect_eq(asked.len, DNS_HEADER_SIZE + zone.len + 4);
    cr_expect(!polling_next(world.relay, world.now, &next));
    cr_expect_eq(polling_deadline(world.relay, world.now), world.now.ms + 30000);
}

Test(exchange_polling, the_first_serial_is_learnt_and_the_same_is_none)
{
    cr_expect(!is_told(7));
    cr_expect_eq(world_event(0)->event.type, EVENT_POLL);
    cr_expect_eq(world_event(0)->event.result, RESULT_OK);
    cr_expect_eq(world_event(0)->event.serial, 7);
    cr_expect_str_eq(world_event(0)->event.peer->name, "hq");
    cr_expect_str_eq(world_event(0)->event.client->name, "hq");
    cr_expect_str_eq(world_event(0)->address, WORLD_PRIMARY);
    cr_expect_str_eq(world_event(0)->zone, "example.com");
    cr_expect(!is_told(7));
    cr_expect_eq(world.event_count, 2);
}

Test(exchange_polling, M3_another_serial_is_told_as_by_a_NOTIFY)
{
    cr_assert(!is_told(7));
    cr_assert(is_told(8));
    cr_expect_eq(world_event(0)->event.result, RESULT_CHANGED);
    begin();
    polling_told(world.relay, &next);
    cr_assert(world_tell());
    unsigned leg = world_ask(WORLD_ONE, RELAY_UDP, &copy);
    one.chain = tsig_chain_request();
    struct dns_message m = world_verify(&one, &copy, NULL);
    uint32_t serial;
    cr_expect_eq(m.flags, DNS_OPCODE_NOTIFY << 11 | DNS_FLAG_AA);
    cr_expect(dns_notify_serial(&m, &serial));
    cr_expect_eq(serial, 8);
    cr_expect_eq(m.count[DNS_ANSWER], 1);
    cr_expect_eq(m.count[DNS_AUTHORITY] + m.count[DNS_ADDITIONAL], 0);
    world_respond(&answer, &copy, DNS_FLAG_AA);
    world_sign(&one, &answer);
    world_answer(leg, &answer);
    world_reply(&ours);
    world_end(EXCHANGE_ANSWERED);
    /* It has told it. */
    cr_expect(!is_told(8));
}

Test(exchange_polling, M3_a_serial_that_was_set_back_is_told)
{
    cr_assert(!is_told(7));
    cr_assert(is_told(3));
    cr_expect_eq(next.serial, 3);
}

Test(exchange_polling, a_change_that_could_not_be_told_is_found_again)
{
    cr_assert(!is_told(7));
    cr_expect(is_told(8));
    cr_expect(is_told(8));
    polling_told(world.relay, &next);
    cr_expect(!is_told(8));
}

Test(exchange_polling, M6_the_address_that_answered_goes_first)
{
    cr_assert(!is_told(7));
    poll();
    world_ask(WORLD_PRIMARY, RELAY_UDP, &asked);
    world_wait();
    world_alarm(1000);
    world_send(0, &asked);
    world_wait();
    world_alarm(2000);
    unsigned leg = world_ask(WORLD_SPARE, RELAY_UDP, &asked);
    world_respond_soa(&answer, &asked, 8);
    world_answer(leg, &answer);
    cr_assert(take());
    begin();
    struct dns_name zone = support_name("example.com");
    struct address notifier = recent_notifier(&world.desk->memory->recent, &zone, world.now.ms);
    struct address spare = world_address(WORLD_SPARE);
    cr_expect(address_same_host(&notifier, &spare));
}

Test(exchange_polling, no_answer_is_told_as_of_any_server)
{
    poll();
    world_ask(WORLD_PRIMARY, RELAY_UDP, &asked);
    while (world.exchange.state == EXCHANGE_ASKING) {
        exchange_next(&world.exchange, world.now, &world.action);
        if (world.action.type == ACTION_CONNECT)
            world_connected(world.action.leg, false);
        else if (world.action.type == ACTION_WAIT)
            world.now.ms = exchange_deadline(&world.exchange);
    }
    cr_expect(!polling_take(world.relay, &world.exchange, &world.action.packet, world.now, &next));
    cr_expect_eq(world.event_count, 2);
    for (unsigned i = 0; i < 2; i++) {
        cr_expect_eq(world_event(i)->event.type, EVENT_UPSTREAM_FAILURE);
        cr_expect_eq(world_event(i)->event.result, RESULT_TIMEOUT);
        cr_expect_str_eq(world_event(i)->event.peer->name, "hq");
    }
}

static void answers_with(uint16_t flags, const char *owner)
{
    poll();
    unsigned leg = world_ask(WORLD_PRIMARY, RELAY_UDP, &asked);
    world_respond(&answer, &asked, flags);
    if (owner)
        support_soa(&answer, DNS_ANSWER, owner, 9);
    world_answer(leg, &answer);
}

Test(exchange_polling, an_answer_without_the_zones_soa_says_nothing)
{
    static const struct {
        uint16_t flags;
        const char *owner;
    } bad[] = {{DNS_RCODE_REFUSED, NULL},
               {DNS_FLAG_AA, NULL},
               {DNS_FLAG_AA, "example.net"},
               {DNS_RCODE_SERVFAIL, "example.com"}};
    cr_assert(!is_told(7));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        answers_with(bad[i].flags, bad[i].owner);
        cr_expect(!take());
        cr_expect_eq(world_event(0)->event.type, EVENT_UPSTREAM_FAILURE);
        cr_expect_eq(world_event(0)->event.result, RESULT_NO_SOA);
        cr_expect_eq(world_event(0)->event.rcode, bad[i].flags & DNS_MASK_RCODE);
        polling_ended(world.relay, world_peer("hq")->number);
        world_pass(30000);
    }
    cr_expect(!is_told(7));
}

Test(exchange_polling, an_answer_that_is_not_authoritative_is_one)
{
    answers_with(0, "example.com");
    cr_expect(!take());
    cr_expect_eq(world_event(0)->event.type, EVENT_POLL);
}

Test(exchange_polling, a_truncated_answer_is_asked_for_over_tcp)
{
    cr_assert(!is_told(7));
    answers_with(DNS_FLAG_AA | DNS_FLAG_TC, NULL);
    cr_assert(take());
    cr_expect(!next.verdict.fanout);
    begin();
    unsigned leg = world_ask(WORLD_PRIMARY, RELAY_TCP, &asked);
    world_respond_soa(&answer, &asked, 8);
    world_answer(leg, &answer);
    cr_assert(take());
    cr_expect(next.verdict.fanout);
    /* A TCP answer is whole, whatever it says. */
    polling_ended(world.relay, world_peer("hq")->number);
    polling_ended(world.relay, world_peer("hq")->number);
}

Test(exchange_polling, what_a_truncated_answer_has_will_do)
{
    answers_with(DNS_FLAG_TC, "example.com");
    cr_expect(!take());
    cr_expect_eq(world_event(0)->event.type, EVENT_POLL);
}

static void reopen(const char *config)
{
    world_close();
    world = (struct world){0};
    world_open(config);
}

Test(exchange_polling, with_transport_tcp_it_is_asked_over_tcp)
{
    reopen("[primary hq]\naddress = 10.0.0.1\npoll = 30\ntransport = tcp\n"
           "[secondary one]\naddress = 192.0.2.1\nzones = example.com\n");
    poll();
    world_ask(WORLD_PRIMARY, RELAY_TCP, &asked);
}

Test(exchange_polling, a_primary_with_a_key_is_asked_with_it)
{
    struct world_side hq = {.key = "k"};
    reopen("[key k]\nsecret-file = k.key\n[primary hq]\naddress = 10.0.0.1\npoll = 30\nkey = k\n"
           "[secondary one]\naddress = 192.0.2.1\nzones = example.com\n");
    poll();
    unsigned leg = world_ask(WORLD_PRIMARY, RELAY_UDP, &asked);
    hq.chain = tsig_chain_request();
    world_verify(&hq, &asked, NULL);
    world_respond_soa(&answer, &asked, 7);
    world_answer(leg, &answer);
    world_wait();
    cr_expect_eq(world_event(1)->event.result, RESULT_UNSIGNED_ANSWER);
    world_sign(&hq, &answer);
    world_answer(leg, &answer);
    cr_expect(!take());
    cr_expect_eq(world_event(0)->event.type, EVENT_POLL);
}

Test(exchange_polling, where_nobody_wants_notifies_it_is_noted_alone)
{
    reopen("[primary hq]\naddress = 10.0.0.1\npoll = 30\n"
           "[secondary one]\naddress = 192.0.2.1\nzones = example.com\nnotify = no\n");
    cr_expect(!is_told(7));
    cr_expect(!is_told(8));
    cr_expect_eq(world_event(0)->event.result, RESULT_CHANGED);
    cr_expect(!is_told(8));
    cr_expect_eq(world_event(0)->event.result, RESULT_OK);
}
