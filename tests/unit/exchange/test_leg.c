#include "exchange/leg.h"

#include <criterion/criterion.h>
#include <string.h>

#include "exchange/world.h"

#define CONFIG                                                                                     \
    "[key k]\nsecret-file = k.key\n"                                                               \
    "[primary hq]\naddress = 10.0.0.1\n"                                                           \
    "[primary old]\naddress = 10.0.0.2\nedns = strip\n"                                            \
    "[secondary one]\naddress = 192.0.2.1\nprimary = hq\nkey = k\n"

static struct support_message request, copy, answer;
static struct errand errand;
static struct leg leg;

static void init(void)
{
    world_open(CONFIG);
}

static void fini(void)
{
    leg_fini(&leg);
    world_close();
}

TestSuite(relay_leg, .init = init, .fini = fini);

/* A leg that is about to send `request` to this peer. */
static void prepare(const char *peer, enum relay_transport transport)
{
    errand.relay = world.relay;
    errand.request = support_parse(&request);
    errand.operation = errand.request.qtype == DNS_TYPE_AXFR   ? PEER_AXFR
                       : errand.request.qtype == DNS_TYPE_IXFR ? PEER_IXFR
                                                               : PEER_SOA;
    errand.began = world.now.ms;
    leg_fini(&leg);
    leg = (struct leg){.state = LEG_READY,
                       .peer = world_peer(peer),
                       .to = world_address("10.0.0.1@53"),
                       .transport = transport};
}

static void send_copy(void)
{
    struct relay_packet packet;

    cr_assert_eq(leg_send(&leg, &errand, world.now, &packet), 0);
    world_read(&packet, &copy);
}

static void ask(const char *peer, uint16_t type, enum relay_transport transport)
{
    support_header(&request, 0x1234, 0);
    support_question(&request, "example.com", type);
    prepare(peer, transport);
    send_copy();
}

static enum leg_verdict judge(struct dns_message *m)
{
    return leg_judge(&leg, &errand, answer.octets, answer.len, world.now, m);
}

Test(relay_leg, each_copy_has_the_id_it_is_given)
{
    ask("hq", DNS_TYPE_SOA, RELAY_UDP);
    cr_expect_eq(dns_wire_u16_at(copy.octets), world.id);
    cr_expect_eq(leg.sends[0].id, world.id);
    send_copy();
    cr_expect_eq(dns_wire_u16_at(copy.octets), leg.sends[1].id);
    cr_expect_eq(leg.sent, 2);
    cr_expect_eq(dns_wire_u16_at(request.octets), 0x1234, "the request itself stays");
}

Test(relay_leg, an_answer_to_any_copy_is_good)
{
    struct support_message first;
    struct dns_message m;

    ask("one", DNS_TYPE_SOA, RELAY_UDP);
    first = copy;
    send_copy();
    for (int i = 0; i < 2; i++) {
        const struct support_message *sent = i ? &first : &copy;
        struct world_side side = {.key = "k"};

        world_verify(&side, sent, NULL);
        world_respond_soa(&answer, sent, 7);
        world_sign(&side, &answer);
        cr_expect_eq(judge(&m), LEG_GOOD);
        cr_expect_eq(m.tsig_place, DNS_TSIG_NONE);
        cr_expect_eq(m.count[DNS_ADDITIONAL], 0);
        cr_expect_eq(dns_wire_u16_at(answer.octets + 10), 0);
        cr_expect_eq(m.len, 29 + 83);
    }
}

Test(relay_leg, P23_a_mac_made_for_another_copy_is_not_good)
{
    struct world_side side = {.key = "k"};
    struct support_message first;
    struct dns_message m;

    ask("one", DNS_TYPE_SOA, RELAY_UDP);
    first = copy;
    world_pass(1000);
    send_copy();
    world_verify(&side, &first, NULL);
    world_respond_soa(&answer, &copy, 7);
    world_sign(&side, &answer);
    cr_expect_eq(judge(&m), LEG_UNVERIFIED);
    cr_expect(leg.doubted);
}

