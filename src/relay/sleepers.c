/* One entry for each secondary and zone, found by hash. Entries stand in a list by age, whose
 * oldest makes room; those with something to tell stand in one of five queues as well, by how
 * often it was told: all in a queue wait equally long, so each queue is in the order of time by
 * itself. */
#include "relay/sleepers.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "dns/xfr.h"

/* M3: so long after the one before. */
static const uint64_t sleepers_delay_ms[SLEEPERS_TRIES] = {15000, 30000, 60000, 120000, 240000};

#define SLEEPERS_BUCKETS_MAX 65536

struct sleeper_entry {
    unsigned peer;
    unsigned primary;
    unsigned tries;
    bool asked;
    uint64_t asked_at; /* ms */
    uint64_t due;      /* ms */
    uint8_t *octets;   /* owned; NULL: in no queue */
    size_t len;
    struct sleeper_hint hint; /* of the octets */
    LIST_ENTRY(sleeper_entry) hash;
    TAILQ_ENTRY(sleeper_entry) age;
    TAILQ_ENTRY(sleeper_entry) queue;
    size_t zone_len;
    uint8_t zone[]; /* lower case */
};

LIST_HEAD(sleeper_bucket, sleeper_entry);
TAILQ_HEAD(sleeper_queue, sleeper_entry);

struct sleepers {
    pthread_mutex_t mutex;
    unsigned peers;
    unsigned most;
    unsigned count;
    unsigned buckets;
    struct sleeper_state {
        bool asleep;
        bool stirred;        /* it has asked something since */
        uint64_t stirred_at; /* ms */
    } * states;
    struct sleeper_bucket *hash;
    struct sleeper_queue age;
    struct sleeper_queue queues[SLEEPERS_TRIES];
};

struct sleepers *sleepers_new(unsigned zones)
{
    struct sleepers *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    pthread_mutex_init(&s->mutex, NULL);
    s->most = zones;
    s->buckets = zones < SLEEPERS_BUCKETS_MAX ? zones + 1 : SLEEPERS_BUCKETS_MAX;
    s->hash = calloc(s->buckets, sizeof *s->hash);
    TAILQ_INIT(&s->age);
    for (unsigned i = 0; i < SLEEPERS_TRIES; i++)
        TAILQ_INIT(&s->queues[i]);
    if (s->hash)
        return s;
    sleepers_free(s);
    return NULL;
}

static int sleepers_grow(struct sleepers *s, unsigned count)
{
    if (count <= s->peers)
        return 0;
    struct sleeper_state *states = reallocarray(s->states, count, sizeof *states);
    if (!states)
        return DNS_EMEMORY;
    memset(states + s->peers, 0, (count - s->peers) * sizeof *states);
    s->states = states;
    s->peers = count;
    return 0;
}

int sleepers_reserve(struct sleepers *s, unsigned count)
{
    pthread_mutex_lock(&s->mutex);
    int error = sleepers_grow(s, count);
    pthread_mutex_unlock(&s->mutex);
    return error;
}

/* Nothing is told any more. */
static void sleepers_silence(struct sleepers *s, struct sleeper_entry *e)
{
    if (e->octets)
        TAILQ_REMOVE(&s->queues[e->tries], e, queue);
    free(e->octets);
    e->octets = NULL;
}

static void sleepers_forget(struct sleepers *s, struct sleeper_entry *e)
{
    sleepers_silence(s, e);
    LIST_REMOVE(e, hash);
    TAILQ_REMOVE(&s->age, e, age);
    s->count--;
    free(e);
}

void sleepers_free(struct sleepers *s)
{
    if (!s)
        return;
    for (struct sleeper_entry *e = TAILQ_FIRST(&s->age), *next; e; e = next) {
        next = TAILQ_NEXT(e, age);
        sleepers_forget(s, e);
    }
    pthread_mutex_destroy(&s->mutex);
    free(s->hash);
    free(s->states);
    free(s);
}

/* What an entry is found by. */
struct sleeper_key {
    unsigned peer;
    struct dns_name zone; /* in lower case */
    struct sleeper_bucket *bucket;
};

