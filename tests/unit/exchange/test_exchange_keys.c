/* Stories about whose key: forged answers of a signed primary over UDP, both legs signed, lists of
 * keys, and keys that are not ours. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "exchange/world.h"
#include "tsig/fixture.h"
#include "tsig/sender.h"

/* A plain secondary and a signed primary. */
#define MIRROR                                                                                     \
    "[key up]\nsecret-file = k.key\n[key next]\nsecret-file = k.key\n"                             \
    "[key last]\nsecret-file = k.key\nalgorithm = hmac-sha512\n"                                   \
    "[primary hq]\naddress = 10.0.0.1\nkey = up, next, last\n"                                     \
    "[secondary one]\naddress = 192.0.2.1\nallow = soa, axfr, ixfr, notify, query\n"

static struct world_side client, server = {.key = "up"};
static struct support_message request, copy, message, reply;

TestSuite(exchange_keys, .fini = world_close);

static unsigned asked(uint16_t type, enum relay_transport transport)
{
    unsigned leg;

    support_header(&request, 0x1234, 0);
    support_question(&request, "example.com", type);
    world_begin(&client, WORLD_ONE, transport, &request);
    leg = world_ask(WORLD_PRIMARY, transport, &copy);
    world_wait();
    return leg;
}

static void server_reads(void)
{
    server.chain = tsig_chain_request();
    world_verify(&server, &copy, NULL);
}

static void dropped(unsigned leg)
{
    world_answer(leg, &message);
    world_wait();
}

static void relayed_and_ends(unsigned leg)
{
    world_answer(leg, &message);
    world_reply_last(&client, &reply);
}

/* ---- forged over UDP ---- */

Test(exchange_keys, P23_over_udp_any_altered_octet_is_dropped_and_the_right_answer_accepted_later)
{
    unsigned leg;

    world_open(MIRROR);
    leg = asked(DNS_TYPE_SOA, RELAY_UDP);
    server_reads();
    world_respond_soa(&message, &copy, 7);
    world_sign(&server, &message);
    for (size_t at = 0; at < message.len; at++) {
        message.octets[at] ^= 0x01;
        dropped(leg);
        message.octets[at] ^= 0x01;
    }
    for (size_t len = message.len; message.len > 0; message.len--)
        if (message.len < len)
            dropped(leg);
    world_respond_soa(&message, &copy, 7);
    server_reads();
    world_sign(&server, &message);
    relayed_and_ends(leg);
    cr_expect_eq(reply.octets[7], 1);
}

static void forge(const char *key)
{
    struct world_side forger = {.key = key, .chain = server.chain};

    world_respond_soa(&message, &copy, 8);
    world_sign(&forger, &message);
}

Test(exchange_keys, P23_over_udp_answers_with_no_or_another_key_are_dropped)
{
    struct tsig_chain chain;
    unsigned leg;

    world_open(MIRROR);
    leg = asked(DNS_TYPE_SOA, RELAY_UDP);
    server_reads();
    chain = server.chain;
    forge(NULL);
    dropped(leg);
    forge("next");
    dropped(leg);
    forge("last");
    dropped(leg);
    world_respond(&message, &copy, DNS_RCODE_NOTAUTH);
    dropped(leg);
    server.chain = tsig_chain_request();
    forge("up");
    dropped(leg);
    server.chain = chain;
    tsig_chain_advance(&server.chain, chain.mac, chain.mac_len, chain.time_signed);
    forge("up");
    dropped(leg);
    server.chain = chain;
    forge("up");
    relayed_and_ends(leg);
}

Test(exchange_keys, P23_over_udp_the_answer_to_an_earlier_question_is_dropped)
{
    struct support_message earlier;
    unsigned leg;

    world_open(MIRROR);
    leg = asked(DNS_TYPE_SOA, RELAY_UDP);
    server_reads();
    world_respond_soa(&earlier, &copy, 6);
    world_sign(&server, &earlier);
    message = earlier;
    relayed_and_ends(leg);
    world_pass(1000);
    leg = asked(DNS_TYPE_SOA, RELAY_UDP);
    message = earlier;
    dropped(leg);
    memcpy(message.octets, copy.octets, 2);
    dropped(leg);
    cr_expect_eq(world.exchange.state, EXCHANGE_ASKING, "it waits on");
}

Test(exchange_keys, P23_over_udp_time_outside_fudge_is_dropped)
{
    unsigned leg;

    world_open(MIRROR);
    leg = asked(DNS_TYPE_SOA, RELAY_UDP);
    server_reads();
    world.now.seconds -= 301;
    world_respond_soa(&message, &copy, 7);
    world_sign(&server, &message);
    world.now.seconds += 301;
    dropped(leg);
    world_respond_soa(&message, &copy, 7);
    server_reads();
    world_sign(&server, &message);
    relayed_and_ends(leg);
}

