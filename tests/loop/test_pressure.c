/* A reader that is slow costs little memory and loses nothing. */
#include <errno.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include "end.h"
#include "tsig/verify.h"

TestSuite(pressure, .init = fixture_open, .fini = fixture_close, .timeout = 20);

static struct end client, upstream;
static struct server server;
static struct support_message query, asked, answer, got;

/* A server's transfer as octets, made when the kernel has room for them. */
struct feed {
    struct end *end;
    const struct support_message *asked;
    unsigned messages; /* made so far */
    unsigned count;    /* in all; may be lowered as the test goes */
    unsigned records;  /* in each message */
    uint16_t size;     /* of a record's data */
    size_t at, len;
    uint8_t frame[2 + DNS_MESSAGE_MAX];
};

/* Message `i`: the SOA at the beginning and at the end, records whose data say which they are
 * between. */
static void make_chunk(struct support_message *out, const struct feed *f, unsigned i)
{
    answer_make(out, f->asked);
    if (i == 0 || i + 1 == f->count) {
        support_soa(out, DNS_ANSWER, "example.", 7);
        return;
    }
    for (unsigned k = 0; k < f->records; k++)
        answer_fill(out, i * f->records + k, f->size);
}

/* Sends what can be sent now; false when the kernel takes nothing. */
static bool feed_some(struct feed *f)
{
    if (f->at == f->len && f->messages < f->count) {
        make_chunk(&answer, f, f->messages);
        f->messages++;
        dns_wire_set_u16_at(f->frame, (uint16_t)answer.len);
        memcpy(f->frame + 2, answer.octets, answer.len);
        f->len = 2 + answer.len;
        f->at = 0;
    }
    size_t sent = f->at < f->len ? end_push(f->end, f->frame + f->at, f->len - f->at) : 0;
    f->at += sent;
    return sent > 0;
}

/* Until nothing has moved for a while: every buffer on the way is full. */
static void feed_until_blocked(struct feed *f)
{
    uint64_t moved = uv_hrtime();
    while (!fixture_passed(moved, 100)) {
        if (feed_some(f))
            moved = uv_hrtime();
        fixture_turn(moved, "the server's send to block");
        cr_assert_leq(fixture_held(fixture_session()), FIXTURE_HELD_MAX);
        cr_assert_lt(f->messages, f->count, "the worker takes all that comes");
    }
}

/* `sections` come before the peers, first the rest of [proxy]; `settings` in that of the secondary. */
static void open_both(const char *sections, const char *settings)
{
    server_open(&server);
    fixture_start("%s" FIXTURE_PEERS "%s", sections, server.at.port, settings);
    query_make(&query, 1, DNS_TYPE_AXFR);
    end_connect(&client, &fixture.ipv4, FIXTURE_SMALL);
}

static void begin(const char *sections)
{
    open_both(sections, "");
    end_send(&client, &query);
    server_accept(&server, &upstream);
    end_receive(&upstream, &asked);
}

Test(pressure, X9_client_that_does_not_read_blocks_its_server)
{
    static struct feed feed = {
        .end = &upstream, .asked = &asked, .count = 4000, .records = 1, .size = 16000};
    begin("");
    feed_until_blocked(&feed);
    cr_assert_gt(feed.messages, 3);
    feed.count = feed.messages + 10;
    for (unsigned i = 0; i < feed.count; i++) {
        UNTIL((feed_some(&feed), end_take_slowly(&client, &got, sizeof client.in)));
        make_chunk(&answer, &feed, i);
        cr_assert_eq(got.len, answer.len, "message %u", i);
        cr_assert_arr_eq(got.octets + 2, answer.octets + 2, got.len - 2, "message %u", i);
    }
}

static int unsent_by_kernel(void)
{
    uv_os_fd_t fd;
    int octets = 0;
    cr_assert_eq(uv_fileno((uv_handle_t *)&fixture_session()->stream.conn.tcp, &fd), 0);
    cr_assert_eq(ioctl(fd, SIOCOUTQNSD, &octets), 0);
    return octets;
}

Test(pressure, L5_the_kernel_holds_little_for_a_client_that_does_not_read)
{
    static struct feed feed = {
        .end = &upstream, .asked = &asked, .count = 4000, .records = 1, .size = 16000};
    begin("");
    feed_until_blocked(&feed);
    cr_expect_gt(unsent_by_kernel(), 0);
    cr_expect_leq(unsent_by_kernel(), CONN_UNSENT_MAX + DNS_MESSAGE_MAX);
}

/* A client that holds the key k. */

static struct tsig_mac mac;
static struct tsig_chain chain;

