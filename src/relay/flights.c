#include "relay/flights.h"

#include <string.h>

#define FLIGHT_ID_SIZE 2
/* Half of the longest MAC, and the whole question of most without one. */
#define FLIGHT_END_SIZE 40

/* A collision costs only a longer chain, since equality is exact. */
static size_t flights_bucket(const struct flight *flight)
{
    uint64_t hash =
        dns_wire_hash(flight->from.port, flight->from.octets, sizeof flight->from.octets);
    /* The end differs most: the MAC stands there. */
    size_t skip = flight->len > FLIGHT_END_SIZE ? flight->len - FLIGHT_END_SIZE : FLIGHT_ID_SIZE;
    if (skip < flight->len)
        hash = dns_wire_hash(hash, flight->octets + skip, flight->len - skip);
    return hash % FLIGHTS_BUCKETS;
}

/* But for the ID. */
static bool flights_are_alike(const struct flight *a, const struct flight *b)
{
    return a->len == b->len && a->len >= FLIGHT_ID_SIZE && address_equal(&a->from, &b->from) &&
           address_equal(&a->to, &b->to) &&
           memcmp(a->octets + FLIGHT_ID_SIZE, b->octets + FLIGHT_ID_SIZE,
                  a->len - FLIGHT_ID_SIZE) == 0;
}

static void flights_keep_id(struct flight *f, uint16_t id)
{
    for (unsigned i = 0; i < f->id_count; i++)
        if (f->ids[i] == id)
            return;
    if (f->id_count < FLIGHT_IDS)
        f->ids[f->id_count++] = id;
}

bool flights_join(struct flights *flights, const struct flight *like)
{
    for (struct flight *f = flights->buckets[flights_bucket(like)]; f; f = f->next) {
        if (!flights_are_alike(f, like))
            continue;
        uint16_t id = dns_wire_u16_at(like->octets);
        bool same = id == dns_wire_u16_at(f->octets);
        if (!same && !f->verified)
            continue;
        if (!same)
            flights_keep_id(f, id);
        return true;
    }
    return false;
}

void flights_take_off(struct flights *flights, struct flight *flight)
{
    struct flight **bucket = &flights->buckets[flights_bucket(flight)];
    flight->next = *bucket;
    flight->link = bucket;
    if (flight->next)
        flight->next->link = &flight->next;
    *bucket = flight;
}

void flight_land(struct flight *flight)
{
    if (!flight->link)
        return;
    *flight->link = flight->next;
    if (flight->next)
        flight->next->link = flight->link;
    flight->link = NULL;
}
