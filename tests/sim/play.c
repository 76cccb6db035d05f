/* Acts: all copies are made; faults and changes; quiet, in which all comes to the newest serial;
 * one more change; the end, at which nothing may be left over. */
#include "play.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "dice.h"
#include "fault.h"
#include "trace.h"

#define PLAY_BEGIN  60000  /* ms: copies are made */
#define PLAY_SETTLE 150000 /* what was begun among faults has ended or failed */
#define PLAY_MARGIN 60000  /* beside REFRESH or RETRY, for the transfer */
#define PLAY_TOLD   60000  /* a change is everywhere, once all is well */
#define PLAY_TALES  465000 /* from a NOTIFY to the last time that we tell it */
#define PLAY_REST   400000 /* with nothing asked */

struct play play;

void play_draw_key(struct seal_key *key, const char *kind, unsigned i)
{
    snprintf(key->name, sizeof key->name, "%s%u", kind, i);
    key->sha512 = dice_chance(200);
    for (unsigned n = 0; n < SEAL_SECRET; n++)
        key->secret[n] = (uint8_t)dice_draw();
}

struct primary *play_primary(const struct zone *z)
{
    return &play.primaries[z->number / play.plan.zones];
}

void play_change(struct zone *z)
{
    truth_change(z, 1 + (uint32_t)dice_below(3));
    trace_note("changes", z->number, z->count, truth_newest(z)->serial);
    primary_changed(play_primary(z), z);
}

static void on_change(void *owner)
{
    struct zone *z = owner;
    if (play.still)
        return;
    play_change(z);
    alarm_in(&play.changes[z->number], dice_between(1000, 2 * play.plan.changes));
}

static void play_make_zone(struct zone *z, unsigned number)
{
    const struct plan *plan = &play.plan;
    uint32_t serial =
        dice_chance(200) ? UINT32_MAX - (uint32_t)dice_below(10) : (uint32_t)dice_draw();
    truth_init(z, number, serial, 1 + (unsigned)dice_below(plan->records));
    z->wide = plan->records == TRUTH_RECORDS_MAX;
    z->refresh = plan->lasting ? 86400 : (uint32_t)dice_between(60, 600);
    z->retry = plan->lasting ? 30 : (uint32_t)dice_between(20, 120);
    z->expire = (plan->lasting ? 10 * 86400 : 1200) + (uint32_t)dice_below(2400);
    play.changes[number].on_time = on_change;
    play.changes[number].owner = z;
    alarm_in(&play.changes[number], PLAY_BEGIN + dice_below(play.plan.changes));
}

static void play_make_manner(struct manner *m, bool keyed)
{
    m->records = dice_chance(keyed ? 700 : 300) ? 1 + (unsigned)dice_below(3) : 1000;
    m->no_question = dice_chance(300);
    m->axfr_alone = dice_chance(300);
    m->notifies_tcp = dice_chance(100);
    m->closes = dice_chance(200);
    m->signs_every = dice_chance(300) ? 1 : 2 + (unsigned)dice_below(20);
}

static void play_make_primaries(void)
{
    const struct plan *plan = &play.plan;
    for (unsigned i = 0; i < plan->primaries; i++) {
        bool keyed = dice_chance(400);
        struct primary *p = &play.primaries[i];
        primary_init(p, i, keyed ? &play.keys[plan->secondaries + i] : NULL);
        play_make_manner(&p->manner, keyed);
        p->targets = play.moving;
        p->target_count = play.moving_count;
        p->silent = dice_chance(100);
        struct zone **zones = calloc(plan->zones, sizeof(struct zone *));
        assert(zones);
        for (unsigned z = 0; z < plan->zones; z++) {
            zones[z] = &play.zones[i * plan->zones + z];
            zones[z]->polled = p->silent;
        }
        primary_own(p, zones, plan->zones);
        p->host.weather = (struct weather){.delay = 1, .spread = 2};
    }
}

static void play_make_secondaries(void)
{
    const struct plan *plan = &play.plan;
    for (unsigned i = 0; i < plan->secondaries; i++) {
        struct secondary *s = &play.secondaries[i];
        secondary_init(s, i, dice_chance(900) ? &play.keys[i] : NULL);
        s->targets = play.moving;
        s->target_count = play.moving_count;
        s->pipelines = dice_chance(400);
        s->careless = dice_chance(300);
        secondary_own(s, plan->zones);
        for (unsigned z = 0; z < plan->zones; z++)
            secondary_add(s, &play.zones[i % plan->primaries * plan->zones + z], PLAY_BEGIN / 3);
        s->host.weather =
            (struct weather){.delay = (unsigned)dice_below(80), .spread = (unsigned)dice_below(30)};
    }
}

static void play_make_instances(void)
{
    const struct plan *plan = &play.plan;
    for (unsigned i = 0; i < plan->instances; i++) {
        instance_init(&play.instances[i], i, plan->places);
        if (!plan->moving)
            play.moving[play.moving_count++] = play.instances[i].address;
    }
    if (!plan->moving)
        return;
    play.moving[play.moving_count++] = net_address(NET_MOVING, 0, 53);
    net_claim(&play.moving[0], &play.instances[0].host);
}