static void ask_signed(void)
{
    uint8_t record[TSIG_RECORD_MAX];
    struct dns_writer tail = dns_wire_writer(record, sizeof record);
    struct tsig_stamp stamp = {.time_signed = (uint64_t)time(NULL), .fudge = 300, .original_id = 1};
    cr_assert_eq(tsig_mac_init(&mac, &config_fixture->keys[0]), 0);
    chain = tsig_chain_request();
    cr_assert_eq(tsig_sign(&mac, &chain, &stamp, query.octets, query.len, &tail), 0);
    memcpy(query.octets + query.len, record, tail.at);
    query.len += tail.at;
    end_send(&client, &query);
    fixture_set_send_buffer(FIXTURE_SMALL);
}

/* The name takes more room in a TSIG than compression can save in a message cut anew. */
static void open_signed(void)
{
    open_both("[key k]\nsecret-file = k.key\n"
              "name = a-key-whose-name-is-as-long-as-it-can-be-in-a-single-label.example\n",
              "key = k\n");
}

static void begin_signed(void)
{
    open_signed();
    ask_signed();
    server_accept(&server, &upstream);
    end_receive(&upstream, &asked);
}

static struct dns_message verify_next(struct feed *feed)
{
    struct tsig_record record;
    UNTIL((feed_some(feed), end_take_slowly(&client, &got, 9973)));
    struct dns_message m = support_parse(&got);
    cr_assert_eq(tsig_record_decode(&m, &record), 0);
    cr_assert_eq(
        tsig_verify(&mac, &chain, &m, &record, (struct tsig_clock){(uint64_t)time(NULL), 300}),
        TSIG_VERIFIED);
    return m;
}

/* Prefix, message and TSIG record go out as one write that may stop anywhere. */
Test(pressure, P20_octets_are_signed_and_whole_however_the_reader_dawdles)
{
    static struct feed feed = {
        .end = &upstream, .asked = &asked, .count = 200, .records = 1, .size = 16000};
    begin_signed();
    for (unsigned i = 0; i < feed.count; i++) {
        struct dns_message m = verify_next(&feed);
        make_chunk(&answer, &feed, i);
        cr_assert_eq(m.tsig_at, answer.len);
        cr_assert_arr_eq(got.octets + DNS_HEADER_SIZE, answer.octets + DNS_HEADER_SIZE,
                         answer.len - DNS_HEADER_SIZE);
    }
    tsig_mac_fini(&mac);
}

/* The reader is backed up between two pieces of one message as much as between two messages. */
Test(pressure, P26_pieces_of_messages_too_large_to_sign_are_whole)
{
    static struct feed feed = {
        .end = &upstream, .asked = &asked, .count = 20, .records = 3, .size = 21810};
    unsigned records = 0, messages = 0;
    begin_signed();
    while (records < (feed.count - 2) * feed.records + 2) {
        struct dns_message m = verify_next(&feed);
        size_t at = m.start[DNS_ANSWER];
        for (unsigned i = 0; i < m.count[DNS_ANSWER]; i++) {
            struct dns_record rr;
            dns_message_record(&m, &at, &rr);
            if (rr.type != DNS_TYPE_SOA)
                cr_assert_eq(got.octets[rr.rdata_at + 5],
                             answer_octet(records - 1 + feed.records, 5));
            records++;
        }
        messages++;
    }
    cr_assert_gt(messages, feed.count, "none was cut");
    tsig_mac_fini(&mac);
}

/* A request that the server does not read to its end: so much of it stays here that the connection's
 * reset shows although nothing is read from it. */
