/* DNS messages of a play, written and read octet by octet, by no code of the library but for its
 * names as values. */
#ifndef SIM_PAPER_H
#define SIM_PAPER_H

#include "dns/name.h"

#define PAPER_MAX 65535

enum {
    PAPER_A = 1,
    PAPER_SOA = 6,
    PAPER_OPT = 41,
    PAPER_TSIG = 250,
    PAPER_IXFR = 251,
    PAPER_AXFR = 252
};
enum { PAPER_WIDE = 65280 }; /* a type of ours, whose RDATA may be long */

struct paper {
    size_t len;
    uint8_t octets[PAPER_MAX];
};

uint16_t paper_u16(const uint8_t *octets);
void paper_put_u16(uint8_t *octets, uint16_t value);
uint32_t paper_u32(const uint8_t *octets);
void paper_put_u32(uint8_t *octets, uint32_t value);

void paper_begin(struct paper *p, uint16_t id, uint16_t flags);
void paper_question(struct paper *p, const struct dns_name *name, uint16_t type);
/* Into this section (1 to 3), of class IN; `label` NULL: at the apex. */
void paper_record(struct paper *p, unsigned section, const char *label, const struct dns_name *zone,
                  uint16_t type);
void paper_rdata(struct paper *p, const uint8_t *octets, size_t len); /* of the last one */
void paper_opt(struct paper *p, uint16_t payload);

struct paper_name {
    size_t len;
    uint8_t octets[255]; /* as they came, in their case */
};

struct paper_record {
    unsigned section;
    struct paper_name owner;
    uint16_t type;
    uint16_t rclass;
    uint32_t ttl;
    const uint8_t *rdata;
    size_t rdata_len;
    size_t at;
};

struct paper_reader {
    const uint8_t *octets;
    size_t len;
    size_t at;
    bool failed;
    uint16_t id;
    uint16_t flags;
    unsigned counts[4];
    unsigned section;
    struct paper_name qname;
    uint16_t qtype;
};

/* Header and first question; false: no message. */
bool paper_read(struct paper_reader *r, const uint8_t *octets, size_t len);
/* The next record; false when there is none, or the rest is no message: `failed`. */
bool paper_next(struct paper_reader *r, struct paper_record *out);

bool paper_is_name(const struct paper_name *a, const struct dns_name *b); /* case counts */

static inline unsigned paper_rcode(const struct paper_reader *r)
{
    return r->flags & 15;
}

static inline unsigned paper_opcode(const struct paper_reader *r)
{
    return r->flags >> 11 & 15;
}

#endif
