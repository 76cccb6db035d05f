/* A hash of notices by primary and zone; the lines of those that wait for their turn; and a list of
 * those that are over, oldest first, which make room. A notice is in a line or the list, or its
 * fan-out is in motion: then what it tells stays as it is, for its teller to read.
 *
 * One lock for all of it. Functions that take it are at the end of each part. */
#include "relay/notices.h"

#include <assert.h>
#include <stdlib.h>

#include "notice_lines.h"

#define NOTICES_BUCKETS 4096

TAILQ_HEAD(notice_list, notice);

struct notices {
    pthread_mutex_t mutex;
    struct notice_lines lines;
    unsigned unknown; /* neither idle nor known */
    unsigned waiters;
    unsigned count;
    struct notice_list idle;
    LIST_HEAD(notice_bucket_list, notice) hash[NOTICES_BUCKETS];
};

struct notices *notices_new(void)
{
    struct notices *book = calloc(1, sizeof *book);
    if (!book)
        return NULL;
    pthread_mutex_init(&book->mutex, NULL);
    TAILQ_INIT(&book->idle);
    return book;
}

int notices_reserve(struct notices *book, unsigned count)
{
    pthread_mutex_lock(&book->mutex);
    int error = notice_lines_reserve(&book->lines, count);
    pthread_mutex_unlock(&book->mutex);
    return error;
}

void notices_set_rate(struct notices *book, unsigned primary, unsigned rate)
{
    pthread_mutex_lock(&book->mutex);
    notice_lines_set_rate(&book->lines, primary, rate);
    pthread_mutex_unlock(&book->mutex);
}

static void notices_forget(struct notices *book, struct notice *n)
{
    LIST_REMOVE(n, hash);
    book->count--;
    notice_text_fini(&n->now);
    notice_text_fini(&n->next);
    acks_fini(&n->acks);
    free(n);
}

static void notices_unlink(struct notice_waiter *waiter)
{
    if (!waiter->notice)
        return;
    waiter->notice->waiter_count--;
    waiter->book->waiters--;
    waiter->notice = NULL;
    LIST_REMOVE(waiter, entry);
}

/* Who still waits, waits for nothing any more. */
static void notices_abandon(struct notice_waiters *waiters)
{
    struct notice_waiter *w;
    while ((w = LIST_FIRST(waiters)))
        notices_unlink(w);
}

void notices_free(struct notices *book)
{
    if (!book)
        return;
    for (unsigned i = 0; i < NOTICES_BUCKETS; i++) {
        struct notice *n;
        while ((n = LIST_FIRST(&book->hash[i]))) {
            notices_abandon(&n->waiters);
            notices_abandon(&n->next_waiters);
            notices_forget(book, n);
        }
    }
    notice_lines_fini(&book->lines);
    pthread_mutex_destroy(&book->mutex);
    free(book);
}

/* Case aside. */
static size_t notices_hash(unsigned primary, const struct dns_name *zone)
{
    struct dns_name lower = *zone;
    dns_name_lower(&lower);
    return dns_wire_hash(primary, lower.octets, lower.len) % NOTICES_BUCKETS;
}

static struct notice *notices_find(struct notices *book, const struct notice_arrival *a)
{
    unsigned primary = a->primary->number;
    const struct dns_name *zone = &a->message->qname;
    struct notice *n = LIST_FIRST(&book->hash[notices_hash(primary, zone)]);
    while (n && (n->primary != primary || n->only != a->only || !dns_name_equal(&n->zone, zone)))
        n = LIST_NEXT(n, hash);
    return n;
}

/* One more, maybe in the place of one that is over; of those that nobody is known to want, which
 * anyone can invent, no more than half of all. */
static bool notices_has_room(const struct notices *book, bool known)
{
    if (!known && book->unknown >= NOTICES_MAX / 2)
        return false;
    return book->count < NOTICES_MAX || !TAILQ_EMPTY(&book->idle);
}

static struct notice *notices_add(struct notices *book, const struct notice_arrival *a)
{
    struct notice *oldest = TAILQ_FIRST(&book->idle);
    struct notice *n = calloc(1, sizeof *n);
    if (!n)
        return NULL;
    if (book->count >= NOTICES_MAX && oldest) {
        TAILQ_REMOVE(&book->idle, oldest, queue);
        notices_forget(book, oldest);
    }
    n->primary = a->primary->number;
    n->only = a->only;
    n->zone = a->message->qname;
    LIST_INIT(&n->waiters);
    LIST_INIT(&n->next_waiters);
    LIST_INSERT_HEAD(&book->hash[notices_hash(n->primary, &n->zone)], n, hash);
    book->count++;
    TAILQ_INSERT_TAIL(&book->idle, n, queue);
    return n;
}

