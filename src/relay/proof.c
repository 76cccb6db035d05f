/* What a request proves of its sender: a TSIG that verifies with a key of the peer at its address,
 * or, without one, that the configuration lets it pass. Both address and key must fit, never one or
 * the other. */
#include "proof.h"

#include "config/index.h"
#include "dns/opt.h"
#include "tsig/verify.h"

/* L3: what a stranger's packet costs at most. One HMAC is the norm, for keys of the same name and
 * algorithm are rare; of more than these the first are tried. */
#define PROOF_NAMESAKES_MAX 4

static enum tsig_verdict proof_verify(struct judgement *j, const struct tsig_key *key,
                                      struct tsig_chain *chain)
{
    *chain = tsig_chain_request();
    return tsig_verify(relay_mac(j->relay, key), chain, &j->verdict->message, &j->verdict->record,
                       relay_clock(j->relay, j->request->now));
}

/* Our own failure, so nothing is said of key or MAC; nor can the answer be signed. */
static bool proof_unable(struct judgement *j, const struct tsig_key *key)
{
    judgement_answer(j, DNS_RCODE_SERVFAIL, DNS_EDE_NONE, NULL);
    judgement_report(
        j, (struct relay_event){.type = EVENT_LIMIT, .key = key, .result = RESULT_NO_MEMORY});
    return false;
}

static bool proof_is_named(const struct tsig_key *key, const struct tsig_record *record)
{
    return dns_name_equal(&key->name, &record->key_name) &&
           dns_name_equal(&key->algorithm_name, &record->algorithm);
}

static bool proof_holds(const struct peer *peer, const struct tsig_key *key)
{
    for (size_t i = 0; i < peer->keyring.count; i++)
        if (peer->keyring.keys[i] == key)
            return true;
    return false;
}

static bool proof_is_here(const struct judgement *j, const struct peer *peer)
{
    return peer_match(peer, &j->request->from) >= 0;
}

/* A peer that holds the key, if there is one at this address that one. */
static const struct peer *proof_find_holder(const struct judgement *j, const struct tsig_key *key)
{
    const struct config *config = j->relay->config;
    const struct peer *holder = NULL;
    struct lookup_key name = lookup_name(LOOKUP_HOLDERS, 0, &key->name);
    struct lookup_list holders = lookup_find(config->lookup, &name);
    for (size_t i = 0; i < holders.count; i++) {
        const struct peer *peer = &config->peers[holders.places[i]];
        if (proof_holds(peer, key) && (!holder || proof_is_here(j, peer)))
            holder = peer;
    }
    return holder;
}

/* Unsigned: the request may be a recording, and a MAC bound to it would do for its victim, too. */
static bool proof_refuse_elsewhere(struct judgement *j, const struct tsig_key *key,
                                   const struct peer *holder)
{
    const char *advice =
        proof_is_here(j, holder)
            ? "the TSIG is good, but the peer at this address that has the key is of the role that "
              "does not send this"
            : "the TSIG is good but belongs to a peer at another address; add this address to that "
              "peer's from, or give its key to this one";
    judgement_answer(j, DNS_RCODE_REFUSED, DNS_EDE_PROHIBITED,
                     report_result_word(RESULT_KEY_FROM_ELSEWHERE));
    judgement_report(j, (struct relay_event){.type = EVENT_REFUSED,
                                             .key = key,
                                             .holder = holder,
                                             .result = RESULT_KEY_FROM_ELSEWHERE,
                                             .advice = advice});
    return false;
}

