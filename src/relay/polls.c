/* A plan is made for a configuration, whose names it borrows: for each primary that is polled a
 * line of its zones, in the order of their octets. A line has one clock for all of them: when it
 * strikes the next zone is asked for, and it strikes so often that all have had their turn once in
 * the interval. So the questions stay apart however late some come, and no worker asks what another
 * has asked. */
#include "relay/polls.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* So much that was missed is made up for. */
#define POLLS_LATE_US 1000000
/* Who has too many under way is looked at again after so long: another thread's may have ended. */
#define POLLS_BUSY_MS 1000

struct polls_item {
    const uint8_t *zone; /* borrowed from the configuration; lower case */
    uint32_t serial;
    uint8_t len;
    bool has_serial;
};

struct polls_line {
    unsigned primary; /* its number */
    size_t first;     /* of the items */
    size_t count;
    size_t cursor; /* whose turn is next */
    uint64_t step; /* microseconds from one to the next */
    uint64_t next; /* ... when the next one's time comes */
    bool begun;    /* `next` is known */
};

struct polls_plan {
    struct config *config;    /* one reference */
    struct polls_line *lines; /* owned; by number of the primary */
    size_t line_count;
    struct polls_item *items; /* owned */
    size_t item_count;
};

struct polls {
    pthread_mutex_t mutex;
    struct polls_plan *now;  /* owned; NULL before the first */
    struct polls_plan *next; /* owned; NULL, or prepared */
    unsigned *under_way;     /* owned; by number of the primary */
    unsigned numbers;
};

static void polls_plan_free(struct polls_plan *plan)
{
    if (!plan)
        return;
    free(plan->lines);
    free(plan->items);
    config_unref(plan->config);
    free(plan);
}

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
    polls_plan_free(p->now);
    polls_plan_free(p->next);
    pthread_mutex_destroy(&p->mutex);
    free(p->under_way);
    free(p);
}

/* Plans. */

static int polls_compare(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
    if (a_len != b_len)
        return a_len < b_len ? -1 : 1;
    return memcmp(a, b, a_len);
}

static int polls_compare_items(const void *a, const void *b)
{
    const struct polls_item *x = a, *y = b;
    return polls_compare(x->zone, x->len, y->zone, y->len);
}

static int polls_compare_lines(const void *a, const void *b)
{
    const struct polls_line *x = a, *y = b;
    return x->primary < y->primary ? -1 : x->primary > y->primary;
}

/* The zones that secondaries of this primary list by name are written behind the items that are
 * there, unless `items` is NULL; returns their number, each as often as it is listed. */
static size_t polls_gather(const struct config *config, const struct peer *primary,
                           struct polls_item *items)
{
    size_t count = 0;
    for (size_t i = 0; i < config->peer_count; i++) {
        const struct peer *secondary = &config->peers[i];
        if (secondary->role != PEER_SECONDARY || !peer_has_primary(secondary, primary))
            continue;
        for (size_t k = 0; k < secondary->zone_count; k++) {
            const struct zone_pattern *pattern = &secondary->zones[k];
            if (pattern->kind != ZONE_EXACT)
                continue;
            if (items)
                items[count] = (struct polls_item){.zone = pattern->octets, .len = pattern->len};
            count++;
        }
    }
    return count;
}

static void polls_plan_line(struct polls_plan *plan, const struct peer *primary)
{
    struct polls_item *items = plan->items + plan->item_count;
    size_t listed = polls_gather(plan->config, primary, items), count = 0;
    if (listed == 0)
        return;
    qsort(items, listed, sizeof *items, polls_compare_items);
    for (size_t i = 0; i < listed; i++)
        if (i == 0 || polls_compare_items(&items[i - 1], &items[i]) != 0)
            items[count++] = items[i];
    plan->lines[plan->line_count++] = (struct polls_line){
        .primary = primary->number,
        .first = plan->item_count,
        .count = count,
        .step = (UINT64_C(1000000) * primary->poll + count - 1) / count,
    };
    plan->item_count += count;
}

static struct polls_plan *polls_plan_new(struct config *config)
{
    struct polls_plan *plan = calloc(1, sizeof *plan);
    size_t items = 0;
    if (!plan)
        return NULL;
    plan->config = config_ref(config);
    for (size_t i = 0; i < config->peer_count; i++)
        if (config->peers[i].poll > 0)
            items += polls_gather(config, &config->peers[i], NULL);
    plan->lines = calloc(config->peer_count + 1, sizeof *plan->lines);
    plan->items = calloc(items + 1, sizeof *plan->items);
    if (!plan->lines || !plan->items) {
        polls_plan_free(plan);
        return NULL;
    }
    for (size_t i = 0; i < config->peer_count; i++)
        if (config->peers[i].poll > 0)
            polls_plan_line(plan, &config->peers[i]);
    qsort(plan->lines, plan->line_count, sizeof *plan->lines, polls_compare_lines);
    return plan;
}

