/* Stories of a secondary that knows no TSIG and a primary that insists on it: what of a transfer
 * that was altered, shuffled or cut on the way reaches the secondary. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "exchange/world.h"
#include "tsig/fixture.h"
#include "tsig/sender.h"

#define CONFIG                                                                                     \
    "[key up]\nsecret-file = k.key\n"                                                              \
    "[primary hq]\naddress = 10.0.0.1\nkey = up\n"                                                 \
    "[secondary one]\naddress = 192.0.2.1\n"

#define MESSAGES_MAX 8
#define CLIENT_ID    0x1234

/* A transfer as the primary sends it, by its plan: S is a signed message, - an unsigned one. */
static struct support_message sent[MESSAGES_MAX];
static size_t sent_count;
static size_t bare[MESSAGES_MAX]; /* octets of each without its TSIG */

/* What the secondary has of it. */
static struct {
    size_t messages;
    bool servfail; /* an answer of the proxy's own */
    bool ended;
    enum exchange_end end;
    struct dns_xfr xfr;
} got;

static struct world_side client;
static struct sender sender;
static struct support_message request, copy, reply;

static void init(void)
{
    world_open(CONFIG);
}

static void fini(void)
{
    sender_fini(&sender);
    world_close();
}

TestSuite(exchange_mirror, .init = init, .fini = fini);

/* The secondary asks; with the same ID and time always, so that the request's MAC is the same. */
static unsigned ask(uint16_t type)
{
    struct dns_message m;
    unsigned leg;

    world.id = 0x4000;
    support_header(&request, CLIENT_ID, 0);
    support_question(&request, "example.com", type);
    if (type == DNS_TYPE_IXFR)
        support_soa(&request, DNS_AUTHORITY, "example.com", 5);
    world_begin(&client, WORLD_ONE, RELAY_TCP, &request);
    leg = world_ask(WORLD_PRIMARY, RELAY_TCP, &copy);
    memset(&got, 0, sizeof(got));
    m = support_parse(&request);
    cr_assert_eq(dns_xfr_init(&got.xfr, &m), 0);
    return leg;
}

/* The primary has verified `copy` and begins to answer. */
static void answer_begins(void)
{
    struct dns_message m = support_parse(&copy);
    struct tsig_record record = fixture_record(&m);

    sender_fini(&sender);
    sender_init(&sender, world_key("up"), record.mac, record.mac_len);
}

/* The last message ends the transfer: as an AXFR, or with the last SOA of an IXFR's differences. */
static void build(size_t number, bool last, uint16_t type)
{
    struct support_message *out = &sent[number];
    char name[32];

    if (number == 0 && type == DNS_TYPE_IXFR)
        WORLD_RECORDS(out, &copy, 7, 5, 0, 7);
    else if (number == 0)
        WORLD_RECORDS(out, &copy, 7);
    else
        world_respond(out, &copy, DNS_FLAG_AA);
    snprintf(name, sizeof(name), "host%zu.example.com", number);
    support_a(out, DNS_ANSWER, name);
    if (last)
        support_soa(out, DNS_ANSWER, "example.com", 7);
    bare[number] = out->len;
}

static void prepare(const char *plan, uint16_t type)
{
    ask(type);
    answer_begins();
    sent_count = strlen(plan);
    for (size_t i = 0; i < sent_count; i++) {
        build(i, i + 1 == sent_count, type);
        if (plan[i] == 'S')
            sender_sign(&sender, &sent[i], world.now.seconds);
        else
            sender_pass(&sender, &sent[i]);
    }
}

/* It is what the primary sent as number got.messages, but for ID and TSIG. */
static void receive(void)
{
    struct dns_message m = support_parse(&reply);
    size_t number = got.messages;

    if (number == 0 && dns_message_rcode(&m) == DNS_RCODE_SERVFAIL) {
        got.servfail = true;
        return;
    }
    cr_assert_lt(number, sent_count);
    cr_assert_eq(m.id, CLIENT_ID);
    cr_assert_eq(m.tsig_place, DNS_TSIG_NONE);
    cr_assert_eq(reply.len, bare[number]);
    cr_assert_eq(m.count[DNS_ADDITIONAL], 0);
    cr_assert_arr_eq(reply.octets + 12, sent[number].octets + 12, reply.len - 12);
    cr_assert_neq(got.xfr.state, DNS_XFR_DONE);
    dns_xfr_follow(&got.xfr, &m);
    got.messages++;
}