/* ---- both legs signed ---- */

static const char *const algorithms[] = {
    "hmac-md5",    "hmac-sha1",       "hmac-sha224",     "hmac-sha256",     "hmac-sha384",
    "hmac-sha512", "hmac-sha256-128", "hmac-sha384-192", "hmac-sha512-256",
};

#define ALGORITHMS (sizeof(algorithms) / sizeof(algorithms[0]))

static void translate(enum relay_transport transport)
{
    unsigned leg = asked(DNS_TYPE_SOA, transport);
    struct dns_message m;

    server_reads();
    world_respond_soa(&message, &copy, 7);
    world_sign(&server, &message);
    world_answer(leg, &message);
    m = world_reply_last(&client, &reply);
    cr_expect_eq(m.count[DNS_ANSWER], 1);
    cr_expect_eq(m.id, 0x1234);
}

static void translate_transfer(void)
{
    unsigned leg = asked(DNS_TYPE_AXFR, RELAY_TCP);

    server_reads();
    for (unsigned i = 0; i < 4; i++) {
        WORLD_RECORDS(&message, &copy, 0);
        if (i == 0)
            WORLD_RECORDS(&message, &copy, 7, 0);
        if (i == 3)
            WORLD_RECORDS(&message, &copy, 0, 7);
        world_sign(&server, &message);
        world_answer(leg, &message);
        world_reply(&reply);
        world_verify(&client, &reply, NULL);
    }
    world_end(EXCHANGE_ANSWERED);
}

/* Adds a key for each algorithm, named by side and number, to the configuration, and lists them. */
static void add_keys(char *config, char *list, char side)
{
    for (size_t i = 0; i < ALGORITHMS; i++) {
        sprintf(config + strlen(config), "[key %c%zu]\nsecret-file = k.key\nalgorithm = %s\n", side,
                i, algorithms[i]);
        sprintf(list + strlen(list), "%s%c%zu", i ? ", " : "", side, i);
    }
}

/* Both peers have a key of each algorithm: the request picks the secondary's. */
static void open_with_all_algorithms(void)
{
    char config[4096] = "", up[128] = "", down[128] = "";

    add_keys(config, up, 'u');
    add_keys(config, down, 'd');
    sprintf(config + strlen(config),
            "[primary hq]\naddress = 10.0.0.1\nkey = %s\n"
            "[secondary one]\naddress = 192.0.2.1\nkey = %s\n",
            up, down);
    world_open(config);
}

Test(exchange_keys, P12_each_algorithm_is_translated_to_each)
{
    open_with_all_algorithms();
    for (size_t i = 0; i < ALGORITHMS * ALGORITHMS; i++) {
        const struct peer *hq = world_peer("hq");
        char names[2][8];

        snprintf(names[0], sizeof(names[0]), "D%zu", i / ALGORITHMS);
        snprintf(names[1], sizeof(names[1]), "U%zu", i % ALGORITHMS);
        client.key = names[0];
        server.key = names[1];
        world.memory->key_turns[hq->number] = hq->keyring.keys[i % ALGORITHMS]->number + 1;
        cr_assert_eq(relay_key(world.relay, hq), world_key(names[1]));
        translate(RELAY_UDP);
        translate(RELAY_TCP);
        translate_transfer();
    }
}

/* ---- lists of keys ---- */

Test(exchange_keys, P9_any_key_of_the_list_is_accepted_and_answered_with_itself)
{
    static const char *const keys[] = {"k", "old"};

    world_open("[key k]\nsecret-file = k.key\n[key old]\nsecret-file = k.key\n"
               "[primary hq]\naddress = 10.0.0.1\n"
               "[secondary one]\naddress = 192.0.2.1\nkey = k, old\n");
    for (int i = 0; i < 2; i++) {
        struct tsig_record record;
        struct dns_name name = support_name(keys[i]);
        struct dns_message m;
        unsigned leg;

        client.key = keys[i];
        leg = asked(DNS_TYPE_SOA, RELAY_UDP);
        world_respond_soa(&message, &copy, 7);
        world_answer(leg, &message);
        world_reply_last(&client, &reply);
        m = support_parse(&reply);
        record = fixture_record(&m);
        cr_expect(dns_name_equal(&record.key_name, &name));
    }
}

static const struct tsig_key *turn(void)
{
    return relay_key(world.relay, world_peer("hq"));
}

