/* Stories of IXFR over UDP. */
#include <criterion/criterion.h>

#include "exchange/world.h"

#define SAME                                                                                       \
    "[key k]\nsecret-file = k.key\n"                                                               \
    "[primary hq]\naddress = 10.0.0.1\ntransport = same\n"                                         \
    "[secondary one]\naddress = 192.0.2.1\nkey = k\n"

static struct world_side client = {.key = "k"};
static struct support_message request, copy, message, reply;

static void init(void)
{
    world_open(WORLD_CONFIG);
}

TestSuite(exchange_udp, .init = init, .fini = world_close);

/* The secondary has version 5; the server is asked over `used`. */
static unsigned asked(uint16_t payload, enum relay_transport used)
{
    support_header(&request, 0x1234, 0);
    support_question(&request, "example.com", DNS_TYPE_IXFR);
    support_soa(&request, DNS_AUTHORITY, "example.com", 5);
    if (payload)
        support_opt(&request, payload, NULL, 0);
    world_begin(&client, WORLD_ONE, RELAY_UDP, &request);
    return world_ask(WORLD_PRIMARY, used, &copy);
}

#define BUILD(...) WORLD_RECORDS(&message, &copy, __VA_ARGS__)

static struct dns_message answered(unsigned leg)
{
    world_answer(leg, &message);
    return world_reply_last(&client, &reply);
}

/* It is the SOA of this version with the client's question, and nothing else but OPT. */
static void version(unsigned leg, uint32_t serial, bool opt)
{
    struct dns_message m = answered(leg), query = support_parse(&request);
    uint32_t got;

    cr_assert_eq(m.flags, DNS_FLAG_QR | DNS_FLAG_AA);
    cr_assert(dns_message_same_question(&m, &query));
    cr_assert_eq(m.count[DNS_ANSWER], 1);
    cr_assert_eq(m.count[DNS_AUTHORITY], 0);
    cr_assert_eq(m.count[DNS_ADDITIONAL], opt);
    cr_assert(dns_xfr_soa_serial(&m, DNS_ANSWER, &got));
    cr_assert_eq(got, serial);
    cr_expect_eq(world_event(0)->event.type, EVENT_TRANSFER);
    cr_expect_eq(world_event(0)->event.result, RESULT_TRUNCATED);
    cr_expect_eq(world_event(0)->event.serial, serial);
}

/* So many octets more in the answer section. */
static void fill(size_t octets)
{
    static const uint8_t zeroes[DNS_MESSAGE_MAX];

    support_add(&message, &(struct support_record){.section = DNS_ANSWER,
                                                   .type = 65280,
                                                   .rdata = zeroes,
                                                   .rdata_len = (uint16_t)(octets - 11)});
}

static void leave_question_out(void)
{
    support_header(&message, dns_wire_u16_at(copy.octets), DNS_FLAG_QR | DNS_FLAG_AA);
}

Test(exchange_udp, P29_what_is_whole_in_one_message_goes_as_it_came)
{
    unsigned leg = asked(0, RELAY_TCP);

    BUILD(5);
    cr_expect_eq(answered(leg).count[DNS_ANSWER], 1);
    cr_expect(exchange_leg_is_clean(&world.exchange, leg));
    cr_expect_eq(world_event(0)->event.type, EVENT_REFRESH);
    leg = asked(0, RELAY_TCP);
    BUILD(6, 5, 0, 6, 0, 6);
    cr_expect_eq(answered(leg).count[DNS_ANSWER], 6);
    cr_expect_eq(world_event(0)->event.result, RESULT_OK);
    leg = asked(1232, RELAY_TCP);
    BUILD(7, 5, 0, 0, 0, 7, 0, 0, 0, 7);
    cr_assert_gt(message.len, 512);
    cr_expect_eq(answered(leg).count[DNS_ANSWER], 10);
}

Test(exchange_udp, P29_of_several_messages_goes_the_version)
{
    unsigned leg = asked(0, RELAY_TCP);

    BUILD(7, 5, 0);
    version(leg, 7, false);
    cr_expect_not(exchange_leg_is_clean(&world.exchange, leg), "the rest is still coming");
    leg = asked(1232, RELAY_TCP);
    BUILD(7);
    support_a(&message, DNS_AUTHORITY, "ns.example.com");
    support_a(&message, DNS_ADDITIONAL, "ns.example.com");
    support_opt(&message, 4096, NULL, 0);
    version(leg, 7, true);
    cr_expect_not(exchange_leg_is_clean(&world.exchange, leg), "one record a message");
}

Test(exchange_udp, P29_of_one_message_too_large_goes_the_version)
{
    unsigned leg = asked(0, RELAY_TCP);

    BUILD(7, 5, 0, 0, 0, 7, 0, 0, 0, 7);
    cr_assert_gt(message.len, 512);
    version(leg, 7, false);
    leg = asked(65535, RELAY_TCP);
    BUILD(7, 0);
    fill(60000);
    support_soa(&message, DNS_ANSWER, "example.com", 7);
    version(leg, 7, false);
}

Test(exchange_udp, P29_the_last_octet)
{
    size_t room = tsig_sign_room(world_key("k"));

    for (size_t excess = 0; excess < 2; excess++) {
        unsigned leg = asked(1232, RELAY_TCP);

        BUILD(7, 0, 7);
        size_t rest = 1232 - room - message.len;
        BUILD(7, 0);
        fill(rest + excess);
        support_soa(&message, DNS_ANSWER, "example.com", 7);
        if (excess) {
            version(leg, 7, false);
        } else {
            cr_expect_eq(answered(leg).count[DNS_ANSWER], 4);
            cr_expect_eq(reply.len, 1232);
        }
    }
}

