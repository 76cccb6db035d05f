#include "tsig/stream.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tsig/chain.h"
#include "tsig/fixture.h"
#include "tsig/sender.h"

#define NOW 100000

static unsigned our_fudge = UINT16_MAX;
#define ID 0x1111

/* Where the signed and the unsigned messages of a story stand: "S--S". */
#define MESSAGES_MAX 8

static const uint8_t request_mac[32] = "the MAC of the request: 32 octet";
static const uint8_t other_mac[32] = "the MAC of another, with one key";
static struct fixture f;
static struct tsig_stream stream;
static struct sender sender;
static struct support_message messages[MESSAGES_MAX];
static struct support_message message;

/* Both ends begin anew. */
static void begin(void)
{
    struct tsig_chain request = chain_response(request_mac, sizeof(request_mac));

    tsig_stream_fini(&stream);
    sender_fini(&sender);
    cr_assert_eq(tsig_stream_init(&stream, &f.mac, &request), 0);
    sender_init(&sender, &f.key, request_mac, sizeof(request_mac));
}

static void init(void)
{
    fixture_init(&f, "xfr.example", "hmac-sha256", "12345678901234567890123456789012", 32);
    begin();
}

static void fini(void)
{
    tsig_stream_fini(&stream);
    sender_fini(&sender);
    fixture_fini(&f);
}

TestSuite(tsig_stream, .init = init, .fini = fini);

/* The number of a message is the name of its record. */
static void build(struct support_message *out, unsigned number)
{
    char name[32];

    snprintf(name, sizeof(name), "host%u.example.com", number);
    support_header(out, ID, DNS_FLAG_QR | DNS_FLAG_AA);
    if (number == 0)
        support_question(out, "example.com", DNS_TYPE_AXFR);
    support_a(out, DNS_ANSWER, name);
}

/* As the caller does: what does not parse, or has a TSIG that does not decode, is refused. */
static enum tsig_stream_state feed(const struct support_message *s, uint64_t now)
{
    struct tsig_record record;
    struct dns_message m;

    if (dns_message_parse(s->octets, s->len, &m) != 0 || m.tsig_place == DNS_TSIG_MISPLACED)
        return TSIG_STREAM_FAILED;
    if (m.tsig_place == DNS_TSIG_NONE)
        return tsig_stream_verify(&stream, &m, NULL, (struct tsig_clock){now, our_fudge});
    if (tsig_record_decode(&m, &record) != 0)
        return TSIG_STREAM_FAILED;
    return tsig_stream_verify(&stream, &m, &record, (struct tsig_clock){now, our_fudge});
}

static void send(unsigned number, bool is_signed)
{
    build(&message, number);
    if (is_signed)
        sender_sign(&sender, &message, NOW);
    else
        sender_pass(&sender, &message);
}

static void expect_passes(unsigned number, bool is_signed)
{
    send(number, is_signed);
    cr_assert_eq(feed(&message, NOW), is_signed ? TSIG_STREAM_VERIFIED : TSIG_STREAM_PENDING, "%u",
                 number);
}

/* Signed with this time, and fed when the clock shows `now`. */
static enum tsig_stream_state feed_signed_at(uint64_t time_signed, uint64_t now)
{
    build(&message, 0);
    sender_sign(&sender, &message, time_signed);
    return feed(&message, now);
}

Test(tsig_stream, P21_every_message_or_every_nth_may_be_signed)
{
    static const unsigned steps[] = {1, 2, 3, 10, 96, 99, 100};

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        begin();
        for (unsigned number = 0; number <= 3 * steps[i]; number++)
            expect_passes(number, number % steps[i] == 0);
        cr_expect_eq(stream.state, TSIG_STREAM_VERIFIED);
        cr_expect_not(stream.aged);
    }
}

Test(tsig_stream, P21_only_the_first_and_the_last_may_be_signed)
{
    for (unsigned last = 0; last <= 100; last++) {
        begin();
        for (unsigned number = 0; number <= last; number++)
            expect_passes(number, number == 0 || number == last);
    }
}

Test(tsig_stream, P21_after_99_unsigned_ones_the_100th_fails)
{
    expect_passes(0, true);
    for (unsigned number = 1; number <= 99; number++)
        expect_passes(number, false);
    send(100, false);
    cr_expect_eq(feed(&message, NOW), TSIG_STREAM_FAILED);
    send(101, true);
    cr_expect_eq(feed(&message, NOW), TSIG_STREAM_FAILED, "its MAC covers all, and comes too late");
}

