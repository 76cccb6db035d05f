/* How many lines the network may cause: so many of one kind about one host in a second; the rest is
 * counted and told with the next line. */
#ifndef ADMIN_LIMIT_H
#define ADMIN_LIMIT_H

#include <time.h>

#include "config/address.h"

#define LIMIT_BURST   10 /* enough to see what goes on; more of the same says nothing new */
#define LIMIT_KINDS   16 /* at the most */
#define LIMIT_BUCKETS 256

/* Zeroed is empty. One thread's. */
struct limit {
    struct limit_bucket {
        time_t second;
        unsigned count;
    } buckets[LIMIT_BUCKETS];
};

/* `host` NULL: about strangers, who can have any address and are counted all together. Returns how
 * many lines like this one were left out in the second before, or -1 to leave this one out. */
int limit_admit(struct limit *limit, unsigned kind, const struct address *host, time_t now);

#endif