/* Carries out what the exchange wants. */
static void carry_out(void)
{
    do {
        exchange_next(&world.exchange, world.now, &world.action);
        if (world.action.type == ACTION_REPLY) {
            world_read(&world.action.packet, &reply);
            receive();
        }
    } while (world.action.type == ACTION_REPLY);
    got.ended = world.action.type == ACTION_END;
    got.end = world.action.end;
}

/* Messages of the primary in this order, until the exchange ends; after the last it closes. */
static void transfer(uint16_t type, const struct support_message *const messages[], size_t count)
{
    unsigned leg = ask(type);

    for (size_t i = 0; i < count && !got.ended; i++) {
        world_answer(leg, messages[i]);
        carry_out();
    }
    if (got.ended)
        return;
    world_closed(leg);
    carry_out();
    cr_assert(got.ended);
}

static void transfer_all(uint16_t type)
{
    const struct support_message *messages[MESSAGES_MAX];

    for (size_t i = 0; i < sent_count; i++)
        messages[i] = &sent[i];
    transfer(type, messages, sent_count);
}

/* The secondary has this many messages at most, those of the primary, and cannot take them for
 * all. */
static void expect_at_most(size_t messages)
{
    cr_assert_leq(got.messages, messages);
    cr_assert_neq(got.xfr.state, DNS_XFR_DONE);
    if (got.messages > 0)
        cr_assert_eq(got.end, EXCHANGE_ABORTED);
    else
        cr_assert(got.servfail && got.end == EXCHANGE_ANSWERED);
}

static void expect_all(void)
{
    cr_assert_eq(got.messages, sent_count);
    cr_assert_eq(got.xfr.state, DNS_XFR_DONE);
    cr_assert_eq(got.end, EXCHANGE_ANSWERED);
}

static const char *const plans[] = {"SSS", "S--S", "S-SS", "SS-S", "S"};
static const uint16_t types[] = {DNS_TYPE_AXFR, DNS_TYPE_IXFR};

#define EACH_PLAN for (size_t p = 0; p < 10 && (prepare(plans[p / 2], types[p % 2]), true); p++)

Test(exchange_mirror, P21_what_verifies_is_relayed_without_tsig_and_whole)
{
    EACH_PLAN
    {
        transfer_all(types[p % 2]);
        expect_all();
        cr_expect(exchange_leg_is_clean(&world.exchange, 0));
    }
}

/* Not covered by any MAC: Error in a continuation (RFC 8945 section 5.3.1). */
static bool is_free(size_t number, size_t at)
{
    size_t len = sent[number].len;

    return number > 0 && len > bare[number] && (at == len - 4 || at == len - 3);
}

static void alter(uint16_t type, size_t number, uint8_t flip)
{
    for (size_t at = 0; at < sent[number].len; at++) {
        if (is_free(number, at))
            continue;
        sent[number].octets[at] ^= flip;
        transfer_all(type);
        sent[number].octets[at] ^= flip;
        expect_at_most(number);
    }
}

Test(exchange_mirror, P21_nothing_of_an_altered_message_or_behind_it_is_relayed)
{
    EACH_PLAN
    {
        for (size_t number = 0; number < sent_count; number++) {
            alter(types[p % 2], number, 0x01);
            alter(types[p % 2], number, 0x80);
        }
        transfer_all(types[p % 2]);
        expect_all();
    }
}

Test(exchange_mirror, P21_nor_of_one_that_was_cut_short)
{
    prepare("S-S", DNS_TYPE_AXFR);
    for (size_t number = 0; number < 3; number++) {
        size_t len = sent[number].len;

        for (sent[number].len = 0; sent[number].len < len; sent[number].len++) {
            transfer_all(DNS_TYPE_AXFR);
            expect_at_most(number);
        }
        sent[number].len = len;
    }
}

Test(exchange_mirror, P21_a_stream_cut_between_two_messages_never_looks_complete)
{
    EACH_PLAN
    {
        size_t all = sent_count;

        for (sent_count = 0; sent_count < all; sent_count++) {
            transfer_all(types[p % 2]);
            expect_at_most(sent_count);
        }
    }
}

Test(exchange_mirror, X9_a_stream_that_stalls_between_two_messages_is_aborted)
{
    for (size_t count = 1; count < 4; count++) {
        unsigned leg;

        prepare("S--S", DNS_TYPE_AXFR);
        leg = ask(DNS_TYPE_AXFR);
        for (size_t i = 0; i < count; i++) {
            world_answer(leg, &sent[i]);
            carry_out();
        }
        world_alarm(120000);
        carry_out();
        cr_expect_eq(got.end, EXCHANGE_ABORTED);
        cr_expect_eq(got.messages, 1, "the others wait for their MAC");
    }
}

