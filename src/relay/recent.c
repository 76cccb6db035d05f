#include "relay/recent.h"

#include <string.h>

#define RECENT_ID_SIZE 2

/* FNV-1a: spreads well enough, and a collision costs only a longer chain, since equality is
 * exact. */
static size_t recent_bucket(const struct recent_flight *flight)
{
    uint32_t hash = 2166136261u ^ flight->from.port;
    for (size_t i = 0; i < sizeof flight->from.octets; i++)
        hash = (hash ^ flight->from.octets[i]) * 16777619u;
    /* The end differs most: the MAC stands there. */
    size_t skip = flight->len > 96 ? flight->len - 96 : RECENT_ID_SIZE;
    for (size_t i = skip; i < flight->len; i++)
        hash = (hash ^ flight->octets[i]) * 16777619u;
    return hash % RECENT_BUCKETS;
}

/* But for the ID. */
static bool recent_is_like(const struct recent_flight *a, const struct recent_flight *b)
{
    return a->len == b->len && a->len >= RECENT_ID_SIZE && address_equal(&a->from, &b->from) &&
           address_equal(&a->to, &b->to) &&
           memcmp(a->octets + RECENT_ID_SIZE, b->octets + RECENT_ID_SIZE,
                  a->len - RECENT_ID_SIZE) == 0;
}

static void recent_keep_id(struct recent_flight *f, uint16_t id)
{
    for (unsigned i = 0; i < f->id_count; i++)
        if (f->ids[i] == id)
            return;
    if (f->id_count < RECENT_IDS)
        f->ids[f->id_count++] = id;
}

bool recent_join(struct recent *r, const struct recent_flight *like)
{
    for (struct recent_flight *f = r->flights[recent_bucket(like)]; f; f = f->next) {
        if (!recent_is_like(f, like))
            continue;
        uint16_t id = dns_wire_u16_at(like->octets);
        bool same = id == dns_wire_u16_at(f->octets);
        if (!same && !f->verified)
            continue;
        if (!same)
            recent_keep_id(f, id);
        return true;
    }
    return false;
}

void recent_take_off(struct recent *r, struct recent_flight *flight)
{
    struct recent_flight **bucket = &r->flights[recent_bucket(flight)];
    flight->next = *bucket;
    flight->link = bucket;
    if (flight->next)
        flight->next->link = &flight->next;
    *bucket = flight;
}

void recent_land(struct recent_flight *flight)
{
    if (!flight->link)
        return;
    *flight->link = flight->next;
    if (flight->next)
        flight->next->link = flight->link;
    flight->link = NULL;
}

void recent_address_failed(struct recent *r, const struct address *a, uint64_t now)
{
    recent_address_worked(r, a);
    r->bad[r->next_bad] = (struct recent_address){.until = now + RECENT_BAD_MS, .address = *a};
    r->next_bad = (r->next_bad + 1) % RECENT_BAD;
}

void recent_address_worked(struct recent *r, const struct address *a)
{
    for (size_t i = 0; i < RECENT_BAD; i++)
        if (address_equal(&r->bad[i].address, a))
            r->bad[i].until = 0;
}

bool recent_address_is_bad(const struct recent *r, const struct address *a, uint64_t now)
{
    for (size_t i = 0; i < RECENT_BAD; i++)
        if (r->bad[i].until > now && address_equal(&r->bad[i].address, a))
            return true;
    return false;
}

static struct recent_notify *recent_find_notify(struct recent *r, const struct dns_name *zone)
{
    for (size_t i = 0; i < RECENT_NOTIFIES; i++)
        if (r->notifies[i].until && dns_name_equal(&r->notifies[i].zone, zone))
            return &r->notifies[i];
    struct recent_notify *next = &r->notifies[r->next_notify];
    r->next_notify = (r->next_notify + 1) % RECENT_NOTIFIES;
    return next;
}

void recent_notified(struct recent *r, const struct dns_name *zone, const struct address *from,
                     uint64_t now)
{
    *recent_find_notify(r, zone) =
        (struct recent_notify){.until = now + RECENT_NOTIFY_MS, .from = *from, .zone = *zone};
}

const struct address *recent_notifier(const struct recent *r, const struct dns_name *zone,
                                      uint64_t now)
{
    for (size_t i = 0; i < RECENT_NOTIFIES; i++)
        if (r->notifies[i].until > now && dns_name_equal(&r->notifies[i].zone, zone))
            return &r->notifies[i].from;
    return NULL;
}
