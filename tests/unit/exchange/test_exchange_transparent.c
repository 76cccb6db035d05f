/* Stories of the gateway on the path, where both ends keep their addresses. */
#include <criterion/criterion.h>

#include "exchange/world.h"

#define CONFIG                                                                                     \
    "[proxy]\ntransparent = yes\n"                                                                 \
    "[key k]\nsecret-file = k.key\n"                                                               \
    "[primary hq]\naddress = 10.0.0.1, 10.0.0.2@5353\nsource = 198.51.100.9\n"                     \
    "[secondary one]\naddress = 192.0.2.1, 192.0.2.11\nkey = k\nzones = *\n"                       \
    "[secondary two]\naddress = 192.0.2.2\nkey = k\nzones = *\n"

#define SPARE "10.0.0.2@5353"

static struct world_side client = {.key = "k"}, nobody, secondary = {.key = "k"};
static struct support_message request, copy, message, reply;

static void init(void)
{
    world_open(CONFIG);
    world.us = WORLD_PRIMARY;
}

TestSuite(exchange_transparent, .init = init, .fini = world_close);

static const uint8_t options[] = {0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 11, 0, 2, 0, 100};
#define COOKIE 12 /* octets of the first */

static void begin(struct world_side *side, const char *from, uint16_t type,
                  enum relay_transport transport)
{
    support_header(&request, 0x1234, 0);
    support_question(&request, "example.com", type);
    support_opt(&request, 1232, options, sizeof options);
    world_begin(side, from, transport, &request);
}

static void begin_notify(const char *to)
{
    world.us = to;
    support_header(&request, 0x1234, DNS_OPCODE_NOTIFY << 11);
    support_question(&request, "example.com", DNS_TYPE_SOA);
    world_begin(&nobody, "10.0.0.1@40000", RELAY_UDP, &request);
}

static void leaves_from(const char *source)
{
    char text[ADDRESS_TEXT_SIZE];

    cr_expect_str_eq(address_to_text(&world.action.source, text), source);
}

static void ends_with_servfail(struct world_side *side)
{
    struct dns_message m = world_reply_last(side, &reply);

    cr_expect_eq(dns_message_rcode(&m), DNS_RCODE_SERVFAIL);
}

Test(exchange_transparent, M2_a_question_goes_where_it_was_sent_to_from_where_it_came)
{
    begin(&client, "192.0.2.1@4000", DNS_TYPE_SOA, RELAY_UDP);
    world_connect(WORLD_PRIMARY, RELAY_UDP);
    leaves_from("192.0.2.1");
    world.us = "10.0.0.2@53";
    begin(&client, "192.0.2.1@4000", DNS_TYPE_AXFR, RELAY_TCP);
    world_connect(SPARE, RELAY_TCP);
    leaves_from("192.0.2.1");
}

Test(exchange_transparent, M2_what_is_sent_to_the_gateway_itself_is_relayed_as_by_any_other)
{
    world.us = WORLD_US;
    begin(&client, "192.0.2.1@4000", DNS_TYPE_SOA, RELAY_TCP);
    world_refused(world_connect(WORLD_PRIMARY, RELAY_TCP));
    leaves_from("198.51.100.9");
    world_connect(SPARE, RELAY_TCP);
}

Test(exchange_transparent, M6_no_other_address_is_asked)
{
    begin(&client, "192.0.2.1@4000", DNS_TYPE_SOA, RELAY_TCP);
    world_refused(world_connect(WORLD_PRIMARY, RELAY_TCP));
    ends_with_servfail(&client);
    begin(&client, "192.0.2.1@4000", DNS_TYPE_SOA, RELAY_UDP);
    world_ask(WORLD_PRIMARY, RELAY_UDP, &copy);
    world_wait();
    world_alarm(1000);
    world_send(0, &copy);
    world_wait();
    world_alarm(5000);
    ends_with_servfail(&client);
}

