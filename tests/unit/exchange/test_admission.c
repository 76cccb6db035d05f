/* Questions that wait for one of the connections to their primary. */
#include "exchange/admission.h"

#include <criterion/criterion.h>

#include "exchange/world.h"

#define CONFIG(connections)                                                                        \
    "[proxy]\nanswer-timeout = 5\nprogress-timeout = 60\n"                                         \
    "[key k]\nsecret-file = k.key\n"                                                               \
    "[primary hq]\naddress = 10.0.0.1, 10.0.0.2\nconnections = " connections "\n"                  \
    "[secondary one]\naddress = 192.0.2.1\nkey = k\nallow = soa, axfr, notify, update\n"           \
    "[secondary two]\naddress = 192.0.2.2\nkey = k\n"

static struct world_side client = {.key = "k"};
static struct support_message query, sent, answer, reply;
static struct slot *others[4]; /* places that somebody else has */
static unsigned woken;

TestSuite(exchange_admission, .fini = world_close);

static void on_wake(void *owner)
{
    (*(unsigned *)owner)++;
}

static unsigned hq(void)
{
    return world_peer("hq")->number;
}

static void take_others(unsigned count)
{
    const struct slot_wish wish = {.primary = hq(), .client = 0};
    for (unsigned i = 0; i < count; i++)
        cr_assert((others[i] = slots_take(world.memory->slots, &wish)) && slots_is_held(others[i]));
}

static void release_other(unsigned i)
{
    slots_release(others[i]);
    others[i] = NULL;
}

static void begin(uint16_t type)
{
    support_header(&query, 0x1234, 0);
    support_question(&query, "example.com", type);
    world_begin(&client, WORLD_ONE, RELAY_TCP, &query);
    exchange_set_owner(&world.exchange, on_wake, &woken, &client);
}

static void expect_waiting(unsigned waiting)
{
    cr_expect_eq(slots_count(world.memory->slots, hq()).waiting, waiting);
}

static void hear_bell(void)
{
    for (struct caller *c; (c = bell_next(&world.desk->bell));)
        c->wake(c->owner);
}

static void answer_soa(unsigned leg)
{
    world_respond_soa(&answer, &sent, 7);
    world_answer(leg, &answer);
    struct dns_message m = world_reply_last(&client, &reply);
    cr_expect_eq(dns_message_rcode(&m), DNS_RCODE_NOERROR);
}

Test(exchange_admission, M6_a_question_waits_for_its_place_and_then_connects)
{
    world_open(CONFIG("1"));
    take_others(1);
    begin(DNS_TYPE_SOA);
    world_wait();
    expect_waiting(1);
    release_other(0);
    cr_expect_eq(world.rings, 1);
    hear_bell();
    cr_expect_eq(woken, 1);
    answer_soa(world_ask(WORLD_PRIMARY, RELAY_TCP, &sent));
    expect_waiting(0);
}

Test(exchange_admission, M6_its_time_begins_when_it_is_sent)
{
    world_open(CONFIG("1"));
    take_others(1);
    begin(DNS_TYPE_SOA);
    world_wait();
    world_pass(4900);
    release_other(0);
    unsigned leg = world_ask(WORLD_PRIMARY, RELAY_TCP, &sent);
    world_wait();
    world_pass(4900);
    world_wait();
    answer_soa(leg);
}

static void expect_in_vain(uint64_t ms)
{
    world_wait();
    world_alarm(ms);
    struct dns_message m = world_reply_last(&client, &reply);
    cr_expect_eq(dns_message_rcode(&m), DNS_RCODE_SERVFAIL);
    expect_waiting(0);
    cr_expect_eq(world_event(1)->event.type, EVENT_LIMIT);
    cr_expect_eq(world_event(1)->event.result, RESULT_CONNECTIONS_BUSY);
    cr_expect_eq(world_event(1)->event.peer, world_peer("hq"));
    cr_expect_eq(world_event(1)->event.client, world_peer("one"));
    cr_expect_eq(world_event(0)->event.result, RESULT_CONNECTIONS_BUSY);
    cr_expect_eq(world_event(0)->event.rcode, DNS_RCODE_SERVFAIL);
    release_other(0);
}

Test(exchange_admission, M6_a_question_waits_answer_timeout_at_most)
{
    world_open(CONFIG("1"));
    take_others(1);
    begin(DNS_TYPE_SOA);
    expect_in_vain(5000);
}

Test(exchange_admission, M6_a_transfer_waits_progress_timeout_at_most)
{
    world_open(CONFIG("1"));
    take_others(1);
    begin(DNS_TYPE_AXFR);
    expect_in_vain(60000);
}

