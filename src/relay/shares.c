/* A peer's account is one number for each kind, and one for its unproven connections. Nothing is
 * kept sorted: a debtor is looked for when places have run out, which is not often, and there are
 * some ten thousand peers at most. */
#include "relay/shares.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct shares_account {
    unsigned percent;
    unsigned held[SHARES_KINDS];
    unsigned unproven; /* connections */
};

struct shares {
    pthread_mutex_t mutex;
    unsigned places[SHARES_KINDS];
    unsigned taken[SHARES_KINDS];
    unsigned strangers[SHARES_KINDS];
    struct shares_account *accounts; /* owned; by number of the peer */
    unsigned count;
};

struct shares *shares_new(void)
{
    struct shares *s = calloc(1, sizeof *s);
    if (s)
        pthread_mutex_init(&s->mutex, NULL);
    return s;
}

void shares_free(struct shares *s)
{
    if (!s)
        return;
    pthread_mutex_destroy(&s->mutex);
    free(s->accounts);
    free(s);
}

static int shares_grow(struct shares *s, unsigned count)
{
    if (count <= s->count)
        return 0;
    struct shares_account *accounts = reallocarray(s->accounts, count, sizeof *accounts);
    if (!accounts)
        return DNS_EMEMORY;
    memset(accounts + s->count, 0, (count - s->count) * sizeof *accounts);
    s->accounts = accounts;
    s->count = count;
    return 0;
}

int shares_reserve(struct shares *s, unsigned count)
{
    pthread_mutex_lock(&s->mutex);
    int error = shares_grow(s, count);
    pthread_mutex_unlock(&s->mutex);
    return error;
}

void shares_set_places(struct shares *s, enum shares_kind kind, unsigned places)
{
    pthread_mutex_lock(&s->mutex);
    s->places[kind] = places;
    pthread_mutex_unlock(&s->mutex);
}

void shares_set_percent(struct shares *s, unsigned peer, unsigned percent)
{
    pthread_mutex_lock(&s->mutex);
    s->accounts[peer].percent = percent;
    pthread_mutex_unlock(&s->mutex);
}

/* With the lock. */

static unsigned *shares_count_of(struct shares *s, enum shares_kind kind, struct shares_owner owner)
{
    if (owner.standing == SHARES_STRANGER)
        return &s->strangers[kind];
    assert(owner.number < s->count);
    struct shares_account *account = &s->accounts[owner.number];
    assert(owner.standing == SHARES_PEER || kind == SHARES_CONNECTIONS);
    return owner.standing == SHARES_PEER ? &account->held[kind] : &account->unproven;
}

static unsigned shares_free_places(const struct shares *s, enum shares_kind kind)
{
    return s->places[kind] > s->taken[kind] ? s->places[kind] - s->taken[kind] : 0;
}

static unsigned shares_at_least(unsigned number, unsigned least)
{
    return number > least ? number : least;
}

static unsigned shares_tenth(const struct shares *s, enum shares_kind kind)
{
    return shares_at_least(s->places[kind] / 10, 1);
}

static unsigned shares_of_peer(const struct shares *s, enum shares_kind kind, unsigned peer)
{
    uint64_t share = (uint64_t)s->places[kind] * s->accounts[peer].percent / 100;
    return shares_at_least((unsigned)share, 1);
}

/* What an owner may hold wherever others want places. */
static unsigned shares_limit(const struct shares *s, enum shares_kind kind,
                             struct shares_owner owner)
{
    switch (owner.standing) {
    case SHARES_STRANGER:
        return s->places[kind] / 8;
    case SHARES_UNPROVEN:
        return shares_at_least(shares_of_peer(s, kind, owner.number) / 8, SHARES_UNPROVEN_LEAST);
    default:
        return shares_of_peer(s, kind, owner.number);
    }
}

static enum shares_verdict shares_judge(struct shares *s, enum shares_kind kind,
                                        struct shares_owner owner)
{
    bool below = *shares_count_of(s, kind, owner) < shares_limit(s, kind, owner);
    unsigned left = shares_free_places(s, kind);
    if (owner.standing == SHARES_STRANGER)
        return below && left > shares_tenth(s, kind) ? SHARES_GRANTED : SHARES_OVER;
    if (below)
        return left > 0 ? SHARES_GRANTED : SHARES_NONE;
    bool beyond = owner.standing == SHARES_PEER && left > shares_tenth(s, kind);
    return beyond ? SHARES_GRANTED : SHARES_OVER;
}

static void shares_add(struct shares *s, enum shares_kind kind, struct shares_owner owner)
{
    ++*shares_count_of(s, kind, owner);
    s->taken[kind]++;
}

