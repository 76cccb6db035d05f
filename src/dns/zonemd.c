/* RFC 8976 section 3.3.1: the digest is over all records but the zone's own ZONEMD and the
 * signatures over it, each once, in the canonical form of RFC 4034 section 6.2 (with RFC 6840
 * section 5.1) and the order of its sections 6.1 and 6.3. A record is kept as it will be digested,
 * behind one octet that says how long its owner is. */
#include "dns/zonemd.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "dns/rdata.h"
#include "dns/xfr.h"

#define ZONEMD_TYPE_RRSIG 46
#define ZONEMD_TYPE       63
#define ZONEMD_FIELDS     10 /* type, class, TTL and RDLENGTH */
#define ZONEMD_LABELS_MAX 128
#define ZONEMD_FIRST_ROOM 65536
#define ZONEMD_RECORD_MAX (1 + DNS_NAME_MAX + ZONEMD_FIELDS + DNS_MESSAGE_MAX)
#define ZONEMD_SIMPLE     1

void dns_zonemd_init(struct dns_zonemd *z, const struct dns_name *zone, size_t most)
{
    *z = (struct dns_zonemd){.zone = *zone, .most = most};
    dns_name_lower(&z->zone);
}

void dns_zonemd_fini(struct dns_zonemd *z)
{
    free(z->octets);
    *z = (struct dns_zonemd){0};
}

/* Room for the largest record behind what is there. */
static int zonemd_grow(struct dns_zonemd *z)
{
    if (z->len > z->most)
        return DNS_ESPACE;
    if (z->size - z->len >= ZONEMD_RECORD_MAX)
        return 0;
    size_t size = z->size ? 2 * z->size : ZONEMD_FIRST_ROOM + ZONEMD_RECORD_MAX;
    uint8_t *octets = realloc(z->octets, size);
    if (!octets)
        return DNS_EMEMORY;
    z->octets = octets;
    z->size = size;
    return 0;
}

/* Types whose names are never compressed, but in lower case here: octets before the name, or -1. */
static int zonemd_octets_before_name(uint16_t type)
{
    switch (type) {
    case 36: /* KX */
        return 2;
    case 39: /* DNAME */
        return 0;
    case ZONEMD_TYPE_RRSIG:
        return 18;
    default:
        return -1;
    }
}

static void zonemd_copy(struct dns_reader *r, struct dns_writer *w, size_t len)
{
    const uint8_t *octets = dns_wire_get_octets(r, len);
    if (octets)
        dns_wire_put_octets(w, octets, len);
}

static void zonemd_copy_name(struct dns_reader *r, struct dns_writer *w)
{
    struct dns_name name;
    if (dns_name_read(r, &name) < 0)
        return;
    dns_name_lower(&name);
    dns_name_write(w, &name);
}

static void zonemd_copy_rdata(struct dns_reader *r, struct dns_writer *w, uint16_t type)
{
    const struct dns_rdata_layout *layout = dns_rdata_layout(type);
    int before = zonemd_octets_before_name(type);
    if (layout) {
        zonemd_copy(r, w, layout->octets);
        for (unsigned i = 0; i < layout->strings; i++) {
            uint8_t len = dns_wire_get_u8(r);
            dns_wire_put_u8(w, len);
            zonemd_copy(r, w, len);
        }
        for (unsigned i = 0; i < layout->names; i++)
            zonemd_copy_name(r, w);
    } else if (before >= 0) {
        zonemd_copy(r, w, (size_t)before);
        zonemd_copy_name(r, w);
    }
    if (!r->failed)
        zonemd_copy(r, w, r->len - r->at);
}

/* Of the zone itself: what it says of its digest, or a signature over that. */
static bool zonemd_is_left_out(const struct dns_zonemd *z, const struct dns_record *rr,
                               const struct dns_name *owner, const uint8_t *rdata)
{
    if (!dns_name_equal(owner, &z->zone))
        return false;
    return rr->type == ZONEMD_TYPE || (rr->type == ZONEMD_TYPE_RRSIG && rr->rdata_len >= 2 &&
                                       dns_wire_u16_at(rdata) == ZONEMD_TYPE);
}

static bool zonemd_is_same_claim(const struct dns_zonemd_claim *a, const struct dns_zonemd_claim *b)
{
    return a->serial == b->serial && a->scheme == b->scheme && a->hash == b->hash &&
           a->len == b->len && memcmp(a->digest, b->digest, a->len) == 0;
}

