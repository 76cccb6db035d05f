/* Stories of answers that are not what was asked for, and of what is altered in those that are. */
#include <criterion/criterion.h>

#include "exchange/world.h"

static struct world_side client = {.key = "k"};
static struct support_message request, copy, answer, reply;

static void init(void)
{
    world_open(WORLD_CONFIG "allow = soa, axfr, ixfr, notify, query\n");
}

TestSuite(exchange_forgery, .init = init, .fini = world_close);

static unsigned asked(enum relay_transport transport)
{
    support_header(&request, 0x1234, 0);
    support_question(&request, "example.com", DNS_TYPE_SOA);
    world_begin(&client, WORLD_ONE, transport, &request);
    return world_ask(WORLD_PRIMARY, transport, &copy);
}

static void wrong_id(void)
{
    answer.octets[0] ^= 0x10;
}

static void wrong_opcode(void)
{
    answer.octets[2] ^= DNS_OPCODE_NOTIFY << 3;
}

static void no_answer(void)
{
    answer.octets[2] ^= DNS_FLAG_QR >> 8;
}

static void wrong_name(void)
{
    world_respond(&answer, &copy, 0);
    answer.octets[DNS_HEADER_SIZE + 1] ^= 0x01;
}

static void wrong_type(void)
{
    answer.octets[DNS_HEADER_SIZE + 14] ^= 0x40;
}

static void wrong_class(void)
{
    answer.octets[DNS_HEADER_SIZE + 16] ^= 0x02;
}

static void two_questions(void)
{
    world_respond(&answer, &copy, 0);
    support_question(&answer, "example.com", DNS_TYPE_SOA);
}

static void no_question(void)
{
    support_header(&answer, dns_wire_u16_at(copy.octets), DNS_FLAG_QR);
    support_soa(&answer, DNS_ANSWER, "example.com", 7);
}

static void bare_without_error(void)
{
    support_header(&answer, dns_wire_u16_at(copy.octets), DNS_FLAG_QR);
}

static void cut_short(void)
{
    answer.len--;
}

static void one_octet_more(void)
{
    answer.len++;
}

static void shorter_than_a_header(void)
{
    answer.len = 11;
}

static void nothing(void)
{
    answer.len = 0;
}

static void with_tsig(void)
{
    struct world_side side = {.key = "k"};

    world_sign(&side, &answer);
}

static void with_sig0(void)
{
    static const uint8_t rdata[18 + 1] = {0};

    support_add(&answer, &(struct support_record){.section = DNS_ADDITIONAL,
                                                  .type = DNS_TYPE_SIG,
                                                  .rclass = DNS_CLASS_ANY,
                                                  .rdata = rdata,
                                                  .rdata_len = sizeof rdata});
}

static const struct {
    const char *text;
    void (*spoil)(void);
    const char *result;
} misfits[] = {
    {"wrong ID", wrong_id, "mismatched-answer"},
    {"wrong opcode", wrong_opcode, "mismatched-answer"},
    {"no answer", no_answer, "mismatched-answer"},
    {"wrong name", wrong_name, "mismatched-answer"},
    {"wrong type", wrong_type, "mismatched-answer"},
    {"wrong class", wrong_class, "mismatched-answer"},
    {"two questions", two_questions, "mismatched-answer"},
    {"no question", no_question, "mismatched-answer"},
    {"bare without error", bare_without_error, "mismatched-answer"},
    {"cut short", cut_short, "malformed-answer"},
    {"one octet more", one_octet_more, "malformed-answer"},
    {"shorter than a header", shorter_than_a_header, "malformed-answer"},
    {"nothing", nothing, "malformed-answer"},
    {"with TSIG", with_tsig, "unexpected-tsig"},
    {"with SIG(0)", with_sig0, "unexpected-tsig"},
};

#define MISFITS (sizeof(misfits) / sizeof(misfits[0]))

Test(exchange_forgery, P28_over_udp_what_does_not_match_is_dropped_and_the_right_one_accepted)
{
    unsigned leg = asked(RELAY_UDP);
    struct dns_message m;

    for (size_t i = 0; i < MISFITS; i++) {
        world_respond_soa(&answer, &copy, 7);
        misfits[i].spoil();
        world_answer(leg, &answer);
        world_wait();
        cr_expect_eq(world_event(0)->event.type, EVENT_UPSTREAM_FAILURE);
        cr_expect_str_eq(report_result_word(world_event(0)->event.result), misfits[i].result, "%s",
                         misfits[i].text);
    }
    cr_expect_eq(world.event_count, MISFITS);
    world_respond_soa(&answer, &copy, 7);
    world_answer(leg, &answer);
    m = world_reply_last(&client, &reply);
    cr_expect_eq(m.count[DNS_ANSWER], 1);
}

Test(exchange_forgery, P28_over_tcp_it_is_the_end_and_servfail)
{
    for (size_t i = 0; i < MISFITS; i++) {
        unsigned leg = asked(RELAY_TCP);
        struct dns_message m;

        world_wait();
        world_respond_soa(&answer, &copy, 7);
        misfits[i].spoil();
        world_answer(leg, &answer);
        m = world_reply_last(&client, &reply);
        cr_expect_eq(dns_message_rcode(&m), DNS_RCODE_SERVFAIL, "%s", misfits[i].text);
        cr_expect_str_eq(report_result_word(world_event(0)->event.result), misfits[i].result, "%s",
                         misfits[i].text);
        cr_expect_not(exchange_leg_is_clean(&world.exchange, leg), "%s", misfits[i].text);
    }
}

