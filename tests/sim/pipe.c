/* Each direction is a lane: octets that were written and not yet taken, and an alarm for the next
 * piece of them. Memory goes by an alarm of its own once both sides have let go, so that whoever
 * calls back in may still look at it. */
#include "pipe.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "dice.h"
#include "trace.h"

#define PIPE_PIECE    4096  /* most octets at once */
#define PIPE_AGAIN_MS 1000  /* until a lost segment is sent again */
#define PIPE_STALL_MS 60000 /* for so long at most */

enum pipe_state { PIPE_CONNECTING, PIPE_OPEN, PIPE_REFUSED };

struct lane {
    uint8_t *octets; /* owned */
    size_t start, end, room;
    bool fin;   /* behind the octets */
    bool ended; /* the fin was given */
    bool reset; /* in place of the octets */
    bool altered;
    bool backed_up; /* the writer has been told so */
    uint64_t stalled;
    struct alarm alarm;
};

struct pipe {
    enum pipe_state state;
    bool told; /* who asked: that it is connected */
    struct pipe_end ends[2];
    struct lane lanes[2]; /* of what each end writes */
    struct alarm sweep;
    LIST_ENTRY(pipe) entry;
};

static LIST_HEAD(pipes, pipe) pipe_list;

static struct lane *pipe_lane(const struct pipe_end *end)
{
    return &end->pipe->lanes[end == &end->pipe->ends[1]];
}

static struct pipe_end *pipe_other(const struct pipe_end *end)
{
    return &end->pipe->ends[end == &end->pipe->ends[0]];
}

void pipe_begin(void)
{
    LIST_INIT(&pipe_list);
}

static void pipe_free(struct pipe *p)
{
    for (unsigned i = 0; i < 2; i++) {
        alarm_stop(&p->lanes[i].alarm);
        free(p->lanes[i].octets);
    }
    alarm_stop(&p->sweep);
    LIST_REMOVE(p, entry);
    free(p);
}

static void on_sweep(void *owner)
{
    pipe_free(owner);
}

/* This side has let go. */
static void pipe_detach(struct pipe_end *end)
{
    if (!end->events)
        return;
    end->events = NULL;
    LIST_REMOVE(end, entry);
}

static bool pipe_is_idle(const struct lane *lane)
{
    return lane->alarm.place == 0;
}

static void pipe_look(struct pipe *p)
{
    if (!p->ends[0].events && !p->ends[1].events && pipe_is_idle(&p->lanes[0]) &&
        pipe_is_idle(&p->lanes[1]) && p->sweep.place == 0)
        alarm_in(&p->sweep, 0);
}

void pipe_end_all(void)
{
    struct pipe *p;
    while ((p = LIST_FIRST(&pipe_list))) {
        pipe_detach(&p->ends[0]);
        pipe_detach(&p->ends[1]);
        pipe_free(p);
    }
}

/* The next piece comes. Loss is a delay. */
static void pipe_hurry(struct pipe_end *from)
{
    struct lane *lane = pipe_lane(from);
    const struct host *a = from->host, *b = pipe_other(from)->host;
    uint64_t wait = net_delay(a, b);
    if (!pipe_is_idle(lane))
        return;
    if (dice_chance(a->weather.loss + (b ? b->weather.loss : 0)))
        wait += dice_between(200, PIPE_AGAIN_MS);
    alarm_in(&lane->alarm, wait);
}

static void pipe_drop(struct lane *lane)
{
    lane->start = lane->end = 0;
}

/* This side hears that the connection is gone, for whatever reason. */
static void pipe_break(struct pipe_end *end)
{
    const struct pipe_events *events = end->events;
    pipe_drop(pipe_lane(end));
    if (!events)
        return;
    pipe_detach(end);
    trace_note("reset", end->host->place, end->remote.port, end->local.port);
    events->on_reset(end->owner);
}

/* A reset is on its way from this side to the other. */
static void pipe_send_reset(struct pipe_end *from)
{
    struct lane *lane = pipe_lane(from);
    pipe_drop(lane);
    lane->reset = true;
    lane->fin = false;
    alarm_stop(&lane->alarm);
    pipe_hurry(from);
}

