#include "relay/replay.h"

#include <string.h>

#include "dns/message.h"

/* A MAC is as good as random. */
static unsigned replay_hash(const struct replay_mark *mark)
{
    return dns_wire_u16_at(mark->mac) % REPLAY_ENTRIES;
}

static bool replay_same_mac(const struct replay_mark *a, const struct replay_mark *b)
{
    return a->key == b->key && memcmp(a->mac, b->mac, sizeof a->mac) == 0;
}

static bool replay_same_client(const struct replay_mark *a, const struct replay_mark *b)
{
    return a->tcp == b->tcp && a->id == b->id && address_equal(&a->from, &b->from) &&
           address_equal(&a->to, &b->to);
}

void replay_init(struct replay *r)
{
    pthread_mutex_init(&r->mutex, NULL);
}

void replay_fini(struct replay *r)
{
    pthread_mutex_destroy(&r->mutex);
}

/* NULL: not there. */
static const struct replay_entry *replay_find(const struct replay *r,
                                              const struct replay_mark *mark)
{
    unsigned at = r->buckets[replay_hash(mark)];
    while (at && !replay_same_mac(&r->entries[at - 1].mark, mark))
        at = r->entries[at - 1].next;
    return at ? &r->entries[at - 1] : NULL;
}

int replay_look(struct replay *r, const struct replay_mark *mark)
{
    int answer = REPLAY_NEW;
    pthread_mutex_lock(&r->mutex);
    const struct replay_entry *entry = replay_find(r, mark);
    if (entry && !replay_same_client(&entry->mark, mark))
        answer = REPLAY_OTHER;
    else if (entry)
        answer = entry->rcode >= 0 ? entry->rcode : DNS_RCODE_SERVFAIL;
    pthread_mutex_unlock(&r->mutex);
    return answer;
}

static void replay_unlink(struct replay *r, struct replay_entry *entry)
{
    unsigned place = (unsigned)(entry - r->entries) + 1;
    unsigned *at = &r->buckets[replay_hash(&entry->mark)];
    while (*at != place)
        at = &r->entries[*at - 1].next;
    *at = entry->next;
}

static uint64_t replay_put(struct replay *r, const struct replay_mark *mark)
{
    uint64_t ticket = ++r->tickets;
    unsigned place = (unsigned)(ticket % REPLAY_ENTRIES);
    struct replay_entry *entry = &r->entries[place];
    if (entry->ticket)
        replay_unlink(r, entry);
    unsigned *bucket = &r->buckets[replay_hash(mark)];
    *entry = (struct replay_entry){.mark = *mark, .ticket = ticket, .rcode = -1, .next = *bucket};
    *bucket = place + 1;
    return ticket;
}

uint64_t replay_add(struct replay *r, const struct replay_mark *mark)
{
    pthread_mutex_lock(&r->mutex);
    uint64_t ticket = replay_find(r, mark) ? 0 : replay_put(r, mark);
    pthread_mutex_unlock(&r->mutex);
    return ticket;
}

void replay_answered(struct replay *r, uint64_t ticket, unsigned rcode)
{
    struct replay_entry *entry = &r->entries[ticket % REPLAY_ENTRIES];
    pthread_mutex_lock(&r->mutex);
    if (ticket && entry->ticket == ticket)
        entry->rcode = rcode <= DNS_MASK_RCODE ? (int)rcode : DNS_RCODE_SERVFAIL;
    pthread_mutex_unlock(&r->mutex);
}
