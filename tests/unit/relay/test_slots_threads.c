/* Threads that take places, keep connections idle and give them back: never more than there are,
 * each that waits has its turn, and none is left at the end. */
#include <criterion/criterion.h>
#include <stdatomic.h>

#include "relay/slots.h"

#define THREADS 4
#define LIMIT   6
#define ROUNDS  3000
#define EACH    5 /* questions that one asks at a time */

static struct slots *book;
static atomic_uint open_now, most;

/* Two of them are of one peer. */
struct worker {
    struct bell bell;
    unsigned client;
    struct slot *idle; /* its connection is open */
    pthread_mutex_t mutex;
    pthread_cond_t news;
    bool rung;
};

static void on_ring(void *arg)
{
    struct worker *w = arg;
    pthread_mutex_lock(&w->mutex);
    w->rung = true;
    pthread_cond_signal(&w->news);
    pthread_mutex_unlock(&w->mutex);
}

static void on_wake(void *owner)
{
    (void)owner;
}

static void on_wanted(void *owner)
{
    struct worker *w = owner;
    if (!slots_is_wanted(w->idle))
        return;
    open_now--;
    slots_release(w->idle);
    w->idle = NULL;
}

static void answer_bell(struct worker *w)
{
    for (struct caller *c; (c = bell_next(&w->bell));)
        c->wake(c->owner);
}

static void await_bell(struct worker *w)
{
    pthread_mutex_lock(&w->mutex);
    while (!w->rung)
        pthread_cond_wait(&w->news, &w->mutex);
    w->rung = false;
    pthread_mutex_unlock(&w->mutex);
    answer_bell(w);
}

static void connect_one(struct worker *w, struct slot *slot)
{
    if (w->idle && slots_serve(w->idle, slot)) {
        w->idle = NULL;
        return;
    }
    unsigned now = ++open_now, before = most;
    while (now > before && !atomic_compare_exchange_weak(&most, &before, now))
        continue;
}

static void disconnect(struct worker *w, struct slot *slot)
{
    const struct caller caller = {.wake = on_wanted, .owner = w, .bell = &w->bell};
    if (!w->idle && slots_rest(slot, &caller) != SLOTS_WANTED) {
        w->idle = slot;
        return;
    }
    open_now--;
    slots_release(slot);
}

static void ask(struct worker *w, unsigned round)
{
    struct slot *slots[EACH];
    const struct slot_wish wish = {
        .client = w->client, .user = w, .caller = {.wake = on_wake, .bell = &w->bell}};
    for (unsigned i = 0; i < EACH; i++)
        slots[i] = slots_take(book, &wish);
    for (unsigned i = 0; i < EACH; i++) {
        if ((round + i) % 7 == 0) {
            slots_release(slots[i]); /* it has left */
            continue;
        }
        while (!slots_is_held(slots[i]))
            await_bell(w);
        connect_one(w, slots[i]);
        disconnect(w, slots[i]);
    }
}

static void *work(void *arg)
{
    struct worker *w = arg;
    for (unsigned i = 0; i < ROUNDS; i++) {
        answer_bell(w);
        ask(w, i);
    }
    if (w->idle) {
        open_now--;
        slots_release(w->idle);
    }
    return NULL;
}

Test(relay_slots_threads, M6_all_threads_together_have_no_more, .timeout = 60)
{
    static struct worker workers[THREADS];
    pthread_t threads[THREADS];
    book = slots_new();
    cr_assert(book && slots_reserve(book, 1) == 0);
    slots_set_limit(book, 0, LIMIT);
    for (unsigned i = 0; i < THREADS; i++) {
        struct worker *w = &workers[i];
        w->client = 1 + i / 2;
        pthread_mutex_init(&w->mutex, NULL);
        pthread_cond_init(&w->news, NULL);
        bell_init(&w->bell, on_ring, w);
        pthread_create(&threads[i], NULL, work, w);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    cr_expect_leq(most, LIMIT);
    cr_expect_eq(open_now, 0);
    struct slots_count count = slots_count(book, 0);
    cr_expect_eq(count.places + count.idle + count.waiting, 0);
    for (unsigned i = 0; i < THREADS; i++) {
        bell_fini(&workers[i].bell);
        pthread_cond_destroy(&workers[i].news);
        pthread_mutex_destroy(&workers[i].mutex);
    }
    slots_free(book);
}
