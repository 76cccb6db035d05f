/* A whole exchange with servers that answer rightly, wrongly, or not: whatever they do, a client
 * that signed gets messages that verify one after the other, and from servers with a key it gets
 * nothing that they have not signed.
 *
 * Input: five octets, see world_request_init; an octet, which connections are refused; frames, the
 * request first, and before each that follows an octet: what happens, and on which leg. */
#include "exchange/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "tsig/verify.h"
#include "world.h"

#define LEGS_MAX 8

enum happening { ANSWER, ANSWER_UNSIGNED, ANSWER_ALTERED, STRANGER, CLOSED, TICK, HAPPENINGS };

struct play {
    struct relay *relay;
    struct world_request asked;
    struct exchange x;
    struct exchange waiting; /* of a NOTIFY: the client's, while x is the fan-out */
    bool fanout;
    struct relay_time now;
    unsigned refuse; /* a bit for each connection to come */
    bool ended;
    bool authentic; /* a server has signed an answer, or is none that signs */
    bool poisoned;  /* a forged message is part of what a signed connection brought */
    struct {
        uint16_t id;
        struct tsig_chain chain; /* the server's, of its response */
    } legs[LEGS_MAX];
};

/* What a server makes of our request. */
static void take_request(struct play *p, unsigned leg, const struct relay_packet *packet)
{
    const struct tsig_key *key = p->x.legs.items[leg].key;
    struct tsig_chain chain = tsig_chain_request();
    struct tsig_record record;
    struct dns_message m;
    size_t len;
    uint8_t *octets = world_read(packet, &len);

    FUZZ_CHECK(dns_message_parse(octets, len, &m) == 0 && !(m.flags & DNS_FLAG_QR));
    FUZZ_CHECK(leg < LEGS_MAX);
    if (key) {
        FUZZ_CHECK(m.tsig_place == DNS_TSIG_LAST && tsig_record_decode(&m, &record) == 0);
        FUZZ_CHECK(record.original_id == m.id);
        FUZZ_CHECK(tsig_verify(relay_mac(p->relay, key), &chain, &m, &record,
                               relay_clock(p->relay, p->now)) == TSIG_VERIFIED);
    } else {
        FUZZ_CHECK(m.tsig_place == DNS_TSIG_NONE || p->x.errand.client.passed);
        p->authentic = true;
    }
    p->legs[leg].id = m.id;
    p->legs[leg].chain = chain;
    free(octets);
}

/* P29: over UDP, without a key. */
static bool told_to_come_back(const struct client *client, const struct dns_message *m)
{
    return client->transport == RELAY_UDP && !client->key && (m->flags & DNS_FLAG_TC) &&
           m->count[DNS_ANSWER] == 0;
}

/* What the client makes of our answer. */
static void take_reply(struct play *p, const struct relay_packet *packet)
{
    const struct client *client = &p->x.errand.client;
    struct tsig_record record;
    struct dns_message m;
    size_t len;
    uint8_t *octets = world_read(packet, &len);

    FUZZ_CHECK(dns_message_parse(octets, len, &m) == 0);
    FUZZ_CHECK((m.flags & DNS_FLAG_QR) && m.id == client->id);
    FUZZ_CHECK(client->transport == RELAY_TCP || client->passed || len <= client->payload);
    bool ours = dns_message_rcode(&m) == DNS_RCODE_SERVFAIL || told_to_come_back(client, &m);
    FUZZ_CHECK(ours || (p->authentic && !p->poisoned));
    if (client->key) {
        FUZZ_CHECK(m.tsig_place == DNS_TSIG_LAST && tsig_record_decode(&m, &record) == 0);
        FUZZ_CHECK(record.original_id == m.id);
        FUZZ_CHECK(tsig_verify(relay_mac(p->relay, client->key), &p->asked.chain, &m, &record,
                               relay_clock(p->relay, p->now)) == TSIG_VERIFIED);
    } else {
        FUZZ_CHECK(m.tsig_place == DNS_TSIG_NONE || client->passed);
    }
    free(octets);
}

static void carry_out(struct play *p, const struct exchange_action *action)
{
    switch (action->type) {
    case ACTION_CONNECT:
        slots_release(action->slot);
        if (p->refuse & 1)
            exchange_lost(&p->x, action->leg, p->now);
        else
            exchange_connected(&p->x, action->leg, p->refuse >> 7, p->now);
        p->refuse >>= 1;
        break;
    case ACTION_SEND:
        take_request(p, action->leg, &action->packet);
        break;
    case ACTION_REPLY:
        FUZZ_CHECK(!p->ended);
        take_reply(p, &action->packet);
        break;
    case ACTION_END:
        p->ended = true;
        break;
    case ACTION_WAIT:
        break;
    }
}

static void pump(struct play *p)
{
    struct exchange_action action = {.type = ACTION_SEND};

    while (action.type != ACTION_WAIT && action.type != ACTION_END) {
        exchange_next(&p->x, p->now, &action);
        carry_out(p, &action);
    }
}