static void shares_remove(struct shares *s, enum shares_kind kind, struct shares_owner owner)
{
    unsigned *count = shares_count_of(s, kind, owner);
    assert(*count > 0);
    --*count;
    s->taken[kind]--;
}

/* Places above its share; negative below it. */
static int64_t shares_excess(struct shares *s, enum shares_kind kind, struct shares_owner owner)
{
    int64_t share = owner.standing == SHARES_PEER ? shares_limit(s, kind, owner) : 0;
    return (int64_t)*shares_count_of(s, kind, owner) - share;
}

static bool shares_look_for_debtor(struct shares *s, enum shares_kind kind, const unsigned *peer,
                                   struct shares_owner *out)
{
    int64_t most = peer ? shares_excess(s, kind, (struct shares_owner){SHARES_PEER, *peer}) + 1 : 0;
    *out = (struct shares_owner){SHARES_STRANGER, 0};
    bool found = shares_excess(s, kind, *out) > most && s->strangers[kind] > 0;
    if (found)
        most = shares_excess(s, kind, *out);
    for (unsigned i = 0; i < s->count; i++) {
        struct shares_owner one = {SHARES_PEER, i};
        if (s->accounts[i].held[kind] == 0 || shares_excess(s, kind, one) <= most)
            continue;
        most = shares_excess(s, kind, one);
        *out = one;
        found = true;
    }
    return found;
}

/* Each takes the lock for what its like above does. */

enum shares_verdict shares_look(struct shares *s, enum shares_kind kind, struct shares_owner owner)
{
    pthread_mutex_lock(&s->mutex);
    enum shares_verdict verdict = shares_judge(s, kind, owner);
    pthread_mutex_unlock(&s->mutex);
    return verdict;
}

enum shares_verdict shares_take(struct shares *s, enum shares_kind kind, struct shares_owner owner)
{
    pthread_mutex_lock(&s->mutex);
    enum shares_verdict verdict = shares_judge(s, kind, owner);
    if (verdict == SHARES_GRANTED)
        shares_add(s, kind, owner);
    pthread_mutex_unlock(&s->mutex);
    return verdict;
}

bool shares_take_any(struct shares *s, enum shares_kind kind, struct shares_owner owner)
{
    pthread_mutex_lock(&s->mutex);
    bool free = shares_free_places(s, kind) > 0;
    if (free)
        shares_add(s, kind, owner);
    pthread_mutex_unlock(&s->mutex);
    return free;
}

void shares_give(struct shares *s, enum shares_kind kind, struct shares_owner owner)
{
    pthread_mutex_lock(&s->mutex);
    shares_remove(s, kind, owner);
    pthread_mutex_unlock(&s->mutex);
}

enum shares_verdict shares_move(struct shares *s, enum shares_kind kind, struct shares_owner from,
                                struct shares_owner to)
{
    pthread_mutex_lock(&s->mutex);
    /* The place itself is free for who moves into it, but of the last tenth it is none. */
    bool below = *shares_count_of(s, kind, to) < shares_limit(s, kind, to);
    enum shares_verdict verdict = below ? SHARES_GRANTED : shares_judge(s, kind, to);
    if (verdict == SHARES_GRANTED) {
        shares_remove(s, kind, from);
        shares_add(s, kind, to);
    }
    pthread_mutex_unlock(&s->mutex);
    return verdict;
}

void shares_pass(struct shares *s, enum shares_kind kind, struct shares_owner from,
                 struct shares_owner to)
{
    pthread_mutex_lock(&s->mutex);
    shares_remove(s, kind, from);
    shares_add(s, kind, to);
    pthread_mutex_unlock(&s->mutex);
}

bool shares_find_debtor(struct shares *s, enum shares_kind kind, const unsigned *peer,
                        struct shares_owner *out)
{
    pthread_mutex_lock(&s->mutex);
    bool found = shares_look_for_debtor(s, kind, peer, out);
    pthread_mutex_unlock(&s->mutex);
    return found;
}

unsigned shares_lacking(struct shares *s, enum shares_kind kind)
{
    pthread_mutex_lock(&s->mutex);
    unsigned left = shares_free_places(s, kind), tenth = shares_tenth(s, kind);
    pthread_mutex_unlock(&s->mutex);
    return left < tenth ? tenth - left : 0;
}

bool shares_are_ample(struct shares *s, enum shares_kind kind)
{
    pthread_mutex_lock(&s->mutex);
    bool ample = s->taken[kind] < s->places[kind] / 2;
    pthread_mutex_unlock(&s->mutex);
    return ample;
}

unsigned shares_held(struct shares *s, enum shares_kind kind, struct shares_owner owner)
{
    pthread_mutex_lock(&s->mutex);
    unsigned held = *shares_count_of(s, kind, owner);
    pthread_mutex_unlock(&s->mutex);
    return held;
}