static int polls_make(struct polls *p, struct config *config)
{
    if (p->next && p->next->config == config)
        return 0;
    if (config->peer_numbers > p->numbers) {
        unsigned *grown = reallocarray(p->under_way, config->peer_numbers, sizeof *grown);
        if (!grown)
            return DNS_EMEMORY;
        memset(grown + p->numbers, 0, (config->peer_numbers - p->numbers) * sizeof *grown);
        p->under_way = grown;
        p->numbers = config->peer_numbers;
    }
    polls_plan_free(p->next);
    p->next = polls_plan_new(config);
    return p->next ? 0 : DNS_EMEMORY;
}

int polls_prepare(struct polls *p, struct config *config)
{
    pthread_mutex_lock(&p->mutex);
    int error = polls_make(p, config);
    pthread_mutex_unlock(&p->mutex);
    return error;
}

void polls_abandon(struct polls *p, const struct config *config)
{
    struct polls_plan *plan = NULL;
    pthread_mutex_lock(&p->mutex);
    if (p->next && p->next->config == config) {
        plan = p->next;
        p->next = NULL;
    }
    pthread_mutex_unlock(&p->mutex);
    polls_plan_free(plan);
}

static struct polls_line *polls_find_line(const struct polls_plan *plan, unsigned primary)
{
    const struct polls_line key = {.primary = primary};
    if (!plan)
        return NULL;
    return bsearch(&key, plan->lines, plan->line_count, sizeof key, polls_compare_lines);
}

/* Both are in one order: what the old line knows of its zones, and whose turn it is. */
static void polls_carry_line(const struct polls_plan *from, const struct polls_line *old,
                             const struct polls_plan *to, struct polls_line *line)
{
    const struct polls_item *before = from->items + old->first;
    struct polls_item *items = to->items + line->first;
    line->cursor = 0;
    line->next = old->next;
    line->begun = old->begun;
    for (size_t i = 0, k = 0; i < line->count; i++) {
        while (k < old->count && polls_compare_items(&before[k], &items[i]) < 0)
            k++;
        if (k < old->count && polls_compare_items(&before[k], &items[i]) == 0) {
            items[i].has_serial = before[k].has_serial;
            items[i].serial = before[k].serial;
        }
        if (polls_compare_items(&items[i], &before[old->cursor]) < 0)
            line->cursor = (i + 1) % line->count;
    }
}

void polls_take_over(struct polls *p, const struct config *config)
{
    struct polls_plan *before = NULL;
    pthread_mutex_lock(&p->mutex);
    if (p->next && p->next->config == config) {
        before = p->now;
        p->now = p->next;
        p->next = NULL;
        for (size_t i = 0; i < p->now->line_count; i++) {
            const struct polls_line *old = polls_find_line(before, p->now->lines[i].primary);
            if (old)
                polls_carry_line(before, old, p->now, &p->now->lines[i]);
        }
    }
    pthread_mutex_unlock(&p->mutex);
    polls_plan_free(before);
}

/* Turns. */

static bool polls_is_busy(const struct polls *p, const struct polls_line *line)
{
    return p->under_way[line->primary] >= POLLS_UNDER_WAY;
}

/* The line whose time comes first of those that may ask; NULL when none may. */
static struct polls_line *polls_first(const struct polls *p, uint64_t now)
{
    struct polls_line *first = NULL;
    for (size_t i = 0; p->now && i < p->now->line_count; i++) {
        struct polls_line *line = &p->now->lines[i];
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
    struct polls_line *line = polls_first(p, 1000 * now);
    bool due = line && line->next <= 1000 * now;
    if (due) {
        const struct polls_item *item = &p->now->items[line->first + line->cursor];
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
    const struct polls_line *line = polls_first(p, 1000 * now);
    uint64_t deadline = UINT64_MAX;
    if (p->now && p->now->line_count > 0)
        deadline = now + POLLS_BUSY_MS;
    if (line)
        deadline = (line->next + 999) / 1000;
    pthread_mutex_unlock(&p->mutex);
    return deadline;
}

/* Serials. */

static struct polls_item *polls_find(const struct polls *p, unsigned primary,
                                     const struct dns_name *zone)
{
    const struct polls_line *line = polls_find_line(p->now, primary);
    struct dns_name lower = *zone;
    dns_name_lower(&lower);
    const struct polls_item key = {.zone = lower.octets, .len = lower.len};
    if (!line)
        return NULL;
    return bsearch(&key, p->now->items + line->first, line->count, sizeof key, polls_compare_items);
}

enum poll_news polls_weigh(struct polls *p, unsigned primary, const struct dns_name *zone,
                           uint32_t serial)
{
    enum poll_news news = POLL_NEWS_NONE;
    pthread_mutex_lock(&p->mutex);
    const struct polls_item *item = polls_find(p, primary, zone);
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
    struct polls_item *item = polls_find(p, primary, zone);
    if (item) {
        item->has_serial = true;
        item->serial = serial;
    }
    pthread_mutex_unlock(&p->mutex);
}
