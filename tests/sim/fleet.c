/* All copies are current at the beginning. With an address that moves, that one is asked and told;
 * without, secondaries are spread over the instances, and each is told of everything. */
#include "fleet.h"

#include <assert.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "dice.h"
#include "flow.h"
#include "play.h"
#include "trace.h"

#define FLEET_BEGIN_MS  1000
#define FLEET_LOOK_MS   100
#define FLEET_MOST_MS   86400000
#define FLEET_FAR_MS    40 /* to a secondary and back, at least; four times that at most */
#define FLEET_MOVE_MS   3000
#define FLEET_TRANSFERS 10 /* of a secondary at once, as BIND does */
#define FLEET_PLACES    16384
#define FLEET_STATUS    100000

static struct {
    const struct fleet *fleet;
    struct alarm pace;
    struct alarm move;
    size_t told;              /* zones whose NOTIFY was sent */
    size_t rest;              /* octets of an instance at rest */
    uint64_t half, most, all; /* ms until so many were current */
    uint64_t moved;
} fleet_state;

static void fleet_make_zones(const struct fleet *f)
{
    struct primary *p = &play.primaries[0];
    struct zone **zones = calloc(f->zones, sizeof(struct zone *));
    assert(zones);
    for (unsigned i = 0; i < f->zones; i++) {
        struct zone *z = &play.zones[i];
        zones[i] = z;
        truth_init(z, i, 1, 1);
        z->refresh = 86400;
        z->retry = 300;
        z->expire = 864000;
    }
    primary_init(p, 0, NULL);
    p->targets = play.moving;
    p->target_count = f->moving ? 1 : f->instances;
    p->host.weather = (struct weather){.delay = 1};
    primary_own(p, zones, f->zones);
}

/* Secondary i has each zone of its group, and is up to date. */
static void fleet_make_secondary(const struct fleet *f, unsigned i)
{
    struct secondary *s = &play.secondaries[i];
    unsigned groups = f->secondaries / f->group, first = i / f->group;
    secondary_init(s, i, &play.keys[i]);
    s->targets = play.moving;
    s->target_count = f->moving ? 1 : f->instances;
    s->target = i % s->target_count;
    s->pipelines = true;
    s->most_transfers = FLEET_TRANSFERS;
    s->host.weather = (struct weather){
        .delay = FLEET_FAR_MS / 2 + (unsigned)dice_below(FLEET_FAR_MS), .spread = 5};
    secondary_own(s, f->zones / groups + 1);
    for (unsigned z = first; z < f->zones; z += groups) {
        secondary_add(s, &play.zones[z], 1);
        struct copy *c = &s->copies[s->copy_count - 1];
        c->has = true;
        c->serial = 1;
        memcpy(c->values, play.zones[z].versions->values, sizeof *c->values);
        alarm_in(&c->due, 3600000 + dice_below(82800000));
    }
}

static void fleet_make_instances(const struct fleet *f)
{
    for (unsigned i = 0; i < f->instances; i++) {
        instance_init(&play.instances[i], i, FLEET_PLACES);
        if (!f->moving)
            play.moving[play.moving_count++] = play.instances[i].address;
    }
    if (!f->moving)
        return;
    play.moving[play.moving_count++] = net_address(NET_MOVING, 0, 53);
    net_claim(&play.moving[0], &play.instances[0].host);
}

static void fleet_open(const struct fleet *f)
{
    play = (struct play){.plan = {.instances = f->instances,
                                  .primaries = 1,
                                  .secondaries = f->secondaries,
                                  .zones = f->zones,
                                  .connections = 100,
                                  .notify_rate = 200,
                                  .places = FLEET_PLACES,
                                  .status_zones = FLEET_STATUS,
                                  .moving = f->moving},
                         .zone_count = f->zones,
                         .still = true};
    play.keys = calloc(f->secondaries + 1, sizeof *play.keys);
    play.zones = calloc(f->zones, sizeof *play.zones);
    play.changes = calloc(f->zones, sizeof *play.changes);
    play.primaries = calloc(1, sizeof *play.primaries);
    play.secondaries = calloc(f->secondaries, sizeof *play.secondaries);
    play.instances = calloc(f->instances, sizeof *play.instances);
    play.moving = calloc(f->instances + 1, sizeof *play.moving);
    for (unsigned i = 0; i < f->secondaries + 1; i++)
        play_draw_key(&play.keys[i], "k", i);
    fleet_make_instances(f);
    fleet_make_zones(f);
    for (unsigned i = 0; i < f->secondaries; i++)
        fleet_make_secondary(f, i);
    play.text = text_write(&play.plan, false);
    play.other_text = strdup(play.text);
    for (unsigned i = 0; i < f->instances; i++) {
        size_t before = mallinfo2().uordblks;
        instance_start(&play.instances[i], play.text);
        fleet_state.rest = mallinfo2().uordblks - before;
    }
}

