/* Stories where the primary has a key of its own, or the TSIG is no business of ours. */
#include <criterion/criterion.h>

#include "exchange/world.h"
#include "tsig/hmac.h"
#include "tsig/sender.h"

#define CONFIG                                                                                     \
    "[key k]\nsecret-file = k.key\n[key up]\nsecret-file = k.key\nalgorithm = hmac-sha512\n"       \
    "[key next]\nsecret-file = k.key\n"                                                            \
    "[primary hq]\naddress = 10.0.0.1\nkey = up, next\n"                                           \
    "[secondary one]\naddress = 192.0.2.1\nkey = k\nallow = soa, axfr, ixfr, notify, update\n"

static struct world_side client = {.key = "k"}, server = {.key = "up"};
static struct support_message request, copy, message, reply;

static struct sender sender; /* over TCP */

static void init(void)
{
    world_open(CONFIG);
}

static void fini(void)
{
    sender_fini(&sender);
    world_close();
}

TestSuite(exchange_signed, .init = init, .fini = fini);

/* The server verifies `copy`. */
static void server_reads(void)
{
    struct tsig_record record;

    server.chain = tsig_chain_request();
    world_verify(&server, &copy, &record);
    sender_fini(&sender);
    sender_init(&sender, world_key("up"), record.mac, record.mac_len);
}

static void begin(uint16_t type, enum relay_transport transport)
{
    support_header(&request, 0x1234, 0);
    support_question(&request, "example.com", type);
    world_begin(&client, WORLD_ONE, transport, &request);
}

static unsigned asked(uint16_t type, enum relay_transport transport)
{
    unsigned leg;

    begin(type, transport);
    leg = world_ask(WORLD_PRIMARY, transport, &copy);
    world_wait();
    server_reads();
    return leg;
}

/* The server's next message over TCP. */
static void comes_unsigned(unsigned leg)
{
    sender_pass(&sender, &message);
    world_answer(leg, &message);
}

static void comes_signed_at(unsigned leg, uint64_t seconds)
{
    sender_sign(&sender, &message, seconds);
    world_answer(leg, &message);
}

static void comes_signed(unsigned leg)
{
    comes_signed_at(leg, world.now.seconds);
}

/* One message with so many answers goes to the client. */
static void relayed(unsigned answers)
{
    struct dns_message m;

    world_reply(&reply);
    m = world_verify(&client, &reply, NULL);
    cr_assert_eq(m.id, 0x1234);
    cr_assert_eq(m.count[DNS_ANSWER], answers);
}

static void ends_with_servfail(void)
{
    struct dns_message m = world_reply_last(&client, &reply);

    cr_assert_eq(dns_message_rcode(&m), DNS_RCODE_SERVFAIL);
}

static void aborted(const char *why)
{
    world_end(EXCHANGE_ABORTED);
    cr_expect_str_eq(report_result_word(world_event(0)->event.result), why);
}

#define BUILD(...) WORLD_RECORDS(&message, &copy, __VA_ARGS__)

Test(exchange_signed, M4_each_leg_has_its_own_key)
{
    unsigned leg = asked(DNS_TYPE_SOA, RELAY_UDP);

    BUILD(7);
    world_sign(&server, &message);
    world_answer(leg, &message);
    relayed(1);
    world_end(EXCHANGE_ANSWERED);
    leg = asked(DNS_TYPE_SOA, RELAY_TCP);
    BUILD(7);
    comes_signed(leg);
    relayed(1);
    world_end(EXCHANGE_ANSWERED);
    cr_expect(exchange_leg_is_clean(&world.exchange, leg));
    cr_expect_eq(world.event_count, 2, "one for each request, and nothing else to tell");
}

Test(exchange_signed, M7_signed_data_keeps_ad)
{
    unsigned leg = asked(DNS_TYPE_SOA, RELAY_UDP);

    world_respond(&message, &copy, DNS_FLAG_AD);
    world_sign(&server, &message);
    world_answer(leg, &message);
    cr_expect_eq(world_reply_last(&client, &reply).flags, DNS_FLAG_QR | DNS_FLAG_AD);
}

Test(exchange_signed, M7_the_payload_is_lowered_by_the_clients_tsig_not_the_servers)
{
    support_header(&request, 0x1234, 0);
    support_question(&request, "example.com", DNS_TYPE_SOA);
    support_opt(&request, 1232, NULL, 0);
    world_begin(&client, WORLD_ONE, RELAY_UDP, &request);
    world_ask(WORLD_PRIMARY, RELAY_UDP, &copy);
    cr_expect_eq(support_parse(&copy).opt_payload, 1232 - tsig_sign_room(world_key("k")));
}

Test(exchange_signed, P29_a_signed_leg_needs_no_tcp)
{
    support_header(&request, 0x1234, 0);
    support_question(&request, "example.com", DNS_TYPE_IXFR);
    support_soa(&request, DNS_AUTHORITY, "example.com", 5);
    world_begin(&client, WORLD_ONE, RELAY_UDP, &request);
    world_connect(WORLD_PRIMARY, RELAY_UDP);
}

Test(exchange_signed, P23_over_tcp_it_is_the_end)
{
    unsigned leg = asked(DNS_TYPE_AXFR, RELAY_TCP);

    BUILD(7, 0);
    world_answer(leg, &message);
    ends_with_servfail();
}

/* The next message of the server is a good one, and OpenSSL fails. */
static void answer_and_fail(unsigned leg)
{
    hmac_fails = true;
    world_answer(leg, &message);
    hmac_fails = false;
}