Test(tsig_stream, P21_the_first_message_must_be_signed)
{
    send(0, false);
    cr_expect_eq(feed(&message, NOW), TSIG_STREAM_FAILED);
    send(1, true);
    cr_expect_eq(feed(&message, NOW), TSIG_STREAM_FAILED);
}

Test(tsig_stream, P21_without_a_mac_at_the_end_it_is_never_verified)
{
    expect_passes(0, true);
    expect_passes(1, false);
    cr_expect_eq(stream.state, TSIG_STREAM_PENDING);
}

/* ---- what was altered on the way ---- */

static void send_all(const char *plan)
{
    begin();
    for (unsigned i = 0; plan[i] != '\0'; i++) {
        send(i, plan[i] == 'S');
        messages[i] = message;
    }
}

/* Feeds messages by number to a stream of its own; returns how many a MAC has covered in the end. */
static size_t pass(const unsigned *order, size_t count)
{
    struct tsig_chain request = chain_response(request_mac, sizeof(request_mac));
    size_t covered = 0;

    tsig_stream_fini(&stream);
    cr_assert_eq(tsig_stream_init(&stream, &f.mac, &request), 0);
    for (size_t i = 0; i < count; i++) {
        enum tsig_stream_state state = feed(&messages[order[i]], NOW);

        if (state == TSIG_STREAM_FAILED)
            break;
        if (state == TSIG_STREAM_VERIFIED)
            covered = i + 1;
    }
    return covered;
}

static size_t pass_all(const char *plan)
{
    static const unsigned order[MESSAGES_MAX] = {0, 1, 2, 3, 4, 5, 6, 7};

    return pass(order, strlen(plan));
}

/* What no MAC covers: the header ID of a signed message, whose Original ID counts, and which the
 * caller compares with the request's; and Error in a continuation (RFC 8945 section 5.3.1). */
static bool is_free(const struct support_message *s, size_t at, bool first)
{
    struct dns_message m = support_parse(s);

    if (m.tsig_place == DNS_TSIG_NONE)
        return false;
    return at < 2 || (!first && (at == s->len - 4 || at == s->len - 3));
}

Test(tsig_stream, P21_no_mac_covers_an_altered_octet_or_what_comes_behind)
{
    static const char *const plans[] = {"SSS", "S--S-S", "SS-S"};
    static const uint8_t flips[] = {0x01, 0x80, 0xff};
    size_t tried = 0;

    for (size_t p = 0; p < 3; p++) {
        const char *plan = plans[p];

        send_all(plan);
        cr_assert_eq(pass_all(plan), strlen(plan));
        for (size_t k = 0; plan[k] != '\0'; k++) {
            for (size_t i = 0; i < 3 * messages[k].len; i++) {
                uint8_t *octet = &messages[k].octets[i / 3];

                if (is_free(&messages[k], i / 3, k == 0))
                    continue;
                *octet ^= flips[i % 3];
                cr_assert_leq(pass_all(plan), k, "%s: message %zu, octet %zu", plan, k, i / 3);
                *octet ^= flips[i % 3];
                tried++;
            }
        }
        cr_assert_eq(pass_all(plan), strlen(plan));
    }
    cr_expect_gt(tried, 2000);
}

Test(tsig_stream, P21_a_message_cut_short_or_lengthened_fails)
{
    static const char plan[] = "S-S";

    send_all(plan);
    for (size_t k = 0; k < 3; k++) {
        size_t len = messages[k].len;

        for (messages[k].len = 0; messages[k].len < len; messages[k].len++)
            cr_expect_leq(pass_all(plan), k);
        messages[k].len = len + 1;
        cr_expect_leq(pass_all(plan), k);
        messages[k].len = len;
    }
    cr_expect_eq(pass_all(plan), 3);
}

Test(tsig_stream, P21_a_tsig_taken_off_fails)
{
    struct dns_message m;

    send_all("SSS");
    m = support_parse(&messages[1]);
    messages[1].len = m.tsig_at;
    messages[1].octets[11]--;
    cr_expect_eq(pass_all("SSS"), 1);
}