/* A digest too long for any hash known here counts as one of no hash. */
static void zonemd_note_claim(struct dns_zonemd *z, const uint8_t *rdata, size_t len)
{
    struct dns_reader r = dns_wire_reader(rdata, len);
    struct dns_zonemd_claim claim = {0};
    claim.serial = dns_wire_get_u32(&r);
    claim.scheme = dns_wire_get_u8(&r);
    claim.hash = dns_wire_get_u8(&r);
    if (r.failed || z->claim_count == DNS_ZONEMD_CLAIMS_MAX)
        return;
    if (len - r.at <= sizeof claim.digest) {
        claim.len = (uint8_t)(len - r.at);
        memcpy(claim.digest, rdata + r.at, claim.len);
    }
    for (size_t i = 0; i < z->claim_count; i++)
        if (zonemd_is_same_claim(&z->claims[i], &claim))
            return;
    z->claims[z->claim_count++] = claim;
}

static int zonemd_add_record(struct dns_zonemd *z, const struct dns_message *m,
                             const struct dns_record *rr)
{
    struct dns_reader r = dns_wire_reader(m->octets, rr->end);
    struct dns_name owner;
    r.at = rr->at;
    int error = dns_name_read(&r, &owner);
    if (error == 0)
        error = zonemd_grow(z);
    if (error < 0)
        return error;
    if (zonemd_is_left_out(z, rr, &owner, m->octets + rr->rdata_at)) {
        if (rr->type == ZONEMD_TYPE)
            zonemd_note_claim(z, m->octets + rr->rdata_at, rr->rdata_len);
        return 0;
    }
    dns_name_lower(&owner);
    struct dns_writer w = dns_wire_writer(z->octets + z->len, ZONEMD_RECORD_MAX);
    dns_wire_put_u8(&w, owner.len);
    dns_name_write(&w, &owner);
    dns_wire_put_octets(&w, m->octets + rr->rdata_at - ZONEMD_FIELDS, ZONEMD_FIELDS);
    size_t rdata_at = w.at;
    r.at = rr->rdata_at;
    zonemd_copy_rdata(&r, &w, rr->type);
    /* Names in full may make more of it than RDATA can be. */
    if (r.failed || w.failed || w.at - rdata_at > UINT16_MAX)
        return DNS_EFORMAT;
    dns_wire_set_u16_at(z->octets + z->len + rdata_at - 2, (uint16_t)(w.at - rdata_at));
    z->len += w.at;
    z->count++;
    return 0;
}

int dns_zonemd_add(struct dns_zonemd *z, const struct dns_message *m)
{
    struct dns_message named = *m; /* whose SOA it is that is looked for */
    size_t at = m->start[DNS_ANSWER];
    named.qname = z->zone;
    if (!z->has_serial)
        z->has_serial = dns_xfr_soa_serial(&named, DNS_ANSWER, &z->serial);
    for (unsigned i = 0; i < m->count[DNS_ANSWER]; i++) {
        struct dns_record rr;
        dns_message_record(m, &at, &rr);
        int error = zonemd_add_record(z, m, &rr);
        if (error < 0)
            return error;
    }
    return 0;
}

static unsigned zonemd_find_labels(const uint8_t *name, uint8_t at[ZONEMD_LABELS_MAX])
{
    unsigned count = 0;
    for (unsigned i = 0; name[i]; i += 1U + name[i])
        at[count++] = (uint8_t)i;
    return count;
}

static int zonemd_compare_octets(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
    int order = memcmp(a, b, a_len < b_len ? a_len : b_len);
    return order ? order : (a_len > b_len) - (a_len < b_len);
}

/* RFC 4034 section 6.1: label by label from the right. */
static int zonemd_compare_owners(const uint8_t *a, const uint8_t *b)
{
    uint8_t a_at[ZONEMD_LABELS_MAX], b_at[ZONEMD_LABELS_MAX];
    unsigned i = zonemd_find_labels(a, a_at), k = zonemd_find_labels(b, b_at);
    while (i > 0 && k > 0) {
        const uint8_t *x = a + a_at[--i], *y = b + b_at[--k];
        int order = zonemd_compare_octets(x + 1, *x, y + 1, *y);
        if (order)
            return order;
    }
    return (i > 0) - (k > 0);
}

