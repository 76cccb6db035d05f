#include "exchange/response.h"

#include <criterion/criterion.h>
#include <string.h>

#include "exchange/world.h"

static struct world_side side = {.key = "k"};
static struct support_message request, sent, messages[3];
static struct errand errand;
static struct response response;

static void init(void)
{
    world_open(WORLD_CONFIG);
}

static void fini(void)
{
    response_fini(&response);
    errand_fini(&errand);
    world_close();
}

TestSuite(exchange_response, .init = init, .fini = fini);

/* A secondary asks for example.com, of which it has version 5. */
static void asks(uint16_t type, enum relay_transport transport)
{
    support_header(&request, 0x1234, 0);
    support_question(&request, "example.com", type);
    if (type == DNS_TYPE_IXFR)
        support_soa(&request, DNS_AUTHORITY, "example.com", 5);
    side.chain = tsig_chain_request();
    world_sign(&side, &request);
    const struct policy_verdict *verdict = world_judge(WORLD_ONE, WORLD_US, transport, &request);
    cr_assert_eq(errand_init(&errand, world.relay, verdict, &world.request), 0);
    cr_assert_eq(response_init(&response, &errand), 0);
}

static enum response_state comes(struct support_message *s, enum relay_transport transport,
                                 bool covered)
{
    struct dns_message m = support_parse(s);
    const struct response_part part = {.server = world_peer("hq"),
                                       .octets = s->octets,
                                       .message = &m,
                                       .transport = transport,
                                       .from_signed = !covered,
                                       .covered = covered};
    return response_take(&response, &errand, &part);
}

/* The next message for the client, which must verify. */
static int next(struct dns_message *m)
{
    struct relay_packet packet;
    int more = response_next(&response, &errand, world.now, &packet);
    if (more >= 0) {
        world_read(&packet, &sent);
        *m = world_verify(&side, &sent, NULL);
    }
    return more;
}

Test(exchange_response, a_question_is_answered_with_one_message)
{
    struct dns_message m;
    asks(DNS_TYPE_SOA, RELAY_UDP);
    world_respond_soa(&messages[0], &request, 7);
    cr_expect_eq(comes(&messages[0], RELAY_UDP, true), RESPONSE_COMPLETE);
    cr_expect_eq(next(&m), 0);
    cr_expect_eq(m.id, 0x1234);
    cr_expect_eq(response.messages, 1);
    cr_expect_eq(response.octets, sent.len);
    cr_expect(response.has_serial);
    cr_expect_eq(response.soa.serial, 7);
    cr_expect_not(response.up_to_date, "a SOA says nothing of what the client has");
    cr_expect_eq(response_result(&response, &errand), RESULT_OK);
}

Test(exchange_response, a_transfer_is_followed_to_its_end)
{
    struct dns_message m;
    asks(DNS_TYPE_AXFR, RELAY_TCP);
    WORLD_RECORDS(&messages[0], &request, 7, 0);
    WORLD_RECORDS(&messages[1], &request, 0, 7);
    cr_expect_eq(comes(&messages[0], RELAY_TCP, true), RESPONSE_RELAY);
    cr_expect_eq(next(&m), 0);
    cr_expect_eq(comes(&messages[1], RELAY_TCP, true), RESPONSE_COMPLETE);
    cr_expect_eq(next(&m), 0);
    cr_expect_eq(response.messages, 2);
    cr_expect_eq(response_result(&response, &errand), RESULT_OK);
}

Test(exchange_response, P21_what_no_mac_covers_waits_and_goes_on_in_order)
{
    struct dns_message m;
    asks(DNS_TYPE_AXFR, RELAY_TCP);
    WORLD_RECORDS(&messages[0], &request, 7, 0);
    WORLD_RECORDS(&messages[1], &request, 0, 0, 0);
    WORLD_RECORDS(&messages[2], &request, 7);
    cr_expect_eq(comes(&messages[0], RELAY_TCP, false), RESPONSE_HELD);
    cr_expect_eq(comes(&messages[1], RELAY_TCP, false), RESPONSE_HELD);
    cr_expect_eq(response.messages, 0);
    cr_expect_eq(comes(&messages[2], RELAY_TCP, true), RESPONSE_COMPLETE);
    for (unsigned count = 2; count <= 4; count++) {
        static const unsigned records[] = {[2] = 2, [3] = 3, [4] = 1};
        cr_expect_eq(next(&m), count < 4);
        cr_expect_eq(m.count[DNS_ANSWER], records[count]);
    }
}

