#include "admin/notified.h"

void notified_init(struct notified *n)
{
    pthread_mutex_init(&n->mutex, NULL);
}

void notified_fini(struct notified *n)
{
    pthread_mutex_destroy(&n->mutex);
}

static struct notified_entry *notified_at(struct notified *n, uint32_t number)
{
    return &n->entries[number % NOTIFIED_MOST];
}

uint32_t notified_add(struct notified *n, const struct relay_event *event, int64_t now)
{
    /* Those two are said of a copy that has an end of its own. */
    if (!event->peer || !event->client || !event->zone || !event->address ||
        event->result == RESULT_ASLEEP || event->result == RESULT_GIVEN_UP)
        return 0;
    pthread_mutex_lock(&n->mutex);
    uint32_t number = n->last + 1 ? n->last + 1 : 1;
    n->last = number;
    *notified_at(n, number) = (struct notified_entry){
        .number = number,
        .time = now,
        .primary = event->client->number,
        .secondary = event->peer->number,
        .zone = *event->zone,
        .address = *event->address,
        .result = event->result,
        .has_rcode = event->has_rcode,
        .rcode = event->rcode,
        .has_serial = event->has_serial,
        .serial = event->serial,
        .tries = event->tries,
        .milliseconds = event->milliseconds,
    };
    pthread_mutex_unlock(&n->mutex);
    return number;
}

void notified_follow(struct notified *n, uint32_t number, int64_t now)
{
    pthread_mutex_lock(&n->mutex);
    struct notified_entry *entry = notified_at(n, number);
    if (entry->number == number)
        entry->transferred = now;
    pthread_mutex_unlock(&n->mutex);
}

void notified_walk(struct notified *n, void (*look)(void *arg, const struct notified_entry *entry),
                   void *arg)
{
    pthread_mutex_lock(&n->mutex);
    uint32_t number = n->last;
    for (unsigned i = 0; i < NOTIFIED_MOST && number > 0; i++, number--)
        if (notified_at(n, number)->number == number)
            look(arg, notified_at(n, number));
    pthread_mutex_unlock(&n->mutex);
}
