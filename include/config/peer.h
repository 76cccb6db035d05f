/* The servers that the configuration names, and what each may say to whom. */
#ifndef CONFIG_PEER_H
#define CONFIG_PEER_H

#include "config/lookup.h"
#include "dns/message.h"
#include "tsig/keyring.h"

enum peer_role { PEER_PRIMARY, PEER_SECONDARY };

/* What a request asks for; a secondary's `allow` is a set of these. */
enum peer_operation {
    PEER_SOA = 1 << 0,
    PEER_AXFR = 1 << 1,
    PEER_IXFR = 1 << 2,
    PEER_NOTIFY = 1 << 3,
    PEER_QUERY = 1 << 4, /* any other question */
    PEER_UPDATE = 1 << 5,
};

enum peer_transport { PEER_TRANSPORT_AUTO, PEER_TRANSPORT_SAME, PEER_TRANSPORT_TCP };
enum peer_edns { PEER_EDNS_PASS, PEER_EDNS_STRIP };
enum peer_choice { PEER_REFUSE, PEER_PASS }; /* unsigned-notify (accept), unknown-key, other */
enum peer_mode { PEER_ENFORCE, PEER_OBSERVE };

/* One entry of `zones`: a name, a suffix (names below it), or all. There may be hundreds of
 * thousands, so the names of a peer stand in one block. */
enum zone_pattern_kind { ZONE_EXACT, ZONE_BELOW, ZONE_ALL };
struct zone_pattern {
    const uint8_t *octets; /* of the name, in wire form and lower case; borrowed from the peer */
    uint8_t len;           /* 0: all */
    uint8_t kind;          /* an enum zone_pattern_kind */
};

struct address_list {
    struct address *items; /* owned */
    size_t count;
};

/* This very address, port included. */
bool address_list_has(const struct address_list *list, const struct address *a);

/* Immutable once its configuration is complete; everything is owned by the configuration. What most
 * requests need of their peer stands first, side by side. */
struct peer {
    enum peer_role role;
    unsigned number;             /* stays the same for a label over reloads; see config_carry */
    struct tsig_keyring keyring; /* empty: a plain peer */
    struct address_list address;
    const struct peer **primary; /* of a secondary: owned array, in the order given */
    size_t primary_count;
    size_t place;                /* among the configuration's peers */
    unsigned allow;              /* of a secondary: set of enum peer_operation */
    enum peer_choice other;      /* secondary only */
    const struct lookup *lookup; /* borrowed from the configuration */
    const char *name;            /* the label in its section header */
    const char *file;            /* where that header stands */
    unsigned line;               /* of that header */
    struct prefix *from;
    size_t from_count;
    struct address_list listen;
    struct address_list heard_at; /* port 0; empty: anywhere */
    struct address_list source;   /* at most one per family, port 0 */
    enum peer_transport transport;
    enum peer_edns edns;
    unsigned share;                   /* percent of places that it may hold when others want them */
    enum peer_choice unsigned_notify; /* primary only */
    unsigned notify_rate;             /* primary only: NOTIFYs a second */
    unsigned connections;             /* primary only: TCP connections to it at once */
    unsigned poll;                    /* primary only: seconds; 0: it sends NOTIFYs */

    /* Of a secondary only. */
    struct zone_pattern *zones; /* in the order given, each once */
    size_t zone_count;
    uint8_t *zone_octets; /* of all their names */
    bool notify;          /* it is sent NOTIFYs */
    enum peer_mode mode;
    enum peer_choice unknown_key;
};

static inline bool peer_is_signed(const struct peer *peer)
{
    return peer->keyring.count > 0;
}

/* Releases what it owns; of a zeroed struct too. */
void peer_fini(struct peer *peer);

/* The name of a pattern that has one. */
struct dns_name zone_pattern_name(const struct zone_pattern *pattern);

bool peer_has_zone(const struct peer *secondary, const struct dns_name *zone);
bool peer_has_primary(const struct peer *secondary, const struct peer *primary);

/* Bits of the longest address or prefix of the peer that contains `from` (ports aside), or -1. */
int peer_match(const struct peer *peer, const struct address *from);

/* The peer's own address that is this one, with the same port if there is one, else ports aside;
 * NULL if none is. */
const struct address *peer_own_address(const struct peer *peer, const struct address *a);

/* Does `local` stand for this peer alone (its `listen`)? */
bool peer_listens(const struct peer *peer, const struct address *local);

/* Is `local` among the peer's `heard-at`? */
bool peer_is_heard_at(const struct peer *peer, const struct address *local);

/* Does the secondary's `zones` name this very zone? */
bool peer_lists_zone(const struct peer *secondary, const struct dns_name *zone);

/* Has it an address of this family, in `address` or `from`? */
bool peer_speaks(const struct peer *peer, enum address_family family);

/* The peer's `source` for a family, NULL if there is none. */
const struct address *peer_source(const struct peer *peer, enum address_family family);

#endif
