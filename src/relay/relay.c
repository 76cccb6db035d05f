#include "relay/relay.h"

#include <stdlib.h>

struct relay *relay_new(struct config *config, const struct relay_world *world)
{
    struct relay *relay = calloc(1, sizeof *relay);
    if (!relay)
        return NULL;
    relay->config = config_ref(config);
    relay->world = *world;
    relay->macs = calloc(config->key_numbers + 1, sizeof *relay->macs);
    relay->servers = calloc(config->peer_count ? config->peer_count : 1, sizeof *relay->servers);
    relay->key_turns = calloc(config->peer_numbers + 1, sizeof *relay->key_turns);
    relay->peers = calloc(config->peer_numbers + 1, sizeof *relay->peers);
    if (!relay->macs || !relay->servers || !relay->key_turns || !relay->peers)
        goto fail;
    for (size_t i = 0; i < config->peer_count; i++)
        relay->peers[config->peers[i].number] = &config->peers[i];
    relay->notices = notices_new(relay->peers, config->peer_numbers, world->wake, world->arg);
    relay->sleepers = sleepers_new(config->peer_numbers, config->proxy.status_zones);
    if (!relay->notices || !relay->sleepers)
        goto fail;
    for (size_t i = 0; i < config->key_count; i++)
        if (tsig_mac_init(relay_mac(relay, &config->keys[i]), &config->keys[i]) < 0)
            goto fail;
    return relay;
fail:
    relay_free(relay);
    return NULL;
}

void relay_free(struct relay *relay)
{
    if (!relay)
        return;
    for (size_t i = 0; relay->macs && i < relay->config->key_numbers; i++)
        tsig_mac_fini(&relay->macs[i]);
    free(relay->macs);
    free(relay->key_turns);
    free(relay->servers);
    notices_free(relay->notices);
    sleepers_free(relay->sleepers);
    free(relay->peers);
    config_unref(relay->config);
    free(relay);
}

struct tsig_mac *relay_mac(struct relay *relay, const struct tsig_key *key)
{
    return &relay->macs[key->number];
}

struct tsig_stamp relay_stamp(const struct relay *relay, struct relay_time now,
                              uint16_t original_id)
{
    return (struct tsig_stamp){
        .time_signed = now.seconds,
        .fudge = (uint16_t)relay->config->proxy.fudge, /* a setting of at most 65535 */
        .original_id = original_id,
    };
}

struct tsig_clock relay_clock(const struct relay *relay, struct relay_time now)
{
    return (struct tsig_clock){.seconds = now.seconds, .fudge = relay->config->proxy.fudge};
}

void relay_report(const struct relay *relay, const struct relay_event *event)
{
    relay->world.report(relay->world.arg, event);
}

const struct tsig_key *relay_key(const struct relay *relay, const struct peer *peer)
{
    return peer_is_signed(peer) ? peer->keyring.keys[relay->key_turns[peer->number]] : NULL;
}

/* L11: whoever withholds or forges answers brings this about, so it never leads to a weaker
 * algorithm than the first key's. */
static unsigned relay_find_next(const struct tsig_keyring *ring, unsigned turn)
{
    do
        turn = (turn + 1) % (unsigned)ring->count;
    while (tsig_algorithm_is_weaker(ring->keys[turn]->algorithm, ring->keys[0]->algorithm));
    return turn;
}

void relay_next_key(struct relay *relay, const struct peer *peer, const struct tsig_key *key)
{
    unsigned *turn = &relay->key_turns[peer->number];
    if (!peer_is_signed(peer) || relay_key(relay, peer) != key)
        return;
    unsigned next = relay_find_next(&peer->keyring, *turn);
    if (next == *turn)
        return;
    *turn = next;
    relay_report(relay, &(struct relay_event){
                            .type = EVENT_TSIG_FAILURE,
                            .peer = peer,
                            .key = relay_key(relay, peer),
                            .result = RESULT_NEXT_KEY,
                        });
}
