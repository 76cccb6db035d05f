#include "relay/memory.h"

#include <stdlib.h>
#include <string.h>

struct memory *memory_new(unsigned zones)
{
    struct memory *m = calloc(1, sizeof *m);
    if (!m)
        return NULL;
    pthread_mutex_init(&m->mutex, NULL);
    recent_init(&m->recent);
    rate_init(&m->refusals);
    replay_init(&m->replay);
    m->notices = notices_new();
    m->sleepers = sleepers_new(zones);
    m->polls = polls_new();
    m->shares = shares_new();
    m->slots = slots_new();
    if (m->notices && m->sleepers && m->polls && m->shares && m->slots)
        return m;
    memory_free(m);
    return NULL;
}

void memory_free(struct memory *m)
{
    if (!m)
        return;
    notices_free(m->notices);
    sleepers_free(m->sleepers);
    polls_free(m->polls);
    shares_free(m->shares);
    slots_free(m->slots);
    replay_fini(&m->replay);
    rate_fini(&m->refusals);
    recent_fini(&m->recent);
    pthread_mutex_destroy(&m->mutex);
    free(m->key_turns);
    free(m);
}

static int memory_reserve_turns(struct memory *m, unsigned count)
{
    if (count <= m->peer_numbers)
        return 0;
    unsigned *turns = reallocarray(m->key_turns, count, sizeof *turns);
    if (!turns)
        return DNS_EMEMORY;
    memset(turns + m->peer_numbers, 0, (count - m->peer_numbers) * sizeof *turns);
    m->key_turns = turns;
    m->peer_numbers = count;
    return 0;
}

int memory_reserve(struct memory *m, unsigned count)
{
    pthread_mutex_lock(&m->mutex);
    int error = memory_reserve_turns(m, count);
    pthread_mutex_unlock(&m->mutex);
    if (error == 0)
        error = notices_reserve(m->notices, count);
    if (error == 0)
        error = sleepers_reserve(m->sleepers, count);
    if (error == 0)
        error = shares_reserve(m->shares, count);
    return error == 0 ? slots_reserve(m->slots, count) : error;
}

unsigned memory_key_turn(struct memory *m, unsigned peer)
{
    pthread_mutex_lock(&m->mutex);
    unsigned turn = m->key_turns[peer];
    pthread_mutex_unlock(&m->mutex);
    return turn;
}

bool memory_turn_key(struct memory *m, unsigned peer, unsigned from, unsigned to)
{
    pthread_mutex_lock(&m->mutex);
    bool first = m->key_turns[peer] == from;
    if (first)
        m->key_turns[peer] = to;
    pthread_mutex_unlock(&m->mutex);
    return first;
}
