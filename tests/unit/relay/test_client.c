#include "relay/client.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "dns/opt.h"
#include "exchange/world.h"

static struct world_side side = {.key = "k"};
static struct support_message request, message, reply;
static const struct policy_verdict *verdict;
static struct client client;

static void init(void)
{
    world_open(WORLD_CONFIG);
}

TestSuite(relay_client, .init = init, .fini = world_close);

/* A client that has asked for an SOA, with this payload size in an OPT unless 0. */
static void asks(const char *name, uint16_t flags, uint16_t payload, enum relay_transport transport)
{
    support_header(&request, 0x1234, flags);
    support_question(&request, name, DNS_TYPE_SOA);
    if (payload)
        support_opt(&request, payload, NULL, 0);
    side.chain = tsig_chain_request();
    world_sign(&side, &request);
    verdict = world_judge(WORLD_ONE, WORLD_US, transport, &request);
    client = verdict->client;
}

/* Our own answer, as the client verifies it. */
static struct dns_message answered(const struct client_answer *answer)
{
    struct relay_packet packet;

    cr_assert_eq(client_answer(world.relay, &client, &verdict->message, answer, world.now, &packet),
                 0);
    world_read(&packet, &reply);
    return world_verify(&side, &reply, NULL);
}

Test(relay_client, an_answer_has_id_opcode_rd_and_question_of_the_request)
{
    const struct client_answer refused = {.rcode = DNS_RCODE_REFUSED, .ede = DNS_EDE_NONE};
    struct dns_message m;

    asks("Example.com", DNS_FLAG_RD | DNS_FLAG_CD | DNS_FLAG_AD, 0, RELAY_UDP);
    m = answered(&refused);
    cr_expect_eq(m.id, 0x1234);
    cr_expect_eq(m.flags, DNS_FLAG_QR | DNS_FLAG_RD | DNS_RCODE_REFUSED);
    cr_expect_eq(m.count[DNS_QUESTION], 1);
    cr_expect_eq(m.qtype, DNS_TYPE_SOA);
    cr_expect_eq(m.qclass, DNS_CLASS_IN);
    cr_expect_arr_eq(m.qname.octets, "\7Example\3com", 13, "its case stays");
    cr_expect_eq(m.count[DNS_ADDITIONAL], 0, "no OPT was sent");
    asks("example.com", 0, 0, RELAY_UDP);
    m = answered(&(struct client_answer){.flags = DNS_FLAG_TC, .ede = DNS_EDE_NONE});
    cr_expect_eq(m.flags, DNS_FLAG_QR | DNS_FLAG_TC);
}

Test(relay_client, M5_with_edns_the_answer_says_why)
{
    const struct client_answer refused = {
        .rcode = DNS_RCODE_REFUSED, .ede = DNS_EDE_PROHIBITED, .reason = "because"};
    struct dns_message m;

    asks("example.com", 0, 1232, RELAY_UDP);
    client.opt_flags = 0x8000;
    m = answered(&refused);
    cr_assert_eq(m.opt_len, 11 + 4 + 2 + 7);
    cr_expect_arr_eq(reply.octets + m.opt_at + 5, "\0\0\x80\0", 4, "DO is copied");
    cr_expect_arr_eq(reply.octets + m.opt_at + 11, "\0\017\0\011\0\022because", 13);
}

Test(relay_client, M5_text_of_an_explanation_is_left_out_where_it_does_not_fit)
{
    char reason[400];
    const struct client_answer refused = {.ede = DNS_EDE_PROHIBITED, .reason = reason};
    size_t fixed;

    asks("example.com", 0, 512, RELAY_UDP);
    fixed = 12 + 17 + 11 + 4 + 2 + tsig_sign_room(world_key("k"));
    memset(reason, 'x', sizeof reason);
    reason[512 - fixed] = '\0';
    answered(&refused);
    cr_expect_eq(reply.len, 512);
    asks("example.com", 0, 512, RELAY_UDP);
    reason[512 - fixed] = 'x';
    reason[512 - fixed + 1] = '\0';
    cr_expect_eq(answered(&refused).opt_len, 11 + 4 + 2);
    asks("example.com", 0, 512, RELAY_TCP);
    answered(&refused);
    cr_expect_eq(reply.len, 513, "there is room over TCP");
}

