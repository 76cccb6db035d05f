/* A request is judged: what claims to come from a peer with a key goes on only when that peer's key
 * has signed it, and only then is an answer of ours signed.
 *
 * Input: five octets, see world_request_init; the message. */
#include <stdlib.h>

#include "world.h"

static bool holds(const struct peer *peer, const struct tsig_key *key)
{
    for (size_t i = 0; i < peer->keyring.count; i++)
        if (peer->keyring.keys[i] == key)
            return true;
    return false;
}

static void check_forward(const struct world_request *w, const struct policy_verdict *v)
{
    const struct peer *peer = v->client.peer;
    struct dns_message m;
    bool timely = w->age >= -300 && w->age <= 300;
    bool proven = w->signer && timely && v->client.key == w->signer;
    bool observed;

    FUZZ_CHECK(peer && peer_match(peer, &w->request.from) >= 0 && v->server_count > 0);
    FUZZ_CHECK(dns_message_parse(w->request.octets, w->request.len, &m) == 0);
    observed =
        peer->mode == PEER_OBSERVE && m.tsig_place == DNS_TSIG_NONE && v->operation != PEER_UPDATE;
    if (peer_is_signed(peer))
        FUZZ_CHECK(observed || (proven && holds(peer, w->signer)));
    FUZZ_CHECK(v->message.tsig_place == DNS_TSIG_NONE || v->client.passed);
    FUZZ_CHECK((peer->role == PEER_PRIMARY) == (v->operation == PEER_NOTIFY));
}

/* An answer parses, fits, and is signed for nobody but the request's signer. */
static void check_answer(const struct world_request *w, struct relay *relay,
                         struct policy_verdict *v)
{
    const struct relay_request *request = &w->request;
    struct relay_packet packet;
    struct tsig_record record;
    struct dns_message m;
    uint8_t *octets;
    size_t len;

    if (client_answer(relay, &v->client, &v->message, &v->answer, request->now, &packet) != 0)
        return;
    octets = world_read(&packet, &len);
    FUZZ_CHECK(dns_message_parse(octets, len, &m) == 0);
    FUZZ_CHECK((m.flags & DNS_FLAG_QR) && m.id == dns_wire_u16_at(request->octets));
    FUZZ_CHECK(request->transport == RELAY_TCP || len <= v->client.payload);
    FUZZ_CHECK(m.tsig_place != DNS_TSIG_MISPLACED);
    if (m.tsig_place == DNS_TSIG_LAST) {
        FUZZ_CHECK(tsig_record_decode(&m, &record) == 0);
        FUZZ_CHECK(record.mac_len == 0 || w->signer);
    }
    free(octets);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct dns_reader in = dns_wire_reader(octets, len);
    struct dns_reader rest = in;
    struct relay *relay = world_relay();
    struct world_request w;
    struct policy_verdict v;
    uint8_t *message;
    size_t size;

    rest.at = len < 5 ? len : 5;
    message = fuzz_rest(&rest, &size);
    world_request_init(&w, relay, &in, message, size);
    policy_judge(relay, &w.request, &v);
    FUZZ_CHECK(!v.client.key || v.client.key == w.signer);
    if (v.decision == POLICY_FORWARD)
        check_forward(&w, &v);
    else if (v.decision == POLICY_ANSWER)
        check_answer(&w, relay, &v);
    world_request_fini(&w);
    world_free(relay);
    return 0;
}