/* `text` is what is told now; who acknowledged something else has acknowledged nothing. The newest
 * hint of a minute stays, though: a secondary that has yet to hear of that heeds no older one. */
static void notices_replace(struct notices *book, struct notice *n, struct notice_text *text,
                            bool keep_acks)
{
    bool stays =
        notice_text_is_older(text, &n->now) && book->lines.now < n->now.came + NOTICES_KEEP_MS;
    if (stays)
        notice_text_fini(text);
    else
        notice_text_move(&n->now, text);
    if (!keep_acks)
        acks_fini(&n->acks);
}

static void notices_enqueue(struct notices *book, struct notice *n)
{
    n->state = NOTICE_QUEUED;
    n->answered = false;
    notice_lines_add(&book->lines, n);
}

static void notices_wait(struct notices *book, struct notice *n, struct notice_waiters *waiters,
                         struct notice_waiter *w)
{
    w->state = NOTICE_WAITS;
    w->notice = n;
    n->waiter_count++;
    book->waiters++;
    LIST_INSERT_HEAD(waiters, w, entry);
}

/* It came while another was told: it is carried by that one, or by one more that follows. */
static void notices_meet(struct notices *book, struct notice *n, struct notice_text *text,
                         struct notice_waiter *waiter)
{
    bool joins = notice_text_same_hint(text, &n->now) || notice_text_is_retry(text, &n->now);
    if (joins && n->state == NOTICE_SPENT) {
        waiter->state = NOTICE_ANSWERED;
        waiter->rcode = n->rcode;
        return;
    }
    notices_wait(book, n, joins ? &n->waiters : &n->next_waiters, waiter);
    if (joins)
        return;
    if (notice_text_is_newer(text, &n->next))
        notice_text_move(&n->next, text);
    /* What it still does for sleepers, the next one does as well. */
    if (n->state == NOTICE_SPENT)
        bell_ring(&n->teller);
}

/* Nothing of this zone is in motion. */
static void notices_begin(struct notices *book, struct notice *n, const struct notice_arrival *a,
                          struct notice_text *text, struct notice_waiter *waiter)
{
    bool retry = n->until > a->now && notice_text_is_retry(&n->now, text);
    if (retry && n->answered && acks_have(&n->acks, a->secondaries, a->secondary_count)) {
        waiter->state = NOTICE_ANSWERED;
        waiter->rcode = n->rcode;
        return;
    }
    TAILQ_REMOVE(&book->idle, n, queue);
    n->known = a->known;
    book->unknown += !n->known;
    notices_replace(book, n, text, retry);
    notices_wait(book, n, &n->waiters, waiter);
    notices_enqueue(book, n);
}

static int notices_admit(struct notices *book, const struct notice_arrival *a,
                         struct notice_waiter *waiter)
{
    struct notice_text text = {0};
    struct notice *n = notices_find(book, a);
    notice_lines_see(&book->lines, a->now);
    if (n ? n->waiter_count >= NOTICES_WAITERS_MAX : !notices_has_room(book, a->known))
        return DNS_ESPACE;
    if (book->waiters >= (a->known ? NOTICES_ALL_WAITERS_MAX : NOTICES_ALL_WAITERS_MAX / 2))
        return DNS_ESPACE;
    if (!n)
        n = notices_add(book, a);
    int error = n ? notice_text_init(&text, a->message, a->from, a->transport) : DNS_EMEMORY;
    if (error < 0)
        return error;
    text.came = a->now;
    switch (n->state) {
    case NOTICE_IDLE:
        notices_begin(book, n, a, &text, waiter);
        break;
    case NOTICE_QUEUED:
        if (notice_text_is_newer(&text, &n->now) && !notice_text_is_retry(&text, &n->now))
            notices_replace(book, n, &text, false);
        notices_wait(book, n, &n->waiters, waiter);
        break;
    case NOTICE_TOLD:
    case NOTICE_SPENT:
        notices_meet(book, n, &text, waiter);
        break;
    }
    notice_text_fini(&text);
    return 0;
}

int notices_join(struct notices *book, const struct notice_arrival *a, struct notice_waiter *waiter)
{
    waiter->book = book;
    pthread_mutex_lock(&book->mutex);
    int error = notices_admit(book, a, waiter);
    pthread_mutex_unlock(&book->mutex);
    if (error < 0)
        waiter->book = NULL;
    return error;
}

