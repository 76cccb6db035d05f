/* One validating walk over a DNS message (RFC 1035 section 4): header, question, section bounds,
 * and where OPT, TSIG and SIG(0) stand. RDATA is not looked into, OPT's options excepted. */
#ifndef DNS_MESSAGE_H
#define DNS_MESSAGE_H

#include "dns/error.h"
#include "dns/name.h"

#define DNS_HEADER_SIZE 12
#define DNS_MESSAGE_MAX 65535
#define DNS_UDP_MAX     512 /* payload without EDNS */

/* Offsets in the header (RFC 1035 section 4.1.1). */
#define DNS_FLAGS_AT   2
#define DNS_COUNTS_AT  4 /* of the four sections, two octets each */
#define DNS_ARCOUNT_AT 10

/* Offsets in an OPT record, whose owner is always the root (RFC 6891 section 6.1.2). */
#define DNS_OPT_PAYLOAD_AT 3 /* in the place of the class */
#define DNS_OPT_RCODE_AT   5 /* the upper bits of the RCODE: the first octet of the TTL */
#define DNS_OPT_FLAGS_AT   7 /* DO and others: the lower half of the TTL */

enum dns_flag {
    DNS_FLAG_QR = 0x8000,
    DNS_FLAG_AA = 0x0400,
    DNS_FLAG_TC = 0x0200,
    DNS_FLAG_RD = 0x0100,
    DNS_FLAG_AD = 0x0020,
    DNS_FLAG_CD = 0x0010,
    DNS_MASK_OPCODE = 0x7800,
    DNS_MASK_RCODE = 0x000f,
};

enum dns_opcode { DNS_OPCODE_QUERY = 0, DNS_OPCODE_NOTIFY = 4, DNS_OPCODE_UPDATE = 5 };

enum dns_rcode {
    DNS_RCODE_NOERROR = 0,
    DNS_RCODE_FORMERR = 1,
    DNS_RCODE_SERVFAIL = 2,
    DNS_RCODE_NXDOMAIN = 3,
    DNS_RCODE_NOTIMP = 4,
    DNS_RCODE_REFUSED = 5,
    DNS_RCODE_NOTAUTH = 9,
};

enum dns_type {
    DNS_TYPE_SOA = 6,
    DNS_TYPE_SIG = 24,
    DNS_TYPE_OPT = 41,
    DNS_TYPE_TKEY = 249,
    DNS_TYPE_TSIG = 250,
    DNS_TYPE_IXFR = 251,
    DNS_TYPE_AXFR = 252,
};

enum dns_class { DNS_CLASS_IN = 1, DNS_CLASS_NONE = 254, DNS_CLASS_ANY = 255 };

/* The four sections, as indexes. RFC 2136 calls them zone, prerequisite, update, additional. */
enum dns_section { DNS_QUESTION, DNS_ANSWER, DNS_AUTHORITY, DNS_ADDITIONAL, DNS_SECTIONS };

/* Where the message has a TSIG record (RFC 8945 section 5.1 allows one, last in additional). */
enum dns_tsig_place { DNS_TSIG_NONE, DNS_TSIG_LAST, DNS_TSIG_MISPLACED };

struct dns_message {
    const uint8_t *octets; /* borrowed */
    size_t len;
    uint16_t id;
    uint16_t flags;
    uint16_t count[DNS_SECTIONS];
    size_t start[DNS_SECTIONS + 1]; /* offset of each section; the last is len */
    struct dns_name qname;          /* of the first question; empty (len 0) without one */
    uint16_t qtype;
    uint16_t qclass;
    uint16_t soas;       /* SOA records in the answer section, whosever they are */
    uint16_t soa_before; /* answer records before the first of them; 0 without one */
    size_t soa_at;       /* its offset; 0 without one */
    size_t opt_at;       /* offset of the OPT record's owner; 0: none */
    size_t opt_len;
    uint16_t opt_payload; /* requestor's UDP payload size as given; 0 without OPT */
    enum dns_tsig_place tsig_place;
    size_t tsig_at; /* offset of the TSIG record when it is last; 0 otherwise */
    bool sig0;      /* a SIG record of type covered 0 in additional (RFC 2931) */
};

/* One record, in place. */
struct dns_record {
    size_t at;  /* offset of the owner name */
    size_t end; /* offset after the RDATA */
    size_t rdata_at;
    uint16_t rdata_len;
    uint16_t type;
    uint16_t rclass;
    uint32_t ttl;
};

/* DNS_EFORMAT when the octets are no whole message: shorter than a header, a section that ends
 * early, octets after the last record, a bad name, two OPT records or one outside additional or not
 * at the root, options that do not add up. A misplaced or second TSIG is reported in `tsig_place`
 * and is no failure here. QDCOUNT may be anything; only the first question is kept. */
int dns_message_parse(const uint8_t *octets, size_t len, struct dns_message *out) MUST_CHECK;

/* Reads the record at `*at`, moves `*at` behind it. Names are stepped over, not validated again:
 * only for octets that dns_message_parse has accepted. */
void dns_message_record(const struct dns_message *m, size_t *at, struct dns_record *out);

/* Leaves a last TSIG out of the parse; the octets stay as they are, ARCOUNT included. */
void dns_message_strip_tsig(struct dns_message *m);

static inline unsigned dns_message_opcode(const struct dns_message *m)
{
    return (m->flags & DNS_MASK_OPCODE) >> 11;
}

/* With the upper bits that OPT has (RFC 6891 section 6.1.3). */
static inline unsigned dns_message_rcode(const struct dns_message *m)
{
    unsigned upper = m->opt_len > 0 ? m->octets[m->opt_at + DNS_OPT_RCODE_AT] : 0;
    return upper << 4 | (m->flags & DNS_MASK_RCODE);
}

/* The type in the first question; `m` is the parse of `octets` and has just one. */
static inline void dns_message_put_qtype(uint8_t *octets, struct dns_message *m, uint16_t type)
{
    m->qtype = type;
    dns_wire_set_u16_at(octets + m->start[DNS_ANSWER] - 4, type); /* class behind it */
}

static inline void dns_message_put_arcount(uint8_t *octets, uint16_t count)
{
    dns_wire_set_u16_at(octets + DNS_ARCOUNT_AT, count);
}

/* Same first question: name (case aside), type and class. */
bool dns_message_same_question(const struct dns_message *a, const struct dns_message *b);

#endif