void play_open(const struct plan *plan)
{
    unsigned keys = plan->secondaries + plan->primaries;
    play = (struct play){.plan = *plan, .zone_count = plan->primaries * plan->zones};
    play.keys = calloc(keys, sizeof *play.keys);
    play.zones = calloc(play.zone_count, sizeof *play.zones);
    play.changes = calloc(play.zone_count, sizeof *play.changes);
    play.primaries = calloc(plan->primaries, sizeof *play.primaries);
    play.secondaries = calloc(plan->secondaries, sizeof *play.secondaries);
    play.instances = calloc(plan->instances, sizeof *play.instances);
    play.moving = calloc(plan->instances + 1, sizeof *play.moving);
    for (unsigned i = 0; i < keys; i++)
        play_draw_key(&play.keys[i], i < plan->secondaries ? "k" : "p", i);
    for (unsigned i = 0; i < play.zone_count; i++)
        play_make_zone(&play.zones[i], i);
    play_make_instances();
    play_make_primaries();
    play_make_secondaries();
    play.text = text_write(plan, false);
    play.other_text = text_write(plan, true);
    for (unsigned i = 0; i < plan->instances; i++)
        instance_start(&play.instances[i], play.text);
}

void play_close(void)
{
    for (unsigned i = 0; i < play.plan.instances; i++)
        instance_fini(&play.instances[i]);
    for (unsigned i = 0; i < play.plan.secondaries; i++)
        secondary_fini(&play.secondaries[i]);
    for (unsigned i = 0; i < play.plan.primaries; i++)
        primary_fini(&play.primaries[i]);
    for (size_t i = 0; i < play.zone_count; i++) {
        alarm_stop(&play.changes[i]);
        truth_fini(&play.zones[i]);
    }
    free(play.keys);
    free(play.zones);
    free(play.changes);
    free(play.primaries);
    free(play.secondaries);
    free(play.instances);
    free(play.moving);
    free(play.text);
    free(play.other_text);
}

static void play_until(uint64_t when)
{
    while (clock_step(when))
        continue;
}

/* Every secondary has what its primary has. */
static void play_check_copies(const char *when)
{
    for (unsigned i = 0; i < play.plan.secondaries; i++)
        for (size_t n = 0; n < play.secondaries[i].copy_count; n++) {
            const struct copy *c = &play.secondaries[i].copies[n];
            uint32_t newest = truth_newest(c->zone)->serial;
            TRACE_CHECK(c->has && c->serial == newest,
                        "%s, secondary %u has serial %u of %s, and the primary %u", when, i,
                        c->has ? c->serial : 0, c->zone->text, newest);
        }
}

/* The longer of REFRESH and RETRY; or, where REFRESH is a day, the last time that a sleeper is told
 * again (M3). */
static uint64_t play_patience(void)
{
    uint64_t most = 0;
    if (play.plan.lasting)
        return PLAY_TALES + PLAY_MARGIN;
    for (size_t i = 0; i < play.zone_count; i++) {
        const struct zone *z = &play.zones[i];
        uint64_t ms = 1000ull * (z->refresh > z->retry ? z->refresh : z->retry);
        most = ms > most ? ms : most;
    }
    return most + PLAY_MARGIN;
}

/* Nothing is left of what was in motion. */
static void play_check_rest(struct instance *in)
{
    TRACE_CHECK(in->flow_count == 0, "%zu exchanges are left over", in->flow_count);
    TRACE_CHECK(LIST_EMPTY(&in->sessions), "a client's connection is left over");
    TRACE_CHECK(LIST_EMPTY(&in->tcp_ways), "a connection to a primary is left over");
    for (size_t i = 0; i < in->relay->config->peer_count; i++) {
        unsigned number = in->relay->config->peers[i].number;
        struct slots_count slots = slots_count(in->memory->slots, number);
        struct shares_owner owner = {SHARES_PEER, number};
        unsigned held = shares_held(in->memory->shares, SHARES_SOCKETS, owner);
        TRACE_CHECK(slots.places == 0 && slots.waiting == 0, "a place at a primary is left over");
        TRACE_CHECK(held == 0, "%u places for sockets are left over", held);
    }
    TRACE_CHECK(!in->retired, "an old configuration is left over");
}

static void play_rest(void)
{
    for (unsigned i = 0; i < play.plan.secondaries; i++)
        play.secondaries[i].off = true;
    for (unsigned i = 0; i < play.plan.instances; i++)
        instance_drain(&play.instances[i]);
    play_until(clock_now() + PLAY_REST);
    for (unsigned i = 0; i < play.plan.instances; i++)
        play_check_rest(&play.instances[i]);
}

static void play_acts(void)
{
    play_until(PLAY_BEGIN);
    play_check_copies("at the beginning");
    fault_begin();
    play_until(play.plan.chaos);
    play.still = true;
    fault_end();
    check_set_quiet(clock_now() + PLAY_SETTLE);
    play_until(clock_now() + PLAY_SETTLE);
    play_until(play.plan.chaos + (play_patience() > PLAY_SETTLE ? play_patience() : PLAY_SETTLE));
    play_check_copies("when faults have ended");
    for (size_t i = 0; i < play.zone_count; i++)
        play_change(&play.zones[i]);
    play_until(clock_now() + PLAY_TOLD);
    play_check_copies("after a change");
    play_rest();
}

void play_run(uint64_t seed, bool shown)
{
    struct plan plan;
    trace_begin(seed, shown);
    dice_begin(seed);
    clock_begin();
    net_begin();
    pipe_begin();
    check_begin();
    plan_draw(&plan);
    play_open(&plan);
    play_acts();
    tally.seeds++;
    tally.steps += clock_steps();
    tally.ms += clock_now();
    fault_fini();
    play_close();
    pipe_end_all();
    net_end();
    play_until(clock_now() + 1); /* memory that goes with an alarm */
    clock_end();
}
