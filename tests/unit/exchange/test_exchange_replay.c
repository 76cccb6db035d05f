/* Stories of an UPDATE that comes a second time. */
#include <criterion/criterion.h>
#include <string.h>

#include "exchange/world.h"

#define CONFIG                                                                                     \
    "[key k]\nsecret-file = k.key\nminimum-mac = 16\n"                                             \
    "[primary hq]\naddress = 10.0.0.1\n"                                                           \
    "[secondary one]\naddress = 192.0.2.1\nkey = k\nallow = soa, update\n"

static struct world_side client = {.key = "k"};
static struct support_message request, copy, message, reply;

static void init(void)
{
    world_open(CONFIG);
}

TestSuite(exchange_replay, .init = init, .fini = world_close);

static void update(unsigned opcode)
{
    support_header(&request, 0x1234, (uint16_t)(opcode << 11));
    support_question(&request, "example.com", DNS_TYPE_SOA);
    world_begin(&client, WORLD_ONE, RELAY_UDP, &request);
}

static void done_with(uint16_t rcode)
{
    unsigned leg = world_ask(WORLD_PRIMARY, RELAY_TCP, &copy);
    world_wait();
    world_respond(&message, &copy, rcode);
    world_answer(leg, &message);
    world_reply_last(&client, &reply);
}

static const struct policy_verdict *again_from(const char *from, enum relay_transport transport)
{
    return world_judge(from, WORLD_US, transport, &request);
}

static void refused_as_replay(const struct policy_verdict *verdict)
{
    cr_assert_eq(verdict->decision, POLICY_ANSWER);
    cr_expect_eq(verdict->answer.rcode, DNS_RCODE_REFUSED);
    cr_expect_null(verdict->client.key, "a MAC would be good for the victim");
    cr_expect_eq(world_event(0)->event.type, EVENT_REFUSED);
    cr_expect_eq(world_event(0)->event.result, RESULT_REPLAY);
    cr_expect_eq(world_event(0)->event.key, world_key("k"));
}

static void answered_as_before(const struct policy_verdict *verdict, uint16_t rcode)
{
    cr_assert_eq(verdict->decision, POLICY_ANSWER);
    cr_expect_eq(verdict->answer.rcode, rcode);
    cr_expect_eq(verdict->client.key, world_key("k"));
    cr_expect_eq(world_event(0)->event.type, EVENT_JOINED);
    cr_expect_eq(world_event(0)->event.result, RESULT_RETRY);
}

Test(exchange_replay, M10_who_repeats_an_update_gets_its_rcode_again_signed_afresh)
{
    struct relay_packet packet;
    struct dns_message sent;
    struct tsig_record record;
    update(DNS_OPCODE_UPDATE);
    done_with(DNS_RCODE_NXDOMAIN);
    world_pass(5000);
    answered_as_before(again_from(WORLD_ONE, RELAY_UDP), DNS_RCODE_NXDOMAIN);
    cr_assert_eq(client_answer(world.relay, &world.verdict.client, &world.verdict.message,
                               &world.verdict.answer, world.now, &packet),
                 0);
    world_read(&packet, &reply);
    sent = support_parse(&request);
    cr_assert_eq(tsig_record_decode(&sent, &record), 0);
    client.chain = tsig_chain_request();
    tsig_chain_advance(&client.chain, record.mac, record.mac_len, record.time_signed);
    world_verify(&client, &reply, &record);
    cr_expect_eq(record.time_signed, world.now.seconds);
}

Test(exchange_replay, M10_from_elsewhere_under_another_id_or_by_tcp_it_is_a_replay)
{
    update(DNS_OPCODE_UPDATE);
    done_with(DNS_RCODE_NOERROR);
    refused_as_replay(again_from("192.0.2.1@54", RELAY_UDP));
    refused_as_replay(again_from(WORLD_ONE, RELAY_TCP));
    request.octets[0] ^= 1;
    refused_as_replay(again_from(WORLD_ONE, RELAY_UDP));
}

Test(exchange_replay, M10_a_recording_whose_mac_was_cut_is_known_too)
{
    update(DNS_OPCODE_UPDATE);
    done_with(DNS_RCODE_NOERROR);
    size_t mac_size_at = request.len - 6 - 32 - 2, rdlength_at;
    struct dns_message m = support_parse(&request);
    rdlength_at = m.tsig_at + sizeof "\1k" + 8;
    memmove(request.octets + request.len - 6 - 16, request.octets + request.len - 6, 6);
    request.len -= 16;
    dns_wire_set_u16_at(request.octets + mac_size_at, 16);
    dns_wire_set_u16_at(request.octets + rdlength_at,
                        (uint16_t)(dns_wire_u16_at(request.octets + rdlength_at) - 16));
    refused_as_replay(again_from("192.0.2.1@54", RELAY_UDP));
}

Test(exchange_replay, M10_while_the_first_is_under_way_it_is_not_done_again)
{
    update(DNS_OPCODE_UPDATE);
    world_ask(WORLD_PRIMARY, RELAY_TCP, &copy);
    refused_as_replay(again_from("192.0.2.1@54", RELAY_UDP));
    answered_as_before(again_from(WORLD_ONE, RELAY_UDP), DNS_RCODE_SERVFAIL);
}

Test(exchange_replay, M10_silence_was_servfail_and_stays_that)
{
    update(DNS_OPCODE_UPDATE);
    world_ask(WORLD_PRIMARY, RELAY_TCP, &copy);
    world_alarm(5000);
    world_reply_last(&client, &reply);
    answered_as_before(again_from(WORLD_ONE, RELAY_UDP), DNS_RCODE_SERVFAIL);
}

Test(exchange_replay, M10_a_question_may_be_asked_again)
{
    update(DNS_OPCODE_QUERY);
    cr_expect_eq(again_from("192.0.2.1@54", RELAY_UDP)->decision, POLICY_FORWARD);
}

Test(exchange_replay, M10_an_update_that_failed_to_verify_is_not_remembered)
{
    update(DNS_OPCODE_UPDATE);
    done_with(DNS_RCODE_NOERROR);
    cr_expect_eq(world.memory->replay.tickets, 1);
    request.octets[request.len - 7] ^= 1; /* the end of its MAC */
    cr_expect_eq(again_from(WORLD_ONE, RELAY_UDP)->answer.tsig_error, TSIG_BADSIG);
    cr_expect_eq(world.memory->replay.tickets, 1);
}
