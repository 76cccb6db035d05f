#include "play.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tsig/fixture.h"
#include "tsig/sender.h"
#include "tsig/verify.h"

#define PLAY_LEGS  8
#define PLAY_STEPS 1000 /* no exchange takes so many */

static struct {
    const struct play *play;
    struct world_side client;
    struct support_message request, reply;
    struct {
        unsigned heard; /* copies of the request */
        bool asked;
        unsigned turn;
        struct sender sender; /* signs for the server */
        struct support_message query;
    } legs[PLAY_LEGS];
    uint8_t *inbox; /* the last message of a server, in memory of its own size */
    unsigned replies, records, rcode;
} stage;

/* The server gets a request, which is always well made. */
static void take_request(unsigned index, const struct relay_packet *packet)
{
    const struct tsig_key *key = world.exchange.legs.items[index].key;
    struct tsig_chain chain = tsig_chain_request();
    struct support_message *query = &stage.legs[index].query;
    struct sender *sender = &stage.legs[index].sender;
    cr_assert_lt(index, PLAY_LEGS);
    world_read(packet, query);
    if (key) {
        struct dns_message m = support_parse(query);
        struct tsig_record record = fixture_record(&m);
        sender_fini(sender);
        sender_init(sender, key, record.mac, record.mac_len);
        cr_assert_eq(
            tsig_verify(&sender->mac, &chain, &m, &record, relay_clock(world.relay, world.now)),
            TSIG_VERIFIED);
    }
    stage.legs[index].turn = 0;
    stage.legs[index].asked = ++stage.legs[index].heard > stage.play->unheard;
}

static void take_reply(const struct relay_packet *packet)
{
    world_read(packet, &stage.reply);
    struct dns_message m = world_verify(&stage.client, &stage.reply, NULL);
    stage.replies++;
    stage.records += m.count[DNS_ANSWER];
    stage.rcode = dns_message_rcode(&m);
}

/* A server that has something to say says it; false when none has. */
static bool let_one_say(void)
{
    static struct support_message message;
    unsigned i = 0;
    while (i < world.exchange.legs.count &&
           (!stage.legs[i].asked || stage.legs[i].turn == stage.play->turns ||
            world.exchange.legs.items[i].state != LEG_ASKED))
        i++;
    if (i == world.exchange.legs.count)
        return false;
    bool keyed = world.exchange.legs.items[i].key;
    if (stage.play->say(stage.legs[i].turn++, &stage.legs[i].query, &message) == PLAY_BARE)
        sender_pass(&stage.legs[i].sender, &message);
    else if (keyed)
        sender_sign(&stage.legs[i].sender, &message, world.now.seconds);
    free(stage.inbox);
    stage.inbox = malloc(message.len);
    memcpy(stage.inbox, message.octets, message.len);
    memory_resume();
    exchange_answer(&world.exchange, i, stage.inbox, message.len, world.now);
    memory_pause();
    return true;
}

/* Nobody has anything to say: time goes on. */
static void let_time_pass(void)
{
    uint64_t deadline = exchange_deadline(&world.exchange);
    cr_assert_neq(deadline, LEG_NEVER, "it waits for nothing");
    if (deadline > world.now.ms)
        world_pass(deadline - world.now.ms);
    memory_resume();
    exchange_tick(&world.exchange, world.now);
    memory_pause();
}

static void take_connection(unsigned leg, const struct address *to)
{
    char text[ADDRESS_TEXT_SIZE];
    const char *refuses = stage.play->refuses;
    bool refused = refuses && strcmp(address_to_text(to, text), refuses) == 0;
    memory_resume();
    if (refused)
        exchange_lost(&world.exchange, leg, world.now);
    else
        exchange_connected(&world.exchange, leg, false, world.now);
    memory_pause();
}

static void carry_out(const struct exchange_action *action)
{
    switch (action->type) {
    case ACTION_CONNECT:
        slots_release(action->slot);
        take_connection(action->leg, &action->to);
        break;
    case ACTION_SEND:
        take_request(action->leg, &action->packet);
        break;
    case ACTION_REPLY:
        take_reply(&action->packet);
        break;
    case ACTION_WAIT:
        if (!let_one_say())
            let_time_pass();
        break;
    case ACTION_END:
        break;
    }
}

static bool is_whole(void)
{
    return stage.replies == stage.play->replies && stage.records == stage.play->records &&
           stage.rcode == stage.play->rcode;
}

