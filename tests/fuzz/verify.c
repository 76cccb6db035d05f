/* Nothing verifies but what we signed: neither a message from a stranger, nor one of ours in which
 * something that the MAC covers was altered.
 *
 * Input: an octet, the algorithm; an octet, how it is signed; two octets, the age of the signature;
 * an octet, how many octets are altered, three octets for each: where and how; the message. */
#include "tsig/verify.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "tsig/chain.h"

#define EDITS_MAX 4

enum way { STRANGER, REQUEST, RESPONSE, CONTINUATION, WAYS };

struct plan {
    enum way way;
    int64_t age;
    unsigned edits;
    struct {
        uint16_t at;
        uint8_t flip;
    } edit[EDITS_MAX];
};

static struct tsig_chain chain_of(enum way way)
{
    static const uint8_t mac[32] = {1, 2, 3};
    struct tsig_chain chain = tsig_chain_request();

    if (way == RESPONSE || way == CONTINUATION)
        chain = chain_response(mac, sizeof(mac));
    if (way == CONTINUATION)
        tsig_chain_advance(&chain, mac, sizeof(mac), FUZZ_NOW - INT16_MAX - 1);
    return chain;
}

static bool is_good(enum tsig_verdict verdict)
{
    return verdict == TSIG_VERIFIED || verdict == TSIG_VERDICT_BADTIME ||
           verdict == TSIG_VERDICT_BADTRUNC;
}

/* False when there is no TSIG to verify. */
static bool verify(struct tsig_mac *mac, const struct plan *plan, const struct dns_message *m,
                   struct tsig_record *record, enum tsig_verdict *verdict)
{
    struct tsig_chain chain = chain_of(plan->way);

    if (m->tsig_place != DNS_TSIG_LAST || tsig_record_decode(m, record) != 0)
        return false;
    *verdict = tsig_verify(mac, &chain, m, record,
                           (struct tsig_clock){(uint64_t)(FUZZ_NOW + plan->age), UINT16_MAX});
    return true;
}

/* All that the MAC covers: not the header ID, nor letter case and compression of the names, nor
 * error and Other Data in a continuation. */
static void check_same(const struct plan *plan, const struct dns_message *a,
                       const struct tsig_record *ra, const struct dns_message *b,
                       const struct tsig_record *rb)
{
    FUZZ_CHECK(a->tsig_at == b->tsig_at);
    FUZZ_CHECK(memcmp(a->octets + 2, b->octets + 2, a->tsig_at - 2) == 0);
    FUZZ_CHECK(dns_name_equal(&ra->key_name, &rb->key_name));
    FUZZ_CHECK(dns_name_equal(&ra->algorithm, &rb->algorithm));
    FUZZ_CHECK(ra->time_signed == rb->time_signed && ra->fudge == rb->fudge);
    FUZZ_CHECK(ra->original_id == rb->original_id);
    FUZZ_CHECK(plan->way == CONTINUATION ||
               (ra->error == rb->error && ra->other_len == rb->other_len));
}

static void alter(struct tsig_mac *mac, const struct plan *plan, const struct dns_message *m,
                  const struct tsig_record *record)
{
    uint8_t *octets = fuzz_copy(m->octets, m->len);
    struct dns_message altered;
    struct tsig_record found;
    enum tsig_verdict verdict;

    for (unsigned i = 0; i < plan->edits; i++)
        octets[plan->edit[i].at % m->len] ^= plan->edit[i].flip;
    if (dns_message_parse(octets, m->len, &altered) == 0 &&
        verify(mac, plan, &altered, &found, &verdict) && is_good(verdict))
        check_same(plan, m, record, &altered, &found);
    free(octets);
}

/* Signed by us it verifies as it is. */
static void sign(struct tsig_mac *mac, const struct plan *plan, uint8_t *octets, size_t len)
{
    struct tsig_stamp stamp = {.time_signed = FUZZ_NOW, .fudge = 300};
    struct tsig_chain chain = chain_of(plan->way);
    struct dns_writer tail = dns_wire_writer(octets + len, TSIG_RECORD_MAX);
    bool timely = plan->age >= -300 && plan->age <= 300;
    struct dns_message m;
    struct tsig_record record;
    enum tsig_verdict verdict;

    stamp.original_id = dns_wire_u16_at(octets);
    FUZZ_CHECK(tsig_sign(mac, &chain, &stamp, octets, len, &tail) == 0);
    FUZZ_CHECK(dns_message_parse(octets, len + tail.at, &m) == 0);
    FUZZ_CHECK(verify(mac, plan, &m, &record, &verdict));
    FUZZ_CHECK(verdict == (timely ? TSIG_VERIFIED : TSIG_VERDICT_BADTIME));
    alter(mac, plan, &m, &record);
}

static void run(struct tsig_mac *mac, const struct plan *plan, struct dns_reader *in)
{
    size_t len = in->len - in->at;
    uint8_t *octets = malloc(len + TSIG_RECORD_MAX);
    struct dns_message m;
    struct tsig_record record;
    enum tsig_verdict verdict;

    FUZZ_CHECK(octets != NULL);
    memcpy(octets, in->octets + in->at, len);
    if (dns_message_parse(octets, len, &m) == 0) {
        if (plan->way == STRANGER && verify(mac, plan, &m, &record, &verdict))
            FUZZ_CHECK(!is_good(verdict));
        if (plan->way != STRANGER && m.tsig_place == DNS_TSIG_NONE)
            sign(mac, plan, octets, len);
    }
    free(octets);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    static const char *const algorithms[] = {"hmac-sha256", "hmac-sha256-128", "hmac-sha1",
                                             "hmac-sha512"};
    struct dns_reader in = dns_wire_reader(octets, len);
    const char *algorithm = algorithms[dns_wire_get_u8(&in) % 4];
    struct plan plan = {.way = dns_wire_get_u8(&in) % WAYS};
    struct tsig_key key;
    struct tsig_mac mac;

    plan.age = (int16_t)dns_wire_get_u16(&in);
    plan.edits = dns_wire_get_u8(&in) % (EDITS_MAX + 1);
    for (unsigned i = 0; i < plan.edits; i++) {
        plan.edit[i].at = dns_wire_get_u16(&in);
        plan.edit[i].flip = dns_wire_get_u8(&in);
    }
    if (in.failed || in.at == len)
        return 0;
    fuzz_key_init(&key, &mac, algorithm);
    run(&mac, &plan, &in);
    fuzz_key_fini(&key, &mac);
    return 0;
}