Test(relay_leg, M7_the_requests_tsig_and_hop_options_stay_behind)
{
    static const uint8_t options[] = {0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 11, 0, 0};
    struct world_side side = {.key = "k"};
    struct dns_message m;

    support_header(&request, 0x1234, DNS_FLAG_RD | DNS_FLAG_CD);
    support_question(&request, "example.com", DNS_TYPE_SOA);
    support_opt(&request, 1232, options, sizeof options);
    world_sign(&side, &request);
    prepare("hq", RELAY_UDP);
    errand.client.payload = 1232;
    errand.request.len = errand.request.tsig_at;
    errand.request.start[DNS_SECTIONS] = errand.request.len;
    errand.request.count[DNS_ADDITIONAL]--;
    errand.request.tsig_place = DNS_TSIG_NONE;
    send_copy();
    m = support_parse(&copy);
    cr_expect_eq(m.flags, DNS_FLAG_RD | DNS_FLAG_CD);
    cr_expect_eq(m.tsig_place, DNS_TSIG_NONE);
    cr_expect_eq(m.count[DNS_ADDITIONAL], 1);
    cr_expect_eq(m.opt_len, 11);
    cr_expect_eq(m.opt_payload, 1232, "the client has no key");
    errand.client.key = world_key("k");
    send_copy();
    cr_expect_eq(support_parse(&copy).opt_payload, 1232 - tsig_sign_room(errand.client.key));
    leg.peer = world_peer("old");
    send_copy();
    cr_expect_eq(support_parse(&copy).count[DNS_ADDITIONAL], 0);
}

Test(relay_leg, a_request_that_fills_a_message_has_no_room_for_tsig)
{
    static const uint8_t zeroes[DNS_MESSAGE_MAX];
    struct relay_packet packet;

    support_header(&request, 0x1234, 0);
    support_question(&request, "example.com", DNS_TYPE_SOA);
    support_add(&request, &(struct support_record){
                              .section = DNS_ADDITIONAL,
                              .type = 65280,
                              .rdata = zeroes,
                              .rdata_len = (uint16_t)(DNS_MESSAGE_MAX - request.len - 11)});
    prepare("one", RELAY_TCP);
    cr_expect_eq(leg_send(&leg, &errand, world.now, &packet), DNS_ESPACE);
    cr_expect_eq(leg.sent, 0);
    prepare("hq", RELAY_TCP);
    send_copy();
    cr_expect_eq(copy.len, DNS_MESSAGE_MAX);
}

Test(relay_leg, P28_only_a_transfer_over_tcp_may_lack_the_question)
{
    static const struct {
        uint16_t type;
        enum relay_transport transport;
        enum leg_verdict verdict;
    } cases[] = {
        {DNS_TYPE_AXFR, RELAY_TCP, LEG_GOOD},     {DNS_TYPE_IXFR, RELAY_TCP, LEG_GOOD},
        {DNS_TYPE_IXFR, RELAY_UDP, LEG_MISMATCH}, {DNS_TYPE_SOA, RELAY_TCP, LEG_MISMATCH},
        {DNS_TYPE_SOA, RELAY_UDP, LEG_MISMATCH},
    };
    struct dns_message m;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ask("hq", cases[i].type, cases[i].transport);
        support_header(&answer, dns_wire_u16_at(copy.octets), DNS_FLAG_QR);
        support_soa(&answer, DNS_ANSWER, "example.com", 7);
        cr_expect_eq(judge(&m), cases[i].verdict, "%zu", i);
        world_respond(&answer, &copy, 0);
        support_question(&answer, "example.com", cases[i].type);
        cr_expect_eq(judge(&m), LEG_MISMATCH, "two are too many");
    }
}

Test(relay_leg, P28_an_error_with_records_and_no_question_is_no_answer)
{
    struct dns_message m;

    ask("hq", DNS_TYPE_SOA, RELAY_UDP);
    for (enum dns_section section = DNS_ANSWER; section < DNS_SECTIONS; section++) {
        support_header(&answer, dns_wire_u16_at(copy.octets), DNS_FLAG_QR | DNS_RCODE_SERVFAIL);
        support_a(&answer, section, "example.com");
        cr_expect_eq(judge(&m), LEG_MISMATCH);
    }
}

