/* Requests judged and exchanges carried through with little memory. */
#include <criterion/criterion.h>

#include "play.h"
#include "tsig/fixture.h"

#define CLIENT_CONFIG                                                                              \
    "[key k]\nsecret-file = k.key\n"                                                               \
    "[primary hq]\naddress = 10.0.0.1\n"                                                           \
    "[secondary one]\naddress = 192.0.2.1\nkey = k\n"                                              \
    "allow = soa, axfr, ixfr, notify, query, update\n"

#define PLAIN_CONFIG "[primary hq]\naddress = 10.0.0.1\n[secondary two]\naddress = 192.0.2.2\n"

#define SIGNED_CONFIG                                                                              \
    "[key k]\nsecret-file = k.key\n[key up]\nsecret-file = k.key\nalgorithm = hmac-sha512\n"       \
    "[primary hq]\naddress = 10.0.0.1\nkey = up\n"                                                 \
    "[secondary one]\naddress = 192.0.2.1\nkey = k\n"

#define NOTIFY_CONFIG                                                                              \
    "[key k]\nsecret-file = k.key\n[key k2]\nsecret-file = k.key\nalgorithm = hmac-sha512\n"       \
    "[primary hq]\naddress = 10.0.0.1\n"                                                           \
    "[secondary one]\naddress = 192.0.2.1, 2001:db8::1\nkey = k\nzones = example.com\n"            \
    "[secondary two]\naddress = 192.0.2.2\nkey = k2\nzones = *\n"                                  \
    "[secondary plain]\naddress = 192.0.2.3\n"

static void ask(struct support_message *request, unsigned opcode, uint16_t type)
{
    support_header(request, 0x1234, (uint16_t)(opcode << 11));
    support_question(request, "example.com", type);
}

static void ask_soa(struct support_message *request)
{
    ask(request, DNS_OPCODE_QUERY, DNS_TYPE_SOA);
    support_opt(request, 1232, NULL, 0);
}

static void ask_axfr(struct support_message *request)
{
    ask(request, DNS_OPCODE_QUERY, DNS_TYPE_AXFR);
}

static void ask_ixfr(struct support_message *request)
{
    ask(request, DNS_OPCODE_QUERY, DNS_TYPE_IXFR);
    support_soa(request, DNS_AUTHORITY, "example.com", 5);
}

static void ask_update(struct support_message *request)
{
    ask(request, DNS_OPCODE_UPDATE, DNS_TYPE_SOA);
    support_a(request, DNS_AUTHORITY, "new.example.com");
}

static void ask_notify(struct support_message *request)
{
    ask(request, DNS_OPCODE_NOTIFY, DNS_TYPE_SOA);
    support_soa(request, DNS_ANSWER, "example.com", 7);
}

static enum play_says say_soa(unsigned turn, const struct support_message *query,
                              struct support_message *out)
{
    (void)turn;
    world_respond_soa(out, query, 7);
    return PLAY_SIGNED;
}

static enum play_says say_yes(unsigned turn, const struct support_message *query,
                              struct support_message *out)
{
    (void)turn;
    world_respond(out, query, DNS_FLAG_AA);
    return PLAY_SIGNED;
}

/* A zone of five records in three messages. */
static enum play_says say_zone(unsigned turn, const struct support_message *query,
                               struct support_message *out)
{
    if (turn == 0)
        WORLD_RECORDS(out, query, 7, 0);
    else if (turn == 1)
        WORLD_RECORDS(out, query, 0, 0);
    else
        WORLD_RECORDS(out, query, 7);
    return PLAY_SIGNED;
}

#define BARE_TURNS 20

/* The same in many messages, of which only the first and the last are signed. */
static enum play_says say_bare_zone(unsigned turn, const struct support_message *query,
                                    struct support_message *out)
{
    bool outer = turn == 0 || turn == BARE_TURNS - 1;
    if (outer)
        WORLD_RECORDS(out, query, 7);
    else
        WORLD_RECORDS(out, query, 0);
    return outer ? PLAY_SIGNED : PLAY_BARE;
}

static enum play_says say_changes(unsigned turn, const struct support_message *query,
                                  struct support_message *out)
{
    (void)turn;
    WORLD_RECORDS(out, query, 7, 5, 0, 7, 0, 7);
    return PLAY_SIGNED;
}