/* First without the text, then without the option, then not at all. */
Test(relay_client, an_answer_has_no_more_octets_than_its_limit)
{
    struct client_answer refused = {.ede = DNS_EDE_PROHIBITED, .reason = "because"};
    const size_t fixed = 12 + 17 + 11 + tsig_sign_room(world_key("k"));
    const struct {
        size_t limit;
        size_t opt_len;
    } cases[] = {{fixed + 13, 24}, {fixed + 12, 17}, {fixed + 6, 17}, {fixed + 5, 11}, {fixed, 11}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        refused.limit = cases[i].limit;
        asks("example.com", 0, 1232, RELAY_UDP);
        cr_expect_eq(answered(&refused).opt_len, cases[i].opt_len, "%zu", i);
    }
    refused.limit = fixed - 1;
    asks("example.com", 0, 1232, RELAY_UDP);
    struct relay_packet packet;
    cr_expect_eq(
        client_answer(world.relay, &client, &verdict->message, &refused, world.now, &packet),
        DNS_ESPACE);
}

Test(relay_client, what_does_not_fit_at_all_is_not_sent)
{
    const struct client_answer refused = {.ede = DNS_EDE_NONE};
    struct relay_packet packet;

    asks("example.com", 0, 0, RELAY_UDP);
    client.payload = 12 + 17 + (uint16_t)client_room(&client);
    cr_expect_eq(
        client_answer(world.relay, &client, &verdict->message, &refused, world.now, &packet), 0);
    asks("example.com", 0, 0, RELAY_UDP);
    client.payload = 12 + 17 + (uint16_t)client_room(&client) - 1;
    cr_expect_eq(
        client_answer(world.relay, &client, &verdict->message, &refused, world.now, &packet),
        DNS_ESPACE);
    cr_expect_eq(world_event(0)->event.type, EVENT_IGNORED);
    cr_expect_eq(world_event(0)->event.result, RESULT_NO_ROOM);
    cr_expect_eq(world_event(0)->event.peer, world_peer("one"));
    cr_expect_str_eq(world_event(0)->address, WORLD_ONE);
    client.payload = 12 + 16;
    cr_expect_eq(
        client_answer(world.relay, &client, &verdict->message, &refused, world.now, &packet),
        DNS_ESPACE);
}

Test(relay_client, P9_who_sent_no_tsig_gets_none)
{
    side.key = NULL;
    asks("example.com", 0, 0, RELAY_UDP);
    cr_expect_eq(client_room(&client), 0);
    answered(&(struct client_answer){.rcode = DNS_RCODE_REFUSED, .ede = DNS_EDE_NONE});
    cr_expect_eq(reply.len, 12 + 17);
}

/* Relays what is in `message`. */
static int relay(bool from_signed, struct dns_message *m)
{
    struct relay_packet packet;
    int error;

    *m = support_parse(&message);
    error = client_adapt(world.relay, &client, message.octets, m, from_signed, world.now, &packet);
    if (error == 0)
        world_read(&packet, &reply);
    return error;
}

Test(relay_client, M7_relays_with_its_id_and_without_ad)
{
    struct dns_message m;

    asks("example.com", 0, 0, RELAY_UDP);
    world_respond_soa(&message, &request, 7);
    message.octets[0] ^= 0xff;
    message.octets[3] |= DNS_FLAG_AD;
    cr_assert_eq(relay(false, &m), 0);
    m = world_verify(&side, &reply, NULL);
    cr_expect_eq(m.id, 0x1234);
    cr_expect_eq(m.flags, DNS_FLAG_QR | DNS_FLAG_AA);
}