/* The primary sends its NOTIFYs at this pace. */
static void on_pace(void *owner)
{
    const struct fleet *f = fleet_state.fleet;
    uint64_t due = (clock_now() - FLEET_BEGIN_MS) * f->pace / 1000;
    (void)owner;
    for (; fleet_state.told < f->zones && fleet_state.told <= due; fleet_state.told++)
        primary_changed(&play.primaries[0], &play.zones[fleet_state.told]);
    if (fleet_state.told < f->zones)
        alarm_in(&fleet_state.pace, 1);
}

static void on_move(void *owner)
{
    (void)owner;
    fleet_state.moved = clock_now();
    net_claim(&play.moving[0], &play.instances[1].host);
}

static void fleet_look(size_t current, size_t copies)
{
    uint64_t passed = clock_now() - FLEET_BEGIN_MS;
    if (current * 2 >= copies && fleet_state.half == 0) {
        fleet_state.half = passed;
        /* The worst moment. */
        if (fleet_state.fleet->moving && play.plan.instances > 1) {
            instance_crash(&play.instances[0], true);
            alarm_in(&fleet_state.move, FLEET_MOVE_MS);
        }
    }
    if (current * 100 >= copies * 99 && fleet_state.most == 0)
        fleet_state.most = passed;
    if (current == copies)
        fleet_state.all = passed;
}

static void fleet_converge(size_t copies)
{
    while (clock_now() < FLEET_MOST_MS && fleet_state.all == 0) {
        uint64_t until = clock_now() + FLEET_LOOK_MS;
        while (clock_step(until))
            continue;
        fleet_look(tally.versions, copies);
    }
}

static void fleet_print(const struct fleet *f, size_t copies)
{
    size_t flows = 0;
    unsigned told = 0;
    for (unsigned i = 0; i < f->instances; i++) {
        const struct instance *in = &play.instances[i];
        flows = in->most_flows > flows ? in->most_flows : flows;
        told = in->most_copies > told ? in->most_copies : told;
    }
    printf("zones %u, secondaries %u, copies of zones %zu, instances %u%s, %u NOTIFYs a second\n",
           f->zones, f->secondaries, copies, f->instances, f->moving ? ", address moves" : "",
           f->pace);
    printf("  current: half after %.1f s, 99%% after %.1f s, all after %.1f s\n",
           (double)fleet_state.half / 1000, (double)fleet_state.most / 1000,
           (double)fleet_state.all / 1000);
    printf("  NOTIFYs that came %" PRIu64 ", answers %" PRIu64 ", transfers %" PRIu64 "\n",
           tally.notifies, tally.answers, tally.transfers);
    printf("  connections at the primary, at most %u\n", play.primaries[0].most_visits);
    printf("  an instance: exchanges at once, at most %zu; memory at rest %.1f MB, and %.1f for "
           "these\n",
           flows, (double)fleet_state.rest / 1e6,
           (double)(flows * (sizeof(struct flow) + 1024)) / 1e6);
    printf("  %" PRIu64 " steps\n", clock_steps());
}

void fleet_run(const struct fleet *f)
{
    trace_begin(0, false);
    dice_begin(0);
    clock_begin();
    net_begin();
    pipe_begin();
    check_begin();
    fleet_state.fleet = f;
    fleet_state.pace.on_time = on_pace;
    fleet_state.move.on_time = on_move;
    fleet_open(f);
    size_t copies = 0;
    for (unsigned i = 0; i < f->secondaries; i++)
        copies += play.secondaries[i].copy_count;
    for (unsigned i = 0; i < f->zones; i++)
        truth_change(&play.zones[i], 1);
    alarm_in(&fleet_state.pace, FLEET_BEGIN_MS);
    fleet_converge(copies);
    fleet_print(f, copies);
    alarm_stop(&fleet_state.pace);
    alarm_stop(&fleet_state.move);
    play_close();
    pipe_end_all();
    net_end();
    while (clock_step(clock_now() + 1))
        continue;
    clock_end();
}