/* An answer comes that does not verify, and time passes without another. */
static void fail_over_udp(const char *key)
{
    unsigned leg = asked(DNS_TYPE_SOA, RELAY_UDP);

    cr_assert_eq(turn(), world_key(key));
    world_respond(&message, &copy, DNS_RCODE_NOTAUTH);
    dropped(leg);
    world_alarm(1000);
    world_send(leg, &copy);
    dropped(leg);
    cr_assert_eq(turn(), world_key(key), "a forged answer alone changes nothing");
    world_alarm(5000);
    cr_assert_neq(turn(), world_key(key));
    world_reply_last(&client, &reply);
}

Test(exchange_keys, P23_the_second_key_has_its_turn_when_no_verifiable_answer_came_in_time)
{
    bool told = false;

    world_open(MIRROR);
    fail_over_udp("up");
    for (unsigned back = 0; back < world.event_count; back++)
        if (world_event(back)->event.result == RESULT_NEXT_KEY) {
            told = true;
            cr_expect_eq(world_event(back)->event.type, EVENT_TSIG_FAILURE);
            cr_expect_eq(world_event(back)->event.peer, world_peer("hq"));
            cr_expect_eq(world_event(back)->event.key, world_key("next"));
        }
    cr_expect(told, "it is reported");
    fail_over_udp("next");
    fail_over_udp("last");
    cr_expect_eq(turn(), world_key("up"));
}

Test(exchange_keys, P23_the_key_that_works_keeps_its_turn)
{
    world_open(MIRROR);
    fail_over_udp("up");
    server.key = "next";
    for (int i = 0; i < 3; i++) {
        translate(RELAY_UDP);
        cr_expect_eq(turn(), world_key("next"));
    }
}

Test(exchange_keys, P23_silence_close_and_refusal_to_connect_say_nothing_about_a_key)
{
    unsigned leg;

    world_open(MIRROR);
    asked(DNS_TYPE_SOA, RELAY_UDP);
    world_pass(5000);
    world_reply_last(&client, &reply);
    leg = asked(DNS_TYPE_SOA, RELAY_TCP);
    world_closed(leg);
    world_reply_last(&client, &reply);
    support_header(&request, 0x1234, 0);
    support_question(&request, "example.com", DNS_TYPE_SOA);
    world_begin(&client, WORLD_ONE, RELAY_TCP, &request);
    world_refused(world_connect(WORLD_PRIMARY, RELAY_TCP));
    world_reply_last(&client, &reply);
    cr_expect_eq(turn(), world_key("up"));
}

/* UPDATE goes where it came from: the secondary has a key, so that it is allowed. */
Test(exchange_keys, P23_an_update_never_brings_the_next_key)
{
    static const enum relay_transport transports[] = {RELAY_UDP, RELAY_TCP};

    world_open("[key k]\nsecret-file = k.key\n[key up]\nsecret-file = k.key\n"
               "[key next]\nsecret-file = k.key\n"
               "[primary hq]\naddress = 10.0.0.1\nkey = up, next\n"
               "[secondary one]\naddress = 192.0.2.1\nkey = k\nallow = soa, update\n");
    client.key = "k";
    for (int i = 0; i < 2; i++) {
        unsigned leg;

        support_header(&request, 0x1234, DNS_OPCODE_UPDATE << 11);
        support_question(&request, "example.com", DNS_TYPE_SOA);
        support_a(&request, DNS_AUTHORITY, "new.example.com");
        world_begin(&client, WORLD_ONE, transports[i], &request);
        leg = world_ask(WORLD_PRIMARY, transports[i], &copy);
        world_wait();
        world_respond(&message, &copy, DNS_RCODE_NOTAUTH);
        world_answer(leg, &message);
        if (transports[i] == RELAY_UDP) {
            world_wait();
            world_alarm(5000);
        }
        cr_expect_eq(dns_wire_u16_at(copy.octets + 8), 1);
        world_reply_last(&client, &reply);
        cr_expect_eq(reply.octets[3] & DNS_MASK_RCODE, DNS_RCODE_SERVFAIL);
        cr_expect_eq(turn(), world_key("up"));
    }
}

/* ---- keys that are not ours ---- */

#define PASS                                                                                       \
    "[key theirs]\nsecret-file = k.key\n"                                                          \
    "[primary hq]\naddress = 10.0.0.1\nedns = strip\n"                                             \
    "[secondary one]\naddress = 192.0.2.1\nunknown-key = pass\n"

/* But for the ID they are the same. */
static void expect_same(const struct support_message *a, const struct support_message *b)
{
    cr_assert_eq(a->len, b->len);
    cr_assert_arr_eq(a->octets + 2, b->octets + 2, a->len - 2);
}

