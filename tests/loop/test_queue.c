/* What one read brings leaves in one write. */
#include "end.h"

TestSuite(queue, .init = fixture_open, .fini = fixture_close, .timeout = 20);

static struct end client, upstream;
static struct server server;
static struct support_message query, asked, answer, got;

static void begin(void)
{
    server_open(&server);
    fixture_start(FIXTURE_PEERS, server.at.port);
    query_make(&query, 1, DNS_TYPE_AXFR);
    end_connect(&client, &fixture.ipv4, 0);
    end_send(&client, &query);
    server_accept(&server, &upstream);
    end_receive(&upstream, &asked);
}

/* Message `i` of a transfer of `count`, with data of this size. */
static void make(unsigned i, unsigned count, uint16_t size)
{
    answer_make(&answer, &asked);
    if (i == 0 || i + 1 == count)
        support_soa(&answer, DNS_ANSWER, "example.", 7);
    else
        answer_fill(&answer, i, size);
}

static size_t add(uint8_t *stream, size_t at)
{
    dns_wire_set_u16_at(stream + at, (uint16_t)answer.len);
    memcpy(stream + at + 2, answer.octets, answer.len);
    return at + 2 + answer.len;
}

static void expect_all(unsigned count, uint16_t size)
{
    for (unsigned i = 0; i < count; i++) {
        end_receive(&client, &got);
        make(i, count, size);
        cr_assert_eq(got.len, answer.len, "message %u", i);
        cr_assert_arr_eq(got.octets + 2, answer.octets + 2, got.len - 2, "message %u", i);
    }
}

/* All in one write of the server's, so that one read, or few, bring them. */
static void relay_at_once(unsigned count, uint16_t size)
{
    static uint8_t stream[400000];
    size_t len = 0;
    begin();
    for (unsigned i = 0; i < count; i++) {
        make(i, count, size);
        len = add(stream, len);
    }
    end_send_octets(&upstream, stream, len);
    expect_all(count, size);
}

Test(queue, small_messages_leave_in_order)
{
    relay_at_once(1000, 200);
}

Test(queue, large_messages_leave_in_order)
{
    relay_at_once(20, 16000);
}

Test(queue, P27_what_came_before_a_break_leaves_before_it)
{
    static uint8_t stream[4096];
    begin();
    make(0, 9, 100);
    size_t len = add(stream, 0);
    make(1, 9, 100);
    len = add(stream, len);
    answer_make(&answer, &asked);
    answer.octets[DNS_FLAGS_AT] |= 2; /* TC: no message of a transfer over TCP */
    len = add(stream, len);
    end_send_octets(&upstream, stream, len);
    end_receive(&client, &got);
    end_receive(&client, &got);
    make(1, 9, 100);
    cr_assert_arr_eq(got.octets + 2, answer.octets + 2, got.len - 2);
    cr_assert_eq(end_await_close(&client), ECONNRESET);
}

/* The room is others' by the time that a message cut in many has been sent. */
Test(queue, two_transfers_at_once_keep_apart)
{
    static struct end others[2];
    static uint8_t stream[2][70000];
    size_t len[2] = {0, 0};
    begin();
    end_connect(&others[0], &fixture.ipv4, 0);
    query_make(&query, 2, DNS_TYPE_AXFR);
    end_send(&others[0], &query);
    server_accept(&server, &others[1]);
    struct support_message first = asked;
    static struct support_message second;
    end_receive(&others[1], &second);
    for (unsigned i = 0; i < 4; i++) {
        asked = first;
        make(i, 4, 16000);
        len[0] = add(stream[0], len[0]);
        asked = second;
        make(i, 4, 9000);
        len[1] = add(stream[1], len[1]);
    }
    /* Halves of messages are left over in turns. */
    for (size_t at = 0; at < 70000; at += 7000) {
        if (at < len[0])
            end_send_octets(&upstream, stream[0] + at, len[0] - at < 7000 ? len[0] - at : 7000);
        if (at < len[1])
            end_send_octets(&others[1], stream[1] + at, len[1] - at < 7000 ? len[1] - at : 7000);
        fixture_turn(uv_hrtime(), "a read of halves");
    }
    asked = first;
    expect_all(4, 16000);
    struct end kept = client;
    client = others[0];
    asked = second;
    expect_all(4, 9000);
    others[0] = client;
    client = kept;
}
