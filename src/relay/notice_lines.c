#include "notice_lines.h"

#include <stdlib.h>

#include "relay/bucket.h"

/* M3's notify-rate is for zones that nobody is known to want; the others have ten times as much. */
#define NOTICE_LINES_KNOWN_FACTOR 10

TAILQ_HEAD(notice_queue, notice);

/* The NOTIFYs of one primary that wait: [0] for unknown zones, [1] for known ones. */
struct notice_line {
    unsigned rate;
    struct notice_queue queue[2];
    struct bucket bucket[2];
};

int notice_lines_reserve(struct notice_lines *lines, unsigned count)
{
    if (count <= lines->count)
        return 0;
    struct notice_line **items = reallocarray(lines->items, count, sizeof *items);
    if (!items)
        return DNS_EMEMORY;
    for (lines->items = items; lines->count < count; lines->count++) {
        /* Queues point at their own heads, so each line stays where it is. */
        struct notice_line *line = calloc(1, sizeof *line);
        if (!line)
            return DNS_EMEMORY;
        TAILQ_INIT(&line->queue[0]);
        TAILQ_INIT(&line->queue[1]);
        items[lines->count] = line;
    }
    return 0;
}

void notice_lines_fini(struct notice_lines *lines)
{
    for (unsigned i = 0; i < lines->count; i++)
        free(lines->items[i]);
    free(lines->items);
}

void notice_lines_set_rate(struct notice_lines *lines, unsigned primary, unsigned rate)
{
    lines->items[primary]->rate = rate;
}

void notice_lines_see(struct notice_lines *lines, uint64_t now)
{
    if (now > lines->now)
        lines->now = now;
}

void notice_lines_add(struct notice_lines *lines, struct notice *n)
{
    lines->queued++;
    TAILQ_INSERT_TAIL(&lines->items[n->primary]->queue[n->known], n, queue);
}

/* What a primary that is gone still waits for may go at once. */
static unsigned notice_lines_rate(const struct notice_lines *lines, unsigned primary, bool known)
{
    unsigned rate = lines->items[primary]->rate;
    return rate == 0 ? UINT16_MAX : known ? rate * NOTICE_LINES_KNOWN_FACTOR : rate;
}

static uint64_t notice_lines_wait(const struct notice_lines *lines, unsigned primary, bool known)
{
    return bucket_wait(&lines->items[primary]->bucket[known],
                       notice_lines_rate(lines, primary, known), lines->now);
}

static bool notice_lines_pay(struct notice_lines *lines, unsigned primary, bool known)
{
    return bucket_take(&lines->items[primary]->bucket[known],
                       notice_lines_rate(lines, primary, known), lines->now);
}

uint64_t notice_lines_turn(const struct notice_lines *lines, unsigned primary)
{
    if (lines->copies >= NOTICES_COPIES_MAX)
        return UINT64_MAX;
    return lines->now + notice_lines_wait(lines, primary, true);
}

void notice_lines_take_turn(struct notice_lines *lines, unsigned primary)
{
    (void)notice_lines_pay(lines, primary, true);
}

static struct notice *notice_lines_take_first(struct notice_lines *lines, unsigned primary,
                                              bool known)
{
    struct notice_queue *queue = &lines->items[primary]->queue[known];
    struct notice *n = TAILQ_FIRST(queue);
    if (!n || !notice_lines_pay(lines, primary, known))
        return NULL;
    TAILQ_REMOVE(queue, n, queue);
    lines->queued--;
    lines->turn = primary + 1;
    return n;
}

/* Primaries have their turns one after another. */
static struct notice *notice_lines_take_any(struct notice_lines *lines, bool known)
{
    struct notice *n = NULL;
    for (unsigned i = 0; i < lines->count && !n; i++)
        n = notice_lines_take_first(lines, (lines->turn + i) % lines->count, known);
    return n;
}

/* What nobody is known to want comes last. */
struct notice *notice_lines_take(struct notice_lines *lines)
{
    if (lines->queued == 0 || lines->copies >= NOTICES_COPIES_MAX)
        return NULL;
    struct notice *n = notice_lines_take_any(lines, true);
    return n ? n : notice_lines_take_any(lines, false);
}

uint64_t notice_lines_deadline(const struct notice_lines *lines)
{
    uint64_t least = UINT64_MAX;
    if (lines->copies >= NOTICES_COPIES_MAX)
        return least; /* the end of one is what is waited for */
    for (unsigned i = 0; i < 2 * lines->count && lines->queued; i++) {
        if (TAILQ_EMPTY(&lines->items[i / 2]->queue[i % 2]))
            continue;
        uint64_t at = lines->now + notice_lines_wait(lines, i / 2, i % 2);
        least = at < least ? at : least;
    }
    return least;
}
