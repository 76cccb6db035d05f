/* Follows the response to an AXFR or IXFR request to its end (RFC 5936 section 2.2, RFC 1995
 * sections 2 and 4), message by message.
 *
 *   START ── no SOA of the zone first ──────────────────────▶ DONE, the whole response
 *     │ SOA of the zone
 *     ├─ AXFR ──▶ FULL ── second SOA of the zone ───────────▶ DONE
 *     └─ IXFR ─┬─ alone in its message and not newer ───────▶ DONE
 *              ▼
 *            SECOND ── SOA of the first serial ─────────────▶ DONE
 *              │ │ └── any other record ────────────────────▶ FULL
 *              │ └──── SOA of any serial but the client's ──▶ BROKEN
 *              ▼ SOA of the client's serial
 *            DELETE ◀─────────────────────────────┐
 *              ▼ SOA, of a version B               │ SOA of B, which is not the first serial
 *             ADD ─────────────────────────────────┤
 *                                                  ├─ SOA of B, which is ────▶ DONE
 *                                                  └─ SOA of any other ──────▶ BROKEN
 *
 * An SOA of another class than IN is any other record here. */
#ifndef DNS_XFR_H
#define DNS_XFR_H

#include "dns/message.h"

/* So many messages in a row without an answer record end a transfer: a server must not hold one
 * open for ever by sending nothing. */
#define DNS_XFR_EMPTY_MAX 1000

enum dns_xfr_state {
    DNS_XFR_START,
    DNS_XFR_SECOND,
    DNS_XFR_FULL,
    DNS_XFR_DELETE,
    DNS_XFR_ADD,
    DNS_XFR_DONE,
    DNS_XFR_BROKEN,
};

/* What a SOA says of its zone (RFC 1035 section 3.3.13); times are seconds. */
struct dns_soa {
    uint32_t serial;
    uint32_t refresh;
    uint32_t expire;
};

struct dns_xfr {
    enum dns_xfr_state state;
    struct dns_name zone;
    uint16_t qtype;
    uint32_t client_serial; /* IXFR: what the requestor has */
    struct dns_soa soa;     /* the first, once seen */
    uint32_t block_serial;  /* IXFR: of the SOA that opened the current block */
    bool has_serial;
    bool serial_changed; /* an AXFR closed with another serial than it opened with */
    unsigned empty_run;
    uint64_t messages;
};

/* From a parsed AXFR or IXFR request; IXFR is told by its type, any other is taken for AXFR.
 * DNS_EFORMAT when an IXFR request has no SOA of the zone in its authority section (RFC 1995
 * section 3). */
int dns_xfr_init(struct dns_xfr *x, const struct dns_message *request) MUST_CHECK;

/* One more message of the response. Returns the new state: DNS_XFR_DONE when it was the last,
 * DNS_XFR_BROKEN when it cannot belong to a good transfer (TC set, records after the end, an SOA of
 * the zone that does not parse or has a serial out of turn, too many empty messages). An RCODE
 * other than 0 ends the transfer: DONE. Never call it after either. */
enum dns_xfr_state dns_xfr_follow(struct dns_xfr *x, const struct dns_message *answer);

/* RFC 1982: a is newer than b. */
bool dns_xfr_serial_newer(uint32_t a, uint32_t b);

/* The first SOA record of the zone `m->qname` in a section (a NOTIFY's hint, an IXFR request's
 * authority, a SOA answer). False if there is none. */
bool dns_xfr_soa(const struct dns_message *m, enum dns_section section, struct dns_soa *soa);
/* Its serial. */
bool dns_xfr_soa_serial(const struct dns_message *m, enum dns_section section, uint32_t *serial);

#endif
