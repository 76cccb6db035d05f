/* RFC 8945 section 4.3, as it reads: prior MAC, messages, variables or timers, one HMAC over all of
 * it. Slow and plain. */
#include "seal.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "paper.h"

struct seal_input {
    uint8_t *octets; /* owned */
    size_t len;
};

static void seal_put(struct seal_input *in, const void *octets, size_t len)
{
    memcpy(in->octets + in->len, octets, len);
    in->len += len;
}

static void seal_put_u16(struct seal_input *in, size_t value)
{
    uint8_t octets[2];
    paper_put_u16(octets, (uint16_t)value);
    seal_put(in, octets, sizeof octets);
}

static void seal_put_time(struct seal_input *in, uint64_t seconds)
{
    seal_put_u16(in, seconds >> 32);
    seal_put_u16(in, seconds >> 16 & 0xffff);
    seal_put_u16(in, seconds & 0xffff);
}

static void seal_put_label(struct seal_input *in, const char *label)
{
    uint8_t len = (uint8_t)strlen(label);
    seal_put(in, &len, 1);
    seal_put(in, label, len);
    seal_put(in, "", 1);
}

static const char *seal_algorithm(const struct seal_key *key)
{
    return key->sha512 ? "hmac-sha512" : "hmac-sha256";
}

/* What a record says beside its MAC. */
struct seal_stamp {
    uint64_t seconds;
    uint16_t fudge;
    uint16_t error;
    const uint8_t *other;
    size_t other_len;
};

static size_t seal_mac(const struct seal *s, const uint8_t *octets, size_t len,
                       const struct seal_stamp *stamp, uint8_t out[SEAL_MAC_MAX])
{
    struct seal_input in = {.octets = malloc(len + s->unsign_len + 512)};
    unsigned mac_len = 0;
    assert(in.octets);
    if (s->mac_len > 0) {
        seal_put_u16(&in, s->mac_len);
        seal_put(&in, s->mac, s->mac_len);
    }
    if (s->unsign_len > 0)
        seal_put(&in, s->unsign, s->unsign_len);
    seal_put(&in, octets, len);
    if (!s->continues) {
        seal_put_label(&in, s->key->name);
        seal_put_u16(&in, 255);
        seal_put(&in, "\0\0\0\0", 4);
        seal_put_label(&in, seal_algorithm(s->key));
    }
    seal_put_time(&in, stamp->seconds);
    seal_put_u16(&in, stamp->fudge);
    if (!s->continues) {
        seal_put_u16(&in, stamp->error);
        seal_put_u16(&in, stamp->other_len);
        if (stamp->other_len > 0)
            seal_put(&in, stamp->other, stamp->other_len);
    }
    HMAC(s->key->sha512 ? EVP_sha512() : EVP_sha256(), s->key->secret, SEAL_SECRET, in.octets,
         in.len, out, &mac_len);
    free(in.octets);
    return mac_len;
}

void seal_fini(struct seal *s)
{
    free(s->unsign);
    s->unsign = NULL;
    s->unsign_len = 0;
}

static void seal_advance(struct seal *s, const uint8_t *mac, size_t len, bool response)
{
    seal_fini(s);
    memcpy(s->mac, mac, len);
    s->mac_len = len;
    s->continues = response;
}

void seal_turn(struct seal *s)
{
    s->continues = false;
}

void seal_pass(struct seal *s, const uint8_t *octets, size_t len)
{
    s->unsign = realloc(s->unsign, s->unsign_len + len);
    assert(s->unsign);
    memcpy(s->unsign + s->unsign_len, octets, len);
    s->unsign_len += len;
}