/* Adds records of 1000 octets of RDATA, up to `len` octets. */
static void fill(struct support_message *out, size_t len)
{
    static const uint8_t zeroes[1000];
    while (out->len + 11 + sizeof zeroes < len)
        support_add(out, &(struct support_record){.section = DNS_ANSWER,
                                                  .type = 65280,
                                                  .rdata = zeroes,
                                                  .rdata_len = sizeof zeroes});
    if (out->len + 11 < len)
        support_add(out, &(struct support_record){.section = DNS_ANSWER,
                                                  .type = 65280,
                                                  .rdata = zeroes,
                                                  .rdata_len = (uint16_t)(len - out->len - 11)});
}

/* A message that TSIG makes too large for one: 65 records, and an end. */
static enum play_says say_large_zone(unsigned turn, const struct support_message *query,
                                     struct support_message *out)
{
    WORLD_RECORDS(out, query, 7);
    if (turn == 0)
        fill(out, DNS_MESSAGE_MAX);
    return PLAY_SIGNED;
}

/* More than the client has room for: it is told to come back over TCP. */
static enum play_says say_much(unsigned turn, const struct support_message *query,
                               struct support_message *out)
{
    (void)turn;
    WORLD_RECORDS(out, query, 7);
    fill(out, 1200);
    return PLAY_SIGNED;
}

TestSuite(exchange);

#define SOA       .ask = ask_soa, .say = say_soa, .turns = 1, .replies = 1, .records = 1
#define FROM_K    .from = WORLD_ONE, .key = "k"
#define PLAY(...) play_tell(&(struct play){__VA_ARGS__})

Test(exchange, a_signed_soa_over_udp_is_answered_or_fails)
{
    PLAY(.config = CLIENT_CONFIG, FROM_K, .transport = RELAY_UDP, SOA);
}

Test(exchange, a_signed_soa_over_tcp_is_answered_or_fails)
{
    PLAY(.config = CLIENT_CONFIG, FROM_K, .transport = RELAY_TCP, SOA);
}

Test(exchange, a_question_between_two_keys_over_udp_is_answered_or_fails)
{
    PLAY(.config = SIGNED_CONFIG, FROM_K, .transport = RELAY_UDP, SOA);
}

Test(exchange, a_question_between_two_keys_over_tcp_is_answered_or_fails)
{
    PLAY(.config = SIGNED_CONFIG, FROM_K, .transport = RELAY_TCP, SOA);
}

Test(exchange, an_answer_too_long_for_udp_is_truncated_or_fails)
{
    PLAY(.config = CLIENT_CONFIG, FROM_K, .transport = RELAY_UDP, .ask = ask_soa, .say = say_much,
         .turns = 1, .replies = 1, .records = 0);
}

Test(exchange, a_second_address_answers_or_fails_when_the_first_has_refused)
{
    PLAY(.config = WORLD_CONFIG, FROM_K, .transport = RELAY_TCP, .refuses = WORLD_PRIMARY, SOA);
}

Test(exchange, an_ixfr_over_udp_is_whole_or_the_version_or_fails)
{
    PLAY(.config = CLIENT_CONFIG, FROM_K, .transport = RELAY_UDP, .ask = ask_ixfr,
         .say = say_changes, .turns = 1, .replies = 1, .records = 6);
    PLAY(.config = CLIENT_CONFIG, FROM_K, .transport = RELAY_UDP, .ask = ask_ixfr, .say = say_zone,
         .turns = 1, .replies = 1, .records = 1);
}

Test(exchange, without_a_key_an_ixfr_over_udp_is_the_version_or_fails)
{
    PLAY(.config = PLAIN_CONFIG, .from = WORLD_TWO, .transport = RELAY_UDP, .ask = ask_ixfr,
         .say = say_soa, .turns = 1, .replies = 1, .records = 1);
}

Test(exchange, a_zone_from_a_plain_primary_is_whole_or_broken_off)
{
    PLAY(.config = CLIENT_CONFIG, FROM_K, .transport = RELAY_TCP, .ask = ask_axfr, .say = say_zone,
         .turns = 3, .replies = 3, .records = 5);
}