/* M1b: the key of a peer elsewhere. Each key is tried once, however many peers hold it. */
bool proof_refuse_if_elsewhere(struct judgement *j)
{
    const struct config *config = j->relay->config;
    const struct tsig_record *record = &j->verdict->record;
    unsigned tried = 0;
    if (j->verdict->message.tsig_place != DNS_TSIG_LAST)
        return true;
    struct lookup_key name =
        lookup_name(LOOKUP_KEYS, index_algorithm(&record->algorithm), &record->key_name);
    struct lookup_list keys = lookup_find(config->lookup, &name);
    for (size_t i = 0; i < keys.count && tried < PROOF_NAMESAKES_MAX; i++) {
        const struct tsig_key *key = &config->keys[keys.places[i]];
        struct tsig_chain chain;
        if (!proof_is_named(key, record))
            continue;
        tried++;
        enum tsig_verdict verdict = proof_verify(j, key, &chain);
        if (verdict == TSIG_VERDICT_FAILED)
            return proof_unable(j, key);
        const struct peer *holder = verdict == TSIG_VERIFIED ? proof_find_holder(j, key) : NULL;
        if (holder)
            return proof_refuse_elsewhere(j, key, holder);
    }
    return true;
}

/* The peer's key of that name; it is of another algorithm, or it would have been found. */
static const struct tsig_key *proof_find_namesake(const struct judgement *j)
{
    const struct tsig_keyring *ring = &j->verdict->client.peer->keyring;
    for (size_t i = 0; i < ring->count; i++)
        if (dns_name_equal(&ring->keys[i]->name, &j->verdict->record.key_name))
            return ring->keys[i];
    return NULL;
}

static bool proof_tsig_failure(struct judgement *j, enum tsig_error error,
                               const struct tsig_key *key, const char *advice)
{
    struct policy_verdict *v = j->verdict;
    struct relay_event event = {.type = EVENT_TSIG_FAILURE,
                                .key = key,
                                .key_name = &v->record.key_name,
                                .offered = &v->record.algorithm,
                                .expected = key ? NULL : proof_find_namesake(j),
                                .mac_len = v->record.mac_len,
                                .result = RESULT_REFUSED,
                                .advice = advice};
    judgement_answer(j, DNS_RCODE_NOTAUTH, DNS_EDE_NONE, NULL);
    v->answer.tsig_error = (uint16_t)error;
    if (error == TSIG_BADKEY || error == TSIG_BADSIG)
        v->answer.bad_record = &v->record;
    if (error == TSIG_BADTIME) {
        v->answer.request_time = v->record.time_signed;
        v->answer.request_fudge = v->record.fudge;
        event.has_skew = true;
        event.skew = (int64_t)v->record.time_signed - (int64_t)j->request->now.seconds;
    }
    judgement_report(j, event);
    return false;
}

static bool proof_check_unknown_key(struct judgement *j)
{
    struct client *client = &j->verdict->client;
    if (!proof_refuse_if_elsewhere(j))
        return false;
    client->passed = client->peer->unknown_key == PEER_PASS;
    if (client->passed)
        return true;
    return proof_tsig_failure(j, TSIG_BADKEY, NULL,
                              "no such key for this peer; compare key name and algorithm");
}

static bool proof_accept_key(struct judgement *j, const struct tsig_key *key)
{
    const struct policy_verdict *v = j->verdict;
    struct relay_event event = {.type = EVENT_VERIFIED, .key = key, .has_skew = true};
    event.skew = (int64_t)v->record.time_signed - (int64_t)j->request->now.seconds;
    judgement_report(j, event);
    return true;
}

/* With the peer's key of that name, or, while its secret is being changed, with each of the two;
 * when neither fits, the first is the one that is told of. NULL: it has none. */
static const struct tsig_key *proof_try_keys(struct judgement *j, struct tsig_chain *chain,
                                             enum tsig_verdict *verdict)
{
    const struct tsig_keyring *ring = &j->verdict->client.peer->keyring;
    const struct tsig_record *record = &j->verdict->record;
    size_t at = 0;
    const struct tsig_key *first = tsig_keyring_next(ring, record, &at);
    for (const struct tsig_key *key = first; key; key = tsig_keyring_next(ring, record, &at)) {
        *verdict = proof_verify(j, key, chain);
        if (*verdict != TSIG_VERDICT_BADSIG)
            return key;
    }
    return first;
}

