#include "exchange/join.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "exchange/world.h"

static struct support_message request;
static struct errand errand;
static struct legs legs;
static struct leg *items;

/* Addresses per secondary: 2, 1, 3. */
#define CONFIG                                                                                     \
    "[primary hq]\naddress = 10.0.0.1\n"                                                           \
    "[secondary a]\naddress = 192.0.2.1, 192.0.2.2\nzones = *\n"                                   \
    "[secondary b]\naddress = 192.0.2.3\nzones = *\n"                                              \
    "[secondary c]\naddress = 192.0.2.4, 192.0.2.5, 192.0.2.6\nzones = *\n"

static void init(void)
{
    static const char *const peers[] = {"a", "a", "b", "c", "c", "c"};

    world_open(CONFIG);
    support_header(&request, 1, DNS_OPCODE_NOTIFY << 11);
    support_question(&request, "example.com", DNS_TYPE_SOA);
    support_soa(&request, DNS_ANSWER, "example.com", 7);
    errand.request = support_parse(&request);
    errand.client.from = world_address("10.0.0.1@4000");
    errand.client.id = 1;
    errand.relay = world.relay;
    errand.operation = PEER_NOTIFY;
    errand.began = world.now.ms;
    legs.count = 6;
    legs.items = items = legs_new(6);
    for (int i = 0; i < 6; i++)
        items[i].peer = world_peer(peers[i]);
}

static void fini(void)
{
    legs_fini(&legs);
    world_close();
}

TestSuite(relay_join, .init = init, .fini = fini);

/* One character per leg: A answered, O over, . asked, i idle, d due. */
static enum join_state state_of(const char *text)
{
    for (int i = 0; i < 6; i++)
        items[i].state = text[i] == 'A'   ? LEG_ANSWERED
                         : text[i] == 'O' ? LEG_OVER
                         : text[i] == 'i' ? LEG_IDLE
                         : text[i] == 'd' ? LEG_DUE
                                          : LEG_ASKED;
    legs_begin(&legs);
    return join_legs(&legs, NULL);
}

