/* What all workers remember together for up to a minute: addresses that refused a connection, and
 * where each zone's last NOTIFY came from. Losing it costs a repetition. Any thread may call. */
#ifndef RELAY_RECENT_H
#define RELAY_RECENT_H

#include <pthread.h>

#include "config/address.h"
#include "dns/name.h"

#define RECENT_BAD       64
#define RECENT_NOTIFIES  256
#define RECENT_BAD_MS    30000
#define RECENT_NOTIFY_MS 60000

struct recent_address {
    uint64_t until; /* ms */
    struct address address;
};

struct recent_notify {
    uint64_t until; /* ms */
    struct address from;
    struct dns_name zone;
};

/* All times are milliseconds of one monotonic clock. */
struct recent {
    pthread_mutex_t mutex;
    /* Nothing is remembered beyond: most questions then take no lock. */
    _Atomic uint64_t bad_until;
    _Atomic uint64_t notifies_until;
    struct recent_address bad[RECENT_BAD];
    size_t next_bad;
    struct recent_notify notifies[RECENT_NOTIFIES];
    uint32_t hashes[RECENT_NOTIFIES]; /* of their zones */
    size_t next_notify;
};

void recent_init(struct recent *r); /* of a zeroed one */
void recent_fini(struct recent *r);

void recent_address_failed(struct recent *r, const struct address *a, uint64_t now);
void recent_address_worked(struct recent *r, const struct address *a, uint64_t now);
bool recent_address_is_bad(struct recent *r, const struct address *a, uint64_t now);

void recent_notified(struct recent *r, const struct dns_name *zone, const struct address *from,
                     uint64_t now);
/* Where the zone's last NOTIFY came from; family ADDRESS_NONE when that is too long ago. */
struct address recent_notifier(struct recent *r, const struct dns_name *zone, uint64_t now);

#endif
