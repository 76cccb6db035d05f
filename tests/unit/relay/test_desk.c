/* What is remembered outlives a snapshot. */
#include "relay/relay.h"

#include <criterion/criterion.h>

#include "exchange/world.h"

#define KEYS "[key a]\nsecret-file = k.key\n[key b]\nsecret-file = k.key\n"
#define HQ   "[primary hq]\naddress = 10.0.0.1\n"

TestSuite(relay_desk, .fini = world_close);

/* The world goes on with another configuration; returns the relay before it, with its reference. */
static struct relay *reload(const char *text)
{
    struct relay *before = world.relay;
    config_ref(before->config); /* the fixture lets go of it */
    cr_assert_eq(config_fixture_parse(text), 0, "%s", config_fixture_findings());
    config_carry(config_fixture, before->config);
    world.relay = relay_new(config_fixture, world.desk);
    cr_assert_not_null(world.relay);
    relay_take_over(world.relay);
    config_unref(before->config);
    return before;
}

Test(relay_desk, a_key_keeps_its_turn_by_its_name)
{
    world_open(KEYS HQ "[secondary one]\naddress = 192.0.2.1\nkey = a, b\n");
    relay_next_key(world.relay, world_peer("one"), world_key("a"));
    cr_assert_eq(relay_key(world.relay, world_peer("one")), world_key("b"));
    struct relay *before = reload("[key c]\nsecret-file = k.key\n" KEYS
                                  "[secondary one]\naddress = 192.0.2.1\nkey = c, b\n" HQ);
    cr_expect_eq(relay_key(world.relay, world_peer("one")), world_key("b"));
    relay_unref(before);
    before = reload(KEYS HQ "[secondary one]\naddress = 192.0.2.1\nkey = a\n");
    cr_expect_eq(relay_key(world.relay, world_peer("one")), world_key("a"), "the other is gone");
    relay_unref(before);
}

Test(relay_desk, a_sleeper_sleeps_on_wherever_it_stands_in_the_file)
{
    world_open(HQ "[secondary one]\naddress = 192.0.2.1\nzones = *\n"
                  "[secondary two]\naddress = 192.0.2.2\nzones = *\n");
    sleepers_fall_asleep(world.memory->sleepers, world_peer("two")->number, 0);
    relay_unref(reload("[secondary two]\naddress = 192.0.2.2\nzones = *\n" HQ
                       "[secondary new]\naddress = 192.0.2.3\nzones = *\n"));
    cr_expect(sleepers_is_asleep(world.memory->sleepers, world_peer("two")->number));
    cr_expect_not(sleepers_is_asleep(world.memory->sleepers, world_peer("new")->number));
}

Test(relay_desk, who_is_gone_is_known_to_be)
{
    world_open(KEYS HQ "[secondary one]\naddress = 192.0.2.1\nkey = a\n");
    const struct peer *one = world_peer("one");
    const struct tsig_key *a = world_key("a");
    struct relay *before = reload("[key b]\nsecret-file = k.key\n" HQ
                                  "[secondary two]\naddress = 192.0.2.1\nkey = b\n");
    cr_expect_not(relay_knows_peer(world.relay, one));
    cr_expect_not(relay_knows_key(world.relay, a));
    cr_expect(relay_knows_peer(world.relay, world_peer("two")));
    cr_expect(relay_knows_key(world.relay, world_key("b")));
    cr_expect(relay_knows_key(world.relay, NULL));
    relay_unref(before);
}

Test(relay_desk, a_notify_of_a_primary_that_is_gone_is_told_to_nobody)
{
    static struct support_message request;
    static struct world_side plain;
    struct telling_order order;
    world_open(HQ "[secondary one]\naddress = 192.0.2.1\n");
    support_header(&request, 1, DNS_OPCODE_NOTIFY << 11);
    support_question(&request, "example.com", DNS_TYPE_SOA);
    world_begin(&plain, "10.0.0.1@4000", RELAY_UDP, &request);
    exchange_abort(&world.telling, RESULT_STOPPED, world.now);
    exchange_fini(&world.telling);
    world.tells = false;
    exchange_fini(&world.exchange);
    support_header(&request, 2, DNS_OPCODE_NOTIFY << 11);
    support_question(&request, "example.net", DNS_TYPE_SOA);
    cr_assert_eq(world_judge("10.0.0.1@4000", world.us, RELAY_UDP, &request)->decision,
                 POLICY_FORWARD);
    cr_assert_eq(exchange_init(&world.exchange, world.relay, &world.verdict, &world.request), 0);
    relay_unref(reload("[primary other]\naddress = 10.0.0.2\n"
                       "[secondary one]\naddress = 192.0.2.1\n"));
    cr_assert(telling_next(world.relay, world.now, &order));
    cr_expect(exchange_init_telling(&world.telling, world.relay, &order, world.now) < 0);
    cr_expect_not(telling_next(world.relay, world.now, &order));
    exchange_next(&world.exchange, world.now, &world.action);
    cr_expect_eq(world.action.type, ACTION_END);
    cr_expect_eq(world.action.end, EXCHANGE_SILENT);
}