Test(exchange_transparent, M7_the_cookie_stays_both_ways)
{
    struct dns_message m;
    unsigned leg;

    begin(&client, "192.0.2.1@4000", DNS_TYPE_SOA, RELAY_UDP);
    leg = world_ask(WORLD_PRIMARY, RELAY_UDP, &copy);
    m = support_parse(&copy);
    cr_assert_eq(m.opt_len, 11 + COOKIE);
    cr_expect_arr_eq(copy.octets + m.opt_at + 11, options, COOKIE);
    world_respond_soa(&message, &copy, 7);
    support_opt(&message, 1232, options, sizeof options);
    world_answer(leg, &message);
    m = world_reply_last(&client, &reply);
    cr_assert_eq(m.opt_len, 11 + COOKIE);
    cr_expect_arr_eq(reply.octets + m.opt_at + 11, options, COOKIE);
}

Test(exchange_transparent, M3_a_notify_goes_to_the_one_address_it_was_sent_to)
{
    unsigned leg;

    begin_notify("192.0.2.11@53");
    leg = world_ask("192.0.2.11@53", RELAY_UDP, &copy);
    leaves_from("10.0.0.1");
    world_wait();
    secondary.chain = tsig_chain_request();
    world_verify(&secondary, &copy, NULL);
    world_respond(&message, &copy, 0);
    world_sign(&secondary, &message);
    world_answer(leg, &message);
    world_reply_last(&nobody, &reply);
}

Test(exchange_transparent, M4_unsigned_ordinary_questions_pass_as_they_are)
{
    struct dns_message m;
    unsigned leg;

    begin(&nobody, "192.0.2.1@4000", 1, RELAY_UDP);
    leg = world_ask(WORLD_PRIMARY, RELAY_UDP, &copy);
    leaves_from("192.0.2.1");
    cr_assert_eq(copy.len, request.len);
    cr_expect_arr_eq(copy.octets + 2, request.octets + 2, copy.len - 2);
    world_respond(&message, &copy, DNS_FLAG_AD);
    support_opt(&message, 1232, options, sizeof options);
    world_answer(leg, &message);
    m = world_reply_last(&nobody, &reply);
    cr_assert_eq(reply.len, message.len);
    cr_expect_eq(m.id, 0x1234);
    cr_expect_arr_eq(reply.octets + 2, message.octets + 2, reply.len - 2);
    world_judge("192.0.2.1@4000", WORLD_PRIMARY, RELAY_TCP, &request);
    cr_expect_eq(world.verdict.decision, POLICY_FORWARD);
    support_header(&request, 0x1234, 0);
    support_question(&request, "example.com", DNS_TYPE_AXFR);
    world_judge("192.0.2.1@4000", WORLD_PRIMARY, RELAY_TCP, &request);
    cr_expect_eq(world.verdict.decision, POLICY_ANSWER);
    cr_expect_str_eq(world.verdict.answer.reason, "no-tsig");
}

Test(exchange_transparent, M4_a_primarys_own_question_to_its_secondary_passes_by)
{
    unsigned leg;

    world.us = WORLD_TWO;
    begin(&nobody, "10.0.0.1@4000", DNS_TYPE_SOA, RELAY_UDP);
    leg = world_ask(WORLD_TWO, RELAY_UDP, &copy);
    leaves_from("10.0.0.1");
    cr_expect_arr_eq(copy.octets + 2, request.octets + 2, copy.len - 2);
    world_respond_soa(&message, &copy, 7);
    world_answer(leg, &message);
    world_reply_last(&nobody, &reply);
    cr_expect_eq(reply.len, message.len);
    world_judge("10.0.0.1@4000", WORLD_TWO, RELAY_UDP, &request);
    cr_expect_eq(world.verdict.server_count, 1);
    world_judge("10.0.0.99@4000", WORLD_TWO, RELAY_UDP, &request);
    cr_expect_eq(world.verdict.decision, POLICY_ANSWER);
    cr_expect_str_eq(world.verdict.answer.reason, "unknown-source");
}

Test(exchange_transparent, M2_of_two_servers_on_one_host_the_one_whose_port_was_asked_is_asked)
{
    world_close();
    world_open("[proxy]\ntransparent = yes\n[key k]\nsecret-file = k.key\n"
               "[primary one]\naddress = 10.0.0.1\n"
               "[primary two]\naddress = 10.0.0.1@5352, 10.0.0.1@5353\n"
               "[secondary b]\naddress = 192.0.2.1\nprimary = two\nkey = k\n");
    world.us = "10.0.0.1@5353";
    begin(&client, "192.0.2.1@4000", DNS_TYPE_SOA, RELAY_UDP);
    world_connect("10.0.0.1@5353", RELAY_UDP);
}
