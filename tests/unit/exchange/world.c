#include "exchange/world.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tsig/verify.h"

struct world world;

/* The last answer received, in memory of its own size: exchange_answer may alter it. */
static uint8_t *inbox;

static uint16_t random_id(void *arg)
{
    (void)arg;
    return ++world.id;
}

static void report(void *arg, const struct relay_event *event)
{
    (void)arg;
    if (event->type == EVENT_NOTIFIED) {
        world.notified = *event;
        world.notified_count++;
        return;
    }
    if (event->type == EVENT_VERIFIED) {
        world.verified = *event;
        world.verified_count++;
        return;
    }
    struct world_event *kept = &world.events[world.event_count++ % WORLD_EVENTS];
    *kept = (struct world_event){.event = *event};
    if (event->address)
        address_to_text(event->address, kept->address);
    if (event->zone)
        dns_name_to_text(event->zone, kept->zone);
    if (event->key_name)
        dns_name_to_text(event->key_name, kept->key_name);
    if (event->record)
        dns_name_to_text(event->record, kept->record);
    if (event->offered)
        dns_name_to_text(event->offered, kept->offered);
    kept->event.address = NULL;
    kept->event.zone = NULL;
    kept->event.key_name = NULL;
    kept->event.offered = NULL;
    kept->event.record = NULL;
}

static void ring(void *arg)
{
    (void)arg;
    world.rings++;
}

void world_open(const char *config)
{
    const struct relay_world outside = {.random_id = random_id, .report = report, .ring = ring};

    cr_assert_eq(config_fixture_parse(config), 0, "%s", config_fixture_findings());
    world.now = (struct relay_time){.ms = 1000000, .seconds = WORLD_SECONDS};
    world.id = 0x4000;
    world.us = WORLD_US;
    world.memory = memory_new(config_fixture->proxy.status_zones);
    cr_assert_not_null(world.memory);
    world.desk = desk_new(&outside, world.memory);
    cr_assert_not_null(world.desk);
    world.relay = relay_new(config_fixture, world.desk);
    cr_assert_not_null(world.relay);
    relay_take_over(world.relay);
}

static void stop_telling(void)
{
    if (world.tells && world.telling.state != EXCHANGE_ENDED)
        exchange_abort(&world.telling, RESULT_STOPPED, world.now);
    exchange_fini(&world.telling);
    world.telling = (struct exchange){0};
    world.tells = false;
}

void world_close_leg(unsigned leg)
{
    if (leg >= WORLD_LEGS)
        return;
    slots_release(world.slots[leg]);
    world.slots[leg] = NULL;
}

static void close_legs(void)
{
    for (unsigned i = 0; i < WORLD_LEGS; i++)
        world_close_leg(i);
}

void world_close(void)
{
    stop_telling();
    close_legs();
    exchange_fini(&world.exchange);
    relay_unref(world.relay);
    desk_free(world.desk);
    memory_free(world.memory);
    free(inbox);
    config_fixture_release();
}

void world_pass(uint64_t ms)
{
    world.now.ms += ms;
    world.now.seconds += ms / 1000;
}

struct address world_address(const char *text)
{
    struct address a = {.family = ADDRESS_NONE};

    if (*text)
        cr_assert_eq(address_from_text(text, 0, &a), 0, "no address: %s", text);
    return a;
}

const struct peer *world_peer(const char *name)
{
    const struct config *config = world.relay->config;
    size_t i = 0;

    while (i < config->peer_count && strcmp(config->peers[i].name, name) != 0)
        i++;
    cr_assert_lt(i, config->peer_count, "no peer: %s", name);
    return &config->peers[i];
}

const struct tsig_key *world_key(const char *name)
{
    const struct config *config = world.relay->config;
    struct dns_name wanted = support_name(name);
    size_t i = 0;

    while (i < config->key_count && !dns_name_equal(&config->keys[i].name, &wanted))
        i++;
    cr_assert_lt(i, config->key_count, "no key: %s", name);
    return &config->keys[i];
}

const struct world_event *world_event(unsigned back)
{
    cr_assert_lt(back, world.event_count, "no such event");
    return &world.events[(world.event_count - 1 - back) % WORLD_EVENTS];
}