Test(exchange_forgery, P28_the_case_of_the_question_does_not_matter)
{
    unsigned leg = asked(RELAY_UDP);

    world_respond_soa(&answer, &copy, 7);
    answer.octets[DNS_HEADER_SIZE + 1] ^= 0x20;
    world_answer(leg, &answer);
    world_reply_last(&client, &reply);
    cr_expect_eq(reply.octets[DNS_HEADER_SIZE + 1], 'E', "relayed as it came");
}

Test(exchange_forgery, P28_an_error_without_question_matches)
{
    static const enum relay_transport transports[] = {RELAY_UDP, RELAY_TCP};

    for (int i = 0; i < 4; i++) {
        unsigned leg = asked(transports[i % 2]);
        struct dns_message m;

        world_wait();
        support_header(&answer, dns_wire_u16_at(copy.octets), DNS_FLAG_QR | DNS_RCODE_FORMERR);
        if (i >= 2)
            support_opt(&answer, 1232, NULL, 0);
        world_answer(leg, &answer);
        m = world_reply_last(&client, &reply);
        cr_expect_eq(dns_message_rcode(&m), DNS_RCODE_FORMERR);
        cr_expect_eq(m.count[DNS_QUESTION], 0);
    }
}

/* Asks with an OPT that has this payload size and one octet of each option, over UDP. */
static unsigned asked_with_opt(uint16_t payload)
{
    static const uint8_t options[] = {0, 10, 0,  8, 1, 2, 3, 4, 5, 6,   7,
                                      8, 0,  11, 0, 0, 0, 3, 0, 2, 'h', 'i'};

    support_header(&request, 0x1234, 0);
    support_question(&request, "example.com", DNS_TYPE_SOA);
    support_opt(&request, payload, options, sizeof options);
    world_begin(&client, WORLD_ONE, RELAY_UDP, &request);
    return world_ask(WORLD_PRIMARY, RELAY_UDP, &copy);
}

Test(exchange_forgery, M7_towards_the_server_the_payload_leaves_room_for_the_tsig)
{
    size_t room = tsig_sign_room(world_key("k"));

    asked_with_opt(1232);
    cr_expect_eq(support_parse(&copy).opt_payload, 1232 - room);
    asked_with_opt((uint16_t)(512 + room));
    cr_expect_eq(support_parse(&copy).opt_payload, 512);
    asked_with_opt((uint16_t)(511 + room));
    cr_expect_eq(support_parse(&copy).opt_payload, 512);
    asked_with_opt(513);
    cr_expect_eq(support_parse(&copy).opt_payload, 512);
    asked_with_opt(400);
    cr_expect_eq(support_parse(&copy).opt_payload, 400, "already lower");
    asked_with_opt(65535);
    cr_expect_eq(support_parse(&copy).opt_payload, 1232 - room, "the client is given no more");
}

Test(exchange_forgery, M7_cookies_and_keepalive_belong_to_one_hop)
{
    static const uint8_t rest[] = {0, 3, 0, 2, 'h', 'i'};
    unsigned leg = asked_with_opt(1232);
    struct dns_message m = support_parse(&copy);

    cr_assert_eq(m.opt_len, 11 + sizeof rest);
    cr_expect_arr_eq(copy.octets + m.opt_at + 11, rest, sizeof rest);
    world_respond_soa(&answer, &copy, 7);
    support_opt(&answer, 4096, "\0\013\0\2\0\144\0\012\0\10abcdefgh\0\3\0\1x", 23);
    world_answer(leg, &answer);
    m = world_reply_last(&client, &reply);
    cr_assert_eq(m.opt_len, 11 + 5);
    cr_expect_arr_eq(reply.octets + m.opt_at + 11, "\0\3\0\1x", 5);
    cr_expect_eq(m.opt_payload, 4096);
}

Test(exchange_forgery, M7_unsigned_data_cannot_vouch_for_itself)
{
    unsigned leg = asked(RELAY_UDP);
    struct dns_message m;

    world_respond(&answer, &copy, DNS_FLAG_AA | DNS_FLAG_AD | DNS_FLAG_CD);
    world_answer(leg, &answer);
    m = world_reply_last(&client, &reply);
    cr_expect_eq(m.flags, DNS_FLAG_QR | DNS_FLAG_AA | DNS_FLAG_CD);
}

Test(exchange_forgery, M7_a_server_that_breaks_on_opt_gets_none)
{
    world_close();
    world_open("[key k]\nsecret-file = k.key\n"
               "[primary hq]\naddress = 10.0.0.1\nedns = strip\n"
               "[secondary one]\naddress = 192.0.2.1\nkey = k\n");
    asked_with_opt(1232);
    cr_expect_eq(support_parse(&copy).count[DNS_ADDITIONAL], 0);
    cr_expect_eq(support_parse(&copy).opt_len, 0);
}
