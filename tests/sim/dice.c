#include "dice.h"

static uint64_t dice_state;

/* splitmix64: any seed will do, also 0. */
static uint64_t dice_mix(uint64_t z)
{
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

void dice_begin(uint64_t seed)
{
    dice_state = dice_mix(seed + 1);
}

uint64_t dice_draw(void)
{
    return dice_mix(dice_state += 0x9e3779b97f4a7c15);
}

uint64_t dice_below(uint64_t bound)
{
    return bound > 0 ? dice_draw() % bound : 0;
}

uint64_t dice_between(uint64_t least, uint64_t most)
{
    return least + dice_below(most - least + 1);
}

bool dice_chance(unsigned per_mille)
{
    return per_mille > 0 && dice_below(1000) < per_mille;
}

uint64_t dice_hash(uint64_t a, uint64_t b)
{
    return dice_mix(dice_mix(a + 0x9e3779b97f4a7c15) ^ b);
}