Test(tsig_stream, P21_another_order_fails)
{
    static const char *const plans[] = {"SSSS", "S--S", "S-SS", "SS-S"};

    for (size_t p = 0; p < 4; p++) {
        send_all(plans[p]);
        for (unsigned i = 0; i < 3; i++) {
            unsigned order[] = {0, 1, 2, 3};

            order[i] = i + 1;
            order[i + 1] = i;
            cr_expect_leq(pass(order, 4), i, "%s: %u and the next", plans[p], i);
        }
    }
}

Test(tsig_stream, P21_a_message_left_out_fails)
{
    static const unsigned without[][3] = {{1, 2, 3}, {0, 2, 3}, {0, 1, 3}};
    static const char *const plans[] = {"SSSS", "S--S", "S-SS", "SS-S"};

    for (size_t p = 0; p < 4; p++) {
        send_all(plans[p]);
        for (size_t i = 0; i < 3; i++)
            cr_expect_leq(pass(without[i], 3), i, "%s without %zu", plans[p], i);
    }
}

Test(tsig_stream, P21_a_message_sent_again_fails)
{
    static const char *const plans[] = {"SSS", "S-S", "SS-S"};

    for (size_t p = 0; p < 3; p++) {
        unsigned last = (unsigned)strlen(plans[p]) - 1;

        send_all(plans[p]);
        for (unsigned twice = 0; twice <= last; twice++) {
            unsigned order[MESSAGES_MAX];

            for (unsigned i = 0; i <= last + 1; i++)
                order[i] = i <= twice ? i : i - 1;
            cr_expect_leq(pass(order, last + 2), twice + 1, "%s: %u", plans[p], twice);
        }
    }
}

Test(tsig_stream, P21_messages_of_another_transfer_with_the_same_key_fail)
{
    static const unsigned mixed[] = {0, 1}, alone[] = {1};
    struct sender other;

    for (int begins = 0; begins < 2; begins++) {
        send_all("S");
        sender_init(&other, &f.key, other_mac, sizeof(other_mac));
        build(&messages[1], 1);
        if (!begins) {
            build(&message, 0);
            sender_sign(&other, &message, NOW);
        }
        sender_sign(&other, &messages[1], NOW);
        sender_fini(&other);
        cr_expect_eq(pass(mixed, 2), 1);
        cr_expect_eq(pass(alone, 1), 0);
    }
}

Test(tsig_stream, P21_another_key_or_algorithm_fails_in_mid_stream)
{
    struct fixture other;
    struct dns_message m;
    struct tsig_record record;

    for (int i = 0; i < 2; i++) {
        begin();
        expect_passes(0, true);
        if (i == 0)
            fixture_init(&other, "Other.example", "hmac-sha256", "1", 1);
        else
            fixture_init(&other, "xfr.example", "hmac-sha256-128", "1", 1);
        send(1, true);
        m = support_parse(&message);
        record = fixture_record(&m);
        record.key_name = other.key.name;
        record.algorithm = other.key.algorithm_name;
        cr_expect_eq(tsig_stream_verify(&stream, &m, &record, (struct tsig_clock){NOW, our_fudge}),
                     TSIG_STREAM_FAILED);
        fixture_fini(&other);
    }
}

Test(tsig_stream, P21_failure_is_final)
{
    send_all("SSS");
    messages[1].octets[13] ^= 1;
    cr_expect_eq(pass_all("SSS"), 1);
    messages[1].octets[13] ^= 1;
    cr_expect_eq(feed(&messages[1], NOW), TSIG_STREAM_FAILED);
    cr_expect_eq(feed(&messages[2], NOW), TSIG_STREAM_FAILED);
    cr_expect_eq(stream.state, TSIG_STREAM_FAILED);
}

/* ---- time ---- */

Test(tsig_stream, P21_time_that_goes_back_fails)
{
    cr_expect_eq(feed_signed_at(NOW + 5, NOW), TSIG_STREAM_VERIFIED);
    cr_expect_eq(feed_signed_at(NOW + 5, NOW), TSIG_STREAM_VERIFIED, "the same is fine");
    cr_expect_eq(feed_signed_at(NOW + 6, NOW), TSIG_STREAM_VERIFIED);
    cr_expect_eq(feed_signed_at(NOW + 5, NOW), TSIG_STREAM_FAILED);
}