/* Makes a message of the input the answer of a server. Returns its length. */
static size_t make_answer(struct play *p, unsigned index, enum happening what, uint8_t *octets,
                          size_t len)
{
    const struct leg *leg = &p->x.legs.items[index];
    struct tsig_chain *chain = &p->legs[index].chain, once = *chain;
    struct dns_message m;
    size_t size = len;

    if (what == STRANGER || len < DNS_HEADER_SIZE)
        return len;
    dns_wire_set_u16_at(octets, p->legs[index].id);
    if (what == ANSWER_UNSIGNED || !leg->key || dns_message_parse(octets, len, &m) != 0 ||
        m.tsig_place != DNS_TSIG_NONE)
        return len;
    size = world_sign(p->relay, leg->key, leg->transport == RELAY_UDP ? &once : chain,
                      p->now.seconds, octets, len);
    if (what == ANSWER_ALTERED)
        octets[2 + p->now.ms % (len - 2)] ^= 0x20;
    else
        p->authentic = true;
    return size;
}

static void answer(struct play *p, unsigned index, enum happening what, const uint8_t *octets,
                   size_t len)
{
    const struct leg *leg = &p->x.legs.items[index];
    bool taken = leg->state == LEG_ASKED && leg->key && leg->transport == RELAY_TCP;
    uint8_t *message = malloc(len + TSIG_RECORD_MAX);
    size_t size;

    FUZZ_CHECK(message != NULL);
    memcpy(message, octets, len);
    size = make_answer(p, index, what, message, len);
    p->poisoned |= taken && what != ANSWER && p->x.errand.operation != PEER_NOTIFY;
    message = realloc(message, size ? size : 1);
    FUZZ_CHECK(message != NULL);
    exchange_answer(&p->x, index, message, size, p->now);
    pump(p);
    free(message);
}

static void happen(struct play *p, uint8_t what, const uint8_t *octets, size_t len)
{
    unsigned leg = what / HAPPENINGS % p->x.legs.count;
    uint64_t deadline = exchange_deadline(&p->x);

    p->now.ms++;
    switch (what % HAPPENINGS) {
    case CLOSED:
        exchange_lost(&p->x, leg, p->now);
        pump(p);
        break;
    case TICK:
        FUZZ_CHECK(deadline != LEG_NEVER);
        p->now.ms = deadline > p->now.ms ? deadline : p->now.ms;
        exchange_tick(&p->x, p->now);
        pump(p);
        break;
    default:
        answer(p, leg, what % HAPPENINGS, octets, len);
    }
}

/* A NOTIFY for several is carried by an exchange of its own. */
static bool begin(struct play *p, const struct policy_verdict *verdict)
{
    struct telling_order order;

    if (exchange_init(&p->x, p->relay, verdict, &p->asked.request) != 0)
        return false;
    p->fanout = p->x.waiter;
    if (!p->fanout)
        return true;
    p->waiting = p->x;
    FUZZ_CHECK(telling_next(p->relay, p->now, &order));
    FUZZ_CHECK(exchange_init_telling(&p->x, p->relay, &order, p->now) == 0);
    return true;
}

/* The client hears of it when the fan-out is over, at the latest. */
static void end_waiting(struct play *p)
{
    exchange_fini(&p->x);
    p->x = p->waiting;
    p->ended = false;
    pump(p);
    FUZZ_CHECK(p->ended);
}

static void run(struct play *p, const struct policy_verdict *verdict, struct dns_reader *in)
{
    uint8_t *octets;

    if (!begin(p, verdict))
        return;
    pump(p);
    while (!p->ended && in->at < in->len) {
        uint8_t what = dns_wire_get_u8(in);
        size_t len;

        octets = fuzz_frame(in, &len);
        if (!octets)
            break;
        happen(p, what, octets, len);
        free(octets);
    }
    if (!p->ended) {
        exchange_abort(&p->x, RESULT_CLIENT_GONE, p->now);
        pump(p);
    }
    FUZZ_CHECK(p->ended);
    if (p->fanout)
        end_waiting(p);
    exchange_fini(&p->x);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct dns_reader in = dns_wire_reader(octets, len), head = in;
    struct play p = {.relay = world_relay()};
    struct policy_verdict verdict;
    uint8_t *request;
    size_t size;

    in.at = len < 5 ? len : 5;
    p.refuse = dns_wire_get_u8(&in);
    request = fuzz_frame(&in, &size);
    if (request) {
        world_request_init(&p.asked, p.relay, &head, request, size);
        p.now = p.asked.request.now;
        policy_judge(p.relay, &p.asked.request, &verdict);
        if (verdict.decision == POLICY_FORWARD)
            run(&p, &verdict, &in);
        world_request_fini(&p.asked);
    }
    world_free(p.relay);
    return 0;
}