static void pipe_knock(struct pipe *p)
{
    struct pipe_end *asks = &p->ends[0], *asked = &p->ends[1];
    struct host *host = net_find(&asks->remote);
    if (!asks->events)
        return;
    if (!net_reaches(asks->host, host)) {
        alarm_in(&p->lanes[0].alarm, PIPE_AGAIN_MS);
        return;
    }
    asked->host = host;
    p->state = PIPE_OPEN;
    if (!host->events->on_connection(host->owner, asked)) {
        p->state = PIPE_REFUSED;
        pipe_send_reset(asked);
        return;
    }
    pipe_hurry(asked); /* which says that it is connected */
}

static void pipe_give(struct pipe_end *from, struct pipe_end *to)
{
    struct lane *lane = pipe_lane(from);
    uint8_t piece[PIPE_PIECE];
    size_t len = dice_between(1, PIPE_PIECE), left = lane->end - lane->start;
    len = len < left ? len : left;
    memcpy(piece, lane->octets + lane->start, len);
    lane->start += len;
    unsigned chance = from->host->weather.corrupt + to->host->weather.corrupt;
    if (dice_chance(chance)) {
        piece[dice_below(len)] ^= (uint8_t)(1u << dice_below(8));
        lane->altered = true;
        tally.faults++;
    }
    trace_octets(piece, len);
    trace_note("octets", from->local.port, to->local.port, len);
    to->events->on_octets(to->owner, piece, len);
    if (lane->backed_up && lane->end - lane->start <= PIPE_WINDOW / 2) {
        lane->backed_up = false;
        if (from->events && from->events->on_drained)
            from->events->on_drained(from->owner);
    }
}

/* Somebody on the way breaks it, or holds it up. */
static bool pipe_is_disturbed(struct pipe_end *from, struct pipe_end *to)
{
    struct lane *lane = pipe_lane(from);
    const struct weather *a = &from->host->weather, *b = &to->host->weather;
    if (dice_chance(a->reset + b->reset)) {
        tally.faults++;
        pipe_break(to);
        pipe_break(from);
        return true;
    }
    if (clock_now() < lane->stalled || dice_chance(a->stall + b->stall)) {
        tally.faults++;
        if (clock_now() >= lane->stalled)
            lane->stalled = clock_now() + dice_between(100, PIPE_STALL_MS);
        alarm_set(&lane->alarm, lane->stalled);
        return true;
    }
    return false;
}

static void pipe_arrive(struct pipe_end *from, struct pipe_end *to)
{
    struct lane *lane = pipe_lane(from);
    if (!to->events) {
        /* Nobody is there any more. */
        if (lane->end > lane->start && from->events)
            pipe_break(from);
        pipe_drop(lane);
        return;
    }
    if (to->paused || pipe_is_disturbed(from, to))
        return;
    if (lane->end > lane->start)
        pipe_give(from, to);
    if (to->events && !to->paused && lane->end > lane->start) {
        pipe_hurry(from);
    } else if (to->events && !to->paused && lane->fin && !lane->ended) {
        lane->ended = true;
        to->events->on_fin(to->owner);
    }
}

static void on_lane(void *owner)
{
    struct pipe_end *from = owner, *to = pipe_other(from);
    struct pipe *p = from->pipe;
    struct lane *lane = pipe_lane(from);
    if (p->state == PIPE_CONNECTING) {
        pipe_knock(p);
    } else if (from->events && !net_owns(to->host, &from->remote)) {
        pipe_break(from); /* who has the address now knows nothing of this */
    } else if ((!net_reaches(from->host, to->host) || !net_owns(from->host, &from->local)) &&
               (to->events || from->events)) {
        alarm_in(&lane->alarm, PIPE_AGAIN_MS);
    } else if (lane->reset) {
        pipe_break(to);
    } else if (from == &p->ends[1] && to->events && to->events->on_connected && !p->told) {
        p->told = true;
        to->events->on_connected(to->owner);
        if (to->events)
            pipe_arrive(from, to);
    } else {
        pipe_arrive(from, to);
    }
    pipe_look(p);
}

