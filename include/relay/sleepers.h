/* Secondaries that do not answer NOTIFYs (M3), and what they are still to be told.
 *
 * A secondary is asleep from when a fan-out has waited in vain until it answers a NOTIFY. For each
 * zone that it wants, the newest NOTIFY is told to it again by ourselves, after 15, 30, 60, 120 and
 * 240 seconds, until it answers or asks for that zone. A zone that it has asked for is one it
 * wants. All of it is bounded: the oldest goes first. Any thread may call. */
#ifndef RELAY_SLEEPERS_H
#define RELAY_SLEEPERS_H

#include "dns/error.h"
#include "dns/name.h"
#include "dns/notify.h"

#define SLEEPERS_TRIES 5

/* Which version a NOTIFY tells of; one that names none is newer than any. */
struct sleeper_hint {
    bool known;
    uint32_t serial;
};

/* What one secondary is still to be told of one zone; or that it has asked for it. */
struct sleeper_tale {
    unsigned peer;         /* number of the secondary */
    unsigned primary;      /* number of the primary that said it last */
    unsigned tries;        /* of ours so far; SLEEPERS_TRIES: that was the last */
    const uint8_t *octets; /* the NOTIFY, of DNS_NOTIFY_MAX at most */
    size_t len;
    struct sleeper_hint hint;
};

struct sleepers;

/* For so many zones, each time a secondary. NULL: no memory. */
struct sleepers *sleepers_new(unsigned zones);
/* Room for secondaries with numbers below `count`. DNS_EMEMORY. */
int sleepers_reserve(struct sleepers *s, unsigned count) MUST_CHECK;
void sleepers_free(struct sleepers *s);

bool sleepers_is_asleep(struct sleepers *s, unsigned peer);
/* What was told since `since` (ms) was told in vain. True if it was awake before. */
bool sleepers_fall_asleep(struct sleepers *s, unsigned peer, uint64_t since);
/* It has answered a NOTIFY. */
void sleepers_wake(struct sleepers *s, unsigned peer);
/* Copies that a NOTIFY to it is worth over UDP: 3; or 1 when it is asleep and has asked nothing
 * since. */
unsigned sleepers_copies(struct sleepers *s, unsigned peer);

/* It has asked for the zone: there is nothing to tell it of that any more. */
void sleepers_asked(struct sleepers *s, unsigned peer, const struct dns_name *zone, uint64_t now);
bool sleepers_has_asked(struct sleepers *s, unsigned peer, const struct dns_name *zone);
bool sleepers_has_asked_since(struct sleepers *s, unsigned peer, const struct dns_name *zone,
                              uint64_t since);

/* It did not answer this NOTIFY. Replaces another, unless that is of a newer version; DNS_EMEMORY:
 * it will not be told. */
int sleepers_tell(struct sleepers *s, const struct sleeper_tale *tale, const struct dns_name *zone,
                  uint64_t now) MUST_CHECK;
/* It is told of this zone elsewhere, or has answered for it: nothing is told any more, but of a
 * version that is newer than this. */
void sleepers_told(struct sleepers *s, unsigned peer, const struct dns_name *zone,
                   struct sleeper_hint hint);

/* When the next tale's time comes, and whose NOTIFY it is: the number of the primary. UINT64_MAX
 * when there is none. */
uint64_t sleepers_deadline(struct sleepers *s, unsigned *primary);
/* The tale whose time has come, and when its next one comes is settled; false when there is none.
 * `out->octets` are in `room`. */
bool sleepers_next(struct sleepers *s, uint64_t now, struct sleeper_tale *out,
                   uint8_t room[DNS_NOTIFY_MAX]);

#endif