Test(exchange_mirror, P21_messages_in_another_order_left_out_or_twice)
{
    EACH_PLAN
    {
        for (size_t i = 0; i < sent_count; i++) {
            const struct support_message *twice[MESSAGES_MAX], *without[MESSAGES_MAX];
            const struct support_message *swapped[MESSAGES_MAX];

            for (size_t k = 0; k < sent_count; k++) {
                twice[k < i ? k : k + 1] = &sent[k];
                without[k <= i ? k : k - 1] = &sent[k];
                swapped[k] = &sent[k];
            }
            twice[i] = &sent[i];
            if (i + 1 < sent_count) {
                swapped[i] = &sent[i + 1];
                swapped[i + 1] = &sent[i];
                transfer(types[p % 2], swapped, sent_count);
                expect_at_most(i);
                transfer(types[p % 2], twice, sent_count + 1);
                expect_at_most(i + 1);
            }
            without[i] = i + 1 < sent_count ? &sent[i + 1] : NULL;
            transfer(types[p % 2], without, sent_count - 1);
            expect_at_most(i);
        }
    }
}

Test(exchange_mirror, P21_an_older_transfer_of_the_zone_played_again)
{
    prepare("SSS", DNS_TYPE_AXFR);
    world_pass(1000);
    transfer_all(DNS_TYPE_AXFR);
    expect_at_most(0);
}

Test(exchange_mirror, P21_a_transfer_without_tsig)
{
    prepare("---", DNS_TYPE_AXFR);
    transfer_all(DNS_TYPE_AXFR);
    expect_at_most(0);
    cr_expect_eq(world_event(2)->event.type, EVENT_TSIG_FAILURE);
    cr_expect_eq(world_event(2)->event.result, RESULT_UNSIGNED_ANSWER);
}

Test(exchange_mirror, P21_what_ends_the_transfer_must_be_signed)
{
    static const char *const unsigned_ends[] = {"S-", "S--", "SS-"};

    for (size_t i = 0; i < 6; i++) {
        prepare(unsigned_ends[i / 2], types[i % 2]);
        transfer_all(types[i % 2]);
        expect_at_most(sent_count - 1);
        cr_expect_eq(got.messages,
                     (size_t)(strrchr(unsigned_ends[i / 2], 'S') - unsigned_ends[i / 2]) + 1);
    }
}

/* An unsigned error must not end it either, not even by the look of it. */
Test(exchange_mirror, P21_an_unsigned_error_in_mid_stream)
{
    prepare("SSS", DNS_TYPE_AXFR);
    world_respond(&sent[1], &copy, DNS_RCODE_SERVFAIL);
    transfer_all(DNS_TYPE_AXFR);
    expect_at_most(1);
}

Test(exchange_mirror, P21_the_bound_on_what_waits)
{
    for (unsigned waiting = 99; waiting <= 100; waiting++) {
        unsigned leg;

        prepare("S", DNS_TYPE_AXFR);
        build(0, false, DNS_TYPE_AXFR);
        leg = ask(DNS_TYPE_AXFR);
        answer_begins();
        sender_sign(&sender, &sent[0], world.now.seconds);
        world_answer(leg, &sent[0]);
        carry_out();
        build(1, false, DNS_TYPE_AXFR);
        for (unsigned i = 0; i < waiting; i++) {
            sender_pass(&sender, &sent[1]);
            world_answer(leg, &sent[1]);
            carry_out();
            cr_assert_eq(got.messages, 1);
        }
        cr_expect_eq(got.ended, waiting == 100);
        cr_expect_leq(world.exchange.response.hold.size, 2 * 100 * (sent[1].len + 2));
    }
}

Test(exchange_mirror, P21_that_a_stream_has_aged_is_told_once)
{
    unsigned told = 0;
    unsigned leg;

    prepare("SSSS", DNS_TYPE_AXFR);
    leg = ask(DNS_TYPE_AXFR);
    for (size_t i = 0; i < 4; i++) {
        world_answer(leg, &sent[i]);
        carry_out();
        world.now.seconds += 301;
    }
    expect_all();
    for (unsigned back = 0; back < world.event_count; back++) {
        const struct relay_event *event = &world_event(back)->event;

        if (event->result != RESULT_AGED)
            continue;
        told++;
        cr_expect_eq(event->peer, world_peer("hq"));
        cr_expect_eq(event->key, world_key("up"));
    }
    cr_expect_eq(told, 1);
}