Test(relay_join, M3_a_secondary_has_answered_when_any_of_its_addresses_has)
{
    static const struct {
        const char *legs;
        enum join_state state;
    } cases[] = {
        {"......", JOIN_WAITING},  {"A.AA..", JOIN_COMPLETE}, {".AA..A", JOIN_COMPLETE},
        {"AOAOAO", JOIN_COMPLETE}, {"O.A.A.", JOIN_WAITING},  {"OOAOOO", JOIN_COMPLETE},
        {"OOAAOO", JOIN_COMPLETE}, {"AAOAAA", JOIN_COMPLETE}, {"AA.AAA", JOIN_WAITING},
        {"OO.AOO", JOIN_WAITING},  {"OOAi..", JOIN_WAITING},  {"AAAdOO", JOIN_WAITING},
        {"AAAOOO", JOIN_COMPLETE}, {"OOOOOO", JOIN_BROKEN},   {"AAAAAA", JOIN_COMPLETE},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_expect_eq(state_of(cases[i].legs), cases[i].state, "%s", cases[i].legs);
}

Test(relay_join, M3_the_rcode_is_the_worst)
{
    enum { OK = 0, FORM = 1, FAIL = 2, NX = 3, NI = 4, REF = 5, AUTH = 9 };
    static const struct {
        unsigned rcodes[3];
        unsigned worst;
    } cases[] = {
        {{OK, OK, OK}, OK},        {{OK, FAIL, OK}, FAIL}, {{AUTH, REF, FAIL}, FAIL},
        {{REF, AUTH, FORM}, AUTH}, {{OK, REF, NX}, REF},   {{OK, NX, OK}, NX},
        {{NI, NI, NI}, NI},        {{NI, OK, NI}, OK},     {{NI, FORM, OK}, FORM},
        {{FORM, NI, NI}, FORM},    {{REF, OK, FORM}, REF}, {{NI, REF, NI}, REF},
        {{FAIL, AUTH, OK}, FAIL},  {{AUTH, OK, NI}, AUTH},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        state_of("O..O..");
        join_settle(&legs, 1, cases[i].rcodes[0]);
        join_settle(&legs, 2, cases[i].rcodes[1]);
        join_settle(&legs, 5, cases[i].rcodes[2]);
        cr_expect_eq(legs.rcode, cases[i].worst, "%zu", i);
    }
}

Test(relay_join, M3_an_answer_frees_the_other_addresses_of_its_secondary_alone)
{
    state_of(".d...d");
    items[3].sent = items[4].sent = 1;
    join_take(&legs, &errand, 4, DNS_RCODE_REFUSED, world.now);
    cr_expect_eq(items[0].state, LEG_ASKED);
    cr_expect_eq(items[1].state, LEG_DUE);
    cr_expect_eq(items[2].state, LEG_ASKED);
    cr_expect_eq(items[3].state, LEG_OVER);
    cr_expect_eq(items[4].state, LEG_ANSWERED);
    cr_expect_eq(items[4].rcode, DNS_RCODE_REFUSED);
    cr_expect_eq(items[5].state, LEG_DUE, "it gets its copy");
    join_told(&legs, 1);
    cr_expect_eq(items[1].state, LEG_DUE, "nobody has answered there");
    items[5].sent = 1;
    join_told(&legs, 5);
    cr_expect_eq(items[5].state, LEG_OVER);
    cr_expect_eq(world.event_count, 1);
    cr_expect_eq(world_event(0)->event.type, EVENT_NOTIFY);
    cr_expect_eq(world_event(0)->event.peer, world_peer("c"));
    cr_expect_eq(world_event(0)->event.rcode, DNS_RCODE_REFUSED);
    cr_expect(world_event(0)->event.has_serial);
    cr_expect_eq(world_event(0)->event.serial, 7);
    cr_expect_eq(world_event(0)->event.result, RESULT_ERROR);
}

Test(relay_join, M3_what_only_opt_can_say_is_formerr)
{
    enum { NOTZONE = 10, BADVERS = 16, BADCOOKIE = 23 };

    state_of("......");
    join_take(&legs, &errand, 2, BADVERS, world.now);
    cr_expect_eq(items[2].rcode, DNS_RCODE_FORMERR);
    join_take(&legs, &errand, 4, BADCOOKIE, world.now);
    cr_expect_eq(items[4].rcode, DNS_RCODE_FORMERR);
    join_take(&legs, &errand, 0, NOTZONE, world.now);
    cr_expect_eq(items[0].rcode, NOTZONE);
}

Test(relay_join, M3_a_secondary_that_is_asleep_is_not_waited_for)
{
    struct sleepers *sleepers = world.memory->sleepers;
    state_of("A.....");
    cr_expect_eq(join_legs(&legs, sleepers), JOIN_WAITING);
    sleepers_fall_asleep(sleepers, world_peer("b")->number, 0);
    cr_expect_eq(join_legs(&legs, sleepers), JOIN_WAITING, "c is awake");
    sleepers_fall_asleep(sleepers, world_peer("c")->number, 0);
    cr_expect_eq(join_legs(&legs, sleepers), JOIN_COMPLETE);
    items[2].doubted = true;
    cr_expect_eq(join_legs(&legs, sleepers), JOIN_WAITING, "its own answer may still come");
    items[2].doubted = false;
    state_of("O.....");
    sleepers_fall_asleep(sleepers, world_peer("a")->number, 0);
    cr_expect_eq(join_legs(&legs, sleepers), JOIN_WAITING, "nobody has answered, so any may");
}

Test(relay_join, M3_an_answer_wakes)
{
    struct sleepers *sleepers = world.memory->sleepers;
    unsigned b = world_peer("b")->number;
    sleepers_fall_asleep(sleepers, b, 0);
    state_of("......");
    join_take(&legs, &errand, 2, DNS_RCODE_NOERROR, world.now);
    cr_expect_not(sleepers_is_asleep(sleepers, b));
}
