#include "dice.h"
#include "play.h"

#define PLAN_MINUTE 60000ull

void plan_draw(struct plan *plan)
{
    *plan = (struct plan){
        .instances = 1 + (unsigned)dice_below(3),
        .primaries = 1 + (unsigned)dice_below(2),
        .secondaries = 1 + (unsigned)dice_below(5),
        .zones = 1 + (unsigned)dice_below(4),
        .records = dice_chance(150) ? TRUTH_RECORDS_MAX : 1 + (unsigned)dice_below(20),
        .moving = dice_chance(500),
        .tells_all = dice_chance(500),
        .connections = dice_chance(300) ? 1 + (unsigned)dice_below(4) : 100,
        .notify_rate = dice_chance(200) ? 1 : 200,
        .wild = dice_chance(100) ? 0 : (unsigned)dice_between(100, 900),
        .chaos = PLAN_MINUTE * dice_between(15, 40),
        .changes = PLAN_MINUTE * dice_between(1, 10),
        .places = dice_chance(100) ? 32 : 512,
        .status_zones = 1000,
        .lasting = dice_chance(150),
    };
    if (plan->secondaries < plan->primaries)
        plan->secondaries = plan->primaries;
}
