#include "relay/replay.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "dns/message.h"

static struct replay *replay;

static void init(void)
{
    replay = calloc(1, sizeof *replay);
    cr_assert_not_null(replay);
    replay_init(replay);
}

static void fini(void)
{
    replay_fini(replay);
    free(replay);
}

TestSuite(relay_replay, .init = init, .fini = fini);

static struct replay_mark mark(unsigned mac)
{
    struct replay_mark out = {.key = 1, .id = 0x1234, .tcp = true};
    memcpy(out.mac, &mac, sizeof mac);
    cr_assert_eq(address_from_text("192.0.2.1@4000", 0, &out.from), 0);
    cr_assert_eq(address_from_text("198.51.100.1@53", 0, &out.to), 0);
    return out;
}

static int look(struct replay_mark m)
{
    return replay_look(replay, &m);
}

static uint64_t add(struct replay_mark m)
{
    return replay_add(replay, &m);
}

Test(relay_replay, M10_the_same_client_gets_what_it_got)
{
    cr_expect_eq(look(mark(7)), REPLAY_NEW);
    uint64_t ticket = add(mark(7));
    cr_expect_eq(look(mark(7)), DNS_RCODE_SERVFAIL, "no answer yet");
    cr_expect_eq(look(mark(8)), REPLAY_NEW);
    replay_answered(replay, ticket, DNS_RCODE_NXDOMAIN);
    cr_expect_eq(look(mark(7)), DNS_RCODE_NXDOMAIN);
    replay_answered(replay, 0, DNS_RCODE_REFUSED);
    cr_expect_eq(look(mark(7)), DNS_RCODE_NXDOMAIN);
}

Test(relay_replay, what_only_opt_could_say_is_servfail)
{
    replay_answered(replay, add(mark(7)), 16);
    cr_expect_eq(look(mark(7)), DNS_RCODE_SERVFAIL);
}

Test(relay_replay, M10_anything_else_with_that_mac_is_another)
{
    struct replay_mark other[5];
    add(mark(7));
    for (int i = 0; i < 5; i++)
        other[i] = mark(7);
    other[0].from.port++;
    other[1].from.octets[3]++;
    other[2].to.octets[3]++;
    other[3].tcp = false;
    other[4].id++;
    for (int i = 0; i < 5; i++)
        cr_expect_eq(look(other[i]), REPLAY_OTHER, "%d", i);
}

Test(relay_replay, the_same_mac_of_another_key_is_new)
{
    struct replay_mark other = mark(7);
    other.key++;
    add(mark(7));
    cr_expect_eq(look(other), REPLAY_NEW);
}

/* Two in each bucket, so that what makes room stands in the middle of a chain, too. */
Test(relay_replay, the_oldest_makes_room)
{
    static uint64_t tickets[3 * REPLAY_ENTRIES];
    for (unsigned i = 0; i < 3 * REPLAY_ENTRIES; i++) {
        tickets[i] = add(mark(i ^ (i << 17 & 0xffff0000)));
        replay_answered(replay, tickets[i], i % 11);
    }
    replay_answered(replay, tickets[0], DNS_RCODE_REFUSED); /* gone: harmless */
    for (unsigned i = 0; i < 3 * REPLAY_ENTRIES; i++)
        cr_expect_eq(look(mark(i ^ (i << 17 & 0xffff0000))),
                     i < 2 * REPLAY_ENTRIES ? REPLAY_NEW : (int)(i % 11), "%u", i);
}

Test(relay_replay, entries_of_one_bucket_come_and_go)
{
    for (unsigned i = 0; i < REPLAY_ENTRIES + 100; i++)
        add(mark(i << 16));
    for (unsigned i = 0; i < REPLAY_ENTRIES + 100; i += 7)
        cr_expect_eq(look(mark(i << 16)), i < 100 ? REPLAY_NEW : DNS_RCODE_SERVFAIL, "%u", i);
}
