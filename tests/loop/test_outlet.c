/* Questions over UDP share sockets towards their server. */
#include "end.h"
#include "net/outlet.h"
#include "net/socket.h"

TestSuite(outlet, .init = fixture_open, .fini = fixture_close, .timeout = 20);

static struct server server;
static struct support_message packet_octets, got;

/* Who asks, with the last datagram that was handed over. */
struct asker {
    struct outlet_user user;
    unsigned came;
    uint16_t id;
};

static void on_datagram(void *owner, uint8_t *octets, size_t len)
{
    struct asker *asker = owner;
    asker->came++;
    asker->id = len >= 2 ? dns_wire_u16_at(octets) : 0;
}

static void begin(void)
{
    server_open(&server);
    fixture_start(FIXTURE_PEERS, server.at.port);
}

static void join(struct asker *asker)
{
    static const struct address any = {.family = ADDRESS_NONE};
    *asker = (struct asker){.user = {.on_datagram = on_datagram, .owner = asker}};
    cr_assert_eq(outlet_join(&fixture.worker.engine, &server.at, &any, false, &asker->user), 0);
}

static void ask(struct asker *asker, uint16_t id)
{
    support_header(&packet_octets, id, 0);
    support_question(&packet_octets, "example.", DNS_TYPE_SOA);
    outlet_send(&asker->user,
                &(struct relay_packet){.octets = packet_octets.octets, .len = packet_octets.len});
}

/* The server's next question; returns the port it came from. */
static uint16_t take(uint16_t *id)
{
    struct address from;
    UNTIL(udp_take(server.udp, &got, &from));
    *id = dns_wire_u16_at(got.octets);
    return from.port;
}

static void answer(uint16_t port, uint16_t id)
{
    struct address to = fixture_address("127.0.0.1", port);
    support_header(&got, id, DNS_FLAG_QR);
    support_question(&got, "example.", DNS_TYPE_SOA);
    udp_send(server.udp, &to, &got);
}

static void answer_at_length(uint16_t port, uint16_t id)
{
    struct address to = fixture_address("127.0.0.1", port);
    support_header(&got, id, DNS_FLAG_QR);
    support_question(&got, "example.", DNS_TYPE_SOA);
    answer_fill(&got, id, 1800);
    udp_send(server.udp, &to, &got);
}

static void open_burst(void)
{
    outbox_open(fixture.worker.engine.outbox);
}

Test(outlet, answers_of_one_burst_are_told_apart_by_id)
{
    static struct asker askers[10];
    uint16_t id, ports[10];
    begin();
    open_burst();
    for (uint16_t i = 0; i < 10; i++) {
        join(&askers[i]);
        ask(&askers[i], 100 + i);
    }
    outbox_shut(fixture.worker.engine.outbox);
    for (unsigned i = 0; i < 10; i++) {
        ports[i] = take(&id);
        cr_assert_eq(id, 100 + i);
        cr_assert_eq(ports[i], ports[0], "one port for the burst");
    }
    for (uint16_t i = 10; i-- > 0;) {
        answer(ports[0], 100 + i);
        UNTIL(askers[i].came == 1);
        cr_assert_eq(askers[i].id, 100 + i);
    }
    for (unsigned i = 0; i < 10; i++)
        outlet_leave(&askers[i].user);
}

Test(outlet, P29_questions_alone_have_a_port_each)
{
    bool seen[65536] = {false};
    unsigned ports = 0;
    uint16_t id;
    begin();
    for (uint16_t i = 0; i < 30; i++) {
        struct asker asker;
        join(&asker);
        ask(&asker, i);
        uint16_t port = take(&id);
        ports += !seen[port];
        seen[port] = true;
        outlet_leave(&asker.user);
    }
    cr_assert_gt(ports, 20);
}

/* Questions that the server has had by each port. */
static unsigned by_port[65536], had, ports_seen;

static bool had_all(unsigned count)
{
    struct address from;
    while (udp_take(server.udp, &got, &from)) {
        ports_seen += by_port[from.port]++ == 0;
        had++;
    }
    return had == count;
}

Test(outlet, P29_a_port_serves_so_many_questions_and_no_more)
{
    static struct asker askers[3 * OUTLET_QUESTIONS];
    begin();
    open_burst();
    for (uint16_t i = 0; i < 3 * OUTLET_QUESTIONS; i++) {
        join(&askers[i]);
        ask(&askers[i], i);
        had_all(0);
    }
    outbox_shut(fixture.worker.engine.outbox);
    UNTIL(had_all(3 * OUTLET_QUESTIONS));
    cr_assert_eq(ports_seen, 3);
    for (unsigned i = 0; i < 65536; i++)
        cr_assert(by_port[i] == 0 || by_port[i] == OUTLET_QUESTIONS);
    for (unsigned i = 0; i < 3 * OUTLET_QUESTIONS; i++)
        outlet_leave(&askers[i].user);
}

static bool all_have_come(const struct asker *askers, unsigned count)
{
    while (count > 0 && askers[count - 1].came == 1)
        count--;
    return count == 0;
}

