/* What befalls a fleet: bad weather, cuts, crashes, reloads, clocks, hasty changes. Each lasts for
 * a while and is then undone; at the end all are. */
#include "fault.h"

#include <assert.h>
#include <stdlib.h>

#include "check.h"
#include "dice.h"
#include "forger.h"
#include "trace.h"

#define FAULT_MOST       8 /* at once */
#define FAULT_CUT_MS     200000
#define FAULT_BETWEEN_MS 60000

struct fault {
    struct alarm alarm; /* its end */
    void (*undo)(struct fault *f);
    struct host *host;
    struct weather before;
    struct secondary *secondary;
    struct primary *primary;
    struct instance *instance;
};

static struct {
    struct fault faults[FAULT_MOST];
    struct alarm next;
    uint64_t *cuts; /* owned: when each secondary was cut off the last time, in a lasting play */
} fault_state;

static unsigned fault_any(unsigned count)
{
    return (unsigned)dice_below(count);
}

static struct instance *fault_any_instance(void)
{
    return &play.instances[fault_any(play.plan.instances)];
}

static struct secondary *fault_any_secondary(void)
{
    return &play.secondaries[fault_any(play.plan.secondaries)];
}

static struct primary *fault_any_primary(void)
{
    return &play.primaries[fault_any(play.plan.primaries)];
}

static struct host *fault_any_host(void)
{
    switch (dice_below(3)) {
    case 0:
        return &fault_any_instance()->host;
    case 1:
        return &fault_any_secondary()->host;
    default:
        return &fault_any_primary()->host;
    }
}

/* For what lasts on one host there is one at a time. */
static bool fault_is_on(const struct host *host)
{
    for (unsigned i = 0; i < FAULT_MOST; i++)
        if (fault_state.faults[i].undo && fault_state.faults[i].host == host)
            return true;
    return false;
}

/* Weather. */

static void fault_clear(struct fault *f)
{
    f->host->weather = f->before;
}

static uint64_t fault_cloud(struct fault *f)
{
    struct secondary *s = fault_any_secondary();
    struct primary *p = fault_any_primary();
    bool its = dice_chance(400), keyed = its ? s->key : p->key;
    f->host = its ? &s->host : dice_chance(500) ? &p->host : &fault_any_instance()->host;
    if (fault_is_on(f->host))
        return 0;
    f->before = f->host->weather;
    struct weather *w = &f->host->weather;
    w->loss = dice_chance(600) ? (unsigned)dice_below(400) : 0;
    w->twice = dice_chance(300) ? (unsigned)dice_below(300) : 0;
    w->spread += dice_chance(300) ? (unsigned)dice_below(3000) : 0;
    w->reset = dice_chance(300) ? (unsigned)dice_below(200) : 0;
    w->stall = dice_chance(300) ? (unsigned)dice_below(200) : 0;
    /* Only where all that crosses is signed. */
    keyed = keyed && (its || f->host == &p->host);
    w->corrupt = keyed && dice_chance(600) ? (unsigned)dice_below(dice_chance(500) ? 300 : 60) : 0;
    f->undo = fault_clear;
    return dice_between(1000, 300000);
}

/* Cuts. */

static void fault_join(struct fault *f)
{
    f->host->side = ~0u;
}

static uint64_t fault_cut(struct fault *f)
{
    f->host = fault_any_host();
    if (fault_is_on(f->host))
        return 0;
    f->host->side = 0;
    f->undo = fault_join;
    return dice_between(500, FAULT_CUT_MS);
}

/* A secondary that misses what it is told, and nothing else: long enough for others to have
 * answered, and never twice in the time of what is told again. */
static uint64_t fault_cut_lasting(struct fault *f)
{
    unsigned i = fault_any(play.plan.secondaries);
    f->host = &play.secondaries[i].host;
    if (fault_is_on(f->host) || clock_now() < fault_state.cuts[i])
        return 0;
    f->host->side = 0;
    f->undo = fault_join;
    uint64_t ms = dice_between(500, FAULT_CUT_MS);
    fault_state.cuts[i] = clock_now() + ms + 500000;
    return ms;
}

/* Processes. */

static void fault_restart_instance(struct fault *f)
{
    f->instance->host.up = true;
    instance_start(f->instance, play.other ? play.other_text : play.text);
}

static void fault_move(void)
{
    struct instance *in = fault_any_instance();
    if (!play.plan.moving || !in->serves)
        return;
    tally.faults++;
    net_claim(&play.moving[0], &in->host);
    trace_note("moves", in->host.place, 0, 0);
}

static uint64_t fault_crash(struct fault *f)
{
    f->instance = fault_any_instance();
    f->host = &f->instance->host;
    if (!f->instance->serves || fault_is_on(f->host))
        return 0;
    bool silent = dice_chance(500);
    instance_crash(f->instance, silent);
    tally.crashes++;
    f->undo = fault_restart_instance;
    fault_move();
    return dice_between(1, 60000);
}

static void fault_restart_secondary(struct fault *f)
{
    f->host->up = true;
    secondary_restart(f->secondary);
}