/* The client's own key, which the proxy holds here only so that the test can sign with it. */
static unsigned pass_on(uint16_t type, enum relay_transport transport)
{
    unsigned leg;

    support_header(&request, 0x1234, DNS_FLAG_RD | DNS_FLAG_AD);
    support_question(&request, "Example.COM", type);
    support_opt(&request, 4096, "\0\12\0\10abcdefgh\0\13\0\0", 16);
    client.key = "theirs";
    world_begin(&client, WORLD_ONE, transport, &request);
    leg = world_ask(WORLD_PRIMARY, transport, &copy);
    world_wait();
    expect_same(&copy, &request);
    cr_expect_neq(dns_wire_u16_at(copy.octets), 0x1234);
    server.key = "theirs";
    server_reads();
    return leg;
}

static void passes_back(unsigned leg)
{
    world_answer(leg, &message);
    world_reply(&reply);
    expect_same(&reply, &message);
    cr_expect_eq(dns_wire_u16_at(reply.octets), 0x1234);
    world_verify(&client, &reply, NULL);
}

Test(exchange_keys, M4_a_message_of_full_size_that_is_passed_on_is_not_cut)
{
    static const uint8_t zeroes[DNS_MESSAGE_MAX];
    unsigned leg;

    world_open(PASS);
    leg = pass_on(DNS_TYPE_AXFR, RELAY_TCP);
    WORLD_RECORDS(&message, &copy, 7, 0);
    world_sign(&server, &message);
    passes_back(leg);
    world_wait();
    /* What cannot be cut without breaking its MAC is not cut. */
    WORLD_RECORDS(&message, &copy, 0);
    support_add(&message, &(struct support_record){
                              .section = DNS_ANSWER,
                              .type = 65280,
                              .rdata = zeroes,
                              .rdata_len = (uint16_t)(DNS_MESSAGE_MAX - message.len - 11 -
                                                      tsig_sign_room(world_key("theirs")))});
    world_sign(&server, &message);
    cr_assert_eq(message.len, DNS_MESSAGE_MAX);
    passes_back(leg);
    world_wait();
    WORLD_RECORDS(&message, &copy, 7);
    world_sign(&server, &message);
    passes_back(leg);
    world_end(EXCHANGE_ANSWERED);
}

/* ---- observed ---- */

Test(exchange_keys, M4_observe_lets_what_is_unsigned_through_and_signs_it_for_the_primary)
{
    world_open("[key k]\nsecret-file = k.key\n[key up]\nsecret-file = k.key\n"
               "[primary hq]\naddress = 10.0.0.1\nkey = up\n"
               "[secondary one]\naddress = 192.0.2.1\nkey = k\nmode = observe\n"
               "allow = soa, axfr, ixfr, notify, update\n");
    translate(RELAY_UDP);
    translate(RELAY_TCP);
    translate_transfer();
    cr_expect_eq(reply.octets[11], 0, "answers are unsigned");
    client.key = "k";
    translate(RELAY_UDP);
}

Test(exchange_keys, M4_observe_lets_through_no_failed_tsig_and_no_unsigned_update)
{
    const struct policy_verdict *v;

    world_open("[key k]\nsecret-file = k.key\n[key up]\nsecret-file = k.key\n"
               "[primary hq]\naddress = 10.0.0.1\nkey = up\n"
               "[secondary one]\naddress = 192.0.2.1\nkey = k\nmode = observe\n"
               "allow = soa, update\n");
    support_header(&request, 0x1234, DNS_OPCODE_UPDATE << 11);
    support_question(&request, "example.com", DNS_TYPE_SOA);
    v = world_judge(WORLD_ONE, WORLD_US, RELAY_UDP, &request);
    cr_expect_eq(v->decision, POLICY_ANSWER);
    cr_expect_eq(v->answer.rcode, DNS_RCODE_REFUSED);
    support_header(&request, 0x1234, 0);
    support_question(&request, "example.com", DNS_TYPE_SOA);
    client = (struct world_side){.key = "k", .chain = tsig_chain_request()};
    world_sign(&client, &request);
    request.octets[request.len - 7] ^= 1;
    v = world_judge(WORLD_ONE, WORLD_US, RELAY_UDP, &request);
    cr_expect_eq(v->decision, POLICY_ANSWER);
    cr_expect_eq(v->answer.tsig_error, TSIG_BADSIG);
    client = (struct world_side){.key = "up", .chain = tsig_chain_request()};
    support_header(&request, 0x1234, 0);
    support_question(&request, "example.com", DNS_TYPE_SOA);
    world_sign(&client, &request);
    v = world_judge(WORLD_ONE, WORLD_US, RELAY_UDP, &request);
    cr_expect_eq(v->decision, POLICY_ANSWER, "a key of the primary's");
    cr_expect_eq(v->answer.rcode, DNS_RCODE_REFUSED);
}
