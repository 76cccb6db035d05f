/* The digest of a whole zone (RFC 8976), scheme SIMPLE: all records in canonical form and order.
 * Records are kept until the last has come, so memory grows with the zone, up to a bound. */
#ifndef DNS_ZONEMD_H
#define DNS_ZONEMD_H

#include "dns/message.h"

#define DNS_ZONEMD_DIGEST_MAX 64
#define DNS_ZONEMD_CLAIMS_MAX 16

/* What a ZONEMD record of the zone says of it. */
struct dns_zonemd_claim {
    uint32_t serial;
    uint8_t scheme;
    uint8_t hash;
    uint8_t len;
    uint8_t digest[DNS_ZONEMD_DIGEST_MAX];
};

struct dns_zonemd {
    struct dns_name zone; /* lower case */
    uint8_t *octets;      /* owned: records in canonical form, one behind the other */
    size_t len;
    size_t size;
    size_t most;
    size_t count;
    struct dns_zonemd_claim claims[DNS_ZONEMD_CLAIMS_MAX];
    size_t claim_count;
    uint32_t serial; /* of the zone's SOA */
    bool has_serial;
};

enum dns_zonemd_verdict {
    DNS_ZONEMD_GOOD,
    DNS_ZONEMD_NONE,        /* the zone says nothing of itself */
    DNS_ZONEMD_OTHER_ZONE,  /* it does of another version */
    DNS_ZONEMD_UNSUPPORTED, /* no scheme and hash that are known here, or a pair of them twice */
    DNS_ZONEMD_BAD,         /* the digest is another one */
};

/* `most`: octets that the records may take. */
void dns_zonemd_init(struct dns_zonemd *z, const struct dns_name *zone, size_t most);
void dns_zonemd_fini(struct dns_zonemd *z); /* of a zeroed struct too */

/* The answer records of one more message of a transfer. DNS_ESPACE: more than `most`; DNS_EFORMAT:
 * names in RDATA that do not parse; DNS_EMEMORY. */
int dns_zonemd_add(struct dns_zonemd *z, const struct dns_message *m) MUST_CHECK;

/* Once all have come. DNS_EMEMORY, DNS_ECRYPTO. */
int dns_zonemd_verify(const struct dns_zonemd *z, enum dns_zonemd_verdict *out) MUST_CHECK;

#endif
