/* A stream of messages verifies as far as it is what our signer made: once one was altered, lost or
 * put in, it never does again.
 *
 * Input: for each message an octet, what becomes of it, and a frame. */
#include "tsig/stream.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "tsig/chain.h"

/* What becomes of a message. Unsigned ones are never lost: put in again they would do no harm. */
enum fate { SIGNED, UNSIGNED, ALTERED, ALTERED_UNSIGNED, LOST, PUT_IN, FATES };

struct line {
    struct tsig_key key;
    struct tsig_mac mac; /* the signer's */
    struct tsig_chain chain;
    bool begun; /* the signer's digest */
    struct tsig_stream stream;
    bool pristine;
    bool first;
    unsigned unsigned_run;
};

static void line_init(struct line *l)
{
    static const uint8_t request_mac[32] = {1, 2, 3};

    *l = (struct line){
        .chain = chain_response(request_mac, sizeof(request_mac)), .pristine = true, .first = true};
    fuzz_key_init(&l->key, &l->mac, "hmac-sha256");
    FUZZ_CHECK(tsig_stream_init(&l->stream, &l->mac, &l->chain) == 0);
}

static void line_fini(struct line *l)
{
    tsig_stream_fini(&l->stream);
    fuzz_key_fini(&l->key, &l->mac);
}

/* The signer's digest of a message; with its TSIG when it is signed. Returns the new length. */
static size_t sign(struct line *l, uint8_t *octets, size_t len, bool with_tsig)
{
    struct tsig_record record = {.key_name = l->key.name,
                                 .algorithm = l->key.algorithm_name,
                                 .time_signed = FUZZ_NOW,
                                 .fudge = 300,
                                 .original_id = dns_wire_u16_at(octets)};
    struct dns_writer w = dns_wire_writer(octets, len + TSIG_RECORD_MAX);
    uint16_t arcount = dns_wire_u16_at(octets + DNS_ARCOUNT_AT);
    uint8_t mac[TSIG_MAC_MAX];

    w.at = len;
    if (!l->begun)
        tsig_sign_digest_begin(&l->mac, &l->chain);
    tsig_sign_digest_message(&l->mac, octets, len, record.original_id, arcount);
    l->begun = !with_tsig;
    if (!with_tsig)
        return len;
    FUZZ_CHECK(tsig_sign_digest_end(&l->mac, l->chain.form, &record, mac) == 0);
    record.mac = mac;
    record.mac_len = l->key.algorithm->mac_size;
    tsig_record_encode(&record, &w);
    FUZZ_CHECK(!w.failed);
    dns_wire_set_u16_at(octets + DNS_ARCOUNT_AT, (uint16_t)(arcount + 1));
    tsig_chain_advance(&l->chain, mac, record.mac_len, FUZZ_NOW);
    return w.at;
}

/* What a pristine stream must do. */
static enum tsig_stream_state expected(struct line *l, bool with_tsig)
{
    if (l->stream.state == TSIG_STREAM_FAILED)
        return TSIG_STREAM_FAILED;
    l->unsigned_run = with_tsig ? 0 : l->unsigned_run + 1;
    if (with_tsig)
        return TSIG_STREAM_VERIFIED;
    return l->first || l->unsigned_run > TSIG_STREAM_UNSIGNED_MAX ? TSIG_STREAM_FAILED
                                                                  : TSIG_STREAM_PENDING;
}

/* False when the message would not get as far as the verifier. */
static bool receive(struct line *l, const uint8_t *octets, size_t len)
{
    enum tsig_stream_state wanted, state;
    struct dns_message m;
    struct tsig_record record;
    bool with_tsig;

    if (dns_message_parse(octets, len, &m) != 0 || m.tsig_place == DNS_TSIG_MISPLACED)
        return false;
    with_tsig = m.tsig_place == DNS_TSIG_LAST;
    if (with_tsig && tsig_record_decode(&m, &record) != 0)
        return false;
    wanted = expected(l, with_tsig);
    state = tsig_stream_verify(&l->stream, &m, with_tsig ? &record : NULL,
                               (struct tsig_clock){FUZZ_NOW, UINT16_MAX});
    FUZZ_CHECK(state == l->stream.state);
    FUZZ_CHECK(l->pristine ? state == wanted : state != TSIG_STREAM_VERIFIED);
    l->first = false;
    return true;
}

/* Returns whether there is a point in going on. */
static bool send(struct line *l, enum fate fate, uint8_t *octets, size_t len)
{
    struct dns_message m;
    bool with_tsig = fate == SIGNED || fate == ALTERED || fate == LOST;
    size_t size;

    if (dns_message_parse(octets, len, &m) != 0)
        return true;
    /* Our signer takes no message that has a TSIG. */
    if (fate != PUT_IN && m.tsig_place != DNS_TSIG_NONE)
        return true;
    l->pristine &= fate == SIGNED || fate == UNSIGNED;
    if (fate == PUT_IN)
        return receive(l, octets, len);
    size = sign(l, octets, len, with_tsig);
    if (fate == LOST)
        return true;
    /* Anything behind the header ID, which the verifier puts back, and before the TSIG. */
    if (fate == ALTERED || fate == ALTERED_UNSIGNED)
        octets[2 + (octets[len - 1] + 10U) % (len - 2)] ^= 1;
    return receive(l, octets, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct dns_reader in = dns_wire_reader(octets, len);
    struct line l;
    bool going = true;

    line_init(&l);
    while (going && in.at < in.len) {
        enum fate fate = dns_wire_get_u8(&in) % FATES;
        size_t size;
        uint8_t *message = fuzz_frame(&in, &size);

        if (!message)
            break;
        message = realloc(message, size + TSIG_RECORD_MAX);
        FUZZ_CHECK(message != NULL);
        going = send(&l, fate, message, size);
        free(message);
    }
    line_fini(&l);
    return 0;
}