size_t seal_sign(struct seal *s, uint64_t seconds, uint8_t *octets, size_t len)
{
    const struct seal_stamp stamp = {.seconds = seconds, .fudge = SEAL_FUDGE};
    struct seal_input out = {.octets = octets, .len = len};
    uint8_t mac[SEAL_MAC_MAX];
    size_t mac_len = seal_mac(s, octets, len, &stamp, mac);
    const char *algorithm = seal_algorithm(s->key);
    seal_put_label(&out, s->key->name);
    seal_put(&out, "\0\372\0\377\0\0\0\0", 8);
    seal_put_u16(&out, strlen(algorithm) + 2 + 16 + mac_len);
    seal_put_label(&out, algorithm);
    seal_put_time(&out, seconds);
    seal_put_u16(&out, SEAL_FUDGE);
    seal_put_u16(&out, mac_len);
    seal_put(&out, mac, mac_len);
    seal_put(&out, octets, 2); /* Original ID */
    seal_put(&out, "\0\0\0\0", 4);
    paper_put_u16(octets + 10, (uint16_t)(paper_u16(octets + 10) + 1));
    seal_advance(s, mac, mac_len, true);
    return out.len;
}

/* The last record, when it is a TSIG. */
static bool seal_find(const uint8_t *octets, size_t len, struct paper_record *out)
{
    struct paper_reader r;
    bool found = false;
    if (!paper_read(&r, octets, len))
        return false;
    while (paper_next(&r, out))
        found = out->section == 3 && out->type == PAPER_TSIG;
    return found && !r.failed && r.at == len;
}

static bool seal_is_label(const struct paper_name *name, const char *label)
{
    size_t len = strlen(label);
    return name->len == len + 2 && name->octets[0] == len &&
           memcmp(name->octets + 1, label, len) == 0;
}

/* The MAC's place in the RDATA, behind the algorithm; 0: not this key's, or it does not add up. */
static size_t seal_mac_at(const struct seal_key *key, const struct paper_record *record)
{
    const char *algorithm = seal_algorithm(key);
    size_t len = strlen(algorithm);
    bool fits = seal_is_label(&record->owner, key->name) && record->rdata_len > len + 18 &&
                record->rdata[0] == len && memcmp(record->rdata + 1, algorithm, len) == 0;
    if (!fits || len + 18 + paper_u16(record->rdata + len + 10) > record->rdata_len)
        return 0;
    return len + 12;
}

size_t seal_mac_len(const uint8_t *octets, size_t len)
{
    struct paper_record record;
    size_t at = 0;
    if (!seal_find(octets, len, &record))
        return 0;
    while (at < record.rdata_len && record.rdata[at] > 0)
        at += 1u + record.rdata[at];
    return at + 11 < record.rdata_len ? paper_u16(record.rdata + at + 9) : 0;
}

enum seal_verdict seal_verify(struct seal *s, uint64_t seconds, uint8_t *octets, size_t *len,
                              unsigned *error)
{
    struct paper_record record;
    uint8_t mac[SEAL_MAC_MAX];
    *error = 0;
    if (!seal_find(octets, *len, &record))
        return SEAL_NONE;
    size_t at = seal_mac_at(s->key, &record);
    if (at == 0)
        return SEAL_OTHER_KEY;
    const uint8_t *rdata = record.rdata, *given = rdata + at;
    size_t given_len = paper_u16(given - 2);
    struct seal_stamp stamp = {
        .seconds = (uint64_t)paper_u16(given - 10) << 32 | paper_u32(given - 8),
        .fudge = paper_u16(given - 4),
        .error = paper_u16(given + given_len + 2),
        .other = given + given_len + 6,
        .other_len = record.rdata_len - at - given_len - 6,
    };
    uint16_t id = paper_u16(octets);
    *error = stamp.error;
    paper_put_u16(octets + 10, (uint16_t)(paper_u16(octets + 10) - 1));
    memcpy(octets, given + given_len, 2);
    size_t mac_len = seal_mac(s, octets, record.at, &stamp, mac);
    paper_put_u16(octets, id);
    bool good = mac_len == given_len && CRYPTO_memcmp(mac, given, mac_len) == 0;
    if (!good) {
        paper_put_u16(octets + 10, (uint16_t)(paper_u16(octets + 10) + 1));
        return SEAL_BAD;
    }
    *len = record.at;
    seal_advance(s, mac, mac_len, true);
    int64_t apart = (int64_t)(seconds - stamp.seconds);
    return apart > stamp.fudge || apart < -(int64_t)stamp.fudge ? SEAL_LATE : SEAL_GOOD;
}
