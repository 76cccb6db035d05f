#include "relay/recent.h"

#include "config/lookup.h"

void recent_init(struct recent *r)
{
    pthread_mutex_init(&r->mutex, NULL);
}

void recent_fini(struct recent *r)
{
    pthread_mutex_destroy(&r->mutex);
}

static void recent_forgive(struct recent *r, const struct address *a)
{
    for (size_t i = 0; i < RECENT_BAD; i++)
        if (address_equal(&r->bad[i].address, a))
            r->bad[i].until = 0;
}

void recent_address_failed(struct recent *r, const struct address *a, uint64_t now)
{
    pthread_mutex_lock(&r->mutex);
    recent_forgive(r, a);
    r->bad[r->next_bad] = (struct recent_address){.until = now + RECENT_BAD_MS, .address = *a};
    r->next_bad = (r->next_bad + 1) % RECENT_BAD;
    r->bad_until = now + RECENT_BAD_MS;
    pthread_mutex_unlock(&r->mutex);
}

void recent_address_worked(struct recent *r, const struct address *a, uint64_t now)
{
    if (r->bad_until <= now)
        return;
    pthread_mutex_lock(&r->mutex);
    recent_forgive(r, a);
    pthread_mutex_unlock(&r->mutex);
}

bool recent_address_is_bad(struct recent *r, const struct address *a, uint64_t now)
{
    bool bad = false;
    if (r->bad_until <= now)
        return false;
    pthread_mutex_lock(&r->mutex);
    for (size_t i = 0; i < RECENT_BAD && !bad; i++)
        bad = r->bad[i].until > now && address_equal(&r->bad[i].address, a);
    pthread_mutex_unlock(&r->mutex);
    return bad;
}

/* Whose time is not over; RECENT_NOTIFIES: none. */
static size_t recent_find_notify(const struct recent *r, const struct dns_name *zone, uint32_t hash,
                                 uint64_t now)
{
    size_t i = 0;
    while (i < RECENT_NOTIFIES && !(r->hashes[i] == hash && r->notifies[i].until > now &&
                                    dns_name_equal(&r->notifies[i].zone, zone)))
        i++;
    return i;
}

void recent_notified(struct recent *r, const struct dns_name *zone, const struct address *from,
                     uint64_t now)
{
    uint32_t hash = lookup_hash(zone->octets, zone->len);
    pthread_mutex_lock(&r->mutex);
    size_t place = recent_find_notify(r, zone, hash, now);
    if (place == RECENT_NOTIFIES) {
        place = r->next_notify;
        r->next_notify = (r->next_notify + 1) % RECENT_NOTIFIES;
    }
    r->hashes[place] = hash;
    r->notifies[place] =
        (struct recent_notify){.until = now + RECENT_NOTIFY_MS, .from = *from, .zone = *zone};
    r->notifies_until = now + RECENT_NOTIFY_MS;
    pthread_mutex_unlock(&r->mutex);
}

struct address recent_notifier(struct recent *r, const struct dns_name *zone, uint64_t now)
{
    struct address from = {.family = ADDRESS_NONE};
    if (r->notifies_until <= now)
        return from;
    uint32_t hash = lookup_hash(zone->octets, zone->len);
    pthread_mutex_lock(&r->mutex);
    size_t place = recent_find_notify(r, zone, hash, now);
    if (place < RECENT_NOTIFIES)
        from = r->notifies[place].from;
    pthread_mutex_unlock(&r->mutex);
    return from;
}