Test(exchange_admission, M6_a_place_that_comes_at_the_last_moment_is_taken)
{
    world_open(CONFIG("1"));
    take_others(1);
    begin(DNS_TYPE_SOA);
    world_wait();
    world_pass(5000);
    release_other(0);
    answer_soa(world_ask(WORLD_PRIMARY, RELAY_TCP, &sent));
}

Test(exchange_admission, M6_a_client_that_goes_leaves_the_queue)
{
    world_open(CONFIG("1"));
    take_others(1);
    begin(DNS_TYPE_SOA);
    world_wait();
    exchange_abort(&world.exchange, RESULT_CLIENT_GONE, world.now);
    expect_waiting(0);
    world_end(EXCHANGE_ABORTED);
    release_other(0);
    cr_expect_eq(world.rings, 0);
}

Test(exchange_admission, M6_a_client_that_goes_when_its_turn_has_come_gives_it_back)
{
    world_open(CONFIG("1"));
    take_others(1);
    begin(DNS_TYPE_SOA);
    world_wait();
    release_other(0);
    exchange_abort(&world.exchange, RESULT_CLIENT_GONE, world.now);
    world_end(EXCHANGE_ABORTED);
    hear_bell();
    cr_expect_eq(woken, 0, "its flow may be gone");
    cr_expect_eq(slots_count(world.memory->slots, hq()).places, 0);
}

/* The refused connection has given its place back; the spare address needs one again. */
Test(exchange_admission, M6_the_next_address_takes_a_place_of_its_own)
{
    world_open(CONFIG("1"));
    begin(DNS_TYPE_SOA);
    unsigned leg = world_connect(WORLD_PRIMARY, RELAY_TCP);
    world_refused(leg);
    answer_soa(world_ask(WORLD_SPARE, RELAY_TCP, &sent));
}

Test(exchange_admission, M6_the_next_address_waits_until_the_attempt_before_is_closed)
{
    world_open(CONFIG("1"));
    begin(DNS_TYPE_SOA);
    unsigned leg = world_connect(WORLD_PRIMARY, RELAY_TCP);
    world_wait();
    world_pass(5000);
    world_wait();
    expect_waiting(1);
    world_close_leg(leg);
    answer_soa(world_ask(WORLD_SPARE, RELAY_TCP, &sent));
}

Test(exchange_admission, X9b_a_query_lost_on_an_idle_connection_takes_a_new_place)
{
    world_open(CONFIG("1"));
    begin(DNS_TYPE_SOA);
    unsigned leg = world_connect(WORLD_PRIMARY, RELAY_TCP);
    world_connected(leg, true);
    world_send(leg, &sent);
    world_closed(leg);
    leg = world_ask(WORLD_PRIMARY, RELAY_TCP, &sent);
    cr_expect(world.action.leg == leg);
    answer_soa(leg);
}

Test(exchange_admission, M6_what_goes_over_udp_does_not_wait)
{
    world_open(CONFIG("1"));
    take_others(1);
    support_header(&query, 0x1234, 0);
    support_question(&query, "example.com", DNS_TYPE_SOA);
    world_begin(&client, WORLD_ONE, RELAY_UDP, &query);
    answer_soa(world_ask(WORLD_PRIMARY, RELAY_UDP, &sent));
    release_other(0);
}

Test(exchange_admission, M6_notifies_to_secondaries_do_not_count)
{
    world_open(CONFIG("1"));
    take_others(1);
    struct world_side primary = {0};
    support_header(&query, 0x1234, DNS_OPCODE_NOTIFY << 11);
    support_question(&query, "example.com", DNS_TYPE_SOA);
    world_begin(&primary, WORLD_PRIMARY, RELAY_TCP, &query);
    unsigned leg = world_connect(WORLD_ONE, RELAY_TCP);
    cr_expect_null(world.slots[leg]);
    release_other(0);
}

/* One leg asks over UDP and is silent; the other waits for its place, which says nothing of the
 * first. */
Test(exchange_admission, M6_an_answer_of_another_server_ends_the_wait)
{
    world_open("[key k]\nsecret-file = k.key\n"
               "[primary near]\naddress = 10.0.0.1\n"
               "[primary hq]\naddress = 10.0.0.2\nconnections = 1\ntransport = tcp\n"
               "[secondary one]\naddress = 192.0.2.1\nkey = k\nprimary = near, hq\n");
    take_others(1);
    support_header(&query, 0x1234, 0);
    support_question(&query, "example.com", DNS_TYPE_SOA);
    world_begin(&client, WORLD_ONE, RELAY_UDP, &query);
    unsigned leg = world_ask(WORLD_PRIMARY, RELAY_UDP, &sent);
    world_wait();
    world_alarm(1000);
    world_send(leg, &sent);
    world_wait();
    world_alarm(2000);
    world_wait();
    expect_waiting(1);
    answer_soa(leg);
    expect_waiting(0);
    release_other(0);
}