static void sleepers_key(const struct sleepers *s, unsigned peer, const struct dns_name *zone,
                         struct sleeper_key *out)
{
    out->peer = peer;
    out->zone.len = zone->len;
    memcpy(out->zone.octets, zone->octets, zone->len);
    dns_name_lower(&out->zone);
    out->bucket = &s->hash[dns_wire_hash(peer, out->zone.octets, zone->len) % s->buckets];
}

static struct sleeper_entry *sleepers_find_key(const struct sleeper_key *key)
{
    struct sleeper_entry *e = LIST_FIRST(key->bucket);
    while (e && (e->peer != key->peer || e->zone_len != key->zone.len ||
                 memcmp(e->zone, key->zone.octets, key->zone.len) != 0))
        e = LIST_NEXT(e, hash);
    return e;
}

static struct sleeper_entry *sleepers_find(const struct sleepers *s, unsigned peer,
                                           const struct dns_name *zone)
{
    struct sleeper_key key;
    sleepers_key(s, peer, zone, &key);
    return sleepers_find_key(&key);
}

/* The entry, the youngest from now on; NULL: no memory, or none is to be kept. */
static struct sleeper_entry *sleepers_touch(struct sleepers *s, unsigned peer,
                                            const struct dns_name *zone)
{
    struct sleeper_key key;
    sleepers_key(s, peer, zone, &key);
    struct sleeper_entry *e = sleepers_find_key(&key);
    if (e) {
        TAILQ_REMOVE(&s->age, e, age);
        TAILQ_INSERT_TAIL(&s->age, e, age);
        return e;
    }
    e = s->most > 0 ? calloc(1, sizeof *e + zone->len) : NULL;
    if (!e)
        return NULL;
    if (s->count == s->most)
        sleepers_forget(s, TAILQ_FIRST(&s->age));
    e->peer = peer;
    e->zone_len = zone->len;
    memcpy(e->zone, key.zone.octets, zone->len);
    LIST_INSERT_HEAD(key.bucket, e, hash);
    TAILQ_INSERT_TAIL(&s->age, e, age);
    s->count++;
    return e;
}

bool sleepers_is_asleep(struct sleepers *s, unsigned peer)
{
    pthread_mutex_lock(&s->mutex);
    bool asleep = s->states[peer].asleep;
    pthread_mutex_unlock(&s->mutex);
    return asleep;
}

bool sleepers_fall_asleep(struct sleepers *s, unsigned peer, uint64_t since)
{
    pthread_mutex_lock(&s->mutex);
    struct sleeper_state *state = &s->states[peer];
    bool was = state->asleep;
    state->asleep = true;
    state->stirred = state->stirred && state->stirred_at >= since;
    pthread_mutex_unlock(&s->mutex);
    return !was;
}

void sleepers_wake(struct sleepers *s, unsigned peer)
{
    pthread_mutex_lock(&s->mutex);
    s->states[peer] = (struct sleeper_state){.asleep = false};
    pthread_mutex_unlock(&s->mutex);
}

unsigned sleepers_copies(struct sleepers *s, unsigned peer)
{
    pthread_mutex_lock(&s->mutex);
    unsigned copies = s->states[peer].asleep && !s->states[peer].stirred ? 1 : 3;
    pthread_mutex_unlock(&s->mutex);
    return copies;
}

void sleepers_asked(struct sleepers *s, unsigned peer, const struct dns_name *zone, uint64_t now)
{
    pthread_mutex_lock(&s->mutex);
    struct sleeper_entry *e = sleepers_touch(s, peer, zone);
    s->states[peer].stirred = true;
    s->states[peer].stirred_at = now;
    if (e) {
        e->asked = true;
        e->asked_at = now;
        sleepers_silence(s, e);
    }
    pthread_mutex_unlock(&s->mutex);
}

bool sleepers_has_asked(struct sleepers *s, unsigned peer, const struct dns_name *zone)
{
    return sleepers_has_asked_since(s, peer, zone, 0);
}

bool sleepers_has_asked_since(struct sleepers *s, unsigned peer, const struct dns_name *zone,
                              uint64_t since)
{
    pthread_mutex_lock(&s->mutex);
    const struct sleeper_entry *e = sleepers_find(s, peer, zone);
    bool asked = e && e->asked && e->asked_at >= since;
    pthread_mutex_unlock(&s->mutex);
    return asked;
}