enum notice_wait notices_look(struct notice_waiter *waiter, unsigned *rcode)
{
    pthread_mutex_lock(&waiter->book->mutex);
    enum notice_wait state = waiter->state;
    *rcode = waiter->rcode;
    pthread_mutex_unlock(&waiter->book->mutex);
    return state;
}

void notices_leave(struct notice_waiter *waiter)
{
    if (!waiter->book)
        return;
    pthread_mutex_lock(&waiter->book->mutex);
    notices_unlink(waiter);
    pthread_mutex_unlock(&waiter->book->mutex);
    bell_leave(&waiter->caller);
    waiter->book = NULL;
}

/* Turns. */

uint64_t notices_turn(struct notices *book, unsigned primary, uint64_t now)
{
    pthread_mutex_lock(&book->mutex);
    notice_lines_see(&book->lines, now);
    uint64_t turn = notice_lines_turn(&book->lines, primary);
    pthread_mutex_unlock(&book->mutex);
    return turn;
}

void notices_take_turn(struct notices *book, unsigned primary)
{
    pthread_mutex_lock(&book->mutex);
    notice_lines_take_turn(&book->lines, primary);
    pthread_mutex_unlock(&book->mutex);
}

struct notice *notices_next(struct notices *book, struct bell *bell, uint64_t now)
{
    pthread_mutex_lock(&book->mutex);
    notice_lines_see(&book->lines, now);
    struct notice *n = notice_lines_take(&book->lines);
    if (n) {
        n->state = NOTICE_TOLD;
        n->teller = (struct caller){.bell = bell};
    }
    pthread_mutex_unlock(&book->mutex);
    return n;
}

uint64_t notices_deadline(struct notices *book)
{
    pthread_mutex_lock(&book->mutex);
    uint64_t deadline = notice_lines_deadline(&book->lines);
    pthread_mutex_unlock(&book->mutex);
    return deadline;
}

void notices_copies(struct notices *book, int copies)
{
    pthread_mutex_lock(&book->mutex);
    book->lines.copies += (unsigned)copies;
    pthread_mutex_unlock(&book->mutex);
}

/* Answers. */

static void notices_release(struct notice *n, enum notice_wait state)
{
    struct notice_waiter *w;
    while ((w = LIST_FIRST(&n->waiters))) {
        notices_unlink(w);
        w->state = state;
        w->rcode = n->rcode;
        bell_ring(&w->caller);
    }
}

/* Something newer waits for this fan-out to end, which has nobody to answer any more. */
static bool notices_is_overtaken(const struct notice *n)
{
    return n->state == NOTICE_SPENT && n->next.octets;
}

void notices_answer(struct notices *book, struct notice *n, unsigned rcode)
{
    pthread_mutex_lock(&book->mutex);
    assert(n->state == NOTICE_TOLD);
    n->state = NOTICE_SPENT;
    n->answered = true;
    n->rcode = rcode;
    notices_release(n, NOTICE_ANSWERED);
    if (notices_is_overtaken(n))
        bell_ring(&n->teller);
    pthread_mutex_unlock(&book->mutex);
}

void notices_amend(struct notices *book, struct notice *n, unsigned rcode)
{
    pthread_mutex_lock(&book->mutex);
    n->rcode = rcode;
    pthread_mutex_unlock(&book->mutex);
}

bool notices_is_moot(struct notices *book, const struct notice *n, bool draining)
{
    pthread_mutex_lock(&book->mutex);
    bool moot = notices_is_overtaken(n) || (draining && n->waiter_count == 0);
    pthread_mutex_unlock(&book->mutex);
    return moot;
}

/* What came meanwhile is next. */
static void notices_go_on(struct notices *book, struct notice *n)
{
    struct notice_waiter *w;
    notices_replace(book, n, &n->next, false);
    while ((w = LIST_FIRST(&n->next_waiters))) {
        LIST_REMOVE(w, entry);
        LIST_INSERT_HEAD(&n->waiters, w, entry);
    }
    notices_enqueue(book, n);
}

void notices_done(struct notices *book, struct notice *n)
{
    pthread_mutex_lock(&book->mutex);
    notices_release(n, NOTICE_UNANSWERED);
    bell_leave(&n->teller);
    n->until = book->lines.now + NOTICES_KEEP_MS;
    if (n->next.octets) {
        notices_go_on(book, n);
    } else {
        n->state = NOTICE_IDLE;
        book->unknown -= !n->known;
        TAILQ_INSERT_TAIL(&book->idle, n, queue);
    }
    pthread_mutex_unlock(&book->mutex);
}
