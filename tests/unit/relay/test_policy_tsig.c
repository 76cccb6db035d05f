/* Junk, and what a request's TSIG is worth: P1 to P11. */
#include <criterion/criterion.h>
#include <string.h>

#include "config/config_fixture.h"
#include "dns/opt.h"
#include "exchange/world.h"
#include "tsig/chain.h"
#include "tsig/fixture.h"
#include "tsig/verify.h"

#define CONFIG                                                                                     \
    "[key k]\nsecret-file = k.key\n[key cut]\nsecret-file = k.key\nminimum-mac = 16\n"             \
    "[primary hq]\naddress = 10.0.0.1\n"                                                           \
    "[secondary one]\naddress = 192.0.2.1\nkey = k, cut\n"                                         \
    "[secondary plain]\naddress = 192.0.2.2\nzones = *\n"

static struct world_side side = {.key = "k"};
static struct support_message request, reply;
static const struct policy_verdict *verdict;

static void init(void)
{
    world_open(CONFIG);
}

TestSuite(relay_policy_tsig, .init = init, .fini = world_close);

static void build(void)
{
    support_header(&request, 0x1234, DNS_FLAG_RD);
    support_question(&request, "example.com", DNS_TYPE_SOA);
}

static void sign(void)
{
    side.chain = tsig_chain_request();
    world_sign(&side, &request);
}

static void judge_over(enum relay_transport transport)
{
    verdict = world_judge(WORLD_ONE, WORLD_US, transport, &request);
}

static void judge(void)
{
    judge_over(RELAY_UDP);
}

/* The answer that the verdict asks for, as it goes out. */
static struct dns_message answered(uint16_t rcode)
{
    struct client client = verdict->client;
    struct relay_packet packet;

    cr_assert_eq(verdict->decision, POLICY_ANSWER);
    cr_assert_eq(client_answer(world.relay, &client, &verdict->message, &verdict->answer, world.now,
                               &packet),
                 0);
    world_read(&packet, &reply);
    cr_expect_eq(reply.octets[3] & DNS_MASK_RCODE, rcode, "RCODE %d, not %d",
                 reply.octets[3] & DNS_MASK_RCODE, rcode);
    cr_expect_eq(dns_wire_u16_at(reply.octets), dns_wire_u16_at(request.octets));
    return support_parse(&reply);
}

static void unsigned_form_error(const char *why)
{
    judge();
    cr_expect_eq(answered(DNS_RCODE_FORMERR).tsig_place, DNS_TSIG_NONE, "%s", why);
    cr_expect_eq(world_event(0)->event.type, EVENT_REFUSED);
    cr_expect_str_eq(report_result_word(world_event(0)->event.result), why);
}

/* The TSIG of a good request, to be altered and put back. */
static struct tsig_record taken(void)
{
    static struct support_message s;
    struct dns_message m;

    build();
    sign();
    s = request;
    m = support_parse(&s);
    build();
    return fixture_record(&m);
}

Test(relay_policy_tsig, M10_what_is_no_request_is_dropped)
{
    build();
    for (size_t len = 0; len < DNS_HEADER_SIZE; len++) {
        request.len = len;
        judge();
        cr_expect_eq(verdict->decision, POLICY_DROP);
    }
    build();
    request.octets[2] |= DNS_FLAG_QR >> 8;
    judge();
    cr_expect_eq(verdict->decision, POLICY_DROP);
    cr_expect_eq(world.event_count, DNS_HEADER_SIZE + 1);
    cr_expect_eq(world_event(0)->event.type, EVENT_IGNORED);
    cr_expect_eq(world_event(0)->event.result, RESULT_JUNK);
}

Test(relay_policy_tsig, M10_other_opcodes_are_notimp)
{
    for (unsigned opcode = 0; opcode < 16; opcode++) {
        if (opcode == 0 || opcode == DNS_OPCODE_NOTIFY || opcode == DNS_OPCODE_UPDATE)
            continue;
        build();
        request.octets[2] = (uint8_t)(opcode << 3);
        judge();
        answered(DNS_RCODE_NOTIMP);
        cr_expect_eq(reply.octets[2], 0x80 | opcode << 3);
    }
}