Test(exchange_response, P21_an_end_without_a_mac_of_its_own_is_no_end)
{
    asks(DNS_TYPE_AXFR, RELAY_TCP);
    WORLD_RECORDS(&messages[0], &request, 7, 0, 7);
    cr_expect_eq(comes(&messages[0], RELAY_TCP, false), RESPONSE_BROKEN);
    cr_expect_eq(response.fault, RESULT_UNSIGNED_END);
}

Test(exchange_response, what_makes_no_transfer_is_broken)
{
    asks(DNS_TYPE_AXFR, RELAY_TCP);
    WORLD_RECORDS(&messages[0], &request, 7, 0, 7, 0);
    cr_expect_eq(comes(&messages[0], RELAY_TCP, true), RESPONSE_BROKEN);
    cr_expect_eq(response.fault, RESULT_BROKEN_TRANSFER);
}

Test(exchange_response, an_ixfr_answered_with_the_one_soa_it_has_is_up_to_date)
{
    static const struct {
        enum relay_transport transport;
        uint32_t serial;
        bool up_to_date;
    } cases[] = {{RELAY_TCP, 5, true},
                 {RELAY_TCP, 4, true},
                 {RELAY_UDP, 5, true},
                 {RELAY_UDP, 6, false},
                 {RELAY_TCP, 6, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        asks(DNS_TYPE_IXFR, cases[i].transport);
        world_respond_soa(&messages[0], &request, cases[i].serial);
        cr_expect_neq(comes(&messages[0], cases[i].transport, true), RESPONSE_BROKEN);
        cr_expect_eq(response.up_to_date, cases[i].up_to_date, "%zu", i);
        cr_expect_eq(response.soa.serial, cases[i].serial);
        response_fini(&response);
        errand_fini(&errand);
    }
}

Test(exchange_response, a_whole_zone_of_the_same_version_is_a_transfer)
{
    asks(DNS_TYPE_IXFR, RELAY_TCP);
    WORLD_RECORDS(&messages[0], &request, 5, 0, 5);
    cr_expect_eq(comes(&messages[0], RELAY_TCP, true), RESPONSE_COMPLETE);
    cr_expect_not(response.up_to_date);
}

Test(exchange_response, the_report_names_who_asked_and_who_served)
{
    struct dns_message m;
    asks(DNS_TYPE_IXFR, RELAY_TCP);
    world_respond_soa(&messages[0], &request, 5);
    cr_expect_eq(comes(&messages[0], RELAY_TCP, true), RESPONSE_COMPLETE);
    cr_expect_eq(next(&m), 0);
    response_report(&response, &errand, DNS_RCODE_NOERROR, RESULT_OK, world.now);
    const struct relay_event *event = &world_event(0)->event;
    cr_expect_eq(event->type, EVENT_REFRESH, "it found the secondary up to date");
    cr_expect_eq(event->peer, world_peer("one"));
    cr_expect_eq(event->client, world_peer("one"));
    cr_expect_eq(event->server, world_peer("hq"));
    cr_expect(event->has_serial && event->serial == 5);
    cr_expect(event->has_client_serial && event->client_serial == 5);
}

Test(exchange_response, P29_a_udp_client_has_enough_with_the_first_of_several)
{
    struct dns_message m;

    asks(DNS_TYPE_IXFR, RELAY_UDP);
    WORLD_RECORDS(&messages[0], &request, 7, 5, 0);
    cr_assert_eq(comes(&messages[0], RELAY_TCP, true), RESPONSE_ENOUGH);
    cr_assert_eq(next(&m), 0);
    cr_expect_eq(m.count[DNS_ANSWER], 1);
    cr_expect_eq(response_result(&response, &errand), RESULT_TRUNCATED);
}