static void sleepers_schedule(struct sleepers *s, struct sleeper_entry *e, unsigned tries,
                              uint64_t now)
{
    e->tries = tries;
    e->due = now + sleepers_delay_ms[tries];
    TAILQ_INSERT_TAIL(&s->queues[tries], e, queue);
}

/* A NOTIFY may be overtaken on its way, or come from someone else, so an older one takes nothing
 * away. Whoever hears one without a version asks. */
static bool sleepers_is_newer(const struct sleeper_entry *e, struct sleeper_hint hint)
{
    return e->octets && hint.known &&
           (!e->hint.known || dns_xfr_serial_newer(e->hint.serial, hint.serial));
}

static int sleepers_note(struct sleepers *s, const struct sleeper_tale *tale,
                         const struct dns_name *zone, uint64_t now)
{
    assert(tale->len <= DNS_NOTIFY_MAX);
    struct sleeper_entry *e = sleepers_touch(s, tale->peer, zone);
    if (e && sleepers_is_newer(e, tale->hint))
        return 0;
    uint8_t *octets = e ? malloc(tale->len) : NULL;
    if (!octets)
        return DNS_EMEMORY;
    sleepers_silence(s, e);
    memcpy(octets, tale->octets, tale->len);
    e->primary = tale->primary;
    e->octets = octets;
    e->len = tale->len;
    e->hint = tale->hint;
    sleepers_schedule(s, e, 0, now);
    return 0;
}

int sleepers_tell(struct sleepers *s, const struct sleeper_tale *tale, const struct dns_name *zone,
                  uint64_t now)
{
    pthread_mutex_lock(&s->mutex);
    int error = sleepers_note(s, tale, zone, now);
    pthread_mutex_unlock(&s->mutex);
    return error;
}

void sleepers_told(struct sleepers *s, unsigned peer, const struct dns_name *zone,
                   struct sleeper_hint hint)
{
    pthread_mutex_lock(&s->mutex);
    struct sleeper_entry *e = sleepers_find(s, peer, zone);
    if (e && !sleepers_is_newer(e, hint))
        sleepers_silence(s, e);
    pthread_mutex_unlock(&s->mutex);
}

/* Of the heads of the queues the one whose time comes first; NULL when all are empty. */
static struct sleeper_entry *sleepers_first(const struct sleepers *s)
{
    struct sleeper_entry *first = NULL;
    for (unsigned i = 0; i < SLEEPERS_TRIES; i++) {
        struct sleeper_entry *e = TAILQ_FIRST(&s->queues[i]);
        if (e && (!first || e->due < first->due))
            first = e;
    }
    return first;
}

uint64_t sleepers_deadline(struct sleepers *s, unsigned *primary)
{
    pthread_mutex_lock(&s->mutex);
    const struct sleeper_entry *e = sleepers_first(s);
    uint64_t deadline = e ? e->due : UINT64_MAX;
    if (e)
        *primary = e->primary;
    pthread_mutex_unlock(&s->mutex);
    return deadline;
}

/* Tells it once more, and when it does so again is settled. */
static void sleepers_take(struct sleepers *s, struct sleeper_entry *e, uint64_t now,
                          struct sleeper_tale *out, uint8_t room[DNS_NOTIFY_MAX])
{
    unsigned tries = e->tries + 1;
    memcpy(room, e->octets, e->len);
    *out = (struct sleeper_tale){e->peer, e->primary, tries, room, e->len, e->hint};
    if (tries == SLEEPERS_TRIES) {
        sleepers_silence(s, e);
        return;
    }
    TAILQ_REMOVE(&s->queues[e->tries], e, queue);
    sleepers_schedule(s, e, tries, now);
}

bool sleepers_next(struct sleepers *s, uint64_t now, struct sleeper_tale *out,
                   uint8_t room[DNS_NOTIFY_MAX])
{
    pthread_mutex_lock(&s->mutex);
    struct sleeper_entry *e = sleepers_first(s);
    bool due = e && e->due <= now;
    if (due)
        sleepers_take(s, e, now, out, room);
    pthread_mutex_unlock(&s->mutex);
    return due;
}