Test(relay_policy_tsig, M10_malformed_or_not_one_question_is_formerr)
{
    build();
    request.len--;
    unsigned_form_error("malformed");
    build();
    request.octets[request.len++] = 0;
    unsigned_form_error("malformed");
    support_header(&request, 0x1234, 0);
    unsigned_form_error("question-count");
    build();
    support_question(&request, "example.com", DNS_TYPE_SOA);
    unsigned_form_error("question-count");
    cr_expect_eq(reply.len, DNS_HEADER_SIZE, "none of the two is given back");
    cr_expect(world_event(0)->event.has_rcode);
    cr_expect_eq(world_event(0)->event.rcode, DNS_RCODE_FORMERR);
}

Test(relay_policy_tsig, M10_other_classes_and_tkey)
{
    static const uint16_t classes[] = {3, DNS_CLASS_ANY, DNS_CLASS_NONE};

    for (int i = 0; i < 3; i++) {
        build();
        dns_wire_set_u16_at(request.octets + request.len - 2, classes[i]);
        sign();
        judge();
        cr_expect_eq(answered(DNS_RCODE_REFUSED).tsig_place, DNS_TSIG_NONE);
        request.octets[2] = DNS_OPCODE_UPDATE << 3;
        judge();
        answered(i ? DNS_RCODE_FORMERR : DNS_RCODE_REFUSED);
        request.octets[2] = DNS_OPCODE_NOTIFY << 3;
        judge();
        answered(i ? DNS_RCODE_FORMERR : DNS_RCODE_REFUSED);
    }
    support_header(&request, 0x1234, 0);
    support_question(&request, "example.com", DNS_TYPE_TKEY);
    judge();
    answered(DNS_RCODE_REFUSED);
    cr_expect_eq(world_event(0)->event.result, RESULT_NOT_SUPPORTED);
}

Test(relay_policy_tsig, P1_a_tsig_out_of_place_or_out_of_form_is_formerr)
{
    struct tsig_record record = taken();
    size_t at;

    fixture_append(&request, &record);
    support_a(&request, DNS_ADDITIONAL, "example.com");
    unsigned_form_error("misplaced-tsig");
    build();
    fixture_append(&request, &record);
    fixture_append(&request, &record);
    unsigned_form_error("misplaced-tsig");
    build();
    at = request.len + 3 + 2; /* behind owner and type */
    fixture_append(&request, &record);
    request.octets[at + 1] = DNS_CLASS_IN;
    unsigned_form_error("malformed-tsig");
    request.octets[at + 1] = DNS_CLASS_ANY;
    request.octets[at + 5] = 1;
    unsigned_form_error("malformed-tsig");
    request.octets[at + 5] = 0;
    request.octets[request.len - 1] = 1; /* Other Len beyond the record */
    unsigned_form_error("malformed-tsig");
    request.octets[request.len - 1] = 0;
    judge();
    cr_expect_eq(verdict->decision, POLICY_FORWARD, "it was good before");
}

Test(relay_policy_tsig, M1b_form_comes_before_address)
{
    struct tsig_record record = taken();

    fixture_append(&request, &record);
    fixture_append(&request, &record);
    verdict = world_judge("203.0.113.1@4000", WORLD_US, RELAY_UDP, &request);
    answered(DNS_RCODE_FORMERR);
}

/* NOTAUTH with this error, no MAC, and the request's key name and algorithm. */
static struct tsig_record not_authentic(enum tsig_error error)
{
    struct dns_message m = answered(DNS_RCODE_NOTAUTH);
    struct tsig_record record = fixture_record(&m);

    cr_expect_eq(record.error, error, "error %d, not %d", record.error, error);
    cr_expect_eq(world_event(0)->event.type, EVENT_TSIG_FAILURE);
    cr_expect_eq(world_event(0)->event.tsig_error, error);
    cr_expect_eq(world_event(0)->event.peer, world_peer("one"));
    return record;
}