bool proof_check_tsig(struct judgement *j)
{
    static const struct {
        bool signs; /* the MAC is good, so the answer can be signed, whatever it says */
        enum tsig_error error;
        const char *advice;
    } outcomes[] = {
        [TSIG_VERIFIED] = {.signs = true},
        [TSIG_VERDICT_BADKEY] = {false, TSIG_BADKEY, "compare the algorithm on both sides"},
        [TSIG_VERDICT_BADSIG] = {false, TSIG_BADSIG, "compare the secret on both sides"},
        [TSIG_VERDICT_BADTIME] = {true, TSIG_BADTIME, "check NTP on both sides"},
        [TSIG_VERDICT_BADTRUNC] = {true, TSIG_BADTRUNC,
                                   "its MAC is cut short; set minimum-mac if that is meant"},
    };
    struct client *client = &j->verdict->client;
    struct tsig_chain chain;
    enum tsig_verdict verdict = TSIG_VERDICT_BADKEY;
    const struct tsig_key *key = proof_try_keys(j, &chain, &verdict);
    if (!key)
        return proof_check_unknown_key(j);
    if (verdict == TSIG_VERDICT_FORMERR)
        return judgement_form_error(j, RESULT_MAC_SIZE);
    if (verdict == TSIG_VERDICT_FAILED)
        return proof_unable(j, key);
    if (outcomes[verdict].signs) {
        client->key = key;
        client->chain = chain;
    }
    if (verdict == TSIG_VERIFIED)
        return proof_accept_key(j, key);
    return proof_tsig_failure(j, outcomes[verdict].error, key, outcomes[verdict].advice);
}

static bool proof_is_ordinary(enum peer_operation operation)
{
    return operation == PEER_QUERY || operation == PEER_SOA;
}

/* May this peer, which has a key, go on without TSIG? (M4) */
bool proof_check_unsigned(struct judgement *j)
{
    const struct peer *peer = j->verdict->client.peer;
    enum peer_operation operation = j->verdict->operation;
    if (peer->role == PEER_PRIMARY && peer->unsigned_notify == PEER_PASS)
        return true;
    if (peer->role == PEER_SECONDARY && peer->mode == PEER_OBSERVE && operation != PEER_UPDATE) {
        j->observed = true;
        return true;
    }
    /* In transparent mode it is for what is on the path, not for questions to ourselves. */
    bool addressed = j->relay->config->proxy.transparent && !j->verdict->client.transparent;
    if (peer->role == PEER_SECONDARY && peer->other == PEER_PASS && !addressed &&
        proof_is_ordinary(operation)) {
        j->exempt = true;
        j->verdict->client.passed = j->verdict->client.transparent;
        return true;
    }
    return judgement_refuse(j, DNS_EDE_PROHIBITED, RESULT_NO_TSIG, NULL);
}

/* Unsigned as above. */
static bool proof_refuse_replay(struct judgement *j)
{
    struct client *client = &j->verdict->client;
    struct relay_event event = {.type = EVENT_REFUSED, .key = client->key, .result = RESULT_REPLAY};
    client->key = NULL;
    judgement_answer(j, DNS_RCODE_REFUSED, DNS_EDE_PROHIBITED, report_result_word(RESULT_REPLAY));
    judgement_report(j, event);
    return false;
}

bool proof_check_replay(struct judgement *j)
{
    const struct client *client = &j->verdict->client;
    if (j->verdict->operation != PEER_UPDATE || !client->key)
        return true;
    struct replay_mark mark = client_mark(client);
    int answer = replay_look(&j->relay->desk->memory->replay, &mark);
    if (answer == REPLAY_NEW)
        return true;
    if (answer == REPLAY_OTHER)
        return proof_refuse_replay(j);
    judgement_answer(j, (uint16_t)answer, DNS_EDE_NONE, NULL);
    judgement_report(
        j, (struct relay_event){.type = EVENT_JOINED, .key = client->key, .result = RESULT_RETRY});
    return false;
}