static void pipe_init_end(struct pipe *p, unsigned i, struct host *host)
{
    p->ends[i].pipe = p;
    p->ends[i].host = host;
    p->lanes[i].alarm.on_time = on_lane;
    p->lanes[i].alarm.owner = &p->ends[i];
}

struct pipe_end *pipe_connect(struct host *host, const struct address *from,
                              const struct address *to, const struct pipe_events *events,
                              void *owner)
{
    struct pipe *p = calloc(1, sizeof *p);
    assert(p);
    pipe_init_end(p, 0, host);
    pipe_init_end(p, 1, NULL);
    p->sweep.on_time = on_sweep;
    p->sweep.owner = p;
    p->ends[0].local = p->ends[1].remote = *from;
    p->ends[0].remote = p->ends[1].local = *to;
    LIST_INSERT_HEAD(&pipe_list, p, entry);
    pipe_adopt(&p->ends[0], events, owner);
    alarm_in(&p->lanes[0].alarm, net_delay(host, net_find(to)));
    return &p->ends[0];
}

void pipe_adopt(struct pipe_end *end, const struct pipe_events *events, void *owner)
{
    if (!end->events)
        LIST_INSERT_HEAD(&end->host->ends, end, entry);
    end->events = events;
    end->owner = owner;
}

void pipe_write(struct pipe_end *end, const uint8_t *octets, size_t len)
{
    struct lane *lane = pipe_lane(end);
    if (lane->reset)
        return;
    if (lane->start == lane->end)
        lane->start = lane->end = 0;
    if (lane->start > 0 && lane->end + len > lane->room) {
        memmove(lane->octets, lane->octets + lane->start, lane->end - lane->start);
        lane->end -= lane->start;
        lane->start = 0;
    }
    if (lane->end + len > lane->room) {
        lane->room = 2 * (lane->end + len);
        lane->octets = realloc(lane->octets, lane->room);
        assert(lane->octets);
    }
    memcpy(lane->octets + lane->end, octets, len);
    lane->end += len;
    lane->backed_up |= lane->end - lane->start > PIPE_WINDOW;
    if (end->pipe->state == PIPE_OPEN && !pipe_other(end)->paused)
        pipe_hurry(end);
}

size_t pipe_unread(const struct pipe_end *end)
{
    const struct lane *lane = pipe_lane(end);
    return lane->end - lane->start;
}

bool pipe_is_backed_up(const struct pipe_end *end)
{
    return pipe_lane(end)->backed_up;
}

bool pipe_is_altered(const struct pipe_end *end)
{
    return end->pipe->lanes[0].altered || end->pipe->lanes[1].altered;
}

void pipe_pause(struct pipe_end *end)
{
    end->paused = true;
}

void pipe_resume(struct pipe_end *end)
{
    if (!end->paused)
        return;
    end->paused = false;
    if (end->pipe->state == PIPE_OPEN)
        pipe_hurry(pipe_other(end));
}

void pipe_fin(struct pipe_end *end)
{
    struct lane *lane = pipe_lane(end);
    if (lane->fin || lane->reset)
        return;
    lane->fin = true;
    if (end->pipe->state == PIPE_OPEN)
        pipe_hurry(end);
}

void pipe_close(struct pipe_end *end)
{
    pipe_fin(end);
    pipe_detach(end);
    /* Whatever still comes here finds nobody. */
    end->paused = false;
    if (end->pipe->state == PIPE_OPEN)
        pipe_hurry(pipe_other(end));
    pipe_look(end->pipe);
}

void pipe_reset(struct pipe_end *end)
{
    pipe_detach(end);
    if (end->pipe->state == PIPE_OPEN)
        pipe_send_reset(end);
    pipe_look(end->pipe);
}

void pipe_lose_host(struct host *host, bool silent)
{
    struct pipe_end *end;
    while ((end = LIST_FIRST(&host->ends))) {
        struct pipe *p = end->pipe;
        if (!silent) {
            pipe_reset(end);
            continue;
        }
        pipe_drop(pipe_lane(end));
        pipe_detach(end);
        pipe_look(p);
    }
}