static enum story_end end_of(enum exchange_end end)
{
    bool udp = stage.play->transport == RELAY_UDP;
    switch (end) {
    case EXCHANGE_ANSWERED:
        if (is_whole())
            return STORY_WHOLE;
        cr_assert(stage.replies == 1 && stage.records == 0 && stage.rcode == DNS_RCODE_SERVFAIL,
                  "%u messages, %u records, RCODE %u seem to be the whole answer", stage.replies,
                  stage.records, stage.rcode);
        break;
    case EXCHANGE_SILENT:
        cr_assert(udp && stage.replies == 0);
        break;
    case EXCHANGE_ABORTED:
        cr_assert(!udp && stage.replies < stage.play->replies);
        break;
    }
    return STORY_SHORT;
}

/* Until the end of the exchange that stands in the world. */
static struct exchange_action drive(void)
{
    struct exchange_action action = {.type = ACTION_WAIT};
    for (unsigned steps = 0; action.type != ACTION_END; steps++) {
        cr_assert_lt(steps, PLAY_STEPS, "the exchange has no end");
        memory_resume();
        exchange_next(&world.exchange, world.now, &action);
        memory_pause();
        carry_out(&action);
    }
    return action;
}

/* The fan-out of a NOTIFY takes the place of the client's exchange. */
static bool begin_telling(void)
{
    struct telling_order order;
    memset(&world.exchange, 0, sizeof world.exchange);
    memory_resume();
    bool begins = telling_next(world.relay, world.now, &order) &&
                  exchange_init_telling(&world.exchange, world.relay, &order, world.now) == 0;
    memory_pause();
    return begins;
}

static enum story_end forward(void)
{
    struct exchange_action action;
    memory_resume();
    int error = exchange_init(&world.exchange, world.relay, &world.verdict, &world.request);
    memory_pause();
    if (error < 0) {
        cr_assert(error == DNS_EMEMORY || error == DNS_ECRYPTO);
        return STORY_SHORT;
    }
    bool waits = world.exchange.waiter;
    struct exchange waiting = world.exchange;
    if (!waits || begin_telling())
        action = drive();
    if (waits) {
        exchange_fini(&world.exchange);
        world.exchange = waiting;
        action = drive();
    }
    return end_of(action.end);
}

/* An answer of our own to a request that goes nowhere. */
static enum story_end answer(void)
{
    struct policy_verdict *v = &world.verdict;
    struct relay_packet packet;
    memory_resume();
    int error = client_answer(world.relay, &v->client, &v->message, &v->answer, world.now, &packet);
    memory_pause();
    if (error < 0) {
        cr_assert_eq(error, DNS_ECRYPTO);
        return STORY_SHORT;
    }
    world_read(&packet, &stage.reply);
    struct dns_message m = support_parse(&stage.reply);
    stage.replies = 1;
    stage.rcode = dns_message_rcode(&m);
    if (is_whole())
        return STORY_WHOLE;
    cr_assert(!v->client.key && !v->answer.bad_record, "it says something of the TSIG");
    cr_assert_eq(stage.rcode, DNS_RCODE_SERVFAIL);
    return STORY_SHORT;
}

static void leave(void)
{
    exchange_fini(&world.exchange);
    memset(&world.exchange, 0, sizeof world.exchange);
    for (unsigned i = 0; i < PLAY_LEGS; i++)
        sender_fini(&stage.legs[i].sender);
    free(stage.inbox);
}

static enum story_end play_run(const void *arg)
{
    memory_pause();
    world_pass(1000); /* or it would be the request before, repeated */
    memset(&stage, 0, sizeof stage);
    stage.play = arg;
    stage.client = (struct world_side){.key = stage.play->key, .chain = tsig_chain_request()};
    stage.play->ask(&stage.request);
    world.now.seconds -= stage.play->late;
    world_sign(&stage.client, &stage.request);
    world.now.seconds += stage.play->late;
    memory_resume();
    world_judge(stage.play->from, stage.play->to ? stage.play->to : WORLD_US, stage.play->transport,
                &stage.request);
    memory_pause();
    cr_assert_neq(world.verdict.decision, POLICY_DROP);
    enum story_end end = world.verdict.decision == POLICY_FORWARD ? forward() : answer();
    leave();
    memory_resume();
    return end;
}

static void play_open(const void *arg)
{
    const struct play *play = arg;
    world_open(play->config);
}

static void play_close(const void *arg)
{
    (void)arg;
    world_close();
}

void play_tell(const struct play *play)
{
    story_tell(&(struct story){play, play_open, play_close, play_run});
}