void world_sign(struct world_side *side, struct support_message *s)
{
    struct dns_writer tail = dns_wire_writer(s->octets + s->len, sizeof s->octets - s->len);
    const struct tsig_stamp stamp = {
        .time_signed = world.now.seconds,
        .fudge = 300,
        .original_id = dns_wire_u16_at(s->octets),
    };

    if (!side->key)
        return;
    cr_assert_eq(tsig_sign(relay_mac(world.relay, world_key(side->key)), &side->chain, &stamp,
                           s->octets, s->len, &tail),
                 0);
    s->len += tail.at;
}

struct dns_message world_verify(struct world_side *side, const struct support_message *s,
                                struct tsig_record *record)
{
    struct dns_message m = support_parse(s);
    struct tsig_record found;
    struct tsig_mac *mac;

    if (!side->key) {
        cr_assert_eq(m.tsig_place, DNS_TSIG_NONE, "a TSIG where there should be none");
        return m;
    }
    mac = relay_mac(world.relay, world_key(side->key));
    cr_assert_eq(m.tsig_place, DNS_TSIG_LAST, "no TSIG");
    cr_assert_eq(tsig_record_decode(&m, &found), 0);
    cr_assert_eq(tsig_verify(mac, &side->chain, &m, &found, relay_clock(world.relay, world.now)),
                 TSIG_VERIFIED);
    if (record)
        *record = found;
    m.len = m.tsig_at;
    m.start[DNS_SECTIONS] = m.len;
    m.count[DNS_ADDITIONAL]--;
    m.tsig_place = DNS_TSIG_NONE;
    return m;
}

void world_read(const struct relay_packet *packet, struct support_message *out)
{
    cr_assert_leq(packet->len + packet->tail_len, sizeof out->octets);
    memcpy(out->octets, packet->octets, packet->len);
    if (packet->tail_len)
        memcpy(out->octets + packet->len, packet->tail, packet->tail_len);
    out->len = packet->len + packet->tail_len;
}

void world_respond(struct support_message *out, const struct support_message *query, uint16_t flags)
{
    struct dns_message m = support_parse(query);
    char name[DNS_NAME_TEXT_SIZE];

    support_header(out, m.id, (m.flags & DNS_MASK_OPCODE) | DNS_FLAG_QR | flags);
    support_question(out, dns_name_to_text(&m.qname, name), m.qtype);
}

void world_respond_soa(struct support_message *out, const struct support_message *query,
                       uint32_t serial)
{
    struct dns_message m = support_parse(query);
    char name[DNS_NAME_TEXT_SIZE];

    world_respond(out, query, DNS_FLAG_AA);
    support_soa(out, DNS_ANSWER, dns_name_to_text(&m.qname, name), serial);
}

void world_respond_records(struct support_message *out, const struct support_message *query,
                           const uint32_t *serials, size_t count)
{
    world_respond(out, query, DNS_FLAG_AA);
    for (size_t i = 0; i < count; i++) {
        if (serials[i])
            support_soa(out, DNS_ANSWER, "example.com", serials[i]);
        else
            support_a(out, DNS_ANSWER, "www.example.com");
    }
}

const struct policy_verdict *world_judge(const char *from, const char *to,
                                         enum relay_transport transport,
                                         const struct support_message *request)
{
    world.request = (struct relay_request){
        .octets = request->octets,
        .len = request->len,
        .from = world_address(from),
        .to = world_address(to),
        .transport = transport,
        .now = world.now,
    };
    policy_judge(world.relay, &world.request, &world.verdict);
    return &world.verdict;
}

void world_begin(struct world_side *client, const char *from, enum relay_transport transport,
                 struct support_message *request)
{
    client->chain = tsig_chain_request();
    world_sign(client, request);
    world_judge(from, world.us, transport, request);
    cr_assert_eq(world.verdict.decision, POLICY_FORWARD);
    stop_telling();
    close_legs();
    exchange_fini(&world.exchange);
    cr_assert_eq(exchange_init(&world.exchange, world.relay, &world.verdict, &world.request), 0);
    world.began = world.now.ms;
    if (world.exchange.waiter)
        world_tell();
    /* What they borrowed may go. */
    memset(&world.request, 0, sizeof world.request);
    memset(&world.verdict, 0, sizeof world.verdict);
}

