/* What is known of each secondary's copy of each zone, from traffic that passes and without holding
 * the zone.
 *
 * A copy is confirmed by a SOA answer, a finished transfer, or an IXFR answered with the one SOA
 * that the secondary has already. The newest serial comes from the primary's answers, a set-back
 * one too; a NOTIFY's hint counts until the next of them.
 *
 * Bounded: so many pairs of a secondary and a zone, or an eighth more, some 100 octets each and 90
 * for each zone; the pair that was longest without news makes room. Any thread may call: zones are
 * divided among parts, each with a lock of its own. */
#ifndef ADMIN_LEDGER_H
#define ADMIN_LEDGER_H

#include "dns/error.h"
#include "dns/name.h"
#include "relay/report.h"

#define LEDGER_TELL_AGAIN 3600 /* seconds: what has not changed is told to people again */

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
    LEDGER_REFUSED,     /* its question went nowhere, and may not have been its own */
    LEDGER_NOTIFIED,    /* a NOTIFY says that there is this one; `has_soa` may be false */
};

struct ledger_news {
    enum ledger_news_kind kind;
    unsigned secondary; /* its number */
    unsigned primary;   /* number of the first that the secondary has */
    const struct dns_name *zone;
    bool known; /* if it is not in the ledger yet it is put there */
    bool has_soa;
    struct ledger_soa soa;
    bool has_client_serial; /* an IXFR says what it has */
    uint32_t client_serial;
    enum relay_result result; /* FAILED, REFUSED, NOTIFIED: what came of it */
    uint8_t rcode;
    uint32_t notice; /* NOTIFIED: the NOTIFY's number, not 0 */
    int64_t now;     /* seconds since 1970 */
};

/* What people want to know of it. */
struct ledger_told {
    bool serial_is_news; /* not the one last told, or an hour ago */
    uint32_t notice;     /* number of the NOTIFY that this transfer followed; 0: none */
};

/* What there is no memory for is not known. */
struct ledger_told ledger_note(struct ledger *l, const struct ledger_news *news);

/* The primary says what it has: in a NOTIFY, whoever is told of it, which counts when it is newer;
 * or `answered`, when it was asked by ourselves, which always counts. */
void ledger_hint(struct ledger *l, unsigned primary, const struct dns_name *zone, uint32_t serial,
                 bool answered, int64_t now);

/* The configuration says that this secondary has this zone. Nothing makes room for what is merely
 * expected. */
void ledger_expect(struct ledger *l, unsigned secondary, unsigned primary,
                   const struct dns_name *zone, int64_t now);

enum ledger_state {
    LEDGER_CURRENT,
    LEDGER_UNKNOWN,
    LEDGER_BEHIND,
    LEDGER_SILENT,
    LEDGER_EXPIRED,
    LEDGER_STATES
};

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
    uint32_t refresh; /* 0: not known, as below */
    uint32_t expire;
    enum relay_result failure; /* RESULT_OK: its last question came to something */
    uint8_t failure_rcode;
    enum relay_result notified_result; /* of the last NOTIFY */
    uint8_t notified_rcode;
    int64_t created; /* it is in the ledger */
    int64_t asked;
    int64_t confirmed;
    int64_t behind_since;
    int64_t silent_since;
    int64_t expires;
    int64_t notified;
};

/* All pairs, in no order that means anything; each is made for the call, which may call nothing
 * here. */
void ledger_walk(struct ledger *l, int64_t now,
                 void (*look)(void *arg, const struct ledger_entry *entry), void *arg);

/* Is there no such pair any more? */
typedef bool (*ledger_gone)(void *arg, unsigned secondary, unsigned primary,
                            const struct dns_name *zone);

/* Those that are gone are forgotten. */
void ledger_prune(struct ledger *l, ledger_gone is_gone, void *arg);

#endif
