/* A line of the plan has one clock for all of its zones: when it strikes the next zone is asked
 * for, and it strikes so often that all have had their turn once in the interval. So the questions
 * stay apart however late some come, and no worker asks what another has asked. */
#include "relay/polls.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "poll_plan.h"

/* So much that was missed is made up for. */
#define POLLS_LATE_US 1000000
/* Who has too many under way is looked at again after so long: another thread's may have ended. */
#define POLLS_BUSY_MS 1000

/* Which plan is in force changes by the thread that takes over alone, so it reads that without the
 * lock. */
struct polls {
    pthread_mutex_t mutex;
    struct poll_plan *now;  /* owned; NULL before the first */
    struct poll_plan *next; /* owned; NULL, or prepared */
    unsigned *under_way;    /* owned; by number of the primary */
    unsigned numbers;
};

struct polls *polls_new(void)
{
    struct polls *p = calloc(1, sizeof *p);
    if (p)
        pthread_mutex_init(&p->mutex, NULL);
    return p;
}

void polls_free(struct polls *p)
{
    if (!p)
        return;
    poll_plan_free(p->now);
    poll_plan_free(p->next);
    pthread_mutex_destroy(&p->mutex);
    free(p->under_way);
    free(p);
}

/* True when there is a plan for this configuration already. */
static bool polls_has(const struct polls *p, const struct config *config)
{
    return p->next && p->next->config == config;
}

static int polls_grow(struct polls *p, unsigned count)
{
    if (count <= p->numbers)
        return 0;
    unsigned *grown = reallocarray(p->under_way, count, sizeof *grown);
    if (!grown)
        return DNS_EMEMORY;
    memset(grown + p->numbers, 0, (count - p->numbers) * sizeof *grown);
    p->under_way = grown;
    p->numbers = count;
    return 0;
}

/* Returns the one that was there. */
static struct poll_plan *polls_put_next(struct polls *p, struct poll_plan *plan)
{
    pthread_mutex_lock(&p->mutex);
    struct poll_plan *before = p->next;
    p->next = plan;
    pthread_mutex_unlock(&p->mutex);
    return before;
}

int polls_prepare(struct polls *p, struct config *config)
{
    pthread_mutex_lock(&p->mutex);
    bool has = polls_has(p, config);
    int error = polls_grow(p, config->peer_numbers);
    pthread_mutex_unlock(&p->mutex);
    if (has || error < 0)
        return error;
    /* Others go on meanwhile: of many zones it takes long. */
    struct poll_plan *plan = poll_plan_new(config);
    if (!plan)
        return DNS_EMEMORY;
    poll_plan_free(polls_put_next(p, plan));
    return 0;
}

static struct poll_plan *polls_take_next(struct polls *p, const struct config *config)
{
    struct poll_plan *plan = NULL;
    pthread_mutex_lock(&p->mutex);
    if (polls_has(p, config)) {
        plan = p->next;
        p->next = NULL;
    }
    pthread_mutex_unlock(&p->mutex);
    return plan;
}

void polls_abandon(struct polls *p, const struct config *config)
{
    poll_plan_free(polls_take_next(p, config));
}

void polls_take_over(struct polls *p, const struct config *config)
{
    struct poll_plan *plan = polls_take_next(p, config);
    struct poll_plan *before = p->now;
    if (!plan)
        return;
    poll_plan_match(plan, before);
    pthread_mutex_lock(&p->mutex);
    poll_plan_carry(plan, before);
    p->now = plan;
    pthread_mutex_unlock(&p->mutex);
    poll_plan_free(before);
}

/* Turns. */

static bool polls_is_busy(const struct polls *p, const struct poll_line *line)
{
    return p->under_way[line->primary] >= POLLS_UNDER_WAY;
}

/* The line whose time comes first of those that may ask; NULL when none may. */
static struct poll_line *polls_first(const struct polls *p, uint64_t now)
{
    struct poll_line *first = NULL;
    for (size_t i = 0; p->now && i < p->now->line_count; i++) {
        struct poll_line *line = &p->now->lines[i];
        if (!line->begun || line->next + POLLS_LATE_US < now)
            line->next = now;
        line->begun = true;
        if (!polls_is_busy(p, line) && (!first || line->next < first->next))
            first = line;
    }
    return first;
}

bool polls_next(struct polls *p, uint64_t now, unsigned *primary, struct dns_name *zone)
{
    pthread_mutex_lock(&p->mutex);
    struct poll_line *line = polls_first(p, 1000 * now);
    bool due = line && line->next <= 1000 * now;
    if (due) {
        const struct poll_item *item = &p->now->items[line->first + line->cursor];
        *primary = line->primary;
        zone->len = item->len;
        memcpy(zone->octets, item->zone, item->len);
        line->cursor = (line->cursor + 1) % line->count;
        line->next += line->step;
        p->under_way[line->primary]++;
    }
    pthread_mutex_unlock(&p->mutex);
    return due;
}

void polls_again(struct polls *p, unsigned primary)
{
    pthread_mutex_lock(&p->mutex);
    p->under_way[primary]++;
    pthread_mutex_unlock(&p->mutex);
}

void polls_ended(struct polls *p, unsigned primary)
{
    pthread_mutex_lock(&p->mutex);
    p->under_way[primary]--;
    pthread_mutex_unlock(&p->mutex);
}

uint64_t polls_deadline(struct polls *p, uint64_t now)
{
    pthread_mutex_lock(&p->mutex);
    const struct poll_line *line = polls_first(p, 1000 * now);
    uint64_t deadline = UINT64_MAX;
    if (p->now && p->now->line_count > 0)
        deadline = now + POLLS_BUSY_MS;
    if (line)
        deadline = (line->next + 999) / 1000;
    pthread_mutex_unlock(&p->mutex);
    return deadline;
}

/* Serials. */

enum poll_news polls_weigh(struct polls *p, unsigned primary, const struct dns_name *zone,
                           uint32_t serial)
{
    enum poll_news news = POLL_NEWS_NONE;
    pthread_mutex_lock(&p->mutex);
    const struct poll_item *item = poll_plan_find(p->now, primary, zone);
    if (item && !item->has_serial)
        news = POLL_NEWS_FIRST;
    else if (item)
        news = item->serial == serial ? POLL_NEWS_SAME : POLL_NEWS_CHANGED;
    pthread_mutex_unlock(&p->mutex);
    return news;
}

void polls_note(struct polls *p, unsigned primary, const struct dns_name *zone, uint32_t serial)
{
    pthread_mutex_lock(&p->mutex);
    struct poll_item *item = poll_plan_find(p->now, primary, zone);
    if (item) {
        item->has_serial = true;
        item->serial = serial;
    }
    pthread_mutex_unlock(&p->mutex);
}
