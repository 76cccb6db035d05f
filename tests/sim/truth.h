/* What is true: the zones of a play and all of their versions, each with the time in which it was
 * the primary's newest. */
#ifndef SIM_TRUTH_H
#define SIM_TRUTH_H

#include "paper.h"

#define TRUTH_RECORDS_MAX 48
#define TRUTH_MARK        0xbad0bad0u /* a value that no version has: it is a forger's */

struct version {
    uint32_t serial;
    uint64_t since;   /* ms */
    uint64_t until;   /* ms; UINT64_MAX: still */
    uint32_t *values; /* owned; of each record, 0: it is not there */
};

struct zone {
    unsigned number;
    char text[32];
    struct dns_name name;
    unsigned records; /* most of them */
    bool wide;        /* their RDATA is long */
    uint32_t refresh, retry, expire;
    struct version *versions; /* owned */
    size_t count;
    size_t forgotten;  /* versions that are no longer kept in full */
    uint64_t asked[3]; /* by right secondaries, the last time (ms, plus 1): SOA, AXFR, IXFR */
    bool polled;       /* a proxy asks its SOA by itself */
};

void truth_init(struct zone *z, unsigned number, uint32_t serial, unsigned records);
void truth_fini(struct zone *z);

/* A new version: its serial is this much higher. */
void truth_change(struct zone *z, uint32_t step);
const struct version *truth_newest(const struct zone *z);
const struct version *truth_version(const struct zone *z, uint32_t serial); /* NULL: never was */
/* Was it the newest at some time since then? */
bool truth_was_newest_since(const struct version *v, uint64_t since);

bool truth_is_newer(uint32_t a, uint32_t b); /* RFC 1982 */

void truth_put_soa(struct paper *p, unsigned section, const struct zone *z, uint32_t serial);
size_t truth_size(const struct zone *z, uint32_t value); /* octets of a record, at most */
void truth_put_record(struct paper *p, const struct zone *z, unsigned index, uint32_t value);

struct truth_item {
    bool soa;
    unsigned index; /* of the record */
    uint32_t value; /* or serial */
};

/* What a record of the zone says; false: it is none that a primary ever wrote so. */
bool truth_read(const struct zone *z, const struct paper_record *record, struct truth_item *out);

#endif