static void lost_for_want_of_memory(void)
{
    ends_with_servfail();
    for (unsigned back = 0; back < world.event_count; back++)
        cr_expect_neq(world_event(back)->event.type, EVENT_TSIG_FAILURE);
    cr_expect_eq(world_event(0)->event.result, RESULT_NO_MEMORY);
    cr_expect_eq(world_event(1)->event.type, EVENT_UPSTREAM_FAILURE);
    cr_expect_eq(world_event(1)->event.result, RESULT_NO_MEMORY);
    cr_expect_eq(relay_key(world.relay, world_peer("hq")), world_key("up"));
}

Test(exchange_signed, a_failure_of_openssl_over_tcp_is_no_doubt_about_the_key)
{
    unsigned leg = asked(DNS_TYPE_AXFR, RELAY_TCP);

    BUILD(7, 0);
    sender_sign(&sender, &message, world.now.seconds);
    answer_and_fail(leg);
    lost_for_want_of_memory();
}

Test(exchange_signed, a_failure_of_openssl_over_udp_is_no_doubt_about_the_key)
{
    unsigned leg = asked(DNS_TYPE_SOA, RELAY_UDP);

    world_respond_soa(&message, &copy, 7);
    world_sign(&server, &message);
    answer_and_fail(leg);
    lost_for_want_of_memory();
}

static void servfail_cannot_be_signed(enum relay_transport transport, enum exchange_end end)
{
    begin(DNS_TYPE_SOA, transport);
    world_refused(world_connect(WORLD_PRIMARY, transport));
    hmac_fails = true;
    world_end(end);
    hmac_fails = false;
    cr_expect_eq(world_event(0)->event.result, RESULT_NO_MEMORY);
}

Test(exchange_signed, an_answer_of_our_own_that_cannot_be_signed_resets_a_tcp_client)
{
    servfail_cannot_be_signed(RELAY_TCP, EXCHANGE_ABORTED);
}

Test(exchange_signed, an_answer_of_our_own_that_cannot_be_signed_is_not_sent_over_udp)
{
    servfail_cannot_be_signed(RELAY_UDP, EXCHANGE_SILENT);
}

Test(exchange_signed, P21_nothing_goes_on_before_a_mac_covers_it)
{
    unsigned leg = asked(DNS_TYPE_AXFR, RELAY_TCP);

    BUILD(7, 0);
    comes_signed(leg);
    relayed(2);
    world_wait();
    BUILD(0, 0, 0);
    comes_unsigned(leg);
    world_wait();
    BUILD(0);
    comes_unsigned(leg);
    world_wait();
    BUILD(0, 0);
    comes_signed(leg);
    relayed(3);
    relayed(1);
    relayed(2);
    world_wait();
    BUILD(0, 0, 0, 0);
    comes_unsigned(leg);
    world_wait();
    BUILD(7);
    comes_signed(leg);
    relayed(4);
    relayed(1);
    world_end(EXCHANGE_ANSWERED);
    cr_expect_eq(world_event(0)->event.messages, 6);
    cr_expect_eq(world_event(0)->event.result, RESULT_OK);
}

Test(exchange_signed, P21_time_must_not_go_back_but_may_age)
{
    unsigned leg = asked(DNS_TYPE_AXFR, RELAY_TCP);
    uint64_t seconds = world.now.seconds;

    BUILD(7);
    comes_signed(leg);
    relayed(1);
    world.now.seconds += 1000;
    BUILD(0);
    comes_signed_at(leg, seconds);
    relayed(1);
    world_wait();
    BUILD(0);
    comes_signed_at(leg, seconds - 1);
    aborted("unverified-answer");
}

Test(exchange_signed, X9b_a_new_try_is_verified_anew)
{
    unsigned leg;

    begin(DNS_TYPE_AXFR, RELAY_TCP);
    leg = world_connect(WORLD_PRIMARY, RELAY_TCP);
    world_connected(leg, true);
    world_send(leg, &copy);
    world_closed(leg);
    world_connect(WORLD_PRIMARY, RELAY_TCP);
    world_connected(leg, false);
    world_send(leg, &copy);
    server_reads();
    BUILD(7, 0, 7);
    comes_signed(leg);
    relayed(3);
    world_end(EXCHANGE_ANSWERED);
}

Test(exchange_signed, P23_a_copy_signed_with_the_key_before_may_still_be_answered)
{
    unsigned leg = asked(DNS_TYPE_SOA, RELAY_UDP);
    struct support_message again;

    relay_next_key(world.relay, world_peer("hq"), world_key("up"));
    world_alarm(1000);
    world_send(leg, &again);
    world_wait();
    BUILD(7);
    world_sign(&server, &message);
    world_answer(leg, &message);
    relayed(1);
    world_end(EXCHANGE_ANSWERED);
}

Test(exchange_signed, M4_a_notify_of_a_signed_primary_is_answered_signed)
{
    struct world_side primary = {.key = "next"}, secondary = {.key = "k"};
    unsigned leg;

    support_header(&request, 0x1234, DNS_OPCODE_NOTIFY << 11);
    support_question(&request, "example.com", DNS_TYPE_SOA);
    world_begin(&primary, "10.0.0.1@40000", RELAY_UDP, &request);
    leg = world_ask(WORLD_ONE, RELAY_UDP, &copy);
    secondary.chain = tsig_chain_request();
    world_verify(&secondary, &copy, NULL);
    world_respond(&message, &copy, 0);
    world_sign(&secondary, &message);
    world_answer(leg, &message);
    world_reply_last(&primary, &reply);
}