static void begin_unread(void)
{
    static const uint8_t padding[60000] = {0, 12, (sizeof padding - 4) >> 8,
                                           (sizeof padding - 4) & 255};
    int small = FIXTURE_SMALL;
    uv_os_fd_t fd;
    open_signed();
    setsockopt(server.tcp, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    support_opt(&query, 1232, padding, sizeof padding);
    ask_signed();
    const struct flow *flow = NULL;
    UNTIL((flow = fixture_session()->flows[0]) && flow->upstreams[0]);
    const struct stream *out = &flow->upstreams[0]->stream;
    cr_assert_eq(out->conn.state, CONN_CONNECTING);
    cr_assert_eq(uv_fileno((const uv_handle_t *)&out->conn.tcp, &fd), 0);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    server_accept(&server, &upstream);
    UNTIL(end_pull(&upstream, 4) == 4);
    query_make(&asked, dns_wire_u16_at(upstream.in + 2), DNS_TYPE_AXFR);
    UNTIL(stream_is_backed_up(out));
}

/* One message is the whole zone, and there is no room in it for a TSIG. */
static void answer_in_one(void)
{
    answer_make(&answer, &asked);
    support_soa(&answer, DNS_ANSWER, "example.", 7);
    for (unsigned i = 0; i < 3; i++)
        answer_fill(&answer, i, 21770);
    support_soa(&answer, DNS_ANSWER, "example.", 7);
    cr_assert_gt(answer.len, DNS_MESSAGE_MAX - 60);
    end_send(&upstream, &answer);
}

Test(pressure, P26_pieces_of_the_last_message_outlive_the_servers_connection)
{
    static struct feed feed = {.end = &upstream};
    unsigned records = 0, messages = 0;
    begin_unread();
    answer_in_one();
    const struct flow *flow = fixture_session()->flows[0];
    UNTIL(flow->state == FLOW_PAUSED);
    cr_assert_eq(flow->exchange.state, EXCHANGE_RELAYING, "a piece of the message waits");
    end_close(&upstream); /* with input unread: a reset */
    uint64_t closed = uv_hrtime();
    UNTIL(fixture_passed(closed, 100));
    while (records < 5) {
        struct dns_message m = verify_next(&feed);
        size_t at = m.start[DNS_ANSWER];
        for (unsigned i = 0; i < m.count[DNS_ANSWER]; i++, records++) {
            struct dns_record rr;
            dns_message_record(&m, &at, &rr);
            if (records > 0 && records < 4)
                cr_assert_eq(got.octets[rr.rdata_at + 5], answer_octet(records - 1, 5));
            else
                cr_assert_eq(rr.type, DNS_TYPE_SOA);
        }
        messages++;
    }
    cr_assert_eq(messages, 2);
    UNTIL(fixture.worker.engine.flow_count == 0);
    cr_assert_eq(fixture.worker.engine.session_count, 1);
    tsig_mac_fini(&mac);
}

/* Answers that the worker makes itself are held back like any others. */
Test(pressure, asker_that_does_not_read_is_not_read_from)
{
    static uint8_t burst[1000 * (2 + DNS_HEADER_SIZE)];
    struct dns_writer w = dns_wire_writer(burst, sizeof burst);
    support_header(&query, 1, 2 << 11); /* STATUS: NOTIMP, whoever asks */
    for (int i = 0; i < 1000; i++) {
        dns_wire_put_u16(&w, DNS_HEADER_SIZE);
        dns_wire_put_octets(&w, query.octets, DNS_HEADER_SIZE);
    }
    fixture_start(FIXTURE_PEERS, 9u);
    end_connect(&client, &fixture.ipv4, FIXTURE_SMALL);
    fixture_set_send_buffer(FIXTURE_SMALL);
    size_t at = 0;
    uint64_t moved = uv_hrtime();
    while (!fixture_passed(moved, 100)) {
        size_t sent = end_push(&client, burst + at, sizeof burst - at);
        at = (at + sent) % sizeof burst;
        if (sent)
            moved = uv_hrtime();
        fixture_turn(moved, "the client's send to block");
        cr_assert_leq(fixture_held(fixture_session()), FIXTURE_HELD_MAX);
    }
    UNTIL(end_pull(&client, sizeof client.in) > 0);
}

static struct end other;
static struct support_message other_asked;

/* Two transfers of small messages on one connection, through which little goes at a time. */
static void begin_two(const char *sections)
{
    begin(sections);
    fixture_set_send_buffer(FIXTURE_SMALL);
    query_make(&query, 2, DNS_TYPE_AXFR);
    end_send(&client, &query);
    server_accept(&server, &other);
    end_receive(&other, &other_asked);
}

Test(pressure, P24_transfers_side_by_side_share_a_slow_reader)
{
    static struct feed one = {
        .end = &upstream, .asked = &asked, .count = 4000, .records = 1, .size = 1000};
    static struct feed two = {
        .end = &other, .asked = &other_asked, .count = 4000, .records = 1, .size = 1000};
    unsigned got_of[2] = {0};
    begin_two("");
    while (got_of[0] + got_of[1] < 1000) {
        UNTIL((feed_some(&one), feed_some(&two), end_take_slowly(&client, &got, 500)));
        got_of[dns_wire_u16_at(got.octets) - 1]++;
    }
    cr_assert_gt(got_of[0], 250, "%u of one, %u of the other", got_of[0], got_of[1]);
    cr_assert_gt(got_of[1], 250, "%u of one, %u of the other", got_of[0], got_of[1]);
}

/* What the client takes of one transfer is no progress of the other. */
Test(pressure, X9_stalled_server_is_noticed_beside_one_that_moves)
{
    static struct feed one = {
        .end = &upstream, .asked = &asked, .count = 4000, .records = 1, .size = 1000};
    begin_two("progress-timeout = 1\n");
    answer_make(&answer, &other_asked);
    support_soa(&answer, DNS_ANSWER, "example.", 7);
    end_send(&other, &answer);
    int n = 0;
    UNTIL((feed_some(&one), client.len = 0, n = end_pull(&client, 500)) < 0);
    cr_assert_eq(n, -ECONNRESET);
}
