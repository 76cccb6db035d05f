/* What takes long for one client leaves the others their turns. */
#include "end.h"

TestSuite(turns, .init = fixture_open, .fini = fixture_close, .timeout = 60);

enum { LEGS = 600, BLOBS = 58, MESSAGES = 48 };

static struct end client, upstream;
static struct server server;
static struct support_message query, asked, answer, got, probe, probed;
static struct address from;

/* What the server sends as fast as it is taken. */
static uint8_t octets[(MESSAGES + 1) * (2 + DNS_MESSAGE_MAX)];
static size_t queued, sent;

/* The time of each turn of the loop, and how often others were served in the middle. */
static uint64_t last, longest;
static unsigned served;
static int prober;

/* Of this thread, in nanoseconds: whatever else the machine does is not the loop's. */
static uint64_t processor_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void begin_probing(void)
{
    struct address local = fixture_address("127.0.0.1", 0);
    prober = udp_open(&local);
    support_header(&probe, 1, 2 << 11); /* STATUS: NOTIMP, whoever asks */
    udp_send(prober, &fixture.ipv4, &probe);
    last = processor_time();
    longest = served = 0;
}

/* Between two pieces, or not all legs have a socket yet. */
static bool is_half_way(void)
{
    const struct flow *flow = fixture.worker.engine.flows;
    return flow &&
           (flow->state == FLOW_YIELDING ||
            (flow->exchange.legs.count > 1 && !flow->upstreams[flow->exchange.legs.count - 1]));
}

/* Once in each turn. */
static bool look(bool over)
{
    uint64_t now = processor_time();
    if (now - last > longest)
        longest = now - last;
    if (udp_take(prober, &probed, &from)) {
        served += is_half_way();
        udp_send(prober, &fixture.ipv4, &probe);
    }
    if (sent < queued)
        sent += end_push(&upstream, octets + sent, queued - sent);
    last = processor_time();
    return over;
}

static void tell(const char *what, unsigned count)
{
    cr_log_info("%s: %u, others served %u times, longest turn %u us", what, count, served,
                (unsigned)(longest / 1000));
}

/* Owners are pointers into names of labels of one octet, of which there are more than a reader or a
 * writer remembers: read in a millisecond and more, and written anew, as the first message is that
 * leaves no room for its TSIG, a record of 12 octets becomes one of up to 265. */
static void make_hostile(struct support_message *out, bool first)
{
    static uint8_t blob[253];
    uint16_t start[BLOBS];
    struct support_record record = {.section = DNS_ANSWER, .name = "example.", .type = 65280};
    support_header(out, dns_wire_u16_at(asked.octets), DNS_FLAG_QR | DNS_FLAG_AA);
    if (first)
        support_soa(out, DNS_ANSWER, "example.", 7);
    record.rdata = blob;
    record.rdata_len = sizeof blob;
    for (unsigned k = 0; k < BLOBS; k++) {
        for (unsigned i = 0; i < sizeof blob / 2; i++) {
            blob[2 * i] = 1;
            blob[2 * i + 1] = answer_octet(k, i);
        }
        start[k] = (uint16_t)(support_add(out, &record) + 19);
    }
    record = (struct support_record){.section = DNS_ANSWER, .type = 65280};
    for (unsigned i = 0; out->len + 12 <= DNS_MESSAGE_MAX; i++) {
        record.pointer = start[i % BLOBS];
        support_add(out, &record);
    }
}

static void queue_up(const struct support_message *message)
{
    dns_wire_set_u16_at(octets + queued, (uint16_t)message->len);
    memcpy(octets + queued + 2, message->octets, message->len);
    queued += 2 + message->len;
}

Test(turns, messages_that_are_cut_in_many_leave_others_their_turns)
{
    static struct support_message hostile;
    unsigned pieces = 0;
    server_open(&server);
    fixture_start(FIXTURE_PEERS, server.at.port);
    end_connect(&client, &fixture.ipv4, 0);
    query_make(&query, 1, DNS_TYPE_AXFR);
    end_send(&client, &query);
    server_accept(&server, &upstream);
    end_receive(&upstream, &asked);
    make_hostile(&hostile, true);
    queue_up(&hostile);
    make_hostile(&hostile, false);
    for (unsigned i = 1; i < MESSAGES; i++)
        queue_up(&hostile);
    answer_make(&answer, &asked);
    support_soa(&answer, DNS_ANSWER, "example.", 7);
    queue_up(&answer);
    begin_probing();
    do {
        UNTIL(look(end_take_slowly(&client, &got, sizeof client.in)));
        pieces++;
    } while (got.len != answer.len);
    tell("pieces", pieces);
    cr_assert_gt(pieces, 5 + MESSAGES);
    cr_assert_gt(served, 0);
    UNTIL(fixture.worker.engine.flow_count == 0);
}

/* A NOTIFY for as many addresses as a test has descriptors for. */
Test(turns, wide_fan_out_leaves_others_their_turns)
{
    static char text[LEGS * 32];
    unsigned at = 0, notified = 0;
    server_open_on(&server, "0.0.0.0");
    for (unsigned i = 0; i < LEGS; i++) {
        if (i % 100 == 0)
            at +=
                (unsigned)snprintf(text + at, sizeof text - at, "\n[secondary s%u]\naddress = ", i);
        at += (unsigned)snprintf(text + at, sizeof text - at, "%s127.1.%u.%u@%u",
                                 i % 100 ? ", " : "", i / 100, 1 + i % 100, server.at.port);
    }
    fixture_start("[primary hq]\naddress = 127.0.0.1@9\n%s\n", text);
    struct address local = fixture_address("127.0.0.1", 0);
    int primary = udp_open(&local);
    support_header(&query, 1, 4 << 11 | DNS_FLAG_AA);
    support_question(&query, "example.", DNS_TYPE_SOA);
    begin_probing();
    udp_send(primary, &fixture.ipv4, &query);
    while (notified < LEGS) {
        UNTIL(look(udp_take(server.udp, &asked, &from)));
        notified++;
    }
    tell("legs", notified);
    cr_assert_gt(served, 0);
}