Test(exchange, a_zone_signed_message_by_message_is_whole_or_broken_off)
{
    PLAY(.config = SIGNED_CONFIG, FROM_K, .transport = RELAY_TCP, .ask = ask_axfr, .say = say_zone,
         .turns = 3, .replies = 3, .records = 5);
}

Test(exchange, a_zone_with_unsigned_messages_in_it_is_whole_or_broken_off)
{
    PLAY(.config = SIGNED_CONFIG, FROM_K, .transport = RELAY_TCP, .ask = ask_axfr,
         .say = say_bare_zone, .turns = BARE_TURNS, .replies = BARE_TURNS, .records = BARE_TURNS);
}

Test(exchange, a_zone_whose_message_is_split_is_whole_or_broken_off)
{
    PLAY(.config = CLIENT_CONFIG, FROM_K, .transport = RELAY_TCP, .ask = ask_axfr,
         .say = say_large_zone, .turns = 2, .replies = 3, .records = 67);
}

Test(exchange, the_changes_of_a_zone_are_whole_or_fail)
{
    PLAY(.config = SIGNED_CONFIG, FROM_K, .transport = RELAY_TCP, .ask = ask_ixfr,
         .say = say_changes, .turns = 1, .replies = 1, .records = 6);
}

Test(exchange, an_update_is_answered_or_fails)
{
    PLAY(.config = CLIENT_CONFIG, FROM_K, .transport = RELAY_TCP, .ask = ask_update, .say = say_yes,
         .turns = 1, .replies = 1);
}

Test(exchange, a_notify_that_is_heard_the_second_time_is_acknowledged_by_all_or_fails)
{
    PLAY(.config = NOTIFY_CONFIG, .from = "10.0.0.1@40000", .transport = RELAY_UDP, .unheard = 1,
         .ask = ask_notify, .say = say_yes, .turns = 1, .replies = 1);
}

Test(exchange, a_notify_over_tcp_is_acknowledged_by_all_or_fails)
{
    PLAY(.config = NOTIFY_CONFIG, .from = "10.0.0.1@40000", .transport = RELAY_TCP,
         .ask = ask_notify, .say = say_yes, .turns = 1, .replies = 1);
}

Test(exchange, a_question_on_the_path_is_answered_or_fails)
{
    PLAY(.config = "[proxy]\ntransparent = yes\n" SIGNED_CONFIG, FROM_K, .to = WORLD_PRIMARY,
         .transport = RELAY_UDP, SOA);
}

/* With a TSIG of a key that only the two ends have. */
static void ask_with_their_key(struct support_message *request)
{
    struct fixture theirs;
    struct tsig_chain chain = tsig_chain_request();
    const struct tsig_stamp stamp = {.time_signed = 1, .original_id = 0x1234};
    ask_axfr(request);
    struct dns_writer tail =
        dns_wire_writer(request->octets + request->len, sizeof request->octets - request->len);
    fixture_init(&theirs, "theirs.example", "hmac-sha256", "secret", 6);
    cr_assert_eq(tsig_sign(&theirs.mac, &chain, &stamp, request->octets, request->len, &tail), 0);
    request->len += tail.at;
    fixture_fini(&theirs);
}

Test(exchange, a_zone_whose_tsig_is_no_business_of_ours_is_whole_or_broken_off)
{
    PLAY(.config = "[primary hq]\naddress = 10.0.0.1\n"
                   "[secondary one]\naddress = 192.0.2.1\nunknown-key = pass\n",
         .from = WORLD_ONE, .transport = RELAY_TCP, .ask = ask_with_their_key, .say = say_zone,
         .turns = 3, .replies = 3, .records = 5);
}

Test(exchange, a_clock_that_is_wrong_is_told_or_fails)
{
    PLAY(.config = CLIENT_CONFIG, FROM_K, .transport = RELAY_TCP, .late = 4000, .ask = ask_soa,
         .replies = 1, .rcode = DNS_RCODE_NOTAUTH);
}

Test(exchange, a_key_that_nobody_has_is_told)
{
    PLAY(.config = CLIENT_CONFIG, .from = WORLD_ONE, .transport = RELAY_TCP,
         .ask = ask_with_their_key, .replies = 1, .rcode = DNS_RCODE_NOTAUTH);
}
