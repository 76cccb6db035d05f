/* The last NOTIFYs that were told to secondaries: what each said to it, and the transfer that came
 * of it. Bounded; the oldest makes room. Any thread may call. */
#ifndef ADMIN_NOTIFIED_H
#define ADMIN_NOTIFIED_H

#include <pthread.h>

#include "config/address.h"
#include "relay/report.h"

#define NOTIFIED_MOST 500

struct notified_entry {
    uint32_t number; /* from 1 */
    int64_t time;    /* seconds since 1970: when it was answered, or not */
    unsigned primary;
    unsigned secondary;
    struct dns_name zone;
    struct address address;
    enum relay_result result;
    bool has_rcode;
    unsigned rcode;
    bool has_serial;
    uint32_t serial;
    unsigned tries;
    uint64_t milliseconds; /* from when it was told first */
    int64_t transferred;   /* when; 0: not yet */
};

/* Zeroed but for the mutex. */
struct notified {
    pthread_mutex_t mutex;
    uint32_t last; /* number of the youngest; 0: there is none */
    struct notified_entry entries[NOTIFIED_MOST];
};

void notified_init(struct notified *n); /* of a zeroed one */
void notified_fini(struct notified *n);

/* Returns its number; 0: the event tells of no copy. */
uint32_t notified_add(struct notified *n, const struct relay_event *event, int64_t now);
/* The transfer has come; nothing happens when that NOTIFY has made room. */
void notified_follow(struct notified *n, uint32_t number, int64_t now);

/* From the youngest; each is made for the call, which may call nothing here. */
void notified_walk(struct notified *n, void (*look)(void *arg, const struct notified_entry *entry),
                   void *arg);

#endif
