#include "clock.h"

#include <assert.h>
#include <stdlib.h>

static struct {
    struct alarm **heap; /* owned */
    size_t count;
    size_t room;
    uint64_t now;
    uint64_t orders;
    uint64_t steps;
} clock_state;

static bool clock_before(const struct alarm *a, const struct alarm *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void clock_put(size_t place, struct alarm *a)
{
    clock_state.heap[place] = a;
    a->place = place + 1;
}

static void clock_rise(size_t place)
{
    struct alarm *a = clock_state.heap[place];
    while (place > 0 && clock_before(a, clock_state.heap[(place - 1) / 2])) {
        clock_put(place, clock_state.heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    clock_put(place, a);
}

static void clock_sink(size_t place)
{
    struct alarm *a = clock_state.heap[place];
    for (size_t child = 2 * place + 1; child < clock_state.count; child = 2 * place + 1) {
        if (child + 1 < clock_state.count &&
            clock_before(clock_state.heap[child + 1], clock_state.heap[child]))
            child++;
        if (!clock_before(clock_state.heap[child], a))
            break;
        clock_put(place, clock_state.heap[child]);
        place = child;
    }
    clock_put(place, a);
}

void clock_begin(void)
{
    assert(clock_state.count == 0);
    clock_state.now = clock_state.orders = clock_state.steps = 0;
}

void clock_end(void)
{
    assert(clock_state.count == 0);
    free(clock_state.heap);
    clock_state.heap = NULL;
    clock_state.room = 0;
}

uint64_t clock_now(void)
{
    return clock_state.now;
}

uint64_t clock_steps(void)
{
    return clock_state.steps;
}

size_t clock_waiting(void)
{
    return clock_state.count;
}

void alarm_stop(struct alarm *a)
{
    if (a->place == 0)
        return;
    size_t place = a->place - 1;
    struct alarm *last = clock_state.heap[--clock_state.count];
    a->place = 0;
    if (last == a)
        return;
    clock_put(place, last);
    clock_rise(place);
    clock_sink(last->place - 1);
}

void alarm_set(struct alarm *a, uint64_t at)
{
    alarm_stop(a);
    if (clock_state.count == clock_state.room) {
        clock_state.room = clock_state.room ? 2 * clock_state.room : 256;
        clock_state.heap = realloc(clock_state.heap, clock_state.room * sizeof(struct alarm *));
        assert(clock_state.heap);
    }
    a->at = at > clock_state.now ? at : clock_state.now;
    a->order = clock_state.orders++;
    clock_put(clock_state.count, a);
    clock_rise(clock_state.count++);
}

void alarm_in(struct alarm *a, uint64_t ms)
{
    alarm_set(a, clock_state.now + ms);
}

bool clock_step(uint64_t until)
{
    struct alarm *first = clock_state.count > 0 ? clock_state.heap[0] : NULL;
    if (!first || first->at > until) {
        clock_state.now = until;
        return false;
    }
    clock_state.now = first->at;
    clock_state.steps++;
    alarm_stop(first);
    first->on_time(first->owner);
    return true;
}