/* Owner, type and class, RDATA: 0 for two copies of one record. */
static int zonemd_compare_records(const uint8_t *a, const uint8_t *b)
{
    if (*a != *b || memcmp(a + 1, b + 1, *a) != 0)
        return zonemd_compare_owners(a + 1, b + 1);
    a += 1 + *a;
    b += 1 + *b;
    int order = memcmp(a, b, 4);
    if (order)
        return order;
    return zonemd_compare_octets(a + ZONEMD_FIELDS, dns_wire_u16_at(a + 8), b + ZONEMD_FIELDS,
                                 dns_wire_u16_at(b + 8));
}

/* Of copies the one with the least TTL counts, whatever came first. */
static int zonemd_compare(const void *left, const void *right)
{
    const uint8_t *a = *(const uint8_t *const *)left, *b = *(const uint8_t *const *)right;
    int order = zonemd_compare_records(a, b);
    return order ? order : memcmp(a + 1 + *a + 4, b + 1 + *b + 4, 4);
}

static size_t zonemd_size(const uint8_t *record)
{
    const uint8_t *fields = record + 1 + *record;
    return 1U + *record + ZONEMD_FIELDS + dns_wire_u16_at(fields + 8);
}

/* Places of all records, in order; owned by the caller. NULL: no memory. */
static const uint8_t **zonemd_sort(const struct dns_zonemd *z)
{
    const uint8_t **records = calloc(z->count, sizeof *records);
    if (!records)
        return NULL;
    const uint8_t *at = z->octets;
    for (size_t i = 0; i < z->count; i++) {
        records[i] = at;
        at += zonemd_size(at);
    }
    qsort(records, z->count, sizeof *records, zonemd_compare);
    return records;
}

static int zonemd_digest(const struct dns_zonemd *z, const EVP_MD *hash,
                         uint8_t out[EVP_MAX_MD_SIZE])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const uint8_t **records = zonemd_sort(z);
    bool good = ctx && records && EVP_DigestInit_ex(ctx, hash, NULL);
    for (size_t i = 0; good && i < z->count; i++)
        if (i == 0 || zonemd_compare_records(records[i - 1], records[i]) != 0)
            good = EVP_DigestUpdate(ctx, records[i] + 1, zonemd_size(records[i]) - 1);
    good = good && EVP_DigestFinal_ex(ctx, out, NULL);
    int error = records ? DNS_ECRYPTO : DNS_EMEMORY;
    free(records);
    EVP_MD_CTX_free(ctx);
    return good ? 0 : error;
}

static const EVP_MD *zonemd_hash(const struct dns_zonemd_claim *claim)
{
    const EVP_MD *hash = claim->hash == 1 ? EVP_sha384() : claim->hash == 2 ? EVP_sha512() : NULL;
    bool known = claim->scheme == ZONEMD_SIMPLE && hash && claim->len == EVP_MD_get_size(hash);
    return known ? hash : NULL;
}

/* RFC 8976 section 4: none of several with the same scheme and hash counts. */
static bool zonemd_is_alone(const struct dns_zonemd *z, const struct dns_zonemd_claim *claim)
{
    unsigned alike = 0;
    for (size_t i = 0; i < z->claim_count; i++)
        alike += z->claims[i].scheme == claim->scheme && z->claims[i].hash == claim->hash;
    return alike == 1;
}

int dns_zonemd_verify(const struct dns_zonemd *z, enum dns_zonemd_verdict *out)
{
    enum dns_zonemd_verdict verdict = z->claim_count ? DNS_ZONEMD_OTHER_ZONE : DNS_ZONEMD_NONE;
    for (size_t i = 0; i < z->claim_count && verdict != DNS_ZONEMD_GOOD; i++) {
        const struct dns_zonemd_claim *claim = &z->claims[i];
        if (!z->has_serial || claim->serial != z->serial)
            continue;
        const EVP_MD *hash = zonemd_hash(claim);
        if (!hash || !zonemd_is_alone(z, claim)) {
            if (verdict != DNS_ZONEMD_BAD)
                verdict = DNS_ZONEMD_UNSUPPORTED;
            continue;
        }
        uint8_t digest[EVP_MAX_MD_SIZE];
        int error = zonemd_digest(z, hash, digest);
        if (error < 0)
            return error;
        verdict = CRYPTO_memcmp(digest, claim->digest, claim->len) == 0 ? DNS_ZONEMD_GOOD
                                                                        : DNS_ZONEMD_BAD;
    }
    *out = verdict;
    return 0;
}