Test(tsig_stream, P21_time_that_goes_back_fails_behind_unsigned_messages_and_when_aged)
{
    cr_expect_eq(feed_signed_at(NOW, NOW), TSIG_STREAM_VERIFIED);
    expect_passes(1, false);
    cr_expect_eq(feed_signed_at(NOW - 1, NOW), TSIG_STREAM_FAILED);
    begin();
    cr_expect_eq(feed_signed_at(NOW, NOW), TSIG_STREAM_VERIFIED);
    cr_expect_eq(feed_signed_at(NOW - 1, NOW + 1000), TSIG_STREAM_FAILED);
}

Test(tsig_stream, P21_the_first_message_must_be_within_its_fudge)
{
    static const struct {
        uint64_t time_signed;
        enum tsig_stream_state state;
    } cases[] = {
        {NOW - 300, TSIG_STREAM_VERIFIED}, {NOW - 301, TSIG_STREAM_FAILED},
        {NOW + 300, TSIG_STREAM_VERIFIED}, {NOW + 301, TSIG_STREAM_FAILED},
        {0, TSIG_STREAM_FAILED},           {0xffffffffffff, TSIG_STREAM_FAILED},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        begin();
        cr_expect_eq(feed_signed_at(cases[i].time_signed, NOW), cases[i].state, "%zu", i);
        cr_expect_not(stream.aged);
    }
}

/* PowerDNS puts the query's time into all messages, and a slow reader makes them late. */
Test(tsig_stream, P21_a_continuation_that_repeats_the_time_of_the_query_passes_as_aged)
{
    cr_expect_eq(feed_signed_at(NOW, NOW + 10), TSIG_STREAM_VERIFIED);
    cr_expect_eq(feed_signed_at(NOW, NOW + 300), TSIG_STREAM_VERIFIED);
    cr_expect_not(stream.aged);
    cr_expect_eq(feed_signed_at(NOW, NOW + 301), TSIG_STREAM_VERIFIED);
    cr_expect(stream.aged);
    build(&message, 1);
    sender_pass(&sender, &message);
    cr_expect_eq(feed(&message, NOW + 5000), TSIG_STREAM_PENDING);
    cr_expect_eq(feed_signed_at(NOW, NOW + 5000), TSIG_STREAM_VERIFIED);
    cr_expect(stream.aged);
}

/* Slow readers make messages old, never young. */
Test(tsig_stream, P21_the_servers_fudge_counts_for_ours_at_most)
{
    our_fudge = 10;
    cr_expect_eq(feed_signed_at(NOW, NOW + 10), TSIG_STREAM_VERIFIED);
    cr_expect_not(stream.aged);
    cr_expect_eq(feed_signed_at(NOW, NOW + 11), TSIG_STREAM_VERIFIED);
    cr_expect(stream.aged);
}

Test(tsig_stream, P21_the_first_message_may_not_be_older_than_our_fudge)
{
    our_fudge = 10;
    cr_expect_eq(feed_signed_at(NOW, NOW + 11), TSIG_STREAM_FAILED);
}

Test(tsig_stream, P21_a_continuation_from_the_future_fails)
{
    cr_expect_eq(feed_signed_at(NOW, NOW), TSIG_STREAM_VERIFIED);
    cr_expect_eq(feed_signed_at(NOW + 300, NOW), TSIG_STREAM_VERIFIED);
    cr_expect_eq(feed_signed_at(NOW + 301, NOW), TSIG_STREAM_FAILED);
    cr_expect_not(stream.aged);
}

/* ---- truncated MACs ---- */

Test(tsig_stream, P6_a_mac_cut_short_fails_where_the_key_does_not_allow_it)
{
    cr_expect_eq(feed_signed_at(NOW, NOW), TSIG_STREAM_VERIFIED);
    sender.mac_len = 31;
    cr_expect_eq(feed_signed_at(NOW, NOW), TSIG_STREAM_FAILED);
}

Test(tsig_stream, P6_an_aged_mac_cut_short_fails_just_as_well)
{
    cr_expect_eq(feed_signed_at(NOW, NOW), TSIG_STREAM_VERIFIED);
    sender.mac_len = 16;
    cr_expect_eq(feed_signed_at(NOW, NOW + 1000), TSIG_STREAM_FAILED);
}

Test(tsig_stream, P7_where_it_is_allowed_it_enters_the_next_digest_as_sent)
{
    f.key.minimum_mac = 16;
    sender.mac_len = 16;
    for (unsigned number = 0; number < 10; number++)
        expect_passes(number, number % 3 == 0);
    sender.mac_len = 15;
    send(10, true);
    cr_expect_eq(feed(&message, NOW), TSIG_STREAM_FAILED);
}
