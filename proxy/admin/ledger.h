/* What is known of each secondary's copy of each zone, from traffic that passes and without holding
 * the zone.
 *
 * A copy is confirmed by a SOA answer, a finished transfer, or an IXFR answered with the one SOA
 * that the secondary has already. The newest serial comes from the primary's answers, a set-back
 * one too; a NOTIFY's hint counts until the next of them.
 *
 * Bounded: so many pairs of a secondary and a zone, some 80 octets each and a zone's name and
 * numbers once; the pair that was longest without news makes room. Any thread may call. */
#ifndef ADMIN_LEDGER_H
#define ADMIN_LEDGER_H

#include "dns/error.h"
#include "dns/name.h"

struct ledger;

/* NULL: no memory. */
struct ledger *ledger_new(unsigned pairs);
void ledger_free(struct ledger *l);

/* A SOA as the primary told it. */
struct ledger_soa {
    uint32_t serial;
    bool has_timers;
    uint32_t refresh; /* seconds */
    uint32_t expire;  /* seconds; of EDNS EXPIRE (RFC 7314) when it came with one */
};

enum ledger_news_kind {
    LEDGER_ANSWERED,    /* a SOA question: what it says it has, or takes next */
    LEDGER_UP_TO_DATE,  /* an IXFR found that it has this one */
    LEDGER_TRANSFERRED, /* it has this one now */
    LEDGER_FAILED,      /* it asked, and has nothing new of it */
    LEDGER_NOTIFIED,    /* a NOTIFY says that there is this one; `has_soa` may be false */
};

struct ledger_news {
    enum ledger_news_kind kind;
    unsigned secondary; /* its number */
    unsigned primary;   /* number of the one that served, or sent the NOTIFY */
    const struct dns_name *zone;
    bool has_soa;
    struct ledger_soa soa;
    bool has_client_serial; /* an IXFR says what it has */
    uint32_t client_serial;
    int64_t now; /* seconds since 1970 */
};

/* What there is no memory for is not known. */
void ledger_note(struct ledger *l, const struct ledger_news *news);

enum ledger_state { LEDGER_UNKNOWN, LEDGER_CURRENT, LEDGER_BEHIND, LEDGER_SILENT, LEDGER_EXPIRED };

/* Times are seconds since 1970, 0: none. Expired goes before silent, and silent before behind:
 * whoever asks no more is not about to catch up. */
struct ledger_entry {
    enum ledger_state state;
    unsigned secondary;
    unsigned primary;
    struct dns_name zone;
    bool has_serial;
    uint32_t serial; /* of its copy */
    bool has_newest;
    uint32_t newest;
    int64_t asked;
    int64_t confirmed;
    int64_t behind_since;
    int64_t silent_since;
    int64_t expires;
};

/* All pairs, in no order that means anything; each is made for the call, which may call nothing
 * here. */
void ledger_walk(struct ledger *l, int64_t now,
                 void (*look)(void *arg, const struct ledger_entry *entry), void *arg);

/* Pairs whose secondary or primary is gone are forgotten. */
void ledger_prune(struct ledger *l, bool (*is_gone)(void *arg, unsigned peer), void *arg);

#endif