Test(relay_policy_tsig, P3_an_unknown_key_or_algorithm_is_badkey_without_mac)
{
    struct tsig_record record = taken(), got;

    record.key_name = support_name("Other.example");
    record.original_id = 0x4321;
    fixture_append(&request, &record);
    judge();
    got = not_authentic(TSIG_BADKEY);
    cr_expect_eq(got.mac_len, 0);
    cr_expect_eq(got.original_id, 0x4321);
    cr_expect_eq(got.fudge, 300);
    cr_expect_eq(got.time_signed, world.now.seconds);
    cr_expect(dns_name_equal(&got.key_name, &record.key_name));
    cr_expect(dns_name_equal(&got.algorithm, &record.algorithm));
    cr_expect_str_eq(world_event(0)->key_name, "Other.example");
    cr_expect_null(world_event(0)->event.expected);
    record = taken();
    record.algorithm = support_name("hmac-sha512");
    fixture_append(&request, &record);
    judge();
    got = not_authentic(TSIG_BADKEY);
    cr_expect_eq(got.mac_len, 0);
    cr_expect(dns_name_equal(&got.algorithm, &record.algorithm));
    cr_expect_eq(world_event(0)->event.expected, world_key("k"), "the name is known");
    cr_expect_str_eq(world_event(0)->offered, "hmac-sha512");
}

Test(relay_policy_tsig, P3_a_plain_peer_has_no_key_at_all)
{
    struct fixture theirs;
    struct tsig_record record = taken();

    fixture_init(&theirs, "x.example", "hmac-sha256", "secret", 6);
    record.key_name = theirs.key.name;
    fixture_append(&request, &record);
    verdict = world_judge(WORLD_TWO, WORLD_US, RELAY_UDP, &request);
    answered(DNS_RCODE_NOTAUTH);
    cr_expect_eq(verdict->answer.tsig_error, TSIG_BADKEY);
    fixture_fini(&theirs);
}

Test(relay_policy_tsig, P4_a_bad_mac_is_badsig_without_mac)
{
    struct tsig_record got;

    build();
    sign();
    request.octets[DNS_HEADER_SIZE + 1] ^= 1;
    judge();
    got = not_authentic(TSIG_BADSIG);
    cr_expect_eq(got.mac_len, 0);
    cr_expect_null(verdict->client.key);
}

/* Of one name, while the secret is being changed; the other side has the one that is not the first. */
Test(relay_policy_tsig, M1_either_of_two_secrets_verifies_and_signs_the_answer)
{
    struct tsig_record got;

    world_close();
    config_fixture_file("/etc/t/l.key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", 0640);
    world_open("[key k]\nsecret-file = k.key\n[key fresh]\nsecret-file = l.key\nname = k\n"
               "[primary hq]\naddress = 10.0.0.1\n"
               "[secondary one]\naddress = 192.0.2.1\nkey = fresh, k\n");
    build();
    sign();
    judge();
    cr_expect_eq(verdict->decision, POLICY_FORWARD);
    cr_expect_eq(verdict->client.key, &world.relay->config->keys[0]);
    build();
    sign();
    request.octets[DNS_HEADER_SIZE + 1] ^= 1;
    judge();
    got = not_authentic(TSIG_BADSIG);
    cr_expect_eq(got.mac_len, 0);
    cr_expect_eq(world_event(0)->event.type, EVENT_TSIG_FAILURE, "told of once");
    cr_expect_eq(world.event_count, 1);
}

Test(relay_policy_tsig, P5_a_time_outside_the_fudge_is_badtime_signed_with_our_clock)
{
    static const int64_t off[] = {-301, 301, -100000};

    for (int i = 0; i < 3; i++) {
        struct tsig_record got;
        struct dns_message m;
        struct dns_reader r;
        uint64_t theirs = world.now.seconds;

        build();
        sign();
        world.now.seconds = (uint64_t)((int64_t)theirs - off[i]);
        judge();
        got = not_authentic(TSIG_BADTIME);
        cr_expect_eq(world_event(0)->event.skew, off[i]);
        cr_expect_eq(got.time_signed, theirs);
        cr_expect_eq(got.fudge, 300);
        cr_assert_eq(got.other_len, 6);
        r = dns_wire_reader(got.other, 6);
        cr_expect_eq(dns_wire_get_u48(&r), world.now.seconds);
        m = support_parse(&reply);
        cr_expect_eq(tsig_verify(relay_mac(world.relay, world_key("k")), &side.chain, &m, &got,
                                 (struct tsig_clock){theirs, 300}),
                     TSIG_VERIFIED);
        world.now.seconds = theirs;
    }
}

