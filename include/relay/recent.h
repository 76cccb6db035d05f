/* What one worker remembers for up to a minute: requests in flight, addresses
 * that refused a connection, and where each zone's last NOTIFY came from. Losing it costs a
 * repetition. */
#ifndef RELAY_RECENT_H
#define RELAY_RECENT_H

#include "config/address.h"
#include "dns/message.h"

#define RECENT_BUCKETS   1024
#define RECENT_BAD       64
#define RECENT_NOTIFIES  256
#define RECENT_BAD_MS    30000
#define RECENT_NOTIFY_MS 60000
/* Further IDs under which one request in flight is answered: more than a client tries again. */
#define RECENT_IDS 16

/* One UDP request in flight; embedded in whoever answers it, who owns the octets. */
struct recent_flight {
    struct recent_flight *next;
    struct recent_flight **link; /* what points at this; NULL: not in the table */
    struct address from;
    struct address to;
    const uint8_t *octets;
    size_t len;
    bool verified; /* by a TSIG, which covers all but the ID in the header */
    unsigned id_count;
    uint16_t ids[RECENT_IDS]; /* of those that joined it under another one */
};

struct recent_address {
    uint64_t until; /* ms */
    struct address address;
};

struct recent_notify {
    uint64_t until; /* ms */
    struct address from;
    struct dns_name zone;
};

/* Zeroed is empty. All times are milliseconds of one monotonic clock. */
struct recent {
    struct recent_flight *flights[RECENT_BUCKETS];
    struct recent_address bad[RECENT_BAD];
    size_t next_bad;
    struct recent_notify notifies[RECENT_NOTIFIES];
    size_t next_notify;
};

/* Is one in flight with the source, destination and octets of `like`? All but the ID are enough
 * where it verified; the ID is then kept, up to RECENT_IDS of them, to be answered as well. */
bool recent_join(struct recent *r, const struct recent_flight *like);
/* Until recent_land, `flight` must stay where it is. */
void recent_take_off(struct recent *r, struct recent_flight *flight);
void recent_land(struct recent_flight *flight); /* fine for one that never took off */

void recent_address_failed(struct recent *r, const struct address *a, uint64_t now);
void recent_address_worked(struct recent *r, const struct address *a);
bool recent_address_is_bad(const struct recent *r, const struct address *a, uint64_t now);

void recent_notified(struct recent *r, const struct dns_name *zone, const struct address *from,
                     uint64_t now);
/* Where the zone's last NOTIFY came from; NULL when that is too long ago. */
const struct address *recent_notifier(const struct recent *r, const struct dns_name *zone,
                                      uint64_t now);

#endif
