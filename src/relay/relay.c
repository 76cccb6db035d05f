/* Made for a snapshot with all that can fail; put in force by what cannot. */
#include "relay/relay.h"

#include <stdlib.h>

static void relay_free(struct relay *relay)
{
    for (size_t i = 0; relay->macs && i < relay->config->key_numbers; i++)
        tsig_mac_fini(&relay->macs[i]);
    free(relay->macs);
    free(relay->servers);
    free(relay->peers);
    polls_abandon(relay->desk->memory->polls, relay->config);
    config_unref(relay->config);
    free(relay);
}

struct relay *relay_new(struct config *config, struct desk *desk)
{
    struct relay *relay = calloc(1, sizeof *relay);
    if (!relay)
        return NULL;
    *relay = (struct relay){.refs = 1, .config = config_ref(config), .desk = desk};
    relay->macs = calloc(config->key_numbers + 1, sizeof *relay->macs);
    relay->servers = calloc(config->peer_count + 1, sizeof *relay->servers);
    relay->peers = calloc(config->peer_numbers + 1, sizeof *relay->peers);
    if (!relay->macs || !relay->servers || !relay->peers ||
        memory_reserve(desk->memory, config->peer_numbers) < 0 ||
        polls_prepare(desk->memory->polls, config) < 0)
        goto fail;
    for (size_t i = 0; i < config->peer_count; i++)
        relay->peers[config->peers[i].number] = &config->peers[i];
    for (size_t i = 0; i < config->key_count; i++)
        if (tsig_mac_init(relay_mac(relay, &config->keys[i]), &config->keys[i]) < 0)
            goto fail;
    return relay;
fail:
    relay_free(relay);
    return NULL;
}

struct relay *relay_ref(struct relay *relay)
{
    relay->refs++;
    return relay;
}

void relay_unref(struct relay *relay)
{
    if (relay && --relay->refs == 0)
        relay_free(relay);
}

void relay_take_over(struct relay *relay)
{
    const struct memory *memory = relay->desk->memory;
    for (unsigned i = 0; i < relay->config->peer_numbers; i++) {
        const struct peer *peer = relay->peers[i];
        notices_set_rate(memory->notices, i, peer ? peer->notify_rate : 0);
        shares_set_percent(memory->shares, i, peer ? peer->share : 0);
        /* What is still asked of one that is gone has its turn. */
        if (peer)
            slots_set_limit(memory->slots, i, peer->connections);
    }
    polls_take_over(memory->polls, relay->config);
}

const struct peer *relay_peer(const struct relay *relay, unsigned number)
{
    return number < relay->config->peer_numbers ? relay->peers[number] : NULL;
}

bool relay_knows_peer(const struct relay *relay, const struct peer *peer)
{
    return relay_peer(relay, peer->number);
}

bool relay_knows_key(const struct relay *relay, const struct tsig_key *key)
{
    return !key || (key->number < relay->config->key_numbers && relay->macs[key->number].key);
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
    relay->desk->world.report(relay->desk->world.arg, event);
}

/* The place in its ring of the key whose turn it is; the first when that key is gone. */
static unsigned relay_place(const struct peer *peer, unsigned turn)
{
    for (unsigned i = 0; turn > 0 && i < peer->keyring.count; i++)
        if (peer->keyring.keys[i]->number == turn - 1)
            return i;
    return 0;
}

const struct tsig_key *relay_key(const struct relay *relay, const struct peer *peer)
{
    if (!peer_is_signed(peer))
        return NULL;
    return peer->keyring
        .keys[relay_place(peer, memory_key_turn(relay->desk->memory, peer->number))];
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
    if (!peer_is_signed(peer))
        return;
    unsigned turn = memory_key_turn(relay->desk->memory, peer->number);
    unsigned place = relay_place(peer, turn);
    unsigned next = relay_find_next(&peer->keyring, place);
    if (peer->keyring.keys[place] != key || next == place ||
        !memory_turn_key(relay->desk->memory, peer->number, turn,
                         peer->keyring.keys[next]->number + 1))
        return;
    relay_report(relay, &(struct relay_event){
                            .type = EVENT_TSIG_FAILURE,
                            .peer = peer,
                            .key = relay_key(relay, peer),
                            .result = RESULT_NEXT_KEY,
                        });
}