Test(relay_policy_tsig, P5_within_the_fudge_it_is_fine)
{
    build();
    sign();
    world.now.seconds += 300;
    judge();
    cr_expect_eq(verdict->decision, POLICY_FORWARD);
    world.now.seconds -= 600;
    judge();
    cr_expect_eq(verdict->decision, POLICY_FORWARD, "P10: earlier than the last is fine too");
}

Test(relay_policy_tsig, P5_a_requests_own_fudge_counts_for_ours_at_most)
{
    const struct tsig_stamp lasting = {
        .time_signed = world.now.seconds - 18 * 3600, .fudge = UINT16_MAX, .original_id = 0x1234};
    struct dns_writer tail;

    build();
    tail = dns_wire_writer(request.octets + request.len, sizeof request.octets - request.len);
    side.chain = tsig_chain_request();
    cr_assert_eq(tsig_sign(relay_mac(world.relay, world_key("k")), &side.chain, &lasting,
                           request.octets, request.len, &tail),
                 0);
    request.len += tail.at;
    judge();
    cr_expect_eq(not_authentic(TSIG_BADTIME).fudge, UINT16_MAX);
    world.now.seconds -= 18 * 3600 - 300;
    judge();
    cr_expect_eq(verdict->decision, POLICY_FORWARD);
    world.now.seconds++;
    judge();
    not_authentic(TSIG_BADTIME);
}

/* A request whose MAC is cut to so many octets, or has zeroes behind it. */
static void cut_mac(uint16_t len)
{
    static uint8_t mac[100];
    struct tsig_record record = taken();

    memset(mac, 0, sizeof mac);
    memcpy(mac, record.mac, record.mac_len);
    record.mac = mac;
    record.mac_len = len;
    fixture_append(&request, &record);
    judge();
}

Test(relay_policy_tsig, P6_a_mac_of_impossible_length_is_formerr)
{
    static const uint16_t lens[] = {0, 1, 9, 10, 15, 33, 64};

    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        cut_mac(lens[i]);
        cr_expect_eq(answered(DNS_RCODE_FORMERR).tsig_place, DNS_TSIG_NONE);
        cr_expect_eq(world_event(0)->event.result, RESULT_MAC_SIZE);
    }
}

/* Signed by the key, which the client verifies with its request's MAC as it was sent. */
static struct tsig_record signed_answer_to_cut(uint16_t len, struct tsig_record got)
{
    struct dns_message sent = support_parse(&request), m = support_parse(&reply);
    struct tsig_record record = fixture_record(&sent);
    struct tsig_chain chain = chain_response(record.mac, len);

    cr_expect_eq(record.mac_len, len);
    cr_expect_eq(tsig_verify(relay_mac(world.relay, world_key(side.key)), &chain, &m, &got,
                             relay_clock(world.relay, world.now)),
                 TSIG_VERIFIED);
    return got;
}

Test(relay_policy_tsig, P6_a_mac_cut_short_is_badtrunc_signed_and_P7_the_answers_is_not_shorter)
{
    static const uint16_t lens[] = {16, 20, 31};

    for (int i = 0; i < 3; i++) {
        struct tsig_record got;

        cut_mac(lens[i]);
        got = signed_answer_to_cut(lens[i], not_authentic(TSIG_BADTRUNC));
        cr_expect_eq(got.mac_len, 32);
    }
}

Test(relay_policy_tsig, P6_unless_minimum_mac_allows_it)
{
    side.key = "cut";
    cut_mac(16);
    cr_expect_eq(verdict->decision, POLICY_FORWARD);
    cr_expect_eq(verdict->client.chain.mac_len, 16, "P7: as it was sent");
    cut_mac(15);
    answered(DNS_RCODE_FORMERR);
}

Test(relay_policy_tsig, P2_the_order_is_key_mac_time_truncation)
{
    struct tsig_record record = taken();

    record.key_name = support_name("other.example");
    record.time_signed -= 1000;
    fixture_append(&request, &record);
    judge();
    not_authentic(TSIG_BADKEY);
    record = taken();
    record.time_signed -= 1000;
    record.mac_len = 16;
    fixture_append(&request, &record);
    judge();
    not_authentic(TSIG_BADSIG);
    world.now.seconds -= 1000;
    cut_mac(16);
    world.now.seconds += 1000;
    judge();
    not_authentic(TSIG_BADTIME);
}