/* Names that point back to the question stay where they were. */
Test(exchange_udp, P29_the_versions_names_are_whole)
{
    static const uint8_t rdata[] = {2, 'n', 's', 0xc0, 12, 1, 'h', 0xc0, 12, 0, 0, 0, 7, 0, 0,
                                    0, 1,   0,   0,    0,  1, 0,   0,    0,  1, 0, 0, 0, 1};
    unsigned leg = asked(0, RELAY_TCP);
    struct dns_message m;
    struct dns_reader r;
    struct dns_name name, expected = support_name("ns.example.com");

    world_respond(&message, &copy, DNS_FLAG_AA);
    support_add(&message, &(struct support_record){.section = DNS_ANSWER,
                                                   .pointer = 12,
                                                   .type = DNS_TYPE_SOA,
                                                   .rdata = rdata,
                                                   .rdata_len = sizeof rdata});
    fill(2000);
    version(leg, 7, false);
    m = support_parse(&reply);
    r = dns_wire_reader(reply.octets, reply.len);
    r.at = m.start[DNS_ANSWER] + 12;
    cr_assert_eq(dns_name_read(&r, &name), 0);
    cr_expect(dns_name_equal(&name, &expected));
}

/* axfrdns leaves it out, which no resolver takes over UDP. */
Test(exchange_udp, P26_the_question_is_added)
{
    unsigned leg = asked(0, RELAY_TCP);
    struct dns_message m, query = support_parse(&request);

    leave_question_out();
    support_soa(&message, DNS_ANSWER, "example.com", 7);
    support_a(&message, DNS_ANSWER, "www.example.com");
    support_soa(&message, DNS_ANSWER, "example.com", 7);
    m = answered(leg);
    cr_assert_eq(m.count[DNS_QUESTION], 1);
    cr_expect(dns_message_same_question(&m, &query));
    cr_expect_eq(m.count[DNS_ANSWER], 3);
    cr_expect_eq(m.flags, DNS_FLAG_QR | DNS_FLAG_AA);
}

Test(exchange_udp, P26_the_question_is_added_to_the_version_as_well)
{
    static const size_t sizes[] = {0, 330, 1000, 65000};

    for (int last = 0; last < 2; last++) {
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            if (last && sizes[i] == 0)
                continue;
            unsigned leg = asked(0, RELAY_TCP);

            leave_question_out();
            support_soa(&message, DNS_ANSWER, "example.com", 7);
            if (sizes[i])
                fill(sizes[i]);
            if (last)
                support_soa(&message, DNS_ANSWER, "example.com", 7);
            version(leg, 7, false);
        }
    }
}

Test(exchange_udp, P29_what_is_no_transfer_goes_as_it_came)
{
    unsigned leg = asked(0, RELAY_TCP);
    struct dns_message m;

    world_respond(&message, &copy, DNS_RCODE_REFUSED);
    cr_expect_eq(answered(leg).flags, DNS_FLAG_QR | DNS_RCODE_REFUSED);
    leg = asked(0, RELAY_TCP);
    world_respond(&message, &copy, 0);
    support_a(&message, DNS_ANSWER, "example.com");
    cr_expect_eq(answered(leg).count[DNS_ANSWER], 1);
    cr_expect_eq(world_event(0)->event.result, RESULT_NO_TRANSFER);
    leg = asked(0, RELAY_TCP);
    world_respond(&message, &copy, 0);
    fill(2000);
    m = answered(leg);
    cr_expect_eq(m.flags, DNS_FLAG_QR | DNS_FLAG_TC);
    cr_expect_eq(m.count[DNS_ANSWER], 0);
}

Test(exchange_udp, X6_a_lone_newer_soa_is_relayed)
{
    world_close();
    world_open(SAME);
    unsigned leg = asked(0, RELAY_UDP);
    BUILD(7);
    cr_expect_eq(answered(leg).count[DNS_ANSWER], 1);
    cr_expect_eq(world_event(0)->event.result, RESULT_OK);
}

/* What the server gave over UDP fits without TSIG, but not with it. */
Test(exchange_udp, P29_an_answer_over_udp_is_cut_to_the_version_too)
{
    world_close();
    world_open(SAME);
    for (int truncated = 0; truncated < 2; truncated++) {
        unsigned leg = asked(0, RELAY_UDP);

        BUILD(7, 5, 0, 7, 0);
        if (truncated)
            message.octets[2] |= DNS_FLAG_TC >> 8;
        fill(512 - message.len);
        version(leg, 7, false);
    }
}

Test(exchange_udp, P25_when_not_even_the_version_fits_it_is_tc)
{
    static const uint8_t options[360] = {0, 12, 1, 100};
    unsigned leg = asked(0, RELAY_TCP);
    struct dns_message m;

    BUILD(7, 5, 0);
    support_opt(&message, 1232, options, sizeof options);
    m = answered(leg);
    cr_expect_eq(m.flags, DNS_FLAG_QR | DNS_FLAG_AA | DNS_FLAG_TC);
    cr_expect_eq(m.count[DNS_ANSWER], 0);
}
