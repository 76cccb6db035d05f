/* What a packet of a host that is no peer costs, and what it gets. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "exchange/world.h"
#include "tsig/hmac.h"

#define PEERS      500
#define NAMESAKES  5
#define STRANGER   "203.0.113.99@4000"
#define KEY_NAME   (12 + 13 + 4 + 1) /* where the request's TSIG has its first letter */
#define MAC_END_AT (-6 - 1)          /* Original ID, error and Other Len follow the MAC */

static struct support_message request;

TestSuite(relay_strangers, .fini = world_close);

/* Signed with the key that stands at this place in the configuration. */
static void ask(size_t key)
{
    const struct tsig_stamp stamp = {
        .time_signed = world.now.seconds, .fudge = 300, .original_id = 0x1234};
    struct tsig_chain chain = tsig_chain_request();
    support_header(&request, 0x1234, 0);
    support_question(&request, "example.com", DNS_TYPE_SOA);
    struct dns_writer tail =
        dns_wire_writer(request.octets + request.len, sizeof request.octets - request.len);
    struct tsig_mac *mac = relay_mac(world.relay, &world.relay->config->keys[key]);
    cr_assert_eq(tsig_sign(mac, &chain, &stamp, request.octets, request.len, &tail), 0);
    request.len += tail.at;
}

/* Judges it and returns how many HMACs that took. */
static unsigned cost(const char *from)
{
    hmac_count = 0;
    world_judge(from, WORLD_US, RELAY_UDP, &request);
    return hmac_count;
}

/* So many secondaries with the key k. */
static void open_peers(unsigned count)
{
    static char config[PEERS * 64 + 256];
    int len = snprintf(config, sizeof config,
                       "[key k]\nsecret-file = k.key\n[primary hq]\naddress = 10.0.0.1\n");
    for (unsigned i = 0; i < count; i++)
        len +=
            snprintf(config + len, sizeof config - (size_t)len,
                     "[secondary s%u]\naddress = 192.0.%u.%u\nkey = k\n", i, i / 250, i % 250 + 1);
    world_open(config);
}

Test(relay_strangers, M1b_a_key_is_tried_once_however_many_peers_hold_it)
{
    open_peers(PEERS);
    ask(0);
    cr_expect_eq(cost(STRANGER), 1);
    cr_expect_eq(world_event(0)->event.result, RESULT_KEY_FROM_ELSEWHERE);
    request.octets[request.len + MAC_END_AT] ^= 1;
    cr_expect_eq(cost(STRANGER), 1);
    cr_expect_eq(world_event(0)->event.result, RESULT_UNKNOWN_SOURCE);
    cr_expect_eq(cost("192.0.1.1@4000"), 1, "a peer's own key is not tried again");
}

Test(relay_strangers, M1b_a_key_that_nobody_has_costs_no_hmac)
{
    open_peers(1);
    ask(0);
    request.octets[KEY_NAME] = 'l';
    cr_expect_eq(cost(STRANGER), 0);
    cr_expect_eq(world_event(0)->event.result, RESULT_UNKNOWN_SOURCE);
}

/* Names are scoped to peers, so there may be several keys of one name. */
Test(relay_strangers, M1b_of_keys_with_one_name_the_first_four_are_tried)
{
    static char config[1024], secrets[NAMESAKES][64], files[NAMESAKES][32];
    int len = snprintf(config, sizeof config, "[primary hq]\naddress = 10.0.0.1\n");
    for (int i = 0; i < NAMESAKES; i++) {
        snprintf(files[i], sizeof files[i], "/etc/t/k%d.key", i);
        snprintf(secrets[i], sizeof secrets[i], "%cAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
                 'A' + i);
        config_fixture_file(files[i], secrets[i], 0640);
        len += snprintf(config + len, sizeof config - (size_t)len,
                        "[key k%d]\nname = k\nsecret-file = k%d.key\n"
                        "[secondary s%d]\naddress = 192.0.2.%d\nkey = k%d\n",
                        i, i, i, i + 1, i);
    }
    world_open(config);
    for (unsigned i = 0; i < NAMESAKES; i++) {
        ask(i);
        cr_expect_eq(cost(STRANGER), i < 4 ? i + 1 : 4, "%u", i);
        cr_expect_eq(world_event(0)->event.result,
                     i < 4 ? RESULT_KEY_FROM_ELSEWHERE : RESULT_UNKNOWN_SOURCE, "%u", i);
    }
}

/* The MAC of a signed REFUSED would be bound to the request, which may be a recording. */
Test(relay_strangers, M1b_who_uses_a_key_from_elsewhere_gets_no_tsig_at_all)
{
    static const char *const froms[] = {STRANGER, "198.51.100.7@53"};
    world_open("[key k]\nsecret-file = k.key\n[primary hq]\naddress = 10.0.0.1\n"
               "[secondary one]\naddress = 192.0.2.1\nkey = k\n"
               "[secondary plain]\naddress = 198.51.100.7\n");
    for (int i = 0; i < 2; i++) {
        struct relay_packet packet;
        ask(0);
        const struct policy_verdict *verdict = world_judge(froms[i], WORLD_US, RELAY_UDP, &request);
        cr_assert_eq(verdict->decision, POLICY_ANSWER);
        cr_assert_eq(client_answer(world.relay, &world.verdict.client, &verdict->message,
                                   &verdict->answer, world.now, &packet),
                     0);
        cr_expect_eq(packet.tail_len, 0);
        cr_expect_eq(packet.octets[DNS_FLAGS_AT + 1] & DNS_MASK_RCODE, DNS_RCODE_REFUSED);
        cr_expect_eq(world_event(0)->event.key, world_key("k"));
        cr_expect_str_eq(world_event(0)->address, froms[i]);
    }
}

Test(relay_strangers, a_failure_of_openssl_is_servfail_and_says_nothing_of_the_key)
{
    static const char *const froms[] = {STRANGER, "192.0.0.1@4000"};
    open_peers(1);
    ask(0);
    hmac_fails = true;
    for (int i = 0; i < 2; i++) {
        const struct policy_verdict *verdict = world_judge(froms[i], WORLD_US, RELAY_UDP, &request);
        cr_assert_eq(verdict->decision, POLICY_ANSWER);
        cr_expect_eq(verdict->answer.rcode, DNS_RCODE_SERVFAIL);
        cr_expect_eq(verdict->answer.tsig_error, TSIG_NOERROR);
        cr_expect_null(verdict->client.key);
        cr_expect_null(verdict->answer.bad_record);
        cr_expect_eq(world_event(0)->event.type, EVENT_LIMIT);
        cr_expect_eq(world_event(0)->event.result, RESULT_NO_MEMORY);
    }
    hmac_fails = false;
}