Test(relay_policy_tsig, P8_key_name_in_any_case_compressed_and_other_data_as_received)
{
    struct tsig_record record = taken();

    record.key_name = support_name("K");
    fixture_append(&request, &record);
    judge();
    cr_expect_eq(verdict->decision, POLICY_FORWARD);
    cr_expect_eq(verdict->message.count[DNS_ADDITIONAL], 0, "the TSIG is taken off");
    cr_expect_eq(verdict->message.len, 12 + 17);
    request.octets[0] ^= 0xff;
    judge();
    cr_expect_eq(verdict->decision, POLICY_FORWARD, "the header ID is not covered");
    cr_expect_eq(verdict->client.original_id, 0x1234);
    cr_expect_eq(verdict->client.id, 0x1234 ^ 0xff00);
}

Test(relay_policy_tsig, P9_the_answer_has_the_requests_original_id)
{
    struct tsig_record got;
    struct dns_message m;

    build();
    dns_wire_set_u16_at(request.octets + request.len - 4, DNS_TYPE_AXFR);
    sign();
    request.octets[0] ^= 0xff;
    judge();
    m = answered(DNS_RCODE_FORMERR);
    got = fixture_record(&m);
    cr_expect_eq(got.original_id, 0x1234);
    cr_expect_eq(m.id, 0x1234 ^ 0xff00);
    world_verify(&side, &reply, NULL);
}

static void add_sig0(void)
{
    static const uint8_t rdata[18 + 1] = {0};

    support_add(&request, &(struct support_record){.section = DNS_ADDITIONAL,
                                                   .type = DNS_TYPE_SIG,
                                                   .rclass = DNS_CLASS_ANY,
                                                   .rdata = rdata,
                                                   .rdata_len = sizeof rdata});
}

Test(relay_policy_tsig, P11_tsig_together_with_sig0_is_refused)
{
    build();
    add_sig0();
    sign();
    judge();
    cr_expect_eq(answered(DNS_RCODE_REFUSED).tsig_place, DNS_TSIG_NONE);
    cr_expect_eq(world_event(0)->event.result, RESULT_SIG0_AND_TSIG);
    build();
    add_sig0();
    judge();
    answered(DNS_RCODE_REFUSED);
    cr_expect_eq(world_event(0)->event.result, RESULT_NO_TSIG, "SIG(0) proves nothing");
}

Test(relay_policy_tsig, X6_axfr_over_udp_is_formerr_signed)
{
    build();
    dns_wire_set_u16_at(request.octets + request.len - 4, DNS_TYPE_AXFR);
    sign();
    judge();
    answered(DNS_RCODE_FORMERR);
    world_verify(&side, &reply, NULL);
    cr_expect_eq(world_event(0)->event.result, RESULT_AXFR_OVER_UDP);
    judge_over(RELAY_TCP);
    cr_expect_eq(verdict->decision, POLICY_FORWARD);
}

Test(relay_policy_tsig, X2_an_ixfr_without_the_zones_soa_is_formerr)
{
    support_header(&request, 0x1234, 0);
    support_question(&request, "example.com", DNS_TYPE_IXFR);
    support_soa(&request, DNS_AUTHORITY, "example.net", 5);
    sign();
    judge();
    answered(DNS_RCODE_FORMERR);
    cr_expect_eq(world_event(0)->event.result, RESULT_IXFR_WITHOUT_SOA);
}

Test(relay_policy_tsig, M5_refusals_of_verified_requests_are_signed_and_explained)
{
    struct dns_message m;
    size_t at;

    support_header(&request, 0x1234, 0);
    support_question(&request, "example.com", 1);
    at = support_opt(&request, 1232, NULL, 0);
    dns_wire_set_u16_at(request.octets + at + 7, 0x8000); /* DO */
    sign();
    judge();
    answered(DNS_RCODE_REFUSED);
    m = world_verify(&side, &reply, NULL);
    cr_expect_eq(world_event(0)->event.qtype, 1);
    cr_expect_eq(dns_wire_u16_at(reply.octets + m.opt_at + 7), 0x8000);
    cr_expect_eq(m.opt_len, 11 + 4 + 2 + strlen("operation-not-allowed"));
    cr_expect_eq(dns_wire_u16_at(reply.octets + m.opt_at + 15), DNS_EDE_PROHIBITED);
}