Test(outlet, answers_to_all_that_share_a_port_may_come_at_once)
{
    static struct asker askers[OUTLET_QUESTIONS];
    uint16_t id, port = 0;
    begin();
    open_burst();
    for (uint16_t i = 0; i < OUTLET_QUESTIONS; i++) {
        join(&askers[i]);
        ask(&askers[i], i);
    }
    outbox_shut(fixture.worker.engine.outbox);
    for (unsigned i = 0; i < OUTLET_QUESTIONS; i++)
        port = take(&id);
    for (uint16_t i = 0; i < OUTLET_QUESTIONS; i++)
        answer_at_length(port, i);
    UNTIL(all_have_come(askers, OUTLET_QUESTIONS));
    for (unsigned i = 0; i < OUTLET_QUESTIONS; i++)
        outlet_leave(&askers[i].user);
}

static void ask_one_more(uint16_t id, struct asker *asker)
{
    open_burst();
    join(asker);
    ask(asker, id);
    outbox_shut(fixture.worker.engine.outbox);
}

/* A burst of requests may be answered before the next one comes. */
Test(outlet, P29_ports_live_on_while_another_question_is_in_flight)
{
    struct asker first, asker;
    begin();
    ask_one_more(0, &first);
    for (uint16_t i = 1; i <= 100; i++) {
        ask_one_more(i, &asker);
        outlet_leave(&asker.user);
    }
    UNTIL(had_all(101));
    cr_assert_gt(ports_seen, 1);
    cr_assert_leq(ports_seen, OUTLET_PORTS);
    outlet_leave(&first.user);
    ask_one_more(101, &asker);
    ports_seen = 0;
    UNTIL(had_all(102));
    cr_assert_eq(ports_seen, 1, "a port anew");
    outlet_leave(&asker.user);
}

Test(outlet, P29_a_port_takes_questions_for_a_second_and_no_longer)
{
    struct asker first, asker;
    bool before[65536];
    begin();
    ask_one_more(0, &first);
    for (uint16_t i = 1; i <= 40; i++) {
        ask_one_more(i, &asker);
        outlet_leave(&asker.user);
    }
    UNTIL(had_all(41));
    for (unsigned i = 0; i < 65536; i++)
        before[i] = by_port[i] > 0;
    uint64_t began = uv_hrtime();
    UNTIL(fixture_passed(began, OUTLET_MS + 100));
    for (uint16_t i = 41; i <= 80; i++) {
        uint16_t id;
        ask_one_more(i, &asker);
        cr_assert_not(before[take(&id)]);
        outlet_leave(&asker.user);
    }
    outlet_leave(&first.user);
}

Test(outlet, two_questions_with_one_id_have_two_ports)
{
    static struct asker askers[2];
    uint16_t id, ports[2];
    begin();
    open_burst();
    for (unsigned i = 0; i < 2; i++) {
        join(&askers[i]);
        ask(&askers[i], 7);
    }
    outbox_shut(fixture.worker.engine.outbox);
    for (unsigned i = 0; i < 2; i++)
        ports[i] = take(&id);
    cr_assert_neq(ports[0], ports[1]);
    answer(ports[1], 7);
    UNTIL(askers[1].came == 1);
    cr_assert_eq(askers[0].came, 0);
    for (unsigned i = 0; i < 2; i++)
        outlet_leave(&askers[i].user);
}

Test(outlet, what_answers_a_question_that_is_over_goes_nowhere_and_nonsense_to_who_asked_last)
{
    static struct asker askers[3];
    uint16_t id, port = 0;
    begin();
    open_burst();
    for (uint16_t i = 0; i < 3; i++) {
        join(&askers[i]);
        ask(&askers[i], i);
    }
    outbox_shut(fixture.worker.engine.outbox);
    for (unsigned i = 0; i < 3; i++)
        port = take(&id);
    outlet_leave(&askers[1].user);
    answer(port, 1);
    answer(port, 9);
    answer(port, 0);
    UNTIL(askers[0].came == 1);
    cr_assert_eq(askers[1].came, 0);
    cr_assert_eq(askers[2].came, 1);
    cr_assert_eq(askers[2].id, 9);
    outlet_leave(&askers[0].user);
    outlet_leave(&askers[2].user);
}

/* Copies of one question may be answered under any of their IDs. */
Test(outlet, each_copy_of_a_question_may_be_the_one_that_is_answered)
{
    static struct asker asker;
    uint16_t id, port = 0;
    begin();
    join(&asker);
    for (uint16_t i = 0; i < OUTLET_IDS; i++) {
        ask(&asker, 50 + i);
        port = take(&id);
    }
    answer(port, 51);
    UNTIL(asker.came == 1);
    cr_assert_eq(asker.id, 51);
    outlet_leave(&asker.user);
}

Test(outlet, messages_of_many_lengths_leave_each_as_it_is)
{
    static struct asker askers[40];
    static bool came[40];
    uint16_t id;
    begin();
    open_burst();
    for (uint16_t i = 0; i < 40; i++) {
        char name[32];
        snprintf(name, sizeof name, "%.*s.example.", 1 + i / 3, "abcdefghijklmnop");
        join(&askers[i]);
        support_header(&packet_octets, i, 0);
        support_question(&packet_octets, name, DNS_TYPE_SOA);
        outlet_send(&askers[i].user, &(struct relay_packet){.octets = packet_octets.octets,
                                                            .len = packet_octets.len});
    }
    outbox_shut(fixture.worker.engine.outbox);
    for (unsigned i = 0; i < 40; i++) {
        take(&id);
        cr_assert_lt(id, 40);
        cr_assert_not(came[id]);
        came[id] = true;
        cr_assert_eq(support_parse(&got).qname.octets[0], 1 + id / 3);
        outlet_leave(&askers[i].user);
    }
}