Test(relay_client, M7_ad_stays_where_data_came_signed_or_nothing_was_promised)
{
    struct dns_message m;

    asks("example.com", 0, 0, RELAY_UDP);
    world_respond(&message, &request, DNS_FLAG_AD);
    cr_assert_eq(relay(true, &m), 0);
    cr_expect_eq(world_verify(&side, &reply, NULL).flags, DNS_FLAG_QR | DNS_FLAG_AD);
    side.key = NULL;
    asks("example.com", 0, 0, RELAY_UDP);
    world_respond(&message, &request, DNS_FLAG_AD);
    cr_assert_eq(relay(false, &m), 0);
    cr_expect_eq(world_verify(&side, &reply, NULL).flags, DNS_FLAG_QR | DNS_FLAG_AD);
    cr_expect_eq(reply.len, message.len);
}

Test(relay_client, P25_the_payload_size_is_at_least_512)
{
    asks("example.com", 0, 0, RELAY_UDP);
    cr_expect_eq(client.payload, 512);
    asks("example.com", 0, 100, RELAY_UDP);
    cr_expect_eq(client.payload, 512);
    asks("example.com", 0, 1232, RELAY_UDP);
    cr_expect_eq(client.payload, 1232);
}

#define SIZED(size)                                                                                \
    "[proxy]\nudp-size = " size "\n[key k]\nsecret-file = k.key\n"                                 \
    "[primary hq]\naddress = 10.0.0.1\n"                                                           \
    "[secondary one]\naddress = 192.0.2.1\nkey = k\n"

Test(relay_client, P25_the_payload_size_is_at_most_udp_size)
{
    static const struct {
        const char *config;
        uint16_t offered, payload;
    } cases[] = {
        {WORLD_CONFIG, 1233, 1232},  {WORLD_CONFIG, 65535, 1232}, {SIZED("512"), 1232, 512},
        {SIZED("4096"), 4095, 4095}, {SIZED("4096"), 4097, 4096}, {SIZED("4096"), 0, 512},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        world_close();
        world_open(cases[i].config);
        asks("example.com", 0, cases[i].offered, RELAY_UDP);
        cr_expect_eq(client.payload, cases[i].payload, "%zu", i);
    }
}

Test(relay_client, P25_an_answer_of_our_own_says_udp_size)
{
    const struct client_answer refused = {.rcode = DNS_RCODE_REFUSED, .ede = DNS_EDE_NONE};

    asks("example.com", 0, 4096, RELAY_UDP);
    cr_expect_eq(answered(&refused).opt_payload, 1232);
    world_close();
    world_open(SIZED("1400"));
    asks("example.com", 0, 512, RELAY_TCP);
    cr_expect_eq(answered(&refused).opt_payload, 1400);
}

Test(relay_client, P26_over_tcp_what_leaves_no_room_stays_whole)
{
    static const uint8_t zeroes[DNS_MESSAGE_MAX];
    struct dns_message m;

    asks("example.com", 0, 0, RELAY_TCP);
    for (int spare = 0; spare < 2; spare++) {
        size_t len = DNS_MESSAGE_MAX - client_room(&client) + 1 - (size_t)spare;

        world_respond(&message, &request, 0);
        support_add(&message,
                    &(struct support_record){.section = DNS_ANSWER,
                                             .type = 65280,
                                             .rdata = zeroes,
                                             .rdata_len = (uint16_t)(len - message.len - 11)});
        cr_expect_eq(relay(false, &m), spare ? 0 : DNS_ESPACE);
        cr_expect_eq(m.len, len);
        cr_expect_eq(m.count[DNS_ANSWER], 1);
    }
    cr_expect_eq(reply.len, DNS_MESSAGE_MAX);
    world_verify(&side, &reply, NULL);
}
