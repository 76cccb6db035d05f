#include "admin/peers.h"

unsigned peers_connections(struct memory *memory, const struct peer *peer)
{
    if (!memory)
        return 0;
    if (peer->role == PEER_PRIMARY)
        return slots_count(memory->slots, peer->number).places;
    const struct shares_owner peers[] = {{SHARES_PEER, peer->number},
                                         {SHARES_UNPROVEN, peer->number}};
    return shares_held(memory->shares, SHARES_CONNECTIONS, peers[0]) +
           shares_held(memory->shares, SHARES_CONNECTIONS, peers[1]);
}

static json_t *peers_addresses(const struct peer *peer)
{
    json_t *array = json_array();
    for (size_t i = 0; i < peer->address.count; i++) {
        char text[ADDRESS_TEXT_SIZE];
        json_array_append_new(array, json_string(address_to_text(&peer->address.items[i], text)));
    }
    return array;
}

static json_t *peers_key(const struct peer *peer, const struct tsig_key *key,
                         const struct names *names, const struct view *view)
{
    char name[DNS_NAME_TEXT_SIZE];
    const char *label = names_key(names, key->number);
    int64_t used = view_key_used(view, peer->number, key->number);
    uint64_t failures = view_sum(view, STATS_TSIG_FAILURES, peer->number, key->number);
    json_t *object = json_object();
    json_object_set_new(object, "label", label ? json_string(label) : json_null());
    json_object_set_new(object, "name", json_string(dns_name_to_text(&key->name, name)));
    json_object_set_new(object, "algorithm", json_string(key->algorithm->text));
    json_object_set_new(object, "last_used", used ? json_integer(used) : json_null());
    json_object_set_new(object, "failures", json_integer((json_int_t)failures));
    return object;
}

static json_t *peers_keys(const struct peer *peer, const struct names *names,
                          const struct view *view)
{
    json_t *array = json_array();
    for (size_t i = 0; i < peer->keyring.count; i++)
        json_array_append_new(array, peers_key(peer, peer->keyring.keys[i], names, view));
    return array;
}

/* How many of its copies are in each state. */
static json_t *peers_zones(const struct peer *peer, const struct rows *rows)
{
    if (peer->role != PEER_SECONDARY)
        return json_null();
    json_t *object = json_object();
    for (int state = 0; state < LEDGER_STATES; state++)
        json_object_set_new(object, rows_state_word(state),
                            json_integer((json_int_t)rows_count(rows, peer, state)));
    return object;
}

static json_t *peers_one(const struct peers_view *from, const struct peer *peer)
{
    const struct view *view = from->view;
    struct view_peer seen = view_peer(view, peer->number);
    bool tried = seen.heard || seen.in_vain;
    json_t *object = json_object();
    json_object_set_new(object, "label", json_string(peer->name));
    json_object_set_new(object, "role",
                        json_string(peer->role == PEER_PRIMARY ? "primary" : "secondary"));
    json_object_set_new(object, "addresses", peers_addresses(peer));
    json_object_set_new(object, "up", tried ? json_boolean(!seen.in_vain) : json_null());
    json_object_set_new(object, "last_heard", seen.heard ? json_integer(seen.heard) : json_null());
    json_object_set_new(object, "skew", seen.has_skew ? json_integer(seen.skew) : json_null());
    json_object_set_new(object, "fudge", json_integer(from->config->proxy.fudge));
    json_object_set_new(object, "keys", peers_keys(peer, from->names, view));
    json_object_set_new(object, "connections", json_integer(peers_connections(from->memory, peer)));
    json_object_set_new(object, "zones", peers_zones(peer, from->rows));
    return object;
}

json_t *peers_to_json(const struct peers_view *from)
{
    json_t *array = json_array();
    for (size_t i = 0; i < from->config->peer_count; i++)
        json_array_append_new(array, peers_one(from, &from->config->peers[i]));
    return array;
}
