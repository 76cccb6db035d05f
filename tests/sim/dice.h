/* All that is left to chance in one play, drawn from one seed. */
#ifndef SIM_DICE_H
#define SIM_DICE_H

#include <stdbool.h>
#include <stdint.h>

void dice_begin(uint64_t seed);
uint64_t dice_draw(void);
uint64_t dice_below(uint64_t bound); /* 0 for a bound of 0 */
uint64_t dice_between(uint64_t least, uint64_t most);
bool dice_chance(unsigned per_mille);

/* Drawn from nothing but these two: the same each time. */
uint64_t dice_hash(uint64_t a, uint64_t b);

#endif