bool world_tell(void)
{
    struct telling_order order;
    stop_telling();
    if (!telling_next(world.relay, world.now, &order))
        return false;
    cr_assert_eq(exchange_init_telling(&world.telling, world.relay, &order, world.now), 0);
    world.tells = true;
    return true;
}

/* Who acts: the fan-out, while there is one; but answers are for the client's exchange. */
static struct exchange *actor(enum exchange_action_type type)
{
    if (!world.tells || (type != ACTION_REPLY && type != ACTION_END))
        return world.tells ? &world.telling : &world.exchange;
    exchange_next(&world.telling, world.now, &world.action);
    cr_assert(world.action.type == ACTION_WAIT || world.action.type == ACTION_END);
    if (world.action.type == ACTION_END)
        stop_telling();
    return &world.exchange;
}

static struct exchange *stage(void)
{
    return world.tells ? &world.telling : &world.exchange;
}

static const char *action_text(enum exchange_action_type type)
{
    static const char *const texts[] = {
        [ACTION_WAIT] = "WAIT",   [ACTION_CONNECT] = "CONNECT", [ACTION_SEND] = "SEND",
        [ACTION_REPLY] = "REPLY", [ACTION_END] = "END",
    };

    return texts[type];
}

static void next_is(enum exchange_action_type type)
{
    exchange_next(actor(type), world.now, &world.action);
    cr_assert_eq(world.action.type, type, "%s, not %s, %d ms after the start",
                 action_text(world.action.type), action_text(type),
                 (int)(world.now.ms - world.began));
}

unsigned world_connect(const char *to, enum relay_transport transport)
{
    char text[ADDRESS_TEXT_SIZE];

    next_is(ACTION_CONNECT);
    cr_assert_str_eq(address_to_text(&world.action.to, text), to);
    cr_assert_eq(world.action.transport, transport);
    if (world.action.slot) {
        cr_assert_lt(world.action.leg, WORLD_LEGS);
        cr_assert_null(world.slots[world.action.leg], "its connection is still open");
        world.slots[world.action.leg] = world.action.slot;
    }
    return world.action.leg;
}

void world_send(unsigned leg, struct support_message *out)
{
    next_is(ACTION_SEND);
    cr_assert_eq(world.action.leg, leg);
    world_read(&world.action.packet, out);
}

void world_reply(struct support_message *out)
{
    next_is(ACTION_REPLY);
    world_read(&world.action.packet, out);
}

void world_wait(void)
{
    next_is(ACTION_WAIT);
}

void world_end(enum exchange_end end)
{
    next_is(ACTION_END);
    cr_assert_eq(world.action.end, end);
    cr_assert_eq(exchange_deadline(&world.exchange), LEG_NEVER);
}

unsigned world_ask(const char *to, enum relay_transport transport, struct support_message *out)
{
    unsigned leg = world_connect(to, transport);

    world_connected(leg, false);
    world_send(leg, out);
    return leg;
}

struct dns_message world_reply_last(struct world_side *client, struct support_message *out)
{
    world_reply(out);
    world_end(EXCHANGE_ANSWERED);
    return world_verify(client, out, NULL);
}

void world_connected(unsigned leg, bool reused)
{
    exchange_connected(stage(), leg, reused, world.now);
}

void world_refused(unsigned leg)
{
    world_close_leg(leg);
    exchange_lost(stage(), leg, world.now);
}

void world_closed(unsigned leg)
{
    world_close_leg(leg);
    exchange_lost(stage(), leg, world.now);
}

void world_answer(unsigned leg, const struct support_message *answer)
{
    free(inbox);
    inbox = malloc(answer->len);
    memcpy(inbox, answer->octets, answer->len);
    exchange_answer(stage(), leg, inbox, answer->len, world.now);
}

void world_alarm(uint64_t ms)
{
    uint64_t deadline = exchange_deadline(stage());

    cr_assert_eq(deadline, world.began + ms, "the deadline is after %lld ms, not %lld",
                 (long long)(deadline - world.began), (long long)ms);
    world_pass(deadline - world.now.ms);
    exchange_tick(stage(), world.now);
}
