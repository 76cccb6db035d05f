/* Which of a peer's keys signs what we originate. */
#include "relay/relay.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "exchange/world.h"

TestSuite(relay_relay, .fini = world_close);

#define KEY(label, algorithm) "[key " label "]\nsecret-file = k.key\nalgorithm = " algorithm "\n"

static void open_with(const char *keys)
{
    char config[1024];
    snprintf(config, sizeof config,
             KEY("md5", "hmac-md5") KEY("sha1", "hmac-sha1") KEY("half", "hmac-sha256-128")
                 KEY("sha256", "hmac-sha256") KEY("other", "hmac-sha256")
                     KEY("sha512", "hmac-sha512") "[primary hq]\naddress = 10.0.0.1\nkey = "
                                                  "%s\n[secondary one]\naddress = 192.0.2.1\n",
             keys);
    world_open(config);
}

static void turns_to(const char *key)
{
    const struct peer *hq = world_peer("hq");
    relay_next_key(world.relay, hq, relay_key(world.relay, hq));
    cr_expect_eq(relay_key(world.relay, hq), world_key(key), "%s", key);
}

Test(relay_relay, P23_keys_as_strong_as_the_first_have_their_turns)
{
    open_with("sha256, other, sha512");
    turns_to("other");
    turns_to("sha512");
    turns_to("sha256");
    cr_expect_eq(world.event_count, 3);
    cr_expect_eq(world_event(0)->event.result, RESULT_NEXT_KEY);
}

Test(relay_relay, P23_weaker_ones_are_passed_over)
{
    open_with("sha256, md5, half, other, sha1");
    turns_to("other");
    turns_to("sha256");
}

Test(relay_relay, P23_where_all_others_are_weaker_the_first_stays_and_nothing_is_told)
{
    open_with("sha256, md5, sha1");
    turns_to("sha256");
    cr_expect_eq(world.event_count, 0);
}

Test(relay_relay, P23_a_weak_first_key_is_followed_by_any)
{
    open_with("md5, sha1, half");
    turns_to("sha1");
    turns_to("half");
    turns_to("md5");
}