static uint64_t fault_kill_secondary(struct fault *f)
{
    f->secondary = fault_any_secondary();
    f->host = &f->secondary->host;
    if (fault_is_on(f->host))
        return 0;
    f->host->up = false;
    secondary_fail(f->secondary, dice_chance(500));
    f->undo = fault_restart_secondary;
    return dice_between(1, 120000);
}

static void fault_restart_primary(struct fault *f)
{
    f->host->up = true;
}

static uint64_t fault_kill_primary(struct fault *f)
{
    f->primary = fault_any_primary();
    f->host = &f->primary->host;
    if (fault_is_on(f->host))
        return 0;
    primary_fail(f->primary, dice_chance(500));
    f->host->up = false;
    f->undo = fault_restart_primary;
    return dice_between(1, 120000);
}

static void fault_mend(struct fault *f)
{
    f->primary->manner.cuts = f->primary->manner.spoils = 0;
}

static uint64_t fault_spoil(struct fault *f)
{
    f->primary = fault_any_primary();
    f->primary->manner.cuts = (unsigned)dice_below(500);
    f->primary->manner.spoils = (unsigned)dice_below(500);
    f->undo = fault_mend;
    return dice_between(1000, 200000);
}

/* Clocks. */

static void fault_set_right(struct fault *f)
{
    f->host->skew = 0;
}

static uint64_t fault_step_clock(struct fault *f)
{
    f->host = fault_any_host();
    if (fault_is_on(f->host))
        return 0;
    f->host->skew = (int64_t)dice_below(8000000) - 4000000;
    check_allow_age(16000000);
    f->undo = fault_set_right;
    return dice_between(1000, 400000);
}

static void fault_reload(void)
{
    play.other = !play.other;
    for (unsigned i = 0; i < play.plan.instances; i++)
        if (play.instances[i].serves)
            instance_reload(&play.instances[i], play.other ? play.other_text : play.text);
}

static void fault_hurry(void)
{
    for (size_t i = 0; i < play.zone_count; i++)
        for (unsigned n = (unsigned)dice_below(4); n > 0; n--)
            play_change(&play.zones[i]);
}

static uint64_t fault_choose(struct fault *f)
{
    static uint64_t (*const kinds[])(struct fault * f) = {
        fault_cloud,        fault_cloud,          fault_cut,   fault_crash,
        fault_kill_primary, fault_kill_secondary, fault_spoil, fault_step_clock};
    if (play.plan.lasting)
        return fault_cut_lasting(f);
    return kinds[dice_below(sizeof kinds / sizeof kinds[0])](f);
}

static void fault_undo(struct fault *f)
{
    void (*undo)(struct fault * f) = f->undo;
    alarm_stop(&f->alarm);
    if (!undo)
        return;
    f->undo = NULL;
    undo(f);
    trace_note("mended", (uint64_t)(f - fault_state.faults), 0, 0);
}

static void on_over(void *owner)
{
    fault_undo(owner);
}

static void fault_strike(struct fault *f)
{
    *f = (struct fault){.alarm = {.on_time = on_over, .owner = f}};
    uint64_t ms = fault_choose(f);
    if (ms == 0) {
        f->undo = NULL;
        return;
    }
    tally.faults++;
    trace_note("befalls", (uint64_t)(f - fault_state.faults), f->host ? f->host->place : 0, ms);
    alarm_in(&f->alarm, ms);
}

static void on_next(void *owner)
{
    unsigned i = 0;
    (void)owner;
    while (i < FAULT_MOST && fault_state.faults[i].undo)
        i++;
    if (i < FAULT_MOST && dice_chance(play.plan.wild))
        fault_strike(&fault_state.faults[i]);
    if (dice_chance(play.plan.wild / 8))
        fault_reload();
    if (!play.plan.lasting && dice_chance(play.plan.wild / 8))
        fault_move();
    if (dice_chance(play.plan.wild / 8))
        fault_hurry();
    alarm_in(&fault_state.next, dice_between(100, FAULT_BETWEEN_MS));
}

/* Somebody alters what signed primaries say, all the time or not at all. */
static void fault_set_wire(bool wicked)
{
    for (unsigned i = 0; i < play.plan.primaries; i++) {
        bool its = wicked && play.primaries[i].key && dice_chance(400);
        play.primaries[i].host.weather.corrupt = its ? (unsigned)dice_between(5, 100) : 0;
    }
}

void fault_begin(void)
{
    fault_state.cuts = calloc(play.plan.secondaries, sizeof *fault_state.cuts);
    assert(fault_state.cuts);
    fault_state.next.on_time = on_next;
    forger_begin();
    fault_set_wire(!play.plan.lasting);
    on_next(NULL);
}

void fault_end(void)
{
    alarm_stop(&fault_state.next);
    forger_end();
    for (unsigned i = 0; i < FAULT_MOST; i++)
        fault_undo(&fault_state.faults[i]);
    fault_set_wire(false);
}

void fault_fini(void)
{
    free(fault_state.cuts);
    fault_state.cuts = NULL;
}