Test(relay_leg, P28_a_signed_error_may_be_bare_but_for_its_tsig_and_opt)
{
    struct world_side side = {.key = "k"};
    struct dns_message m;

    ask("one", DNS_TYPE_SOA, RELAY_UDP);
    world_verify(&side, &copy, NULL);
    support_header(&answer, dns_wire_u16_at(copy.octets), DNS_FLAG_QR | DNS_RCODE_NOTIMP);
    support_opt(&answer, 1232, NULL, 0);
    world_sign(&side, &answer);
    cr_expect_eq(judge(&m), LEG_GOOD);
    cr_expect_eq(m.count[DNS_ADDITIONAL], 1);
}

Test(relay_leg, P23_what_the_peer_says_of_our_tsig_is_told_in_the_event)
{
    static const struct {
        uint16_t error;
        const char *word;
    } cases[] = {{TSIG_BADKEY, "BADKEY"},
                 {TSIG_BADSIG, "BADSIG"},
                 {TSIG_BADTIME, "BADTIME"},
                 {TSIG_BADTRUNC, "does not verify"}};
    struct world_side side = {.key = "k"};
    struct tsig_record record;
    struct dns_message m;

    ask("one", DNS_TYPE_SOA, RELAY_UDP);
    world_verify(&side, &copy, &record);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dns_writer tail = dns_wire_writer(answer.octets, sizeof answer.octets);
        const struct tsig_stamp stamp = {.time_signed = world.now.seconds, .error = cases[i].error};

        world_respond(&answer, &copy, DNS_RCODE_NOTAUTH);
        tail.at = answer.len;
        cr_assert_eq(tsig_sign_unsigned(&record, &stamp, answer.octets, &tail), 0);
        answer.len = tail.at;
        cr_expect_eq(judge(&m), LEG_UNVERIFIED);
        cr_expect_eq(world_event(0)->event.type, EVENT_TSIG_FAILURE);
        cr_expect_eq(world_event(0)->event.tsig_error, cases[i].error);
        cr_expect_eq(world_event(0)->event.rcode, DNS_RCODE_NOTAUTH);
        cr_expect_not_null(strstr(world_event(0)->event.advice, cases[i].word), "%s",
                           cases[i].word);
    }
}

/* NSD, Knot and others answer so, without a TSIG, when they do not have the zone. */
Test(relay_leg, P23_an_unsigned_refusal_of_a_notify_is_no_doubt_about_the_key)
{
    static const struct {
        enum peer_operation operation;
        uint16_t rcode;
        bool doubted;
    } cases[] = {
        {PEER_NOTIFY, DNS_RCODE_NXDOMAIN, false}, {PEER_NOTIFY, DNS_RCODE_NOTAUTH, false},
        {PEER_NOTIFY, DNS_RCODE_REFUSED, false},  {PEER_NOTIFY, DNS_RCODE_SERVFAIL, true},
        {PEER_NOTIFY, DNS_RCODE_NOERROR, true},   {PEER_SOA, DNS_RCODE_NOTAUTH, true},
    };
    struct dns_message m;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ask("one", DNS_TYPE_SOA, RELAY_UDP);
        errand.operation = cases[i].operation;
        world_respond(&answer, &copy, cases[i].rcode);
        cr_expect_eq(judge(&m), LEG_UNVERIFIED, "%zu: the wait goes on", i);
        cr_expect_eq(leg.doubted, cases[i].doubted, "%zu", i);
        cr_expect_eq(world_event(0)->event.result, RESULT_UNSIGNED_ANSWER, "%zu", i);
        const char *advice = world_event(0)->event.advice;
        cr_expect_eq(advice && strstr(advice, "no such zone"), !cases[i].doubted, "%zu", i);
    }
}

/* BADVERS: the header says NOERROR, OPT has the rest. */
Test(relay_leg, P28_an_error_that_only_opt_tells_may_be_bare)
{
    struct dns_message m;
    size_t opt;

    ask("hq", DNS_TYPE_SOA, RELAY_UDP);
    support_header(&answer, dns_wire_u16_at(copy.octets), DNS_FLAG_QR);
    opt = support_opt(&answer, 1232, NULL, 0);
    cr_expect_eq(judge(&m), LEG_MISMATCH);
    answer.octets[opt + 5] = 1;
    cr_expect_eq(judge(&m), LEG_GOOD);
    support_a(&answer, DNS_ADDITIONAL, "example.com");
    cr_expect_eq(judge(&m), LEG_MISMATCH);
}
