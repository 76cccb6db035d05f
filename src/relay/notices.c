/* A hash of notices by primary and zone; for each primary two queues of those that wait for their
 * turn, each with a bucket of tokens; and a list of those that are over, oldest first, which make
 * room. A notice is in one queue or the list, or its fan-out is in motion. */
#include "relay/notices.h"

#include <assert.h>
#include <stdlib.h>

#include "relay/bucket.h"

#define NOTICES_BUCKETS 4096
/* M3's notify-rate is for zones that nobody is known to want; the others have ten times as much. */
#define NOTICES_KNOWN_FACTOR 10

TAILQ_HEAD(notice_queue, notice);

/* The NOTIFYs of one primary that wait: [0] for unknown zones, [1] for known ones. */
struct notice_line {
    unsigned rate;
    struct notice_queue queue[2];
    struct bucket bucket[2];
};

struct notices {
    void (*wake)(void *arg, void *owner);
    void *arg;
    struct notice_line **lines; /* owned, as are they; by number of the primary */
    unsigned line_count;
    unsigned queued;
    unsigned unknown; /* neither idle nor known */
    unsigned waiters;
    unsigned turn; /* of the line that is looked at first */
    unsigned copies;
    unsigned count;
    uint64_t now; /* ms: of the last call that told it */
    struct notice_queue idle;
    LIST_HEAD(notice_bucket_list, notice) hash[NOTICES_BUCKETS];
};

struct notices *notices_new(void (*wake)(void *arg, void *owner), void *arg)
{
    struct notices *book = calloc(1, sizeof *book);
    if (!book)
        return NULL;
    *book = (struct notices){.wake = wake, .arg = arg};
    TAILQ_INIT(&book->idle);
    return book;
}

int notices_reserve(struct notices *book, unsigned count)
{
    if (count <= book->line_count)
        return 0;
    struct notice_line **lines = reallocarray(book->lines, count, sizeof *lines);
    if (!lines)
        return DNS_EMEMORY;
    for (book->lines = lines; book->line_count < count; book->line_count++) {
        /* Queues point at their own heads, so each line stays where it is. */
        struct notice_line *line = calloc(1, sizeof *line);
        if (!line)
            return DNS_EMEMORY;
        TAILQ_INIT(&line->queue[0]);
        TAILQ_INIT(&line->queue[1]);
        lines[book->line_count] = line;
    }
    return 0;
}

void notices_set_rate(struct notices *book, unsigned primary, unsigned rate)
{
    book->lines[primary]->rate = rate;
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

/* Who still waits, waits for nothing any more. */
static void notices_abandon(struct notice_waiters *waiters)
{
    struct notice_waiter *w;
    while ((w = LIST_FIRST(waiters)))
        notices_leave(w);
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
    for (unsigned i = 0; i < book->line_count; i++)
        free(book->lines[i]);
    free(book->lines);
    free(book);
}

/* FNV-1a, case aside. */
static unsigned notices_hash(unsigned primary, const struct dns_name *zone)
{
    struct dns_name lower = *zone;
    uint32_t hash = 2166136261u ^ primary;
    dns_name_lower(&lower);
    for (size_t i = 0; i < lower.len; i++)
        hash = (hash ^ lower.octets[i]) * 16777619u;
    return hash % NOTICES_BUCKETS;
}

static struct notice *notices_find(struct notices *book, unsigned primary,
                                   const struct dns_name *zone)
{
    struct notice *n = LIST_FIRST(&book->hash[notices_hash(primary, zone)]);
    while (n && (n->primary != primary || !dns_name_equal(&n->zone, zone)))
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

static struct notice *notices_add(struct notices *book, unsigned primary,
                                  const struct dns_name *zone)
{
    struct notice *oldest = TAILQ_FIRST(&book->idle);
    struct notice *n = calloc(1, sizeof *n);
    if (!n)
        return NULL;
    if (book->count >= NOTICES_MAX && oldest) {
        TAILQ_REMOVE(&book->idle, oldest, queue);
        notices_forget(book, oldest);
    }
    n->primary = primary;
    n->zone = *zone;
    LIST_INIT(&n->waiters);
    LIST_INIT(&n->next_waiters);
    LIST_INSERT_HEAD(&book->hash[notices_hash(primary, zone)], n, hash);
    book->count++;
    TAILQ_INSERT_TAIL(&book->idle, n, queue);
    return n;
}

/* `text` is what is told now; who acknowledged something else has acknowledged nothing. */
static void notices_replace(struct notice *n, struct notice_text *text, bool keep_acks)
{
    notice_text_move(&n->now, text);
    if (keep_acks)
        return;
    acks_fini(&n->acks);
}

static void notices_enqueue(struct notices *book, struct notice *n)
{
    n->state = NOTICE_QUEUED;
    n->answered = false;
    book->queued++;
    TAILQ_INSERT_TAIL(&book->lines[n->primary]->queue[n->known], n, queue);
}

static void notices_wait(struct notices *book, struct notice *n, struct notice_waiters *waiters,
                         struct notice_waiter *w)
{
    w->state = NOTICE_WAITS;
    w->book = book;
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
        book->wake(book->arg, n->teller);
}

/* Nothing of this zone is in motion. */
static void notices_begin(struct notices *book, struct notice *n, const struct notice_arrival *a,
                          struct notice_text *text, struct notice_waiter *waiter)
{
    bool retry = n->until > a->now && notice_text_is_retry(&n->now, text);
    if (retry && n->answered && n->acks.count >= a->secondaries) {
        waiter->state = NOTICE_ANSWERED;
        waiter->rcode = n->rcode;
        return;
    }
    TAILQ_REMOVE(&book->idle, n, queue);
    n->known = a->known;
    book->unknown += !n->known;
    notices_replace(n, text, retry);
    notices_wait(book, n, &n->waiters, waiter);
    notices_enqueue(book, n);
}

int notices_join(struct notices *book, const struct notice_arrival *a, struct notice_waiter *waiter)
{
    struct notice_text text = {0};
    struct notice *n = notices_find(book, a->primary->number, &a->message->qname);
    book->now = a->now;
    if (n ? n->waiter_count >= NOTICES_WAITERS_MAX : !notices_has_room(book, a->known))
        return DNS_ESPACE;
    if (book->waiters >= (a->known ? NOTICES_ALL_WAITERS_MAX : NOTICES_ALL_WAITERS_MAX / 2))
        return DNS_ESPACE;
    if (!n)
        n = notices_add(book, a->primary->number, &a->message->qname);
    int error = n ? notice_text_init(&text, a->message, a->from, a->transport) : DNS_EMEMORY;
    if (error < 0)
        return error;
    switch (n->state) {
    case NOTICE_IDLE:
        notices_begin(book, n, a, &text, waiter);
        break;
    case NOTICE_QUEUED:
        if (notice_text_is_newer(&text, &n->now) && !notice_text_is_retry(&text, &n->now))
            notices_replace(n, &text, false);
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

void notices_leave(struct notice_waiter *waiter)
{
    if (!waiter->notice)
        return;
    waiter->notice->waiter_count--;
    waiter->book->waiters--;
    waiter->notice = NULL;
    LIST_REMOVE(waiter, entry);
}

/* Turns. */

/* What a primary that is gone still waits for may go at once. */
static unsigned notices_rate(const struct notices *book, unsigned primary, bool known)
{
    unsigned rate = book->lines[primary]->rate;
    return rate == 0 ? UINT16_MAX : known ? rate * NOTICES_KNOWN_FACTOR : rate;
}

static uint64_t notices_wait_for(const struct notices *book, unsigned primary, bool known)
{
    return bucket_wait(&book->lines[primary]->bucket[known], notices_rate(book, primary, known),
                       book->now);
}

static bool notices_take(struct notices *book, unsigned primary, bool known)
{
    return bucket_take(&book->lines[primary]->bucket[known], notices_rate(book, primary, known),
                       book->now);
}

uint64_t notices_turn(struct notices *book, unsigned primary, uint64_t now)
{
    book->now = now;
    if (book->copies >= NOTICES_COPIES_MAX)
        return UINT64_MAX;
    return now + notices_wait_for(book, primary, true);
}

void notices_take_turn(struct notices *book, unsigned primary)
{
    (void)notices_take(book, primary, true);
}

static struct notice *notices_take_first(struct notices *book, unsigned primary, bool known)
{
    struct notice_queue *queue = &book->lines[primary]->queue[known];
    struct notice *n = TAILQ_FIRST(queue);
    if (!n || !notices_take(book, primary, known))
        return NULL;
    TAILQ_REMOVE(queue, n, queue);
    book->queued--;
    book->turn = primary + 1;
    n->state = NOTICE_TOLD;
    return n;
}

/* Primaries have their turns one after another. */
static struct notice *notices_take_any(struct notices *book, bool known)
{
    struct notice *n = NULL;
    for (unsigned i = 0; i < book->line_count && !n; i++)
        n = notices_take_first(book, (book->turn + i) % book->line_count, known);
    return n;
}

/* What nobody is known to want comes last. */
struct notice *notices_next(struct notices *book, uint64_t now)
{
    book->now = now;
    if (book->queued == 0 || book->copies >= NOTICES_COPIES_MAX)
        return NULL;
    struct notice *n = notices_take_any(book, true);
    return n ? n : notices_take_any(book, false);
}

uint64_t notices_deadline(const struct notices *book)
{
    uint64_t least = UINT64_MAX;
    if (book->copies >= NOTICES_COPIES_MAX)
        return least; /* the end of one is what is waited for */
    for (unsigned i = 0; i < 2 * book->line_count && book->queued; i++) {
        if (TAILQ_EMPTY(&book->lines[i / 2]->queue[i % 2]))
            continue;
        uint64_t at = book->now + notices_wait_for(book, i / 2, i % 2);
        least = at < least ? at : least;
    }
    return least;
}

/* Answers. */

void notices_copies(struct notices *book, int copies)
{
    book->copies += (unsigned)copies;
}

static void notices_release(struct notices *book, struct notice *n, enum notice_wait state)
{
    struct notice_waiter *w;
    while ((w = LIST_FIRST(&n->waiters))) {
        notices_leave(w);
        w->state = state;
        w->rcode = n->rcode;
        book->wake(book->arg, w->owner);
    }
}

void notices_answer(struct notices *book, struct notice *n, unsigned rcode)
{
    assert(n->state == NOTICE_TOLD);
    n->state = NOTICE_SPENT;
    n->answered = true;
    n->rcode = rcode;
    notices_release(book, n, NOTICE_ANSWERED);
    if (notices_is_overtaken(n))
        book->wake(book->arg, n->teller);
}

bool notices_is_overtaken(const struct notice *n)
{
    return n->state == NOTICE_SPENT && n->next.octets;
}

void notices_done(struct notices *book, struct notice *n)
{
    notices_release(book, n, NOTICE_UNANSWERED);
    n->teller = NULL;
    n->until = book->now + NOTICES_KEEP_MS;
    if (!n->next.octets) {
        n->state = NOTICE_IDLE;
        book->unknown -= !n->known;
        TAILQ_INSERT_TAIL(&book->idle, n, queue);
        return;
    }
    struct notice_waiter *w;
    notices_replace(n, &n->next, false);
    while ((w = LIST_FIRST(&n->next_waiters))) {
        LIST_REMOVE(w, entry);
        LIST_INSERT_HEAD(&n->waiters, w, entry);
    }
    notices_enqueue(book, n);
}
